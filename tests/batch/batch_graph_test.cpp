#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dagrad/batch.hpp"
#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/optimizers.hpp"
#include "dagrad/state.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;

/// A linear model of one sample, with the gradient of its loss.
class BatchGraph : public ::testing::Test {
 protected:
  Graph graph;
  Value x = graph.input("x", {f64, {3}});
  Value target = graph.input("target", {f64, {}});
  Value w = graph.parameter("w", Tensor::of({0.5, -1.0, 2.0}));
  Value loss = square(sum(w * x) - target).named("loss");
  Value dw = gradient(loss, w).named("dw");
  Tensor xs = Tensor::of<double>({{1, 2, 3}, {-4, 5, 0.5}});
  Tensor targets = Tensor::of({1.0, 0.0});
};

TEST_F(BatchGraph, GivesGradientsOfEachSample) {
  const auto [samples, to] = batch(graph, {x, target}, 2);
  EXPECT_EQ(to(x).type(), (Type{f64, {2, 3}}));
  EXPECT_EQ(to(w).type(), w.type());
  EXPECT_EQ(samples.at("loss"), to(loss));
  const auto values = evaluate({to(loss), to(dw)}, {{to(x), xs}, {to(target), targets}});
  EXPECT_TENSOR_SAME(values[0], Tensor::of<double>({12.25, 36}));
  EXPECT_TENSOR_SAME(values[1], Tensor::of<double>({{7, 14, 21}, {48, -60, -6}}));
}

TEST_F(BatchGraph, TakesFeedsOfTheOriginalInputs) {
  const auto [samples, to] = batch(graph, {x, target}, 2);
  EXPECT_TENSOR_SAME(evaluate(to(loss), {{x, xs}, {target, targets}}),
                     Tensor::of<double>({12.25, 36}));
}

TEST_F(BatchGraph, AgreesWithTheGradientOfTheBatch) {
  const auto [samples, to] = batch(graph, {x, target}, 2);
  const Value of_sum = gradient(sum(to(loss)), to(w));
  const auto values = evaluate({of_sum, sum(to(dw), 0)}, {{x, xs}, {target, targets}});
  EXPECT_TENSOR_NEAR(values[0], values[1], 1e-15, 1e-15);
}

TEST_F(BatchGraph, OfParametersIsAnEnsemble) {
  const auto [models, to] = batch(graph, {w}, 3);
  State state(models);
  EXPECT_TENSOR_SAME(state.get("w"),
                     Tensor::of<double>({{0.5, -1, 2}, {0.5, -1, 2}, {0.5, -1, 2}}));
  state.set("w", Tensor::of<double>({{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}));
  const auto step = compile({to(loss)}, {.update = sgd({to(w)}, {to(dw)}, 0.25)});
  const Feeds feeds{{x, Tensor::of({1.0, 2.0, 0.0})}, {target, Tensor(1.0)}};
  EXPECT_TENSOR_SAME(step(state, feeds)[0], Tensor::of<double>({1, 0, 1}));
  EXPECT_TENSOR_SAME(state.get("w"), Tensor::of<double>({{0.5, 1, 0}, {1, 0, 0}, {-0.5, 0, 0}}));
}

TEST_F(BatchGraph, RefusesAnUpdateThatHasABatchButNotItsParameter) {
  const auto [samples, to] = batch(graph, {x, target}, 2);
  EXPECT_THROWS_PART(
      sgd({to(w)}, {to(dw)}, 0.1), ShapeError, without_line,
      "sgd: parameter 'w' is float64[3], but its gradient 'dw' is float64[2,3]\n  made "
      "at " +
          std::string(__FILE__));
}

TEST_F(BatchGraph, PutsTheAxisOfInputsAnywhere) {
  for (const std::int64_t axis : {1, -1}) {
    const auto [samples, to] = batch(graph, {x}, 2, {.axis = axis});
    EXPECT_EQ(to(x).shape(), Shape({3, 2}));
    EXPECT_TENSOR_SAME(evaluate(to(loss), {{to(x), Tensor::of<double>({{1, -4}, {2, 5}, {3, 0.5}})},
                                           {to(target), Tensor(0.0)}}),
                       Tensor::of<double>({20.25, 36}));
  }
}

TEST_F(BatchGraph, RepeatsConstantsAndParametersAlongAnyAxis) {
  Graph other;
  const Value c = other.constant({{1.0, 2.0}, {3.0, 4.0}});
  const Value y = other.parameter("y", Tensor::of({5.0, 6.0}));
  for (const std::int64_t axis : {0, 1}) {
    const auto [both, to] = batch(other, {c, y}, 2, {.axis = axis});
    const auto expected = axis == 0 ? Tensor::of<double>({{{1, 2}, {3, 4}}, {{1, 2}, {3, 4}}})
                                    : Tensor::of<double>({{{1, 2}, {1, 2}}, {{3, 4}, {3, 4}}});
    EXPECT_TENSOR_SAME(to(c).node().tensor(), expected);
  }
}

TEST_F(BatchGraph, KeepsWhatDependsOnTypesAlone) {
  const Value ones = ones_like(x), count = sum(ones);
  const auto [samples, to] = batch(graph, {x}, 4);
  EXPECT_EQ(to(ones).shape(), x.shape());
  EXPECT_TENSOR_SAME(evaluate(to(count)), Tensor(3.0));
}

TEST_F(BatchGraph, MayBeEmpty) {
  const auto [none, to] = batch(graph, {x}, 0);
  const auto values =
      evaluate({to(loss), to(dw)}, {{to(x), Tensor({f64, {0, 3}})}, {to(target), Tensor(0.0)}});
  EXPECT_EQ(values[0].shape(), Shape({0}));
  EXPECT_EQ(values[1].shape(), Shape({0, 3}));
}

TEST_F(BatchGraph, NamesWhatIsWrong) {
  Graph other;
  const Value far = other.input("far", {f64, {}});
  EXPECT_EQ(mistake<ArgumentError>([&] { batch(graph, std::vector<Value>(), 2); }),
            "batch: needs at least one input");
  EXPECT_EQ(mistake<ArgumentError>([&] { batch(graph, {x}, -1); }),
            "batch: the size of a batch must not be negative, got -1");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              batch(graph, {x, x}, 2);
            }),
            "batch: the input 'x', float64[3], is given twice");
  EXPECT_EQ(mistake<GraphError>([&] { batch(graph, {far}, 2); }),
            "batch: the value 'far' belongs to another graph");
  EXPECT_EQ(
      mistake<GraphError>([&] { batch(graph, {loss}, 2); }),
      "batch: 'loss' is computed; only inputs, parameters and constants can be given an axis");
  EXPECT_EQ(mistake<ShapeError>([&] { batch(graph, {x}, 2, {.axis = 2}); }),
            "batch: the input 'x', float64[3], cannot have a new axis at 2");
  EXPECT_EQ(mistake<ShapeError>([&] { batch(graph, {target}, 2, {.axis = -2}); }),
            "batch: the input 'target', float64[], cannot have a new axis at -2");
}

// ---- another size of the batch

class Rebatch : public ::testing::Test {
 protected:
  Graph graph;
  Value x = graph.input("x", {f64, {2, 3}});
  Value targets = graph.input("targets", {f64, {2}});
  Value w = graph.parameter("w", Tensor::of({0.5, -1.0, 2.0}));
  Value loss = mean(square(matmul(x, w) - targets));
  Value dw = gradient(loss, w);
};

TEST_F(Rebatch, GivesWhatBuildingForThatSizeGives) {
  for (const std::int64_t size : {1, 4}) {
    const auto [larger, to] = rebatch(graph, {x, targets}, size);
    EXPECT_EQ(to(x).shape(), Shape({size, 3}));
    EXPECT_EQ(to(targets).shape(), Shape({size}));
    EXPECT_EQ(to(dw).shape(), Shape({3}));
    const Tensor ones = Tensor::full({f64, {size, 3}}, 1), zeros({f64, {size}});
    EXPECT_TENSOR_SAME(evaluate(to(dw), {{x, ones}, {targets, zeros}}),
                       Tensor::of<double>({3, 3, 3}));
  }
}

TEST_F(Rebatch, OfABatchedGraph) {
  Graph one;
  const Value sample = one.input("sample", {f64, {3}});
  const Value y = sum(exp(sample) * 2), dy = gradient(y, sample);
  const auto [two, to_two] = batch(one, {sample}, 2);
  const auto [five, to_five] = rebatch(two, {to_two(sample)}, 5);
  EXPECT_EQ(to_five(to_two(y)).shape(), Shape({5}));
  EXPECT_EQ(to_five(to_two(dy)).shape(), Shape({5, 3}));
}

TEST_F(Rebatch, TakesAnyAxis) {
  Graph wide_graph;
  const Value columns = wide_graph.input("columns", {f64, {3, 2}}), sums = sum(columns, 0);
  const auto [wide, to] = rebatch(wide_graph, {columns}, 5, -1);
  EXPECT_EQ(to(columns).shape(), Shape({3, 5}));
  EXPECT_EQ(to(sums).shape(), Shape({5}));
}

TEST_F(Rebatch, NamesWhatIsWrong) {
  EXPECT_EQ(mistake<ArgumentError>([&] { rebatch(graph, std::vector<Value>(), 2); }),
            "rebatch: needs at least one input");
  EXPECT_EQ(mistake<ShapeError>([&] {
              rebatch(graph, {x, targets}, 4, 1);
            }),
            "rebatch: the input 'targets', float64[2], has no axis 1");
  EXPECT_EQ(mistake<GraphError>([&] { rebatch(graph, {w}, 4); }),
            "rebatch: 'w' is not an input: only inputs can change their shape");
  const Value other = graph.input("other", {f64, {7}});
  EXPECT_EQ(mistake<ShapeError>([&] {
              rebatch(graph, {x, other}, 4);
            }),
            "rebatch: the inputs 'x', float64[2,3], and 'other', float64[7], have different sizes "
            "along axis 0");
  EXPECT_EQ(mistake<ArgumentError>([&] { rebatch(graph, {x}, -4); }),
            "rebatch: the size of a batch must not be negative, got -4");
  EXPECT_THROW(rebatch(graph, {x}, 4), ShapeError);  // without its targets
}

}  // namespace
