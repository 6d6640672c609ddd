#pragma once

#include "src/tensor/gemm.hpp"
#include "src/tensor/gemm_packing.hpp"
#include "src/tensor/gemm_tile.hpp"

/// The product of a single row x and b (gemm_blocks.hpp), which reads each element of b once, so
/// that the order of reading decides. Large operands are read along their stored rows, as the
/// processor's prefetching wants it, whereas a tile would read a few elements of each row.
namespace dagrad::kernels {
namespace {

template <class L>
class RowProduct {
 public:
  using T = typename L::T;
  using V = typename L::V;

  /// Elements of scratch memory that a product needs.
  static constexpr Index scratch = 16 * 1024 / sizeof(T);

  RowProduct(const Product<T>& product, T* space)
      : p_(product), x_step_(product.a.transposed ? product.a.stride : 1), scratch_(space) {}

  static bool is_large(const Product<T>& p) { return p.n * p.k * Index{sizeof(T)} > 128 * 1024; }

  /// For a transposed b, each stored row of which gives one element. Lanes are such rows, so that
  /// each element is summed in the order of k: squares of b are transposed on the way.
  void times_columns() const {
    Index j = 0;
    for (; j + L::lanes <= p_.n; j += L::lanes) elements(j, Whole{});
    if (j < p_.n) elements(j, p_.n - j);
  }

  /// For a large b that is not transposed: adds multiples of a few rows of b at a time to sums that
  /// stay in the first cache.
  void times_rows() const {
    for (Index j = 0; j < p_.n; j += scratch) {
      const Index n = least(scratch, p_.n - j);
      for (Index l = 0; l < p_.k; l += depth) add_rows(j, n, l, least(depth, p_.k - l));
    }
  }

 private:
  /// Stands for a number of lanes that is known to be that of a whole vector.
  struct Whole {
    operator Index() const { return L::lanes; }
  };
  static V load(const T* from, Whole) { return L::load(from); }
  static V load(const T* from, Index n) { return L::load(from, n); }
  static void store(T* to, V v, Whole) { L::store(to, v); }
  static void store(T* to, V v, Index n) { L::store(to, v, n); }

  V x(Index l) const { return L::broadcast(p_.a.data[l * x_step_]); }

  /// Computes `n` elements of c from `j` on, at most a vector.
  template <class Count>
  void elements(Index j, Count n) const {
    for (Index l = 0; l < p_.k; l += depth) {
      const Index k = least(depth, p_.k - l);
      const T* b = p_.b.data + j * p_.b.stride + l;
      V sum = L::zero();
      Index i = 0;
      for (; i + L::lanes <= k; i += L::lanes) add_square(b + i, n, Whole{}, l + i, sum);
      if (i < k) add_square(b + i, n, k - i, l + i, sum);
      finish(j, sum, l == 0, n);
    }
  }

  /// Adds the products of x and `columns` elements of `n` rows of b, for the steps from `l` on.
  template <class Count, class Columns>
  void add_square(const T* b, Count n, Columns columns, Index l, V& sum) const {
    V square[L::lanes];
#pragma GCC unroll 16
    for (int r = 0; r < L::lanes; ++r)
      square[r] = r < n ? load(b + r * p_.b.stride, columns) : L::zero();
    L::transpose(square);
#pragma GCC unroll 16
    for (int c = 0; c < L::lanes; ++c)
      if (c < columns) sum = L::multiply_add(x(l + c), square[c], sum);
  }

  /// Stores a block's sums in c from element `j` on, or adds them.
  template <class Count>
  void finish(Index j, V sum, bool first, Count n) const {
    T* const c = p_.c.data + j;
    store(c, first && !p_.accumulate ? sum : L::add(load(c, n), sum), n);
  }

  /// Adds the products of x and steps [l, l + k) of b to the n elements from `j` on.
  void add_rows(Index j, Index n, Index l, Index k) const {
    const Index whole = n / L::lanes * L::lanes;
    __builtin_memset(scratch_, 0, static_cast<std::size_t>(n) * sizeof(T));
    Index i = 0;
    for (; i + 4 <= k; i += 4) add_multiples<4>(j, n, l + i);
    for (; i < k; ++i) add_multiples<1>(j, n, l + i);
    for (i = 0; i < whole; i += L::lanes) finish(j + i, L::load(scratch_ + i), l == 0, Whole{});
    if (whole < n) finish(j + whole, L::load(scratch_ + whole, n - whole), l == 0, n - whole);
  }

  /// Adds multiples of `rows` rows of b to the sums in the scratch memory.
  template <int rows>
  void add_multiples(Index j, Index n, Index l) const {
    const T* const b = p_.b.data + l * p_.b.stride + j;
    V factor[rows];
    for (int r = 0; r < rows; ++r) factor[r] = x(l + r);
    const auto add = [&](Index i, auto count) {
      V sum = load(scratch_ + i, count);
      for (int r = 0; r < rows; ++r)
        sum = L::multiply_add(factor[r], load(b + r * p_.b.stride + i, count), sum);
      store(scratch_ + i, sum, count);
    };
    Index i = 0;
    for (; i + L::lanes <= n; i += L::lanes) add(i, Whole{});
    if (i < n) add(i, n - i);
  }

  const Product<T>& p_;
  const Index x_step_;
  T* const scratch_;
};

}  // namespace
}  // namespace dagrad::kernels
