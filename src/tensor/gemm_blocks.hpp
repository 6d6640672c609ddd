#pragma once

#include "src/tensor/gemm.hpp"
#include "src/tensor/gemm_packing.hpp"
#include "src/tensor/gemm_tile.hpp"

/// The matrix product of one thread, for the instruction set of the source that includes this and
/// says what vectors are (`L`, see gemm_tile.hpp). It is cut so that whatever is read many times
/// lies in a cache; from outside in:
///
///     panel   columns of c whose part of b is packed at once                 `panel` columns
///     block   steps of k, over which sums stay in registers                  `depth` steps
///     band    rows of c that meet one strip of b before the next             `band` rows
///     strip   columns of a tile: its part of b stays in the first cache      `width` columns
///     tile    rows of a strip: as many sums as there are registers
///
/// An element of c is the same sum for any m, n, strides and transposes: the products of `depth`
/// successive k are added in order, from 0, fused where the instruction set does that; the sums of
/// these blocks are added in order. So no cut of the output can change a bit.
///
/// All of it lies in unnamed namespaces and calls no inline function of a library: code for one
/// instruction set must never be linked where another is meant.
namespace dagrad::kernels {
namespace {

constexpr Index depth = 256;
constexpr Index band = 128;
constexpr Index few_rows = 64;  // up to here b is not worth packing
constexpr Index page = 4096;    // bytes; rows so far apart evict each other

template <class L>
class Blocks {
 public:
  using T = typename L::T;

  /// Element by element: tiles do not pay for the smallest products.
  static void small(const Product<T>& p) {
    const Index a_row = p.a.transposed ? 1 : p.a.stride, a_step = p.a.transposed ? p.a.stride : 1;
    const Index b_step = p.b.transposed ? 1 : p.b.stride,
                b_column = p.b.transposed ? p.b.stride : 1;
    for (Index i = 0; i < p.m; ++i) {
      for (Index j = 0; j < p.n; ++j) {
        const T* a = p.a.data + i * a_row;
        const T* b = p.b.data + j * b_column;
        T sum = 0;
        for (Index l = 0; l < p.k; ++l) sum = L::multiply_add(a[l * a_step], b[l * b_step], sum);
        T& c = p.c.data[i * p.c.stride + j];
        c = p.accumulate ? L::add(c, sum) : sum;
      }
    }
  }

  static void large(const Product<T>& p, T* scratch) {
    for (Index j = 0; j < p.n; j += panel) {
      for (Index l = 0; l < p.k; l += depth) {
        block({.m = p.m,
               .n = least(panel, p.n - j),
               .k = least(depth, p.k - l),
               .a = from(p.a, 0, l),
               .b = from(p.b, l, j),
               .c = from(p.c, 0, j),
               .accumulate = p.accumulate || l > 0},
              scratch, scratch + panel * depth);
      }
    }
  }

  static Multiply<T> functions() { return {small, large, (panel + band + L::rows) * depth}; }

 private:
  static constexpr Index width = tile_width<L>;
  static constexpr Index panel = 1024 / Index{sizeof(T)} / width * width;

  static void block(const Product<T>& p, T* b_space, T* a_space) {
    const bool pack = p.b.transposed || p.m > few_rows ||
                      (p.m > 2 * L::rows && p.b.stride * Index{sizeof(T)} % page == 0);
    const Index direct = pack ? 0 : p.n / width * width;  // columns of b read where they lie
    for (Index j = direct; j < p.n; j += width)
      pack_strip<L>(from(p.b, 0, j), p.k, least(width, p.n - j), b_space + j * p.k);
    for (Index i = 0; i < p.m; i += band) {
      const Product<T> rows{.m = least(band, p.m - i),
                            .n = p.n,
                            .k = p.k,
                            .a = from(p.a, i, 0),
                            .b = p.b,
                            .c = from(p.c, i, 0),
                            .accumulate = p.accumulate};
      if (p.a.transposed) pack_band<L>(rows.a, rows.m, p.k, a_space);
      for (Index j = 0; j < p.n; j += width)
        strip(rows, j, a_space,
              j < direct ? Strip<T>{p.b.data + j, p.b.stride} : Strip<T>{b_space + j * p.k, width});
    }
  }

  /// The tiles of the strip of c whose first column is `j`.
  static void strip(const Product<T>& p, Index j, const T* packed_a, Strip<T> b) {
    const Index columns = least(width, p.n - j), vectors = (columns + L::lanes - 1) / L::lanes;
    Tile<T> tile{.k = p.k,
                 .a = {packed_a, 1, L::rows},
                 .b = b,
                 .c = p.c.data + j,
                 .c_stride = p.c.stride,
                 .last_lanes = columns - (vectors - 1) * L::lanes,
                 .accumulate = p.accumulate};
    if (!p.a.transposed) tile.a = {p.a.data, p.a.stride, 1};
    for (Index i = 0, rows = 0; i < p.m; i += rows) {
      rows = tile_rows<L>(i, p.m);
      tiles(rows, vectors, tile);
      tile.a.data += p.a.transposed ? L::rows * p.k : rows * p.a.stride;
      tile.c += rows * p.c.stride;
    }
  }

  static constexpr Tiles<L> tiles{};
};

}  // namespace
}  // namespace dagrad::kernels
