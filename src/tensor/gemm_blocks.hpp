#pragma once

#include <cstdint>

#include "src/tensor/gemm.hpp"

/// The matrix product of one thread, for the instruction set of the source that includes this and
/// says what `Lanes` are. All of it lies in an unnamed namespace and calls no inline function of a
/// library: code for one instruction set must never be linked where another is meant.
///
/// An element of c is the same sum for any m, n, strides and transposes: the products of `depth`
/// successive k are added in order, from 0, fused where the instruction set does that; the sums of
/// these blocks are added in order. So no cut of the output can change a bit.
namespace dagrad::kernels {
namespace {

using Index = std::int64_t;

constexpr Index depth = 256;    // k of a block: a packed tile of b stays in the first cache
constexpr Index band = 128;     // rows of a that meet a tile of b before the next one
constexpr Index few_rows = 64;  // up to here b is not worth packing
constexpr Index page = 4096;    // bytes; rows so far apart evict each other

constexpr Index least(Index a, Index b) { return b < a ? b : a; }

/// Stores sums in c, or adds them; `last` lanes of the last vector of a row where that is given.
/// The loops are unrolled and free of branches, or compilers keep the sums in memory.
template <class L, int Rows, int Vectors, class... Last>
void finish(const typename L::V (&sum)[Rows][Vectors], typename L::T* c, Index c_row, bool add,
            Last... last) {
  constexpr int w = L::lanes, v_last = Vectors - 1;
  if (add) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r, c += c_row) {
      for (int v = 0; v < v_last; ++v) L::store(c + v * w, L::add(L::load(c + v * w), sum[r][v]));
      typename L::T* const to = c + v_last * w;
      L::store(to, L::add(L::load(to, last...), sum[r][v_last]), last...);
    }
  } else {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r, c += c_row) {
      for (int v = 0; v < v_last; ++v) L::store(c + v * w, sum[r][v]);
      L::store(c + v_last * w, sum[r][v_last], last...);
    }
  }
}

/// Rows [0, Rows) of c and as many vectors of columns, `last` lanes of the last one, over one block
/// of k.
template <class L, int Rows, int Vectors>
void tile(Index k, const typename L::T* a, Index a_row, Index a_step, const typename L::T* b,
          Index b_step, typename L::T* c, Index c_row, Index last, bool add) {
  using V = typename L::V;
  V sum[Rows][Vectors];
  for (int r = 0; r < Rows; ++r) {
    for (int v = 0; v < Vectors; ++v) sum[r][v] = L::zero();
  }
  for (Index l = 0; l < k; ++l, a += a_step, b += b_step) {
    V column[Vectors];
    for (int v = 0; v < Vectors; ++v) column[v] = L::load(b + v * L::lanes);
    for (int r = 0; r < Rows; ++r) {
      const V row = L::broadcast(a[r * a_row]);
      for (int v = 0; v < Vectors; ++v) sum[r][v] = L::multiply_add(row, column[v], sum[r][v]);
    }
  }
  if (last == L::lanes) {
    finish<L>(sum, c, c_row, add);
  } else {
    finish<L>(sum, c, c_row, add, last);
  }
}

/// Squares of 16 bytes a side: rows of `from` become columns of `to`.
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

template <class L>
class Blocks {
 public:
  using T = typename L::T;

  static void small(const Product<T>& p) {
    const Index a_row = p.a.transposed ? 1 : p.a.stride, a_step = p.a.transposed ? p.a.stride : 1;
    const Index b_row = p.b.transposed ? 1 : p.b.stride, b_step = p.b.transposed ? p.b.stride : 1;
    for (Index i = 0; i < p.m; ++i) {
      for (Index j = 0; j < p.n; ++j) {
        const T* a = p.a.data + i * a_row;
        const T* b = p.b.data + j * b_step;
        T sum = 0;
        for (Index l = 0; l < p.k; ++l) sum = L::multiply_add(a[l * a_step], b[l * b_row], sum);
        T& c = p.c.data[i * p.c.stride + j];
        c = p.accumulate ? L::add(c, sum) : sum;
      }
    }
  }

  static void large(const Product<T>& p, T* scratch) {
    for (Index j = 0; j < p.n; j += panel) {
      for (Index l = 0; l < p.k; l += depth) {
        Product<T> part = p;
        part.n = least(panel, p.n - j);
        part.k = least(depth, p.k - l);
        part.a.data += p.a.transposed ? l * p.a.stride : l;
        part.b.data += p.b.transposed ? j * p.b.stride + l : l * p.b.stride + j;
        part.c.data += j;
        part.accumulate = p.accumulate || l > 0;
        block(part, scratch, scratch + panel * depth);
      }
    }
  }

  static Multiply<T> functions() { return {small, large, (panel + band + L::rows) * depth}; }

 private:
  static constexpr Index width = L::lanes * L::vectors;                    // columns of a tile
  static constexpr Index panel = 1024 / Index{sizeof(T)} / width * width;  // columns packed at once

  static void block(const Product<T>& p, T* b_space, T* a_space) {
    const bool pack = p.b.transposed || p.m > few_rows ||
                      (p.m > 2 * L::rows && p.b.stride * Index{sizeof(T)} % page == 0);
    const Index direct = pack ? 0 : p.n / width * width;  // columns of b read where they lie
    for (Index j = direct; j < p.n; j += width) pack_b(p, j, b_space + j * p.k);
    for (Index i = 0; i < p.m; i += band) {
      Product<T> rows = p;
      rows.m = least(band, p.m - i);
      rows.a.data += p.a.transposed ? i : i * p.a.stride;
      rows.c.data += i * p.c.stride;
      if (p.a.transposed) pack_a(rows, a_space);
      for (Index j = 0; j < p.n; j += width) {
        const bool lies = j < direct;
        column(rows, j, a_space, lies ? p.b.data + j : b_space + j * p.k,
               lies ? p.b.stride : width);
      }
    }
  }

  /// The tiles of one column of tiles.
  static void column(const Product<T>& p, Index j, const T* a_space, const T* b, Index b_step) {
    const Index columns = least(width, p.n - j), vectors = (columns + L::lanes - 1) / L::lanes;
    for (Index i = 0, rows = 0; i < p.m; i += rows, a_space += L::rows * p.k) {
      rows = rows_at(i, p.m);
      const T* a = p.a.transposed ? a_space : p.a.data + i * p.a.stride;
      tiles[rows - 1][vectors - 1](p.k, a, p.a.transposed ? 1 : p.a.stride,
                                   p.a.transposed ? L::rows : 1, b, b_step,
                                   p.c.data + i * p.c.stride + j, p.c.stride,
                                   columns - (vectors - 1) * L::lanes, p.accumulate);
    }
  }

  /// Rows of the tile that starts at row `i` of `m`: as few tiles as possible, of like height.
  static Index rows_at(Index i, Index m) {
    const Index left = (m - i + L::rows - 1) / L::rows;
    return (m - i + left - 1) / left;
  }

  /// Rows [0, k) of the tile of b that starts at column `j`, one after the other, filled up with 0.
  static void pack_b(const Product<T>& p, Index j, T* to) {
    const Index columns = least(width, p.n - j);
    if (!p.b.transposed) {
      for (Index l = 0; l < p.k; ++l) {
        const T* from = p.b.data + l * p.b.stride + j;
        for (Index v = 0; v < width; v += L::lanes) {
          const Index left = columns - v;
          L::store(to + l * width + v, left >= L::lanes ? L::load(from + v)
                                       : left > 0       ? L::load(from + v, left)
                                                        : L::zero());
        }
      }
      return;
    }
    constexpr Index side = 16 / sizeof(T);
    const T* from = p.b.data + j * p.b.stride;
    for (Index i = 0; i < width; i += side, from += side * p.b.stride) {
      const Index deep = i + side <= columns ? p.k / side * side : 0;
      for (Index l = 0; l < deep; l += side) {
        transpose_square(from + l, p.b.stride, to + l * width + i, width);
      }
      for (Index l = deep; l < p.k; ++l) {
        for (Index x = 0; x < side; ++x) {
          to[l * width + i + x] = i + x < columns ? from[x * p.b.stride + l] : T(0);
        }
      }
    }
  }

  /// The tiles of transposed a: the rows of a step of k side by side.
  static void pack_a(const Product<T>& p, T* to) {
    for (Index i = 0, rows = 0; i < p.m; i += rows) {
      rows = rows_at(i, p.m);
      const T* from = p.a.data + i;
      const bool whole = i + L::rows <= p.m;  // rows too many do no harm while they exist
      for (Index l = 0; l < p.k; ++l, from += p.a.stride, to += L::rows) {
        if (whole) {
          __builtin_memcpy(to, from, L::rows * sizeof(T));
        } else {
          for (Index r = 0; r < rows; ++r) to[r] = from[r];
        }
      }
    }
  }

  using Tile = void (*)(Index, const T*, Index, Index, const T*, Index, T*, Index, Index, bool);
  struct Tiles {
    Tile at[L::rows][L::vectors] = {};
    template <int Rows = L::rows, int Vectors = L::vectors>
    constexpr void fill() {
      at[Rows - 1][Vectors - 1] = &tile<L, Rows, Vectors>;
      if constexpr (Vectors > 1) fill<Rows, Vectors - 1>();
      if constexpr (Rows > 1 && Vectors == L::vectors) fill<Rows - 1, L::vectors>();
    }
    constexpr Tiles() { fill(); }
    constexpr const Tile* operator[](Index rows) const { return at[rows]; }
  };
  static constexpr Tiles tiles{};
};

}  // namespace
}  // namespace dagrad::kernels
