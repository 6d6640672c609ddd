#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "dagrad/ops/attention.hpp"
#include "dagrad/ops/convolution.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/strides.hpp"
#include "ops/convolution_sizes.hpp"
#include "ops/patterns_of_pairs.hpp"

/// On which elements of their operands the results of matrix products and convolutions depend. An
/// element of a result is a sum of products of one element of each of the two operands; products
/// with a constant 0 do not count.
namespace dagrad {

namespace {

/// Which elements of the two operands have a nonzero product that is part of an element.
class Products {
 public:
  /// With more products than this, searching them would cost more than a pattern saves.
  static constexpr double most = 1 << 27;

  explicit Products(const PatternContext& at) : at_(at) {
    if (const Tensor* const constant = at.constants[1 - at.operand]) factors_ = constant->cast(f64);
  }
  void add(std::int64_t element, std::int64_t first, std::int64_t second) {
    const std::int64_t own = at_.operand == 0 ? first : second;
    const std::int64_t other = at_.operand == 0 ? second : first;
    if (factors_ && factors_->view().as<double>()[static_cast<std::size_t>(other)] == 0) return;
    entries_.emplace_back(element, own);
  }
  Dependence dependence() const {
    return Dependence::some(
        SparsityPattern(at_.result_shape().elements(), at_.operand_shape().elements(), entries_));
  }

 private:
  const PatternContext& at_;
  std::optional<Tensor> factors_;  ///< the other operand, if it is a constant
  std::vector<std::pair<std::int64_t, std::int64_t>> entries_;
};

/// Calls `visit(in, kernel, out)` with the positions of all factors and results of a convolution.
template <class Visit>
void each_product(const kernels::ConvolutionSizes& s, Visit visit) {
  const std::int64_t ins = s.in_channels / s.groups, outs = s.out_channels / s.groups;
  const std::array<std::int64_t, 6> sizes{s.batch, s.out_channels, s.out_pixels(),
                                          ins,     s.kernel[0],    s.kernel[1]};
  MultiIndex index(sizes, 0);
  const std::int64_t total = s.batch * s.out_channels * s.out_pixels() * ins * s.taps();
  for (std::int64_t i = 0; i < total; ++i, index.next()) {
    const std::int64_t batch = index[0], out_channel = index[1], pixel = index[2];
    const std::int64_t channel = out_channel / outs * ins + index[3];
    const std::int64_t tap = index[4] * s.kernel[1] + index[5];
    const std::int64_t row =
        pixel / s.out[1] * s.stride[0] - s.padding[0] + index[4] * s.dilation[0];
    const std::int64_t column =
        pixel % s.out[1] * s.stride[1] - s.padding[1] + index[5] * s.dilation[1];
    if (row < 0 || row >= s.in[0] || column < 0 || column >= s.in[1]) continue;
    visit(((batch * s.in_channels + channel) * s.in[0] + row) * s.in[1] + column,
          (out_channel * ins + index[3]) * s.taps() + tap,
          (batch * s.out_channels + out_channel) * s.out_pixels() + pixel);
  }
}

}  // namespace

Dependence Conv::pattern(const PatternContext& at) const {
  const kernels::ConvolutionSizes sizes = convolution_sizes(*this, at.in[0].shape, at.in[1].shape);
  if (sizes.work() > Products::most) return Dependence::dense();
  Products products(at);
  each_product(sizes, [&](std::int64_t in, std::int64_t kernel, std::int64_t out) {
    products.add(out, in, kernel);
  });
  return products.dependence();
}

Dependence ConvTranspose::pattern(const PatternContext& at) const {
  const kernels::ConvolutionSizes sizes =
      convolution_sizes(*this, at.result_shape(), at.in[1].shape);
  if (sizes.work() > Products::most) return Dependence::dense();
  Products products(at);
  each_product(sizes, [&](std::int64_t in, std::int64_t kernel, std::int64_t out) {
    products.add(in, out, kernel);
  });
  return products.dependence();
}

Dependence ConvKernel::pattern(const PatternContext& at) const {
  const kernels::ConvolutionSizes sizes =
      convolution_sizes(*this, at.in[0].shape, at.result_shape());
  if (sizes.work() > Products::most) return Dependence::dense();
  Products products(at);
  each_product(sizes, [&](std::int64_t in, std::int64_t kernel, std::int64_t out) {
    products.add(kernel, in, out);
  });
  return products.dependence();
}

namespace {

/// An operand of a matrix product as batches of matrices; a vector is a row on the left and a
/// column on the right.
struct FactorMatrices {
  Shape batch;
  std::int64_t row_step = 0, column_step = 0, inner = 0, outer = 0;

  FactorMatrices(const Shape& shape, bool transposed, bool left) {
    const int rank = shape.rank();
    if (rank > 2) batch = Shape(shape.dims().first(static_cast<std::size_t>(rank - 2)));
    const std::int64_t rows = rank > 1 ? shape[-2] : left ? 1 : shape[0];
    const std::int64_t columns = rank > 1 ? shape[-1] : left ? shape[0] : 1;
    row_step = transposed && rank > 1 ? 1 : columns;
    column_step = transposed && rank > 1 ? columns : 1;
    const bool columns_are_inner = left != (transposed && rank > 1);
    inner = columns_are_inner ? columns : rows;
    outer = columns_are_inner ? rows : columns;
  }
};

}  // namespace

Dependence Matmul::pattern(const PatternContext& at) const {
  const FactorMatrices a(at.in[0].shape, transpose_left, true);
  const FactorMatrices b(at.in[1].shape, transpose_right, false);
  const std::int64_t m = a.outer, k = a.inner, n = b.outer;
  const Shape batch = broadcast(a.batch, b.batch);
  const double work = static_cast<double>(batch.elements()) * static_cast<double>(m) *
                      static_cast<double>(k) * static_cast<double>(n);
  if (work > Products::most) return Dependence::dense();
  const StridedAxes<2> matrices = broadcast_axes({a.batch, b.batch}, batch);
  Products products(at);
  const std::array<std::int64_t, 4> sizes{batch.elements(), m, n, k};
  MultiIndex index(sizes, 0);
  for (std::int64_t i = 0; i < batch.elements() * m * n * k; ++i, index.next()) {
    const std::int64_t row = index[1], column = index[2], inner = index[3];
    const std::int64_t left = matrices.offset(index[0], 0) * m * k;
    const std::int64_t right = matrices.offset(index[0], 1) * k * n;
    products.add((index[0] * m + row) * n + column, left + row * a.row_step + inner * a.column_step,
                 right + inner * b.row_step + column * b.column_step);
  }
  return products.dependence();
}

namespace {

Shape batches_of(const Shape& shape) {
  return Shape(shape.dims().first(static_cast<std::size_t>(shape.rank() - 2)));
}

/// Two rows that may be paired, as the element [..., t, s] of `pairs`.
struct AllowedRows {
  std::int64_t batch, left, right;  ///< the number of the matrix in the result and in each operand
  std::int64_t t, s;
};

/// Calls `add(products, rows, i)` for each pair [..., t, s] that is allowed and each of its `size`
/// products i.
template <class Add>
Dependence of_allowed_rows(const PatternContext& at, const Shape& pairs, std::int64_t size,
                           bool causal, Add add) {
  if (at.operand > 1) return Dependence::none();
  const Shape batch = batches_of(at.result_shape());
  const double work = static_cast<double>(batch.elements()) * static_cast<double>(size) *
                      static_cast<double>(pairs[-2]) * static_cast<double>(pairs[-1]);
  if (work > Products::most) return Dependence::dense();
  const StridedAxes<3> matrices = broadcast_axes(
      {batches_of(at.in[0].shape), batches_of(at.in[1].shape), batches_of(pairs)}, batch);
  const AllowedPairs allowed(at, pairs, causal, 2);
  Products products(at);
  for (std::int64_t b = 0; b < batch.elements(); ++b) {
    AllowedRows rows{b, matrices.offset(b, 0), matrices.offset(b, 1), 0, 0};
    for (rows.t = 0; rows.t < pairs[-2]; ++rows.t)
      for (rows.s = 0; rows.s < pairs[-1]; ++rows.s)
        for (std::int64_t i = 0; i < size && allowed(matrices.offset(b, 2), rows.t, rows.s); ++i)
          add(products, rows, i);
  }
  return products.dependence();
}

}  // namespace

Dependence MaskedScores::pattern(const PatternContext& at) const {
  const Shape &q = at.in[0].shape, &k = at.in[1].shape, &scores = at.result_shape();
  const std::int64_t size = q[-1];
  return of_allowed_rows(at, scores, size, causal,
                         [&](Products& products, const AllowedRows& rows, std::int64_t i) {
                           products.add((rows.batch * scores[-2] + rows.t) * scores[-1] + rows.s,
                                        (rows.left * q[-2] + rows.t) * size + i,
                                        (rows.right * k[-2] + rows.s) * size + i);
                         });
}

Dependence MaskedMatmul::pattern(const PatternContext& at) const {
  const Shape &weights = at.in[0].shape, &x = at.in[1].shape, &out = at.result_shape();
  return of_allowed_rows(
      at, weights, x[-1], causal, [&](Products& products, const AllowedRows& rows, std::int64_t i) {
        products.add((rows.batch * out[-2] + (transpose ? rows.s : rows.t)) * out[-1] + i,
                     (rows.left * weights[-2] + rows.t) * weights[-1] + rows.s,
                     (rows.right * x[-2] + (transpose ? rows.t : rows.s)) * x[-1] + i);
      });
}

}  // namespace dagrad
