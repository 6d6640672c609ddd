#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "dagrad/kernels/gemm.hpp"
#include "dagrad/random.hpp"
#include "dagrad/runtime.hpp"
#include "src/tensor/gemm.hpp"

/// Matrix products for tests.
namespace dagrad::kernels {

inline const Machine& machine() { return Runtime::shared().machine(); }

struct Size {
  std::int64_t m, n, k;
};

/// A product with gaps between the rows, in its own memory.
template <class T>
struct Case {
  Size size;
  bool a_transposed, b_transposed;
  std::int64_t gap;
  std::vector<T> a, b, c;

  Case(Size s, bool ta, bool tb, std::int64_t between = 0, std::int64_t seed = 1)
      : size(s), a_transposed(ta), b_transposed(tb), gap(between) {
    a = numbers((ta ? s.k : s.m) * a_stride(), seed);
    b = numbers((tb ? s.n : s.k) * b_stride(), seed + 1);
    c = numbers(s.m * c_stride(), seed + 2);
  }
  static std::vector<T> numbers(std::int64_t n, std::int64_t seed) {
    Rng rng(seed);
    if constexpr (std::is_integral_v<T>) {
      return rng.integers({n}, -100, 100, dtype_of<T>).template to_vector<T>();
    } else {
      return rng.uniform({n}, -1, 1, dtype_of<T>).template to_vector<T>();
    }
  }
  std::int64_t a_stride() const { return (a_transposed ? size.m : size.k) + gap; }
  std::int64_t b_stride() const { return (b_transposed ? size.k : size.n) + gap; }
  std::int64_t c_stride() const { return size.n + gap; }
  T a_at(std::int64_t i, std::int64_t l) const {
    return a[static_cast<std::size_t>(a_transposed ? l * a_stride() + i : i * a_stride() + l)];
  }
  T b_at(std::int64_t l, std::int64_t j) const {
    return b[static_cast<std::size_t>(b_transposed ? j * b_stride() + l : l * b_stride() + j)];
  }
  Product<T> product(std::vector<T>& out, bool accumulate = false) const {
    return {size.m,
            size.n,
            size.k,
            {a.data(), a_stride(), a_transposed},
            {b.data(), b_stride(), b_transposed},
            {out.data(), c_stride(), false},
            accumulate};
  }
  std::vector<T> run(const Parallel& parallel = Inline{}, bool accumulate = false,
                     const Machine& with = machine()) const {
    std::vector<T> out = c;
    const Product<T> p = product(out, accumulate);
    gemm<T>(with, parallel, p.m, p.n, p.k, p.a, p.b, p.c, accumulate);
    return out;
  }
};

/// The implementations that this processor can run.
template <class T>
std::vector<Multiply<T>> instruction_sets() {
  std::vector<Multiply<T>> all{multiply_plain<T>()};
#if defined(__x86_64__)
  if constexpr (std::is_floating_point_v<T>) {
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      all.push_back(multiply_avx2<T>());
    }
    if (__builtin_cpu_supports("avx512f")) all.push_back(multiply_avx512<T>());
  }
#endif
  return all;
}

}  // namespace dagrad::kernels
