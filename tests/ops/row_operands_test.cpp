// Ops that say they work row by row do so, with the same bits for any of the rows.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/catalog.hpp"
#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"

namespace dagrad {
namespace {

Reduction over(const std::vector<std::int64_t>& axes, bool keep_dims = false) {
  return {axes, keep_dims};
}

/// Rows [first, last) of a tensor.
Tensor rows_of(const Tensor& x, std::int64_t first, std::int64_t last) {
  return evaluate_op(Slice{{Range{first, last}}}, {x})[0];
}

std::uint32_t row_operands(const Op& op, std::span<const Tensor> in) {
  std::vector<Type> types;
  for (const Tensor& x : in) types.push_back(x.type());
  return op->row_operands(types);
}

/// Applies the op to pieces of `step` rows, and expects the rows of the whole results. Returns
/// whether the op works row by row on these operands.
bool expect_rows(const Op& op, std::span<const Tensor> in, std::int64_t step) {
  const std::uint32_t by_row = row_operands(op, in);
  if (by_row == 0) return false;
  const std::vector<Tensor> whole = evaluate_op(op, in);
  const std::int64_t rows = whole[0].shape()[0];
  for (std::int64_t first = 0; first < rows; first += step) {
    const std::int64_t last = std::min(rows, first + step);
    std::vector<Tensor> piece(in.begin(), in.end());
    for (std::size_t i = 0; i < in.size(); ++i)
      if ((by_row >> i & 1U) != 0) piece[i] = rows_of(in[i], first, last);
    EXPECT_EQ(row_operands(op, piece), by_row) << "for fewer rows";
    const std::vector<Tensor> part = evaluate_op(op, piece);
    for (std::size_t i = 0; i < part.size(); ++i)
      EXPECT_TENSOR_SAME(part[i], rows_of(whole[i], first, last));
  }
  return true;
}

TEST(RowOperands, HoldForEverySampleOfEveryOp) {
  std::size_t by_row = 0;
  for (const Catalog::Entry& entry : Catalog::builtin()) {
    Rng rng(1);
    for (const Sample& sample : entry.op->samples(rng)) {
      SCOPED_TRACE(std::string(sample.op.name()) + " " + sample.op.attributes());
      for (const std::int64_t step : {1, 2}) by_row += expect_rows(sample.op, sample.in, step);
    }
  }
  EXPECT_GT(by_row, 100u);
}

TEST(RowOperands, HoldForManyRows) {
  Rng rng(2);
  for (const DType dtype : {f32, f64}) {
    const Tensor x = rng.normal({301, 77}, 0, 1, dtype), y = rng.normal({301, 77}, 0, 1, dtype),
                 w = rng.normal({77, 19}, 0, 1, dtype), a = rng.normal({23, 40, 31}, 0, 1, dtype),
                 b = rng.normal({23, 31, 17}, 0, 1, dtype), r = rng.normal({301, 1}, 0, 1, dtype);
    const std::vector<std::pair<Op, std::vector<Tensor>>> cases{
        {Sum{over({1})}, {x}},
        {Sum{over({-1}, true)}, {a}},
        {Sum{over({1})}, {a}},
        {Sum{over({1, 2})}, {a}},
        {Mean{over({1})}, {x}},
        {Prod{over({1})}, {x}},
        {Max{over({1})}, {x}},
        {Min{over({2})}, {a}},
        {LogSumExp{over({1})}, {x}},
        {Variance{over({1})}, {x}},
        {StandardDeviation{{{1}, true}}, {x}},
        {Norm{over({1})}, {x}},
        {ArgMax{over({1})}, {x}},
        {CountNonzero{over({1})}, {x}},
        {Any{over({1})}, {x}},
        {Softmax{}, {x}},
        {Softmax{1}, {a}},
        {LogSoftmax{}, {x}},
        {Standardize{OverAxes{{1}}}, {x}},
        {Standardize{OverAxes{{1, 2}}, 1e-5, false}, {a}},
        {StandardizeGradient{OverAxes{{1}}}, {x, y, r}},
        {Centre{over({1}, true)}, {x}},
        {SumToLike{}, {x, r}},
        {Matmul{}, {x, w}},
        {Matmul{}, {a, b}},
        {Matmul{true, false}, {a, rng.normal({23, 40, 5}, 0, 1, dtype)}},
        {Matmul{}, {a, rng.normal({31, 3}, 0, 1, dtype)}},
        {Matmul{}, {rng.normal({40, 31}, 0, 1, dtype), b}},
        {Matmul{}, {x, rng.normal({77}, 0, 1, dtype)}},
        {Transpose{{0, 2, 1}}, {a}},
        {Concat{1}, {x, y}},
        {Slice{{{}, {3, 50}}}, {x}},
        {Unsqueeze{{1}}, {x}},
        {Squeeze{{1}}, {r}},
        {Reshape{{-1, 1240}}, {a}},
        {Add{}, {x, r}}};
    for (const auto& [op, in] : cases) {
      SCOPED_TRACE(std::string(op.name()) + " " + op.attributes());
      for (const std::int64_t step : {1, 7, 64}) EXPECT_TRUE(expect_rows(op, in, step));
    }
  }
}

TEST(RowOperands, AreNoneWhereRowsAreCombined) {
  Rng rng(3);
  const Tensor x = rng.normal({6, 4}), square = rng.normal({6, 6});
  const auto none = [](const Op& op, const std::vector<Tensor>& in) {
    return row_operands(op, in) == 0;
  };
  EXPECT_TRUE(none(Sum{over({0})}, {x}));
  EXPECT_TRUE(none(Sum{over({0, 1})}, {x}));
  EXPECT_TRUE(none(Softmax{0}, {x}));
  EXPECT_TRUE(none(Transpose{{1, 0}}, {x}));
  EXPECT_TRUE(none(Concat{0}, {x, x}));
  EXPECT_TRUE(none(Slice{{{1, 3}}}, {x}));
  EXPECT_TRUE(none(Matmul{true, false}, {x, x}));
  EXPECT_TRUE(none(Reshape{{6, 2, 2}}, {x})) << "it names the number of rows";
  EXPECT_TRUE(none(Exp{}, {rng.normal({})}));
  EXPECT_EQ(row_operands(Matmul{}, std::vector{square, square}), 1u) << "the right one is shared";
  EXPECT_EQ(row_operands(Add{}, std::vector{square, rng.normal({6})}), 1u) << "it is a row";
}

TEST(RowOperands, AreNoneWhereTheOrderOfASumDependsOnThem) {
  const Type row{f64, {3, 70'000}}, block{f64, {3, 65, 2'000}}, short_block{f64, {3, 60, 2'000}};
  EXPECT_EQ(Op(Sum{over({1})})->row_operands({&row, 1}), 0u);
  EXPECT_EQ(Op(Sum{over({1})})->row_operands({&block, 1}), 0u);
  EXPECT_EQ(Op(Sum{over({1})})->row_operands({&short_block, 1}), 1u);
}

/// A user's op, which keeps the running total of each row.
struct RunningTotals {
  static constexpr auto name = "running_totals";
  static constexpr no_grad grad{"it is only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  std::uint32_t row_operands(std::span<const Type>) const { return 1; }
  void eval(const EvalContext& c) const {
    const auto x = c.in<double>(0);
    const auto out = c.out<double>();
    const auto columns = static_cast<std::size_t>(c.out_shape()[1]);
    for (std::size_t i = 0; i < x.size(); ++i) out[i] = x[i] + (i % columns > 0 ? out[i - 1] : 0);
  }
};

TEST(RowOperands, AreToldByUsersOps) {
  EXPECT_TRUE(expect_rows(RunningTotals{}, std::vector{Rng(4).normal({9, 5})}, 2));
}

/// Reductions fold many short rows side by side, and a single one alone.
TEST(RowOperands, HoldForReductionsOfShortRows) {
  Rng rng(2);
  for (const std::int64_t length : {1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 40, 41})
    for (const std::int64_t rows : {15, 16, 17, 40})
      for (const DType dtype : {f32, f64, i32, i64, b8, bf16}) {
        SCOPED_TRACE(std::to_string(rows) + " rows of " + std::to_string(length));
        Tensor x = rng.uniform({rows, length}, -2, 2);
        const std::span<double> data = x.mutate<double>();
        data[0] = -0.0;
        if (rows > 15 && is_float(dtype)) {
          data[static_cast<std::size_t>(length)] = std::numeric_limits<double>::quiet_NaN();
          std::fill_n(data.begin() + 2 * length, length, -std::numeric_limits<double>::infinity());
          std::fill_n(data.begin() + 3 * length, length, -0.0);
        }
        const std::vector in{x.cast(dtype)};
        EXPECT_TRUE(expect_rows(Sum{over({1})}, in, 1));
        EXPECT_TRUE(expect_rows(Mean{over({1})}, std::vector{x}, 1));
        if (dtype == bf16) continue;
        EXPECT_TRUE(expect_rows(Prod{over({1})}, in, 1));
        EXPECT_TRUE(expect_rows(Extremum<true>{over({1})}, in, 1));
        EXPECT_TRUE(expect_rows(Extremum<false>{over({1})}, in, 1));
        EXPECT_TRUE(expect_rows(CountNonzero{over({1})}, in, 1));
        EXPECT_TRUE(expect_rows(Quantifier<true>{over({1})}, in, 1));
        if (!is_float(dtype)) continue;
        EXPECT_TRUE(expect_rows(LogSumExp{over({1})}, in, 1));
        EXPECT_TRUE(expect_rows(Norm{over({1})}, in, 1));
      }
}

/// Rows of floats are summed with vectors, side by side, which without vectors an Accumulator does
/// one by one.
TEST(RowOperands, HoldForSumsOfRows) {
  Runtime plain({.threads = 1, .instruction_set = InstructionSet::plain});
  Rng rng(3);
  for (const std::int64_t length : {8,   9,   12,  47,  63,   64,   65,   100,  127,  128,
                                    129, 191, 512, 777, 2047, 2048, 4095, 4096, 8191, 8192})
    for (const std::int64_t rows : {1, 2, 4, 5, 8, 9, 15, 16, 18})
      for (const DType dtype : {f32, f64}) {
        SCOPED_TRACE(std::to_string(rows) + " rows of " + std::to_string(length));
        Tensor x = rng.normal({rows, length}, 0, 1);
        const std::span<double> data = x.mutate<double>();
        if (rows > 4) {
          std::fill_n(data.begin() + length, length, -0.0);
          data[static_cast<std::size_t>(2 * length)] = std::numeric_limits<double>::infinity();
          data[static_cast<std::size_t>(4 * length - 1)] = std::numeric_limits<double>::quiet_NaN();
        }
        const std::vector in{x.cast(dtype)};
        EXPECT_TRUE(expect_rows(Sum{over({1})}, in, 1));
        EXPECT_TENSOR_SAME(evaluate_op(Sum{over({1})}, in)[0],
                           evaluate_op(Sum{over({1})}, in, {&plain})[0]);
      }
}

}  // namespace
}  // namespace dagrad
