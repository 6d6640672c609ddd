#pragma once

#include <cstdint>

/// The innermost part of the matrix product (gemm_blocks.hpp): a tile of c, whose sums are kept in
/// registers. `L` describes the vectors of the instruction set: their type V of `lanes` Ts, how to
/// load, store, add and multiply a whole vector or its first n lanes, and how many `rows` and
/// `vectors` of sums fit into the registers.
namespace dagrad::kernels {
namespace {

using Index = std::int64_t;

constexpr Index depth = 256;  // steps of k that are summed before the sum is added to c
constexpr Index conflicting =
    1024;  // bytes; rows at multiples of it evict each other from the cache

/// Rows of a over a block of k. Element (i, l) lies at data[i * stride + l], or at data[l * L::rows
/// + i] if they are packed.
template <class T>
struct Rows {
  const T* data;
  Index stride;
  bool packed;
};
/// The columns of b that a tile uses, over a block of k: step l begins at data[l * step]. Reading
/// whole vectors is safe.
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
};

/// Stores sums in c or adds them. `last` is the number of lanes of the last vector of a row, or is
/// left out if that is whole. The loops are unrolled and free of branches, since otherwise
/// compilers keep the sums in memory.
template <class L, int rows, int vectors, class... Last>
void finish(const typename L::V (&sum)[rows][vectors], typename L::T* c, Index c_stride,
            bool accumulate, Last... last) {
  constexpr int w = L::lanes, v_last = vectors - 1;
  if (accumulate) {
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r, c += c_stride) {
      for (int v = 0; v < v_last; ++v) L::store(c + v * w, L::add(L::load(c + v * w), sum[r][v]));
      typename L::T* const to = c + v_last * w;
      L::store(to, L::add(L::load(to, last...), sum[r][v_last]), last...);
    }
  } else {
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r, c += c_stride) {
      for (int v = 0; v < v_last; ++v) L::store(c + v * w, sum[r][v]);
      L::store(c + v_last * w, sum[r][v_last], last...);
    }
  }
}

/// Computes a tile of `rows` rows and `vectors` vectors of columns.
template <class L, int rows, int vectors>
[[gnu::always_inline]] inline void multiply(const Tile<typename L::T>& tile, bool packed) {
  using V = typename L::V;
  V sum[rows][vectors];
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r) {
    for (int v = 0; v < vectors; ++v) sum[r][v] = L::zero();
  }
  for (int r = 0; r < rows; ++r) {  // rows far apart are not prefetched by the processor
    for (int v = 0; v < vectors; ++v)
      __builtin_prefetch(tile.c + r * tile.c_stride + v * L::lanes, 1);
  }
  const typename L::T *a = tile.a.data, *b = tile.b.data;
  const Index a_row = packed ? 1 : tile.a.stride, a_step = packed ? L::rows : 1;
  const Index b_step = tile.b.step, k = tile.k;
  for (Index l = 0; l < k; ++l, a += a_step, b += b_step) {
    V column[vectors];
    for (int v = 0; v < vectors; ++v) column[v] = L::load(b + v * L::lanes);
    for (int r = 0; r < rows; ++r) {
      const V row = L::broadcast(a[r * a_row]);
      for (int v = 0; v < vectors; ++v) sum[r][v] = L::multiply_add(row, column[v], sum[r][v]);
    }
  }
  if (rows == L::rows && tile.last_lanes == L::lanes) {
    finish<L>(sum, tile.c, tile.c_stride, tile.accumulate);
  } else {
    finish<L>(sum, tile.c, tile.c_stride, tile.accumulate, tile.last_lanes);
  }
}

template <class L, int rows, int vectors, bool packed>
void multiply_rows(const Tile<typename L::T>& tile) {
  multiply<L, rows, vectors>(tile, packed);
}
template <class L, int rows, int vectors>
void multiply_any_rows(const Tile<typename L::T>& tile) {
  multiply<L, rows, vectors>(tile, tile.a.packed);
}

/// A table of `multiply` for every size of tile. For as many rows as possible, whether they are
/// packed is known to the compiler, since otherwise it runs out of registers for addresses.
template <class L>
class Tiles {
 public:
  constexpr Tiles() { fill(); }
  void operator()(Index rows, Index vectors, const Tile<typename L::T>& tile) const {
    at_[tile.a.packed][rows - 1][vectors - 1](tile);
  }

 private:
  template <int rows = L::rows, int vectors = L::vectors>
  constexpr void fill() {
    if constexpr (rows == L::rows) {
      at_[false][rows - 1][vectors - 1] = &multiply_rows<L, rows, vectors, false>;
      at_[true][rows - 1][vectors - 1] = &multiply_rows<L, rows, vectors, true>;
    } else {
      at_[false][rows - 1][vectors - 1] = &multiply_any_rows<L, rows, vectors>;
      at_[true][rows - 1][vectors - 1] = &multiply_any_rows<L, rows, vectors>;
    }
    if constexpr (vectors > 1) fill<rows, vectors - 1>();
    if constexpr (rows > 1 && vectors == L::vectors) fill<rows - 1, L::vectors>();
  }

  void (*at_[2][L::rows][L::vectors])(const Tile<typename L::T>&) = {};
};

}  // namespace
}  // namespace dagrad::kernels
