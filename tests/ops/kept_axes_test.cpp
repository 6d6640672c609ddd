// Ops that say which axes they keep do so, whatever sizes their first operand has.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dagrad/catalog.hpp"
#include "dagrad/dagrad.hpp"

namespace dagrad {
namespace {

/// The types of the results; none if the op refuses the operands.
std::vector<Type> inferred(const Op& op, std::span<const Type> in) {
  std::vector<Type> out;
  try {
    op->infer(in, out);
  } catch (const Error&) {
    out.clear();
  }
  return out;
}

Type with_size(const Type& type, int axis, std::int64_t size) {
  std::vector<std::int64_t> dims(type.shape.begin(), type.shape.end());
  dims[static_cast<std::size_t>(axis)] = size;
  return {type.dtype, Shape(dims)};
}

/// Expects all results to have the sizes of the axes that are kept. Returns how many these are.
int expect_kept(const Op& op, std::span<const Type> in) {
  int kept = 0;
  for (const Type& out : inferred(op, in))
    for (int axis = 0; axis < out.shape.rank(); ++axis) {
      const int from = op->kept_axis(axis, in[0].shape.rank());
      if (from < 0) continue;
      ++kept;
      EXPECT_LT(from, in[0].shape.rank());
      EXPECT_EQ(out.shape[axis], in[0].shape[from]) << "axis " << axis << " for " << in[0];
    }
  return kept;
}

TEST(KeptAxes, HoldForEverySampleOfEveryOpInOtherSizes) {
  int kept = 0;
  for (const Catalog::Entry& entry : Catalog::builtin()) {
    Rng rng(1);
    for (const Sample& sample : entry.op->samples(rng)) {
      SCOPED_TRACE(std::string(sample.op.name()) + " " + sample.op.attributes());
      if (sample.in.empty()) continue;
      std::vector<Type> in;
      for (const Tensor& x : sample.in) in.push_back(x.type());
      kept += expect_kept(sample.op, in);
      const Type first = in[0];
      for (int axis = 0; axis < first.shape.rank(); ++axis)
        for (const std::int64_t size : {0, 1, 2, 5, 12}) {
          in[0] = with_size(first, axis, size);
          kept += expect_kept(sample.op, in);
        }
    }
  }
  EXPECT_GT(kept, 50);
}

TEST(KeptAxes, AreThoseAlongWhichNothingIsCut) {
  const Op split = Split{-2, 2, {}}, slice = Slice{{{}, {1, 3}}}, squeeze = Squeeze{{0, -2}};
  EXPECT_EQ(split->kept_axis(0, 3), 0);
  EXPECT_EQ(split->kept_axis(1, 3), -1);
  EXPECT_EQ(split->kept_axis(2, 3), 2);
  EXPECT_EQ(slice->kept_axis(1, 3), -1);
  EXPECT_EQ(slice->kept_axis(2, 3), 2);
  EXPECT_EQ(squeeze->kept_axis(0, 4), 1);
  EXPECT_EQ(squeeze->kept_axis(1, 4), 3);
  EXPECT_EQ(Op(Exp{})->kept_axis(0, 2), -1) << "it does not say";
}

/// A user's op, which returns every second row.
struct EverySecond {
  static constexpr auto name = "every_second";
  static constexpr auto doc = "Every second row.";
  static constexpr std::size_t operands = 1;
  int kept_axis(int axis, int /*rank*/) const { return axis == 0 ? -1 : axis; }
  Type infer(std::span<const Type> in) const {
    return with_size(in[0], 0, (in[0].shape[0] + 1) / 2);
  }
  void eval(const EvalContext&) const {}
  static constexpr no_grad grad{"it is not needed here"};
};

TEST(KeptAxes, MayBeThoseOfAUsersOp) {
  const Op op = EverySecond{};
  EXPECT_EQ(op->kept_axis(0, 2), -1);
  EXPECT_EQ(op->kept_axis(1, 2), 1);
  Graph graph;
  const Value w = graph.parameter("w", Tensor(Type{f64, {3}})), x = graph.input("x", {f64, {4, 3}});
  const Value rows = apply(op, {x * w})[0];
  const std::size_t before = graph.size();
  EXPECT_EQ(gradient(sum(rows * w), rows).shape(), Shape({2, 3}));
  for (std::size_t i = before; i < graph.size(); ++i)
    EXPECT_NE(graph.node(static_cast<std::uint32_t>(i)).op().name(), "sum_to_like");
}

}  // namespace
}  // namespace dagrad
