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
  ///
  /// A step of a sum waits for the step before it, so several sums proceed side by side: those of
  /// several vectors of c, or of two blocks of k, since fewer rows of b at a time suit the
  /// processor's prefetching.
  void times_columns() const {
    if (p_.k < 2 * depth) return elements<1>(most, false);
    const bool in_memory = p_.n * p_.k * Index{sizeof(T)} > 10 * 1024 * 1024;
    in_memory ? elements<1>(1, true) : elements<2>(1, false);
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

  static constexpr Index most = 4;  ///< vectors of sums side by side

  /// Computes `vectors` vectors of c, and as many blocks of k, at a time.
  template <int blocks>
  void elements(Index vectors, bool prefetches) const {
    Index j = 0, now = 0;
    for (; j + L::lanes <= p_.n; j += now * L::lanes) {
      now = least(vectors, (p_.n - j) / L::lanes);
      elements<blocks>(j, now, Whole{}, prefetches);
    }
    if (j < p_.n) elements<1>(j, 1, p_.n - j, prefetches);
  }

  /// Computes the vectors from element `j` of c on, with `n` elements each.
  template <int blocks, class Count>
  void elements(Index j, Index vectors, Count n, bool prefetches) const {
    Index l = 0;
    for (; l + blocks * depth <= p_.k; l += blocks * depth)
      add_blocks<blocks>(j, vectors, n, l, depth, prefetches);
    for (; l < p_.k; l += depth)
      add_blocks<1>(j, vectors, n, l, least(depth, p_.k - l), prefetches);
  }

  /// Adds the products of `blocks` blocks of `k` steps each, from step `l` on.
  template <int blocks, class Count>
  void add_blocks(Index j, Index vectors, Count n, Index l, Index k, bool prefetches) const {
    const T* x = p_.a.data + l * x_step_;
    if (x_step_ != 1) {
      for (Index i = 0; i < blocks * k; ++i) scratch_[i] = x[i * x_step_];
      x = scratch_;
    }
    const T* const b = p_.b.data + j * p_.b.stride + l;
    V sum[most][blocks];
    for (auto& vector : sum)
      for (V& s : vector) s = L::zero();
    const auto add = [&](Index i, auto columns) {
      for (Index v = 0; v < vectors; ++v)
        add_squares<blocks>(b + v * L::lanes * p_.b.stride + i, x + i, n, columns, sum[v]);
    };
    Index i = 0;
    for (; i + L::lanes <= k; i += L::lanes) {
      if (prefetches) prefetch_square(b + i, n);
      add(i, Whole{});
    }
    if (i < k) add(i, k - i);
    for (Index d = 0; d < blocks; ++d)
      for (Index v = 0; v < vectors; ++v) finish(j + v * L::lanes, sum[v][d], l + d == 0, n);
  }

  /// Prefetches elements of `n` rows, some squares further on.
  void prefetch_square(const T* b, Index n) const {
    constexpr Index ahead = 1024 / sizeof(T);
    for (Index r = 0; r < n; ++r) __builtin_prefetch(b + r * p_.b.stride + ahead, 0, 2);
  }

  /// Adds the products of x and `columns` elements of `n` rows of b, in each of the blocks.
  template <int blocks, class Count, class Columns>
  [[gnu::always_inline]] inline void add_squares(const T* b, const T* x, Count n, Columns columns,
                                                 V (&sum)[blocks]) const {
    Index once = p_.b.stride, thrice = 3 * once;
    keep(once);
    keep(thrice);
#pragma GCC unroll 2
    for (int d = 0; d < blocks; ++d) {
      V square[L::lanes];
      const T* four = b + d * depth;
#pragma GCC unroll 16
      for (int r = 0; r < L::lanes; ++r) {
        square[r] = r < n ? load(four + (r % 4 == 3 ? thrice : r % 4 * once), columns) : L::zero();
        if (r % 4 == 3) four += 4 * once;
      }
      L::transpose(square);
      V added = sum[d];
#pragma GCC unroll 16
      for (int c = 0; c < L::lanes; ++c)
        if (c < columns) added = L::multiply_add(L::broadcast(x[d * depth + c]), square[c], added);
      sum[d] = added;
    }
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
