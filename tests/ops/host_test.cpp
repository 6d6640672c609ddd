#include "dagrad/host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/ops/support.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using test::message;
using ::testing::StartsWith;

constexpr DType all_of_them[] = {b8, i8, u8, i16, i32, i64, f16, bf16, f32, f64};

/// What the ops for graphs make of the same tensors.
Tensor by_graph(const std::vector<Tensor>& tensors, const test::Build& build) {
  Graph graph;
  std::vector<Value> values;
  for (const Tensor& tensor : tensors) values.push_back(graph.constant(tensor));
  return evaluate(build(values));
}

TEST(HostOps, ReduceAsTheOpsDo) {
  Rng rng(1);
  const Tensor x = rng.uniform({2, 3, 4}, -2, 2);
  const struct {
    Tensor (*host)(const HostOperand&, const Axes&, bool);
    Value (*graph)(const Operand&, const Axes&, bool);
  } reductions[] = {{sum, sum}, {mean, mean},     {max, max},
                    {min, min}, {argmax, argmax}, {argmin, argmin},
                    {any, any}, {all, all},       {count_nonzero, count_nonzero}};
  for (const auto& reduction : reductions) {
    for (const Axes& axes :
         {Axes(), Axes(1), Axes(-1), Axes{0, -1}, Axes(std::vector<std::int64_t>())})
      for (const bool keep : {false, true})
        EXPECT_TENSOR_SAME(reduction.host(x, axes, keep), by_graph({x}, [&](const auto& in) {
                             return reduction.graph(in[0], axes, keep);
                           }));
  }
}

TEST(HostOps, ReduceEveryDtype) {
  const Tensor x = Tensor::of({{3, 1, 2}, {0, 5, 4}});
  for (const DType dtype : all_of_them) {
    if (dtype == b8) continue;
    EXPECT_TENSOR_SAME(max(x.cast(dtype), 1), Tensor::of({3, 5}).cast(dtype));
    EXPECT_TENSOR_SAME(min(x.cast(dtype), 0), Tensor::of({0, 1, 2}).cast(dtype));
    EXPECT_TENSOR_SAME(argmax(x.cast(dtype), -1), Tensor::of<std::int64_t>({0, 1}));
    EXPECT_TENSOR_SAME(argmin(x.cast(dtype)), Tensor(std::int64_t{3}));
    EXPECT_TENSOR_SAME(count_nonzero(x.cast(dtype)), Tensor(std::int64_t{5}));
    EXPECT_TENSOR_SAME(all(x.cast(dtype), 1), Tensor::of({true, false}));
  }
  const Tensor flags = Tensor::of({true, false, true});
  EXPECT_TENSOR_SAME(max(flags), Tensor(true));
  EXPECT_TENSOR_SAME(sum(flags), Tensor(std::int64_t{2}));
  EXPECT_TENSOR_SAME(any(flags), Tensor(true));
}

TEST(HostOps, CompareWhatBroadcasts) {
  for (const DType dtype : all_of_them) {
    if (dtype == b8) continue;
    const Tensor x = Tensor::of({{1, 2}, {3, 4}}).cast(dtype), row = Tensor::of({2, 3}).cast(dtype);
    EXPECT_TENSOR_SAME(equal(x, x), Tensor::full({b8, {2, 2}}, true));
    EXPECT_TENSOR_SAME(not_equal(x, row), Tensor::of({{true, true}, {true, true}}));
    EXPECT_TENSOR_SAME(less(x, row), Tensor::of({{true, true}, {false, false}}));
    EXPECT_TENSOR_SAME(less_equal(x, 2), Tensor::of({{true, true}, {false, false}}));
    EXPECT_TENSOR_SAME(greater(3, x), Tensor::of({{true, true}, {false, false}}));
    EXPECT_TENSOR_SAME(greater_equal(x, 4), Tensor::of({{false, false}, {false, true}}));
  }
  // A plain number is rounded to the dtype that it meets, as in graphs.
  EXPECT_TENSOR_SAME(equal(Tensor(0.1F), 0.1), Tensor(true));
  EXPECT_TENSOR_SAME(equal(Tensor::of<double>({NAN, 1.0}), NAN), Tensor::of({false, false}));
}

TEST(HostOps, CutAndJoin) {
  const Tensor x = Tensor::of({{1, 2}, {3, 4}, {5, 6}});
  for (const DType dtype : all_of_them) {
    const Tensor t = x.cast(dtype);
    EXPECT_TENSOR_SAME(take(t, Tensor::of({2, -3, 2}), 0),
                       Tensor::of({{5, 6}, {1, 2}, {5, 6}}).cast(dtype));
    EXPECT_TENSOR_SAME(slice(t, {{.step = -2}, {1, 2}}), Tensor::of({{6}, {2}}).cast(dtype));
    EXPECT_TENSOR_SAME(slice(t, -1, {0, 1}), Tensor::of({{1}, {3}, {5}}).cast(dtype));
    EXPECT_TENSOR_SAME(concat({t[Range{2, 3}], t[Range{0, 1}]}),
                       Tensor::of({{5, 6}, {1, 2}}).cast(dtype));
    EXPECT_TENSOR_SAME(concat({t, t}, -1)[0], Tensor::of({1, 2, 1, 2}).cast(dtype));
    EXPECT_TENSOR_SAME(stack(std::vector{t[0], t[2]}), Tensor::of({{1, 2}, {5, 6}}).cast(dtype));
    EXPECT_TENSOR_SAME(stack({t[0], t[2]}, -1), Tensor::of({{1, 5}, {2, 6}}).cast(dtype));
  }
  EXPECT_TENSOR_SAME(stack({Tensor(1.5), Tensor(2.5)}), Tensor::of({1.5, 2.5}));
  EXPECT_TENSOR_SAME(concat({Tensor(Type{i32, {0, 2}}), x}), x);
}

TEST(HostOps, MakeBatchesAndAnAccuracy) {
  const Tensor x = Rng(1).uniform({10, 3}), labels = Rng(2).integers({10}, 0, 3);
  const Tensor order = Rng(3).permutation(10);
  for (std::int64_t first = 0; first < 10; first += 4) {
    const Tensor rows = order[Range{first, first + 4}];
    const Tensor batch = take(x, rows, 0);
    for (std::int64_t i = 0; i < rows.size(); ++i)
      EXPECT_TENSOR_SAME(batch[i], x[static_cast<std::int64_t>(rows.at(i))]);
  }
  double right = 0;
  for (std::int64_t i = 0; i < 10; ++i) right += argmax(x[i]).at(0) == labels.at(i) ? 0.1 : 0;
  EXPECT_NEAR(mean(equal(argmax(x, -1), labels).cast(f64)).item<double>(), right, 1e-12);
}

TEST(HostOps, SayWhatDoesNotFitAndWhere) {
  const Tensor x = Tensor::of({{1.0, 2.0}});
  EXPECT_THROWS_HERE(argmax(x, 2), ShapeError, "argmax: axis 2 is outside [-2, 1] for rank 2");
  EXPECT_THAT(message<Error>([&] { take(x, Tensor::of({1}), 0); }), StartsWith("take: "));
  EXPECT_THAT(message<ShapeError>([&] {
                equal(x, Tensor::of({1.0, 2.0, 3.0}));
              }),
              StartsWith("equal: shapes [1,2] and [3] do not broadcast"));
  EXPECT_THAT(message<ShapeError>([&] { max(Tensor(Type{f64, {0}})); }), StartsWith("max: "));
  EXPECT_THAT(message<TypeError>([&] { mean(Tensor(1)); }), StartsWith("mean: "));
  EXPECT_THROWS_HERE(slice(x, 2, {0, 1}), ShapeError,
                     "slice: axis 2 is outside [-2, 1] for rank 2");
  EXPECT_THROWS_HERE(stack({x, x[0]}), ShapeError,
                     "stack: operands must have the same shape, got [1,2] and [2]");
  EXPECT_THROWS_HERE(
      stack({x, x.cast(f32)}), TypeError,
      "stack: operands must have the same dtype, got float64 and float32; convert with cast");
  EXPECT_THROWS_HERE(stack(std::span<const Tensor>()), ArgumentError,
                     "stack: needs at least one operand");
  EXPECT_THROWS_HERE(
      concat({x, x[0]}), ShapeError,
      "concat: operands must have the same sizes in all axes but 0, got [1,2] and [2]");
}

TEST(EvaluateOp, ComputesAnyOp) {
  const Tensor x = Rng(1).normal({3, 4});
  EXPECT_TENSOR_SAME(evaluate_op(Softmax{}, {x})[0],
                     by_graph({x}, [](const auto& in) { return softmax(in[0]); }));
  EXPECT_TENSOR_SAME(evaluate_op(Tanh{}, {x})[0],
                     by_graph({x}, [](const auto& in) { return tanh(in[0]); }));
  const std::vector<Tensor> parts = evaluate_op(Split{1, 2, {}}, {x});
  EXPECT_TENSOR_SAME(concat(parts, 1), x);
  EXPECT_THROWS_HERE(evaluate_op(Op(), {x}), ArgumentError, "evaluate_op: this Op is empty");
  EXPECT_THAT(message<ArgumentError>([&] {
                evaluate_op(Softmax{}, {x, x});
              }),
              StartsWith("softmax: "));
}

TEST(EvaluateOp, ComputesWithTheMachineOfAnyRuntime) {
  Runtime plain({.threads = 1, .instruction_set = InstructionSet::plain});
  const Tensor x = Rng(1).normal({3, 4});
  const auto interpreted = plain.code_cache().interpreted;
  EXPECT_TENSOR_NEAR(evaluate_op(Tanh{}, {x}, {.runtime = &plain})[0], evaluate_op(Tanh{}, {x})[0],
                     1e-15, 0);
  EXPECT_EQ(plain.code_cache().interpreted, interpreted + 1);
  EXPECT_EQ(plain.code_cache().assembled, 0);
}

// Every op of the catalogue gives what a run of it gives, to the bit.
TEST(EvaluateOp, AgreesWithRunsOfTheWholeCatalogue) {
  const Catalog catalog = Catalog::builtin();
  std::size_t samples = 0;
  for (const Catalog::Entry& entry : catalog) {
    Rng rng(1);
    for (const Sample& sample : default_samples(entry.op, rng)) {
      Graph graph;
      std::vector<Operand> operands;
      for (const Tensor& tensor : sample.in) operands.emplace_back(graph.constant(tensor));
      if (operands.empty()) continue;
      const Op& used = sample.op ? sample.op : entry.op;
      const std::vector<Tensor> run = evaluate(dagrad::apply(used, operands));
      const std::vector<Tensor> at_once = evaluate_op(used, sample.in);
      ASSERT_EQ(run.size(), at_once.size());
      for (std::size_t i = 0; i < run.size(); ++i)
        EXPECT_TENSOR_SAME(at_once[i], run[i]) << entry.op.name();
      ++samples;
    }
  }
  EXPECT_GT(samples, 200U);
}

}  // namespace
}  // namespace dagrad
