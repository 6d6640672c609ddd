// The loop of elementwise_by_hand.hpp, for the instruction set for which the including source is
// compiled.

#include <cstring>

#include "tests/bench/elementwise_by_hand.hpp"

namespace dagrad::bench {

namespace {

#ifdef __AVX512F__
constexpr std::size_t vector_bytes = 64;
#else
constexpr std::size_t vector_bytes = 32;
#endif

template <class T>
struct OfVectors {
  typedef T Vector __attribute__((vector_size(vector_bytes)));
  typedef T Half __attribute__((vector_size(vector_bytes / 2)));
};
template <class T>
using Vector = typename OfVectors<T>::Vector;

/// Vectors that are computed side by side, step by step, so that none waits for the other.
template <class V>
struct Four {
  V of[4];
};
template <class V, class F>
inline Four<V> each(const F& step) {
  return {step(0), step(1), step(2), step(3)};
}
template <class V>
inline Four<V> operator+(const Four<V>& a, const Four<V>& b) {
  return each<V>([&](int i) { return a.of[i] + b.of[i]; });
}
template <class V>
inline Four<V> operator-(const Four<V>& a, const Four<V>& b) {
  return each<V>([&](int i) { return a.of[i] - b.of[i]; });
}
template <class V>
inline Four<V> operator*(const Four<V>& a, const Four<V>& b) {
  return each<V>([&](int i) { return a.of[i] * b.of[i]; });
}
template <class V>
inline Four<V> operator/(const Four<V>& a, const Four<V>& b) {
  return each<V>([&](int i) { return a.of[i] / b.of[i]; });
}

/// The value and the derivative of an element, of a vector, or of four of them.
template <class X, class Number>
struct Chain {
  X value, slope;
  inline Chain(const X& x, const X& r, const Number& number) {
    const X one = number(1), a = number(1.5) * (x + r) - number(0.25), t = one + a * a, b = a / t,
            w = number(2) - r, c = b * w, cc = c * c, d = cc * c;
    value = number(0.9) * d + number(0.1) * (d * d);
    slope = (number(0.9) + (d + d) * number(0.1)) * ((c + c) * c + cc) * w *
            ((one - (a + a) * b) / t) * number(1.5);
  }
};

template <class V, class T>
V load(const T* from) {
  V value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Memory is requested so many bytes before it is needed.
constexpr std::size_t ahead = 8192;
template <class T>
void fetch(const T* x, const T* dx) {
  __builtin_prefetch(reinterpret_cast<const char*>(x) + ahead);
  __builtin_prefetch(reinterpret_cast<const char*>(dx) + ahead, 1);
}

template <class V, class T>
V value_of(const T* x, const T* row, T* dx) {
  fetch(x, dx);
  const Chain chain(load<V>(x), load<V>(row), [](double number) { return V{} + T(number); });
  std::memcpy(dx, &chain.slope, sizeof(V));
  return chain.value;
}

/// The sum of four vectors that lie so far apart.
template <class V, class T>
V value_of_four(const T* x, const T* row, T* dx, std::size_t apart) {
  const auto at = [&](const T* from) {
    return each<V>([&](std::size_t i) { return load<V>(from + i * apart); });
  };
  for (std::size_t i = 0; i < 4; ++i) fetch(x + i * apart, dx + i * apart);
  const Chain chain(at(x), at(row),
                    [](double number) { return each<V>([&](int) { return V{} + T(number); }); });
  for (std::size_t i = 0; i < 4; ++i) std::memcpy(dx + i * apart, &chain.slope.of[i], sizeof(V));
  const V(&values)[4] = chain.value.of;
  return (values[0] + values[1]) + (values[2] + values[3]);
}

/// Adds neighbouring lanes of a sum until one is left.
template <class T, std::size_t n>
T total(T (&lanes)[n]) {
  for (std::size_t left = n / 2; left > 0; left /= 2)
    for (std::size_t i = 0; i < left; ++i) lanes[i] = lanes[2 * i] + lanes[2 * i + 1];
  return lanes[0];
}

/// The lanes of a sum lie 128 bytes apart, and so do the four vectors that are computed side by
/// side.
template <class T>
constexpr std::size_t lanes = 128 / sizeof(T);

template <class T>
T chain_of_row(const T* __restrict x, const T* __restrict row, T* __restrict dx,
               std::size_t columns) {
  using V = Vector<T>;
  constexpr std::size_t width = sizeof(V) / sizeof(T), apart = lanes<T>;
  V sums[apart / width] = {};
  const auto at = [&](std::size_t j) { return value_of<V>(x + j, row + j, dx + j); };
  std::size_t j = 0;
  for (; j + 4 * apart <= columns; j += 4 * apart)
    for (std::size_t k = 0; k < apart; k += width)
      sums[k / width] += value_of_four<V>(x + j + k, row + j + k, dx + j + k, apart);
  for (; j + apart <= columns; j += apart)
    for (std::size_t k = 0; k < apart; k += width) sums[k / width] += at(j + k);
  for (V& sum : sums) {
    if (j + width > columns) break;
    sum += at(j);
    j += width;
  }
  T all[apart];
  std::memcpy(all, sums, sizeof all);
  using Half = typename OfVectors<T>::Half;
  for (; j + width / 2 <= columns; j += width / 2) {
    const Half value = value_of<Half>(x + j, row + j, dx + j);
    for (std::size_t i = 0; i < width / 2; ++i) all[(j + i) % apart] += value[i];
  }
  for (; j < columns; ++j) all[j % apart] += value_of<T>(x + j, row + j, dx + j);
  return total(all);
}

template <class T>
void chain_of_rows(const T* x, const T* row, T* y, T* dx, std::size_t rows, std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i)
    y[i] = chain_of_row(x + i * columns, row, dx + i * columns, columns);
}

}  // namespace
}  // namespace dagrad::bench
