#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "ops/accumulator.hpp"
#include "ops/vectors.hpp"

namespace dagrad {

/// Adds the products of adjacent rows of x and y, of as many elements as there are lanes, to
/// `product` and, if `both`, those of x to `sum`, four rows at a time.
template <bool both, std::int64_t lanes, class T>
[[gnu::always_inline]] inline void add_lanes_of_products(const T* x, const T* y, std::int64_t rows,
                                                         T* product, T* sum) {
  typedef T V __attribute__((vector_size(32)));
  constexpr std::int64_t width = sizeof(V) / sizeof(T);
  constexpr int vectors = lanes / width;
  const auto load = [](V & v, const T* from) __attribute__((always_inline)) {
    std::memcpy(&v, from, sizeof v);
  };
  V products[vectors], sums[vectors];
  std::memcpy(products, product, sizeof products);
  if constexpr (both) std::memcpy(sums, sum, sizeof sums);
  for (; rows >= 4; rows -= 4, x += 4 * lanes, y += 4 * lanes) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      V a[4], b[4];
#pragma GCC unroll 4
      for (int row = 0; row < 4; ++row) {
        load(a[row], x + row * lanes + v * width);
        load(b[row], y + row * lanes + v * width);
      }
      products[v] += (a[0] * b[0] + a[1] * b[1]) + (a[2] * b[2] + a[3] * b[3]);
      if constexpr (both) sums[v] += (a[0] + a[1]) + (a[2] + a[3]);
    }
  }
  for (; rows > 0; --rows, x += lanes, y += lanes) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      V a, b;
      load(a, x + v * width);
      load(b, y + v * width);
      products[v] += a * b;
      if constexpr (both) sums[v] += a;
    }
  }
  std::memcpy(product, products, sizeof products);
  if constexpr (both) std::memcpy(sum, sums, sizeof sums);
}

/// The kernel of a reduction to the sums of products of the elements of x with those of a tensor of
/// the same layout and, if `both`, to those of the elements themselves. Each has the bits that an
/// Accumulator would give.
template <class T, bool both>
class ProductSums {
 public:
  using In = T;
  using Result = T;
  static constexpr std::size_t parts = both ? 2 : 1;

  ProductSums(const ReductionSpace& space, const T* x, const T* other, const Machine& machine)
      : space_(space), x_(x), other_(other), machine_(machine) {}

  void begin(const ReductionSplit::Unit& unit, std::int64_t /*first*/) {
    packing_ = RowPacking(space_, unit.width, lanes);
    for (Sums& sums : sums_) sums.begin(packing_.width);
  }
  void add(const T* x, std::int64_t rows) {
    const std::int64_t packed = rows / packing_.together, rest = rows % packing_.together;
    for (std::int64_t left = packed, n; left > 0; left -= n, x += n * packing_.stride) {
      n = std::min(left, sums_[0].room());
      add(x, n, packing_.width);
    }
    if (rest > 0) add(x, 1, rest * packing_.columns);
  }
  void finish(const std::array<T*, parts>& to) {
    for (std::size_t part = 0; part < parts; ++part)
      sums_[part].finish(packing_.together, to[part]);
  }
  static void join(std::size_t /*part*/, T* x, std::int64_t chunks, std::int64_t results) {
    Sums::fold_groups(x, chunks, results);
  }

 private:
  using Sums = Cascade<SumFold<T>>;
  static constexpr std::int64_t lanes = Sums::lanes;

  void add(const T* x, std::int64_t rows, std::int64_t width) {
    const T* const y = other_ + (x - x_);
    T *const products = sums_[0].lowest(), *const sums = both ? sums_[parts - 1].lowest() : nullptr;
    if (width == lanes && packing_.stride == lanes)
      run_vectorized(
          machine_, [=]() __attribute__((always_inline)) {
            add_lanes_of_products<both, lanes>(x, y, rows, products, sums);
          });
    else
      add_any(x, y, rows, width, products, sums);
    for (Sums& part : sums_) part.count(rows);
  }
  [[gnu::noinline]] void add_any(const T* x, const T* y, std::int64_t rows, std::int64_t width,
                                 T* product, T* sum) const {
    const std::int64_t stride = packing_.stride;
    for (; rows >= 4; rows -= 4, x += 4 * stride, y += 4 * stride)
      for (std::int64_t j = 0; j < width; ++j) {
        const T a = x[j], b = x[stride + j], c = x[2 * stride + j], d = x[3 * stride + j];
        product[j] +=
            (a * y[j] + b * y[stride + j]) + (c * y[2 * stride + j] + d * y[3 * stride + j]);
        if constexpr (both) sum[j] += (a + b) + (c + d);
      }
    for (; rows > 0; --rows, x += stride, y += stride)
      for (std::int64_t j = 0; j < width; ++j) {
        product[j] += x[j] * y[j];
        if constexpr (both) sum[j] += x[j];
      }
  }

  const ReductionSpace& space_;
  const T *const x_, *const other_;
  const Machine& machine_;
  RowPacking packing_;
  std::array<Sums, parts> sums_;
};

}  // namespace dagrad
