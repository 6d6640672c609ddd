#pragma once

#include "src/tensor/gemm.hpp"
#include "src/tensor/gemm_packing.hpp"
#include "src/tensor/gemm_row.hpp"
#include "src/tensor/gemm_tile.hpp"

/// The matrix product on one thread, for the instruction set of the source that includes this file
/// and defines the vectors (`L`, see gemm_tile.hpp). It is divided so that data which is read
/// repeatedly lies in a cache. From the outermost part to the innermost:
///
///     block   steps of k during which sums stay in registers                `depth` steps
///     band    rows of c whose part of a stays in the second cache           `band` rows
///             (the rows of a tile if b is small, so that c is written along its rows)
///     strip   columns of a tile, whose part of b stays in the first cache   `width` columns
///     tile    rows of a strip, with as many sums as there are registers
///
/// The first tile of a strip packs the strip on the way, and the tiles after it fetch the next
/// strip from memory. After the last block, the epilogue follows some strips at a time.
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

constexpr Index few_steps = 32;          // up to this many, a panel of b fits into the first caches
constexpr Index few_rows = 132;          // up to this many rows, packing b does not pay off
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
  static constexpr Index band = 1056 / Index{sizeof(T)} / L::rows * L::rows;
  static constexpr Index panel = 2048 / Index{sizeof(T)};  // columns whose strips are all packed
  static constexpr Index piece = panel / 2;  // columns of a transpose that is computed at once
  static constexpr Index followed_at_once = 132 * 2048 / Index{sizeof(T)};  // elements
  static constexpr Index b_scratch = greatest(panel * few_steps, width* depth);
  static constexpr Index tiled_scratch = b_scratch + (band + L::rows) * depth;
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
    for (Index l = 0; l < p.k; l += depth) {
      block({.m = p.m,
             .n = p.n,
             .k = least(depth, p.k - l),
             .a = from(p.a, 0, l),
             .b = from(p.b, l, 0),
             .c = p.c,
             .accumulate = p.accumulate || l > 0,
             .epilogue = l + depth < p.k ? PartEpilogue{} : p.epilogue},
            scratch);
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

  /// How the strips of b are read.
  struct Packing {
    bool packs;   ///< or read where they lie, as far as they are whole
    T* space;     ///< where the first strip is packed
    Index apart;  ///< elements from one packed strip to the next, or 0 if they share the space
    bool ready;   ///< whether all are packed already
  };

  static void block(const Product<T>& p, T* scratch) {
    const bool along_rows = p.k <= few_steps && p.n > few_uses * width;
    const Index height = along_rows ? L::rows : band_height(p);
    const Index columns = along_rows ? panel : p.n;
    const bool packs =
        p.b.transposed || p.m > few_rows || (p.m > few_rows_if_pages && pages_apart(p.b));
    const bool keeps = (least(columns, p.n) + width - 1) / width * width * p.k <= b_scratch;
    for (Index j = 0; j < p.n; j += columns) {
      for (Index i = 0; i < p.m; i += height) {
        strips({.m = least(height, p.m - i),
                .n = least(columns, p.n - j),
                .k = p.k,
                .a = from(p.a, i, 0),
                .b = from(p.b, 0, j),
                .c = from(p.c, i, j),
                .accumulate = p.accumulate,
                .epilogue = from(p.epilogue, i, j)},
               {packs, scratch, keeps ? width * p.k : 0, keeps && i > 0}, scratch + b_scratch);
      }
    }
  }

  /// The height of all bands but the last, which is similar. If rows of c are short, an epilogue
  /// follows on whole ones.
  static Index band_height(const Product<T>& p) {
    const bool whole_rows = p.epilogue.call != nullptr && p.n <= panel;
    const Index most = whole_rows ? least(band, followed_at_once / p.n) : band;
    const Index bands = (p.m + most - 1) / most, rows = (p.m + bands - 1) / bands;
    return (rows + L::rows - 1) / L::rows * L::rows;
  }

  /// Computes the strips of a band one after the other.
  static void strips(const Product<T>& p, const Packing& packing, T* a_space) {
    const bool many_strips = p.n > few_uses * width, many_tiles = p.m > few_uses * L::rows;
    const bool pack_a = conflicts(p.a) ? p.a.transposed || many_strips
                                       : p.a.transposed && many_strips && many_tiles;
    if (pack_a) pack_band<L>(p.a, p.m, p.k, a_space);
    T* space = packing.space;
    for (Index j = 0, followed = 0; j < p.n; j += width, space += packing.apart) {
      strip(p, j, pack_a ? a_space : nullptr, packing, space);
      const Index end = least(j + width, p.n);
      if ((end - followed + width) * p.m <= followed_at_once && end < p.n) continue;
      follow_up(from(p.epilogue, 0, followed), p.m, end - followed);
      followed = end;
    }
  }

  /// Computes the tiles of the strip of c whose first column is `j`. `packed_a` is null if a is
  /// read where it lies.
  static void strip(const Product<T>& p, Index j, const T* packed_a, const Packing& packing,
                    T* space) {
    const Index n = least(width, p.n - j), vectors = (n + L::lanes - 1) / L::lanes;
    const bool packs = packing.packs || (n < width && !L::loads_parts);
    Tile<T> tile{.k = p.k,
                 .a = packed_a         ? Rows<T>{packed_a, 1, L::rows}
                      : p.a.transposed ? Rows<T>{p.a.data, 1, p.a.stride}
                                       : Rows<T>{p.a.data, p.a.stride, 1},
                 .b = packs ? Strip<T>{space, width} : Strip<T>{p.b.data + j, p.b.stride},
                 .c = p.c.data + j,
                 .c_stride = p.c.stride,
                 .last_lanes = n - (vectors - 1) * L::lanes,
                 .accumulate = p.accumulate};
    if (packs && !packing.ready) {
      if (n == width && p.k > few_steps)
        return pack_and_compute(p, j, tile, packed_a != nullptr, space);
      pack_strip<L>(from(p.b, 0, j), p.k, n, space);
    }
    for (Index i = 0, rows = 0; i < p.m; i += rows) {
      rows = tile_rows<L>(i, p.m);
      tiles(rows, vectors, tile);
      advance(tile, rows, packed_a != nullptr);
    }
  }

  static void advance(Tile<T>& tile, Index rows, bool packed_a) {
    tile.a.data += packed_a ? L::rows * tile.k : rows * tile.a.stride;
    tile.c += rows * tile.c_stride;
  }

  /// The lines of the strip of b from column `j` on, of which each tile of the strip before fetches
  /// some: one from each of several stored rows.
  class NextStrip {
   public:
    NextStrip(const Product<T>& p, Index j)
        : data_(p.b.data + (p.b.transposed ? j * p.b.stride : j)),
          stride_(p.b.stride),
          rows_(j >= p.n         ? 0
                : p.b.transposed ? width
                                 : p.k),
          length_(p.b.transposed ? p.k : width),
          rows_at_once_(p.k / steps_per_line) {}
    void fetch_in(Tile<T>& tile) {
      const bool left = row_ < rows_;
      tile.next = left ? data_ + row_ * stride_ + column_ : tile.b.data;
      tile.next_step = left ? stride_ : 0;
      column_ += 64 / Index{sizeof(T)};
      if (column_ < length_) return;
      column_ = 0;
      row_ += rows_at_once_;
    }

   private:
    const T* const data_;
    const Index stride_, rows_, length_, rows_at_once_;
    Index row_ = 0, column_ = 0;
  };

  /// Packs a whole strip of b, or lets the first tile do so, and computes its tiles, which fetch
  /// the next strip.
  static void pack_and_compute(const Product<T>& p, Index j, Tile<T> tile, bool packed_a,
                               T* space) {
    NextStrip next(p, j + width);
    bool on_the_way = !p.b.transposed && tile_rows<L>(0, p.m) == L::rows;
    if (!on_the_way) pack_strip<L>(from(p.b, 0, j), p.k, width, space);
    for (Index i = 0, rows = 0; i < p.m; i += rows) {
      rows = tile_rows<L>(i, p.m);
      next.fetch_in(tile);
      if (on_the_way) {
        tile.b = {p.b.data + j, p.b.stride};
        tile.copy = space;
        multiply<L, L::rows, L::vectors, Extra::fetch_and_pack>(tile);
        tile.b = {space, width};
        on_the_way = false;
      } else if (rows == L::rows) {
        multiply<L, L::rows, L::vectors, Extra::fetch>(tile);
      } else {
        tiles(rows, L::vectors, tile);
      }
      advance(tile, rows, packed_a);
    }
  }

  static constexpr Tiles<L> tiles{};
};

}  // namespace
}  // namespace dagrad::kernels
