#include <algorithm>
#include <cmath>
#include <string>

#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "dagrad/scratch.hpp"
#include "ops/folds.hpp"
#include "ops/moment_sums.hpp"
#include "ops/pulled.hpp"
#include "ops/standardize.hpp"

/// Reads a cotangent and the standardised rows once, for the gradients of x, scale and shift.
namespace dagrad {

namespace {

/// Rows are divided into chunks that run in parallel. Each adds the products and the cotangents of
/// its rows up, column by column: those of a block in T, and the blocks in double.
struct RowGradientMemory {
  static constexpr std::int64_t block_rows = 64, group_rows = 4;
  std::int64_t length, rows, chunk, chunks;
  ScratchLayout layout;
  ScratchPart block, total;
  RowGradientMemory(const Type& d, const Type& scale)
      : length(scale.elements()), rows(d.elements() / length) {
    chunk = std::max({(rows + 63) / 64, ((1 << 15) + length - 1) / length, std::int64_t{8}});
    chunk = (chunk + group_rows - 1) / group_rows * group_rows;
    chunks = (rows + chunk - 1) / chunk;
    block = layout.add(d.dtype, chunks * 2 * length);
    total = layout.add<double>(chunks * 2 * length);
  }
};

struct Multiplied {
  template <class T>
  T operator()(T c, T p) const {
    return c * p;
  }
};
struct Pulled {
  template <class T>
  T operator()(T c, T p) const {
    return pulled(c, p);
  }
};

template <class T>
class RowGradient {
 public:
  RowGradient(const EvalContext& c, const RowGradientMemory& memory, bool centred)
      : d_(c.in<T>(0).data()),
        y_(c.in<T>(1).data()),
        r_(c.in<T>(2).data()),
        scale_(c.in<T>(3).data()),
        out_(c.out<T>(0).data()),
        memory_(memory),
        n_(memory.length),
        block_(memory.block.in<T>(c.scratch()).data()),
        total_(memory.total.in<double>(c.scratch()).data()),
        centred_(centred),
        sums_(c.wanted(1) || c.wanted(2)) {}

  /// Whether the gradients of scale and shift are wanted.
  bool sums() const { return sums_; }

  void take_chunk(std::int64_t chunk) const {
    T* const block = block_ + chunk * 2 * n_;
    double* const total = total_ + chunk * 2 * n_;
    std::fill_n(total, 2 * n_, 0.0);
    const std::int64_t end = std::min(memory_.rows, (chunk + 1) * memory_.chunk);
    for (std::int64_t row = chunk * memory_.chunk; row < end;) {
      std::fill_n(block, 2 * n_, T(0));
      const std::int64_t end_of_block = std::min(end, row + RowGradientMemory::block_rows);
      for (; row < end_of_block; row += RowGradientMemory::group_rows)
        take_group(row, std::min(RowGradientMemory::group_rows, end_of_block - row), block);
      for (std::int64_t i = 0; i < 2 * n_; ++i) total[i] += static_cast<double>(block[i]);
    }
  }
  /// The gradients of scale and shift, of which one may be null: the sums of all chunks.
  void join(std::int64_t begin, std::int64_t end, T* scale, T* shift) const {
    for (std::int64_t i = begin; i < end; ++i) {
      double products = 0, cotangents = 0;
      for (std::int64_t chunk = 0; chunk < memory_.chunks; ++chunk) {
        products += total_[chunk * 2 * n_ + i];
        cotangents += total_[(chunk * 2 + 1) * n_ + i];
      }
      if (scale != nullptr) scale[i] = static_cast<T>(products);
      if (shift != nullptr) shift[i] = static_cast<T>(cotangents);
    }
  }

 private:
  static constexpr std::int64_t lanes = 64 / static_cast<std::int64_t>(sizeof(T));
  struct Means {
    T cotangent, slope;
  };

  /// Writes a few rows and adds them to the sums of a block.
  void take_group(std::int64_t row, std::int64_t rows, T* block) const {
    bool plain = true;
    for (std::int64_t i = row; i < row + rows; ++i) {
      const Means means = means_of<Multiplied>(i);
      // A NaN may come from elements that only cotangents of 0 meet; if these are all, so is the
      // slope.
      if (std::isnan(means.cotangent) || std::isnan(means.slope) || means.slope == 0) {
        write_pulled(i);
        plain = false;
      } else {
        write(i, means);
      }
    }
    if (!sums_) return;
    if (plain)
      add_group(row * n_, rows, block, Multiplied());
    else
      add_group(row * n_, rows, block, Pulled());
  }

  /// The means of the scaled cotangents of a row and of their products with y.
  template <class Product>
  Means means_of(std::int64_t row) const {
    const T *const d = d_ + row * n_, *const y = y_ + row * n_, *const scale = scale_;
    constexpr Product product;
    double sum = 0, products = 0;
    for (std::int64_t i = 0; i < n_;) {
      const std::int64_t end = std::min(n_, i + 64 * lanes);
      T first[lanes] = {}, second[lanes] = {};
      const auto add = [&](std::int64_t j, std::int64_t at) {
        const T scaled = product(d[at], scale[at]);
        first[j] += scaled;
        second[j] += product(scaled, y[at]);
      };
      for (; i + lanes <= end; i += lanes)
        for (std::int64_t j = 0; j < lanes; ++j) add(j, i + j);
      for (std::int64_t j = 0; i < end; ++i, ++j) add(j, i);
      sum += static_cast<double>(join_lanes<lanes>(first));
      products += static_cast<double>(join_lanes<lanes>(second));
    }
    const auto n = static_cast<double>(n_);
    return {centred_ ? static_cast<T>(sum / n) : T(0), static_cast<T>(products / n)};
  }
  void write(std::int64_t row, Means means) const {
    const T *const d = d_ + row * n_, *const y = y_ + row * n_, *const scale = scale_;
    T* const out = out_ + row * n_;
    const T r = r_[row];
    for (std::int64_t i = 0; i < n_; ++i)
      out[i] = r * (d[i] * scale[i] - means.cotangent - y[i] * means.slope);
  }
  /// The same by `pull`; rare, so it stays out of the way.
  [[gnu::noinline]] void write_pulled(std::int64_t row) const {
    const Means means = means_of<Pulled>(row);
    for (std::int64_t i = 0; i < n_; ++i) {
      const std::int64_t at = row * n_ + i;
      out_[at] = pulled(pulled(d_[at], scale_[i]) - means.cotangent - pulled(means.slope, y_[at]),
                        r_[row]);
    }
  }
  template <class Product>
  void add_group(std::int64_t at, std::int64_t rows, T* block, Product product) const {
    const std::int64_t n = n_;
    const T *const d = d_ + at, *const y = y_ + at;
    if (rows < RowGradientMemory::group_rows) {
      for (std::int64_t i = 0; i < rows * n; ++i) {
        block[i % n] += product(d[i], y[i]);
        block[n + i % n] += d[i];
      }
      return;
    }
    for (std::int64_t i = 0; i < n; ++i)
      block[i] += (product(d[i], y[i]) + product(d[n + i], y[n + i])) +
                  (product(d[2 * n + i], y[2 * n + i]) + product(d[3 * n + i], y[3 * n + i]));
    block += n;
    for (std::int64_t i = 0; i < n; ++i)
      block[i] += (d[i] + d[n + i]) + (d[2 * n + i] + d[3 * n + i]);
  }

  const T *const d_, *const y_, *const r_, *const scale_;
  T* const out_;
  const RowGradientMemory& memory_;
  const std::int64_t n_;
  T* const block_;
  double* const total_;
  const bool centred_, sums_;
};

}  // namespace

std::vector<Type> NormalizeRowsGradient::infer(std::span<const Type> in) const {
  refuse_empty(in[0].shape);
  const Type row{in[0].dtype, row_shape(*this, in[0].shape)};
  const Type results{in[0].dtype, Reduction{axes, true}.reduced(in[0].shape)};
  if (in[1] != in[0] || in[2] != results || in[3] != row)
    throw ShapeError("needs " + to_string(in[0]) + ", " + to_string(results) + " and " +
                     to_string(row) + " after the cotangent, got " + to_string(in[1]) + ", " +
                     to_string(in[2]) + " and " + to_string(in[3]));
  return {in[0], row, row};
}
std::size_t NormalizeRowsGradient::scratch(const PlanContext& plan) const {
  return RowGradientMemory(plan.in[0], plan.in[3]).layout.bytes();
}
void NormalizeRowsGradient::eval(const EvalContext& c) const {
  const RowGradientMemory memory(c.ins[0].type, c.ins[3].type);
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const RowGradient<T> gradient(c, memory, centred);
    c.parallel(memory.chunks, [&](std::int64_t chunk) { gradient.take_chunk(chunk); });
    if (!gradient.sums()) return;
    c.parallel.ranges(memory.length, 1 << 12, [&](std::int64_t begin, std::int64_t end) {
      gradient.join(begin, end, c.out<T>(1).data(), c.out<T>(2).data());
    });
  });
}

Grads NormalizeRowsGradient::grad(const GradContext& g) const {
  return slopes_of_normalized(g, axes, centred);
}

Samples NormalizeRowsGradient::samples(Rng& rng) {
  const auto sample = [&](NormalizeRowsGradient op, const Shape& shape, const Shape& results,
                          const Shape& row) {
    return Sample{
        op, {rng.normal(shape), rng.normal(shape), rng.uniform(results, 0.5, 2), rng.normal(row)}};
  };
  const auto over = [](std::vector<std::int64_t> axes) { return OverAxes{std::move(axes)}; };
  return {sample({over({-1})}, {2, 5}, {2, 1}, {5}),
          sample({over({-2, -1})}, {3, 2, 2}, {3, 1, 1}, {2, 2}),
          sample({over({-1}), false}, {6, 3}, {6, 1}, {3}),
          sample({over({})}, {}, {}, {}),
          sample({over({-1})}, {0, 3}, {0, 1}, {3}),
          {.op = NormalizeRowsGradient{over({0})},
           .in = {Tensor::of({0.5, 0.0, 1.0, 0.5}), Tensor::of({1.0, -1.0, 0.0, 0.0}),
                  Tensor::of({2.0}), Tensor::of({2.0, 2.0, 2.0, 2.0})},
           .out = {Tensor::of({-0.5, -1.5, 2.0, 0.0}), Tensor::of({0.5, 0.0, 0.0, 0.0}),
                   Tensor::of({0.5, 0.0, 1.0, 0.5})}}};
}

}  // namespace dagrad
