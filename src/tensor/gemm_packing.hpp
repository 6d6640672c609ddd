#pragma once

#include "src/tensor/gemm.hpp"
#include "src/tensor/gemm_tile.hpp"

/// Copies operands of the matrix product (gemm_blocks.hpp) so that the elements which tiles read
/// are contiguous.
namespace dagrad::kernels {
namespace {

template <class L>
constexpr Index tile_width = L::lanes* L::vectors;  // columns

constexpr Index least(Index a, Index b) { return b < a ? b : a; }
constexpr Index greatest(Index a, Index b) { return b > a ? b : a; }

/// Height of the tile that starts at row `i` of `m`: as few tiles as possible, of similar heights.
template <class L>
Index tile_rows(Index i, Index m) {
  const Index tiles = (m - i + L::rows - 1) / L::rows;
  return (m - i + tiles - 1) / tiles;
}

/// Transposes squares of 16 bytes a side: rows of `from` become columns of `to`.
template <class T>
void transpose_square(const T* from, Index from_row, T* to, Index to_row) {
  typedef T V __attribute__((vector_size(16), aligned(sizeof(T)), may_alias));
  const auto row = [&](int i) { return *reinterpret_cast<const V*>(from + i * from_row); };
  const auto put = [&](int i, V v) { *reinterpret_cast<V*>(to + i * to_row) = v; };
  if constexpr (sizeof(T) == 4) {
    const V a = row(0), b = row(1), c = row(2), d = row(3);
    const V ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const V cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const V ba = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const V dc = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    put(0, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
    put(1, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
    put(2, __builtin_shufflevector(ba, dc, 0, 1, 4, 5));
    put(3, __builtin_shufflevector(ba, dc, 2, 3, 6, 7));
  } else {
    const V a = row(0), b = row(1);
    put(0, __builtin_shufflevector(a, b, 0, 2));
    put(1, __builtin_shufflevector(a, b, 1, 3));
  }
}

/// Copies the transpose of a matrix of this size, whose rows become columns of `to`.
template <class T>
void transpose(const T* from, Index from_row, Index rows, Index columns, T* to, Index to_row) {
  constexpr Index side = 16 / sizeof(T);
  const Index whole_rows = rows / side * side, whole_columns = columns / side * side;
  for (Index i = 0; i < whole_rows; i += side) {
    for (Index j = 0; j < whole_columns; j += side)
      transpose_square(from + i * from_row + j, from_row, to + j * to_row + i, to_row);
  }
  for (Index i = 0; i < rows; ++i) {
    for (Index j = i < whole_rows ? whole_columns : 0; j < columns; ++j)
      to[j * to_row + i] = from[i * from_row + j];
  }
}

/// Packs `columns` columns of b, which is row-major, padded with 0 to the width of a tile.
template <class L>
void pack_rows(Matrix<const typename L::T> b, Index k, Index columns, typename L::T* to) {
  for (Index l = 0; l < k; ++l, b.data += b.stride, to += tile_width<L>) {
    for (Index v = 0; v < tile_width<L>; v += L::lanes) {
      const Index left = columns - v;
      L::store(to + v, left >= L::lanes ? L::load(b.data + v)
                       : left > 0       ? L::load(b.data + v, left)
                                        : L::zero());
    }
  }
}

/// Packs one vector of columns of a transposed b, whose rows they are: squares of as many rows as a
/// vector has lanes are transposed in registers.
template <class L>
void pack_vector(Matrix<const typename L::T> b, Index k, typename L::T* to) {
  for (Index l = 0; l < k; l += L::lanes) {
    const Index n = least(L::lanes, k - l);
    const typename L::T* from = b.data + l;
    typename L::V square[L::lanes];
#pragma GCC unroll 16
    for (int i = 0; i < L::lanes; ++i, from += b.stride)
      square[i] = n == L::lanes ? L::load(from) : L::load(from, n);
    L::transpose(square);
#pragma GCC unroll 16
    for (int i = 0; i < L::lanes; ++i)
      if (i < n) L::store(to + (l + i) * tile_width<L>, square[i]);
  }
}

/// Packs `columns` columns of a transposed b, which are fewer than a tile has, padded with 0.
template <class L>
void pack_few_columns(Matrix<const typename L::T> b, Index k, Index columns, typename L::T* to) {
  using T = typename L::T;
  constexpr Index side = 16 / sizeof(T), width = tile_width<L>;
  Index i = 0;
  for (; i + L::lanes <= columns; i += L::lanes, b.data += L::lanes * b.stride)
    pack_vector<L>(b, k, to + i);
  for (; i < width; i += side, b.data += side * b.stride) {
    const Index squares = i + side <= columns ? k / side * side : 0;
    for (Index l = 0; l < squares; l += side) {
      transpose_square(b.data + l, b.stride, to + l * width + i, width);
    }
    for (Index l = squares; l < k; ++l) {
      for (Index x = 0; x < side; ++x) {
        to[l * width + i + x] = i + x < columns ? b.data[x * b.stride + l] : T(0);
      }
    }
  }
}

/// Packs the first `columns` columns of b, at most as many as a tile has.
template <class L>
void pack_strip(Matrix<const typename L::T> b, Index k, Index columns, typename L::T* to) {
  if (!b.transposed) return pack_rows<L>(b, k, columns, to);
  if (columns < tile_width<L>) return pack_few_columns<L>(b, k, columns, to);
  for (int v = 0; v < L::vectors; ++v, b.data += L::lanes * b.stride)
    pack_vector<L>(b, k, to + v * L::lanes);
}

/// Copies the first `rows` elements of a stored row of a transposed a.
template <class L>
[[gnu::always_inline]] inline void pack_step(const typename L::T* from, Index rows,
                                             typename L::T* to) {
  if constexpr (L::loads_parts) {
#pragma GCC unroll 2
    for (Index r = 0; r < L::rows; r += L::lanes) {
      const Index n = least(L::lanes, rows - r);
      if (n > 0) L::store(to + r, L::load(from + r, n), n);
    }
  } else if (rows == L::rows) {
    __builtin_memcpy(to, from, L::rows * sizeof(typename L::T));
  } else {
    for (Index r = 0; r < rows; ++r) to[r] = from[r];
  }
}

/// Packs all `m` rows of a tile by tile, with the rows of one step of k side by side. A tile takes
/// L::rows * k elements, however many rows it has. A transposed a is read along some of its stored
/// rows at a time, which are often pages apart.
template <class L>
void pack_band(Matrix<const typename L::T> a, Index m, Index k, typename L::T* to) {
  constexpr Index steps = 4;
  if (!a.transposed) {
    for (Index i = 0, rows = 0; i < m; i += rows, to += L::rows * k) {
      rows = tile_rows<L>(i, m);
      transpose(a.data + i * a.stride, a.stride, rows, k, to, L::rows);
    }
    return;
  }
  for (Index l = 0; l < k; l += steps) {
    typename L::T* tile = to + l * L::rows;
    for (Index i = 0, rows = 0; i < m; i += rows, tile += L::rows * k) {
      rows = tile_rows<L>(i, m);
      for (Index s = l; s < least(l + steps, k); ++s)
        pack_step<L>(a.data + s * a.stride + i, rows, tile + (s - l) * L::rows);
    }
  }
}

}  // namespace
}  // namespace dagrad::kernels
