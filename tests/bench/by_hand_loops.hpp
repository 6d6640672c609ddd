// The loops of by_hand.hpp, for the instruction set for which the including source is compiled.

#include "tests/bench/by_hand.hpp"

namespace dagrad::bench {

// gcc vectorises the loops around these with libmvec; other compilers call libm for each element.
#if defined(__GNUC__) && !defined(__clang__)
#define DAGRAD_LANE [[gnu::const, gnu::simd("notinbranch")]]
#else
#define DAGRAD_LANE
#endif
DAGRAD_LANE float lane_tanh(float) noexcept __asm__("tanhf");
DAGRAD_LANE double lane_tanh(double) noexcept __asm__("tanh");

namespace {

inline float lane_sqrt(float x) { return __builtin_sqrtf(x); }
inline double lane_sqrt(double x) { return __builtin_sqrt(x); }

template <class T>
constexpr T root = T(0.7978845608);
template <class T>
constexpr T cubic = T(0.044715);

template <class T>
void leaky_relu(const T* __restrict x, T* __restrict y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] > 0 ? x[i] : T(0.01) * x[i];
}

template <class T>
void gelu(const T* __restrict x, T* __restrict y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    y[i] = T(0.5) * x[i] * (1 + lane_tanh(root<T> * (x[i] + cubic<T> * x[i] * x[i] * x[i])));
  }
}

template <class T>
void gelu_gradient(const T* __restrict x, const T* __restrict dout, T* __restrict y,
                   std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const T t = lane_tanh(root<T> * (x[i] + cubic<T> * x[i] * x[i] * x[i]));
    y[i] = dout[i] * (T(0.5) * (1 + t) +
                      T(0.5) * x[i] * (1 - t * t) * root<T> * (1 + 3 * cubic<T> * x[i] * x[i]));
  }
}

template <class T>
void adamw(T* __restrict p, T* __restrict m, T* __restrict v, const T* __restrict dout,
           std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    m[i] = T(0.9) * m[i] + T(0.1) * dout[i];
    v[i] = T(0.999) * v[i] + T(0.001) * (dout[i] * dout[i]);
    p[i] = p[i] * T(0.999) - T(1e-3) * (m[i] * T(1.1)) / (lane_sqrt(v[i] * T(1.2)) + T(1e-8));
  }
}

template <class T>
void group(const T* __restrict x, T* __restrict y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] * lane_sqrt(lane_sqrt(1 + x[i] * x[i]));
}

template <class T>
void group_and_gradient(const T* __restrict x, const T* __restrict dy, T* __restrict y,
                        T* __restrict dx, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const T inner = lane_sqrt(1 + x[i] * x[i]), outer = lane_sqrt(inner);
    y[i] = x[i] * outer;
    dx[i] = dy[i] * (outer + x[i] * (T(0.5) / outer) * (T(0.5) / inner) * (2 * x[i]));
  }
}

template <class T>
constexpr ByHand<T> loops_by_hand{leaky_relu<T>, gelu<T>,  gelu_gradient<T>,
                                  adamw<T>,      group<T>, group_and_gradient<T>};

}  // namespace
}  // namespace dagrad::bench
