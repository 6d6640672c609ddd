#pragma once

#include "src/tensor/gemm.hpp"
#include "src/tensor/gemm_packing.hpp"
#include "src/tensor/gemm_row.hpp"
#include "src/tensor/gemm_tile.hpp"

/// The matrix product on one thread, for the instruction set of the source that includes this file
/// and defines the vectors (`L`, see gemm_tile.hpp). It is divided so that data which is read
/// repeatedly lies in a cache. From the outermost part to the innermost:
///
///     panel   columns of c whose part of b is packed at once                `panel` columns
///     block   steps of k during which sums stay in registers                `depth` steps
///     band    rows of c that use one strip of b before the next one         `band` rows
///             (the rows of a tile if b is small, so that c is written along its rows);
///             after the last block, the epilogue follows
///     strip   columns of a tile, whose part of b stays in the first cache   `width` columns
///     tile    rows of a strip, with as many sums as there are registers
///
/// An element of c is the same sum for any m, n, strides and transposes: the products of `depth`
/// successive k are added in order, beginning with 0, with fused multiply-add if the instruction
/// set has it; then the sums of these blocks are added in order. So the division of the output does
/// not change any bits.
///
/// Everything is in unnamed namespaces and calls no inline functions of libraries, so that code for
/// one instruction set is never linked in place of code for another.
namespace dagrad::kernels {
namespace {

constexpr Index band = 132;              // whole tiles on every processor
constexpr Index few_steps = 32;          // up to this many, a panel of b fits into the first caches
constexpr Index few_rows = band;         // up to this many rows, packing b does not pay off
constexpr Index few_rows_if_pages = 24;  // the same if the rows of b are whole pages apart
constexpr Index few_uses = 4;            // up to this many, packing a does not pay off

template <class L>
class Blocks {
 public:
  using T = typename L::T;

  /// Computes element by element, since tiles do not pay off for the smallest products. Does not
  /// run the epilogue.
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
    if (p.m == 1 && p.b.transposed) {
      RowProduct<L>(p, scratch).times_columns();
    } else if (p.m == 1 && RowProduct<L>::is_large(p)) {
      RowProduct<L>(p, scratch).times_rows();
    } else if (p.a.transposed && 4 * p.n < 3 * width && p.m >= 2 * width) {
      narrow(p, scratch);
    } else {
      return tiled(p, scratch);
    }
    follow_up(p.epilogue, p.m, p.n);
  }

  static Multiply<T> functions() { return {small, large, tiled_scratch + width * piece}; }

 private:
  static constexpr Index width = tile_width<L>;
  static constexpr Index panel = 2048 / Index{sizeof(T)} / width * width;
  static constexpr Index piece = panel / 2;  // columns of a transpose that is computed at once
  static constexpr Index tiled_scratch = (panel + band + L::rows) * depth;
  static_assert(RowProduct<L>::scratch <= tiled_scratch);

  /// Computes the transpose of c, because few columns would leave lanes empty. The rows of a
  /// transposed a fill them, and need not be packed.
  static void narrow(const Product<T>& p, T* scratch) {
    T* const space = scratch + tiled_scratch;
    for (Index i = 0; i < p.m; i += piece) {
      const Product<T> part{.m = p.n,
                            .n = least(piece, p.m - i),
                            .k = p.k,
                            .a = {p.b.data, p.b.stride, !p.b.transposed},
                            .b = from(Matrix<const T>{p.a.data, p.a.stride, false}, 0, i),
                            .c = {space, piece},
                            .accumulate = p.accumulate};
      T* const c = p.c.data + i * p.c.stride;
      if (p.accumulate) transpose(c, p.c.stride, part.n, p.n, space, piece);
      tiled(part, scratch);
      transpose(space, piece, p.n, part.n, c, p.c.stride);
    }
  }

  static void tiled(const Product<T>& p, T* scratch) {
    for (Index j = 0; j < p.n; j += panel) {
      for (Index l = 0; l < p.k; l += depth) {
        block({.m = p.m,
               .n = least(panel, p.n - j),
               .k = least(depth, p.k - l),
               .a = from(p.a, 0, l),
               .b = from(p.b, l, j),
               .c = from(p.c, 0, j),
               .accumulate = p.accumulate || l > 0,
               .epilogue = l + depth < p.k ? PartEpilogue{} : from(p.epilogue, 0, j)},
              scratch, scratch + panel * depth);
      }
    }
  }

  /// Whether rows evict each other from the first cache.
  static bool conflicts(Matrix<const T> x) {
    return x.stride * Index{sizeof(T)} % conflicting == 0;
  }

  /// Whether all rows begin at the same place of a page, so that they evict each other from the
  /// second cache, too.
  static bool pages_apart(Matrix<const T> x) {
    constexpr Index page = 4096;
    return x.stride * Index{sizeof(T)} % page == 0;
  }

  static void block(const Product<T>& p, T* b_space, T* a_space) {
    const bool pack_b =
        p.b.transposed || p.m > few_rows || (p.m > few_rows_if_pages && pages_apart(p.b));
    const bool many_strips = p.n > few_uses * width, many_tiles = p.m > few_uses * L::rows;
    const bool pack_a = conflicts(p.a) ? p.a.transposed || many_strips
                                       : p.a.transposed && many_strips && many_tiles;
    // Columns of b that are read without packing.
    const Index direct = pack_b ? 0 : L::loads_parts ? p.n : p.n / width * width;
    if (direct < p.n)
      pack_strips<L>(from(p.b, 0, direct), p.k, p.n - direct, b_space + direct * p.k);
    const Index height = p.k <= few_steps && p.n > few_uses * width ? L::rows : band;
    for (Index i = 0; i < p.m; i += height) {
      const Product<T> rows{.m = least(height, p.m - i),
                            .n = p.n,
                            .k = p.k,
                            .a = from(p.a, i, 0),
                            .b = p.b,
                            .c = from(p.c, i, 0),
                            .accumulate = p.accumulate};
      if (pack_a) pack_band<L>(rows.a, rows.m, p.k, a_space);
      const T* const packed_a = pack_a ? a_space : nullptr;
      for (Index j = 0; j < p.n; j += width)
        strip(rows, j, packed_a,
              j < direct ? Strip<T>{p.b.data + j, p.b.stride} : Strip<T>{b_space + j * p.k, width});
      follow_up(from(p.epilogue, i, 0), rows.m, p.n);
    }
  }

  /// Computes the tiles of the strip of c whose first column is `j`. `packed_a` is null if a is
  /// read where it lies.
  static void strip(const Product<T>& p, Index j, const T* packed_a, Strip<T> b) {
    const Index columns = least(width, p.n - j), vectors = (columns + L::lanes - 1) / L::lanes;
    Tile<T> tile{.k = p.k,
                 .a = packed_a         ? Rows<T>{packed_a, 1, L::rows}
                      : p.a.transposed ? Rows<T>{p.a.data, 1, p.a.stride}
                                       : Rows<T>{p.a.data, p.a.stride, 1},
                 .b = b,
                 .c = p.c.data + j,
                 .c_stride = p.c.stride,
                 .last_lanes = columns - (vectors - 1) * L::lanes,
                 .accumulate = p.accumulate};
    for (Index i = 0, rows = 0; i < p.m; i += rows) {
      rows = tile_rows<L>(i, p.m);
      tiles(rows, vectors, tile);
      tile.a.data += packed_a ? L::rows * p.k : rows * tile.a.stride;
      tile.c += rows * p.c.stride;
    }
  }

  static constexpr Tiles<L> tiles{};
};

}  // namespace
}  // namespace dagrad::kernels
