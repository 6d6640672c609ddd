#pragma once

#include <cstdint>

/// The innermost part of the matrix product (gemm_blocks.hpp): a tile of c, whose sums are kept in
/// registers. `L` describes the vectors of the instruction set: their type V of `lanes` Ts, how to
/// load, store, add and multiply a whole vector or its first n lanes, and how many `rows` and
/// `vectors` of sums fit into the registers; `loads_parts` says whether loading the first lanes of
/// a vector is as fast as loading all, and never touches memory behind them.
namespace dagrad::kernels {
namespace {

using Index = std::int64_t;

constexpr Index depth = 256;  // steps of k that are summed before the sum is added to c
constexpr Index conflicting =
    1024;  // bytes; rows at multiples of it evict each other from the cache
constexpr Index steps_per_line = 8;  // of k, during which a tile fetches one line of the next strip

/// Rows of a over a block of k. Element (i, l) lies at data[i * stride + l * step].
template <class T>
struct Rows {
  const T* data;
  Index stride, step;
};
/// The columns of b that a tile uses, over a block of k: step l begins at data[l * step]. Reading
/// whole vectors is safe unless L::loads_parts.
template <class T>
struct Strip {
  const T* data;
  Index step;
};
/// One tile: the product of rows and strip is stored in c or added to it.
template <class T>
struct Tile {
  Index k;
  Rows<T> a;
  Strip<T> b;
  T* c;
  Index c_stride;
  Index last_lanes;  ///< lanes of the last vector of each row of c; the others are whole
  bool accumulate;
  T* copy = nullptr;        ///< where b is packed
  const T* next = nullptr;  ///< the first line to fetch
  Index next_step = 0;      ///< elements from one such line to the next
};

/// Hides from the compiler how a value was computed, so that it keeps it in a register.
template <class X>
[[gnu::always_inline]] inline void keep(X& x) {
  asm("" : "+r"(x));
}

/// Prefetches a tile of c, whose rows are too far apart for the processor to do so by itself.
template <class L, int rows, int vectors>
[[gnu::always_inline]] inline void prefetch(const typename L::T* c, Index c_stride) {
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r, c += c_stride) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) __builtin_prefetch(c + v * L::lanes, 1);
  }
}

/// Stores sums in c or adds them. `last` is the number of lanes of the last vector of a row, or is
/// left out if that is whole. The loops are unrolled and free of branches, since otherwise
/// compilers keep the sums in memory.
template <class L, int rows, int vectors, class... Last>
[[gnu::always_inline]] inline void finish(const typename L::V (&sum)[rows][vectors],
                                          typename L::T* c, Index c_stride, bool accumulate,
                                          Last... last) {
  constexpr int w = L::lanes, v_last = vectors - 1;
  if (accumulate) {
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r, c += c_stride) {
#pragma GCC unroll 2
      for (int v = 0; v < v_last; ++v) L::store(c + v * w, L::add(L::load(c + v * w), sum[r][v]));
      typename L::T* const to = c + v_last * w;
      L::store(to, L::add(L::load(to, last...), sum[r][v_last]), last...);
    }
  } else {
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r, c += c_stride) {
#pragma GCC unroll 2
      for (int v = 0; v < v_last; ++v) L::store(c + v * w, sum[r][v]);
      L::store(c + v_last * w, sum[r][v_last], last...);
    }
  }
}

/// What a tile does on the way.
enum class Extra {
  none,
  fetch,          ///< fetches lines that a later tile needs
  fetch_and_pack  ///< also stores the columns of b, one step after the other; they must be whole
};

/// Computes a tile of `rows` rows and `vectors` vectors of columns.
template <class L, int rows, int vectors, Extra extra = Extra::none>
void multiply(const Tile<typename L::T>& tile) {
  using T = typename L::T;
  using V = typename L::V;
  V sum[rows][vectors];
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sum[r][v] = L::zero();
  }
  prefetch<L, rows, vectors>(tile.c, tile.c_stride);
  // An address may contain 1, 2 or 3 strides, so that few registers lead to all rows.
  constexpr int fours = (rows + 3) / 4;
  constexpr bool loads_part = L::loads_parts && extra != Extra::fetch_and_pack;
  const T* a[fours];
#pragma GCC unroll 3
  for (int i = 0; i < fours; ++i) a[i] = tile.a.data + 4 * i * tile.a.stride;
  const T* b = tile.b.data;
  const Index a_step = tile.a.step, b_step = tile.b.step;
  Index once = tile.a.stride, thrice = 3 * once;
  keep(once);
  keep(thrice);
  [[maybe_unused]] const T* next = tile.next;
  [[maybe_unused]] const Index next_step = tile.next_step;
  [[maybe_unused]] T* copy = tile.copy;
  for (Index l = tile.k; l > 0; --l) {
    if constexpr (extra != Extra::none) {
      __builtin_prefetch(next);
      next += l % steps_per_line == 0 ? next_step : 0;
    }
    V column[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors - loads_part; ++v) column[v] = L::load(b + v * L::lanes);
    if constexpr (loads_part)
      column[vectors - 1] = L::load(b + (vectors - 1) * L::lanes, tile.last_lanes);
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r) {
      const Index offset = r % 4 == 3 ? thrice : r % 4 * once;
      const V row = L::broadcast(a[r / 4][offset]);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) sum[r][v] = L::multiply_add(row, column[v], sum[r][v]);
    }
    b += b_step;
    if constexpr (extra == Extra::fetch_and_pack) {
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) L::store(copy + v * L::lanes, column[v]);
      copy += vectors * L::lanes;
    }
#pragma GCC unroll 3
    for (int i = 0; i < fours; ++i) {
      a[i] += a_step;
      keep(a[i]);
    }
  }
  if (rows == L::rows && tile.last_lanes == L::lanes) {
    finish<L>(sum, tile.c, tile.c_stride, tile.accumulate);
  } else {
    finish<L>(sum, tile.c, tile.c_stride, tile.accumulate, tile.last_lanes);
  }
}

/// A table of `multiply` for every size of tile.
template <class L>
class Tiles {
 public:
  constexpr Tiles() { fill(); }
  void operator()(Index rows, Index vectors, const Tile<typename L::T>& tile) const {
    at_[rows - 1][vectors - 1](tile);
  }

 private:
  template <int rows = L::rows, int vectors = L::vectors>
  constexpr void fill() {
    at_[rows - 1][vectors - 1] = &multiply<L, rows, vectors>;
    if constexpr (vectors > 1) fill<rows, vectors - 1>();
    if constexpr (rows > 1 && vectors == L::vectors) fill<rows - 1, L::vectors>();
  }

  void (*at_[L::rows][L::vectors])(const Tile<typename L::T>&) = {};
};

}  // namespace
}  // namespace dagrad::kernels
