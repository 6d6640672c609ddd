#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/ops/replay_model.hpp"

/// Builders of several nodes, built at the smallest sizes and replayed at others, and errors of
/// replays.
namespace dagrad::test {
namespace {

struct Composite {
  friend void PrintTo(const Composite& tested, std::ostream* out) { *out << tested.name; }
  std::string name;
  std::vector<Type> small, large;
  Build build;
};

template <class F>
Composite of_floats(std::string name, const std::vector<Shape>& small,
                    const std::vector<Shape>& large, F build) {
  Composite made{std::move(name), {}, {}, {}};
  for (const Shape& shape : small) made.small.push_back({f64, shape});
  for (const Shape& shape : large) made.large.push_back({f64, shape});
  made.build = [build](std::span<const Value> x) {
    if constexpr (std::is_same_v<decltype(build(x)), Value>)
      return std::vector{build(x)};
    else
      return build(x);
  };
  return made;
}

using In = std::span<const Value>;

std::vector<Composite> arithmetic() {
  return {
      of_floats("square of a difference", {{1, 2}, {1, 2}}, {{5, 2}, {1, 2}},
                [](In x) { return square(x[0] - x[1]); }),
      of_floats("product used twice", {{1, 2}, {1, 1}}, {{1, 2}, {5, 1}},
                [](In x) { return x[0] * x[1] + x[0]; }),
      of_floats("where", {{1, 2}, {1, 2}}, {{5, 2}, {1, 2}},
                [](In x) { return where(x[0] > 1, x[0], x[1] * x[1]); }),
      of_floats("a sum with a scalar", {{1}, {}}, {{4}, {}},
                [](In x) { return exp(x[0] + x[1]) * 2.0; }),
      of_floats("add_n", {{1, 1}, {1, 1}, {1, 1}}, {{2, 1}, {1, 3}, {2, 3}},
                [](In x) { return add_n(x); }),
      of_floats("mse", {{1, 1}, {1, 1}}, {{3, 2}, {3, 2}}, [](In x) { return mse(x[0], x[1]); }),
      of_floats("a rule with sum_to_like", {{1}, {1}}, {{4}, {1}}, [](In x) {
        return custom_gradient(x[0] * x[1], {x[0], x[1]}, [](const GradContext& g) {
          return Grads{sum_to_like(g.dout * g.in[1], g.in[0]),
                       sum_to_like(g.dout * g.in[0], g.in[1])};
        });
      })};
}

std::vector<Composite> algebra() {
  const auto einsums = [](std::string equation, const std::vector<Shape>& small,
                          const std::vector<Shape>& large) {
    return of_floats(equation, small, large, [equation](In x) { return einsum(equation, x); });
  };
  return {of_floats("matmul", {{1, 2, 3}, {1, 3, 2}}, {{4, 2, 3}, {1, 3, 2}},
                    [](In x) { return matmul(x[0], x[1]); }),
          of_floats("matmul by a vector", {{1, 1, 3}, {3}}, {{4, 2, 3}, {3}},
                    [](In x) { return matmul(x[0], x[1]); }),
          of_floats("solve", {{1, 2, 2}, {1, 2, 1}}, {{1, 2, 2}, {3, 2, 4}},
                    [](In x) { return solve(x[0], x[1]); }),
          of_floats("solve of a vector", {{1, 2, 2}, {2}}, {{3, 2, 2}, {2}},
                    [](In x) { return solve(x[0], x[1]); }),
          einsums("...ij,...jk->...ik", {{1, 1, 3}, {1, 3, 2}}, {{4, 2, 3}, {1, 3, 2}}),
          einsums("bij,bjk->bik", {{1, 1, 1}, {1, 1, 1}}, {{4, 2, 3}, {4, 3, 2}}),
          einsums("abij,bjkl->abikl", {{1, 1, 1, 1}, {1, 1, 1, 1}}, {{2, 3, 2, 3}, {3, 3, 2, 2}}),
          einsums("...ab,...abc->...c", {{1, 1, 1}, {1, 1, 1, 1}}, {{3, 2, 3}, {1, 2, 3, 2}}),
          einsums("ii,ij->j", {{1, 1}, {1, 1}}, {{3, 3}, {3, 2}}),
          of_floats("outer", {{1}, {1}}, {{3}, {4}}, [](In x) { return outer(x[0], x[1]); }),
          of_floats("dot", {{1}, {1}}, {{3}, {3}}, [](In x) { return dot(x[0], x[1]); })};
}

std::vector<Composite> networks() {
  const auto attends = [](std::string name, const AttentionOptions& options) {
    return of_floats(name, {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}}, {{2, 3, 4}, {2, 5, 4}, {2, 5, 2}},
                     [options](In x) { return attention(x[0], x[1], x[2], options); });
  };
  const auto entropy = [](std::string name, DType targets, double smoothing) {
    const bool indices = targets == i64;
    return Composite{
        name,
        {{f64, {1, 1}}, {targets, indices ? Shape{1} : Shape{1, 1}}},
        {{f64, {4, 3}}, {targets, indices ? Shape{4} : Shape{4, 3}}},
        [smoothing](In x) { return std::vector{cross_entropy(x[0], x[1], smoothing)}; }};
  };
  return {
      attends("attention", {}),
      attends("causal attention", {.causal = true}),
      of_floats("multi_head_attention", {{1, 1, 2}, {1, 1, 2}, {1, 1, 2}},
                {{2, 3, 4}, {2, 3, 4}, {2, 3, 4}},
                [](In x) { return multi_head_attention(x[0], x[1], x[2], 2); }),
      entropy("cross_entropy", i64, 0),
      entropy("cross_entropy, smooth", i64, 0.25),
      entropy("cross_entropy of probabilities", f64, 0.25),
      Composite{"nll",
                {{f64, {1, 1}}, {i64, {1}}},
                {{f64, {4, 3}}, {i64, {4}}},
                [](In x) { return std::vector{nll(x[0], x[1])}; }},
      of_floats("layer_norm", {{1, 1}, {1}, {1}}, {{4, 3}, {3}, {3}},
                [](In x) { return layer_norm(x[0], x[1], x[2]); }),
      of_floats("rms_norm", {{1, 1}, {1}}, {{4, 3}, {3}},
                [](In x) { return rms_norm(x[0], x[1]); }),
      of_floats("group_norm", {{1, 2, 1}, {2}, {2}}, {{3, 4, 5}, {4}, {4}},
                [](In x) { return group_norm(x[0], 2, x[1], x[2]); }),
      of_floats("batch_norm", {{2, 1}, {1}, {1}, {1}, {1}}, {{4, 3}, {3}, {3}, {3}, {3}},
                [](In x) {
                  const BatchNorm made = batch_norm(x[0], x[1], x[2], x[3], x[4]);
                  return std::vector{made.out, made.mean, made.variance};
                }),
      of_floats("conv2d with a bias", {{1, 1, 3, 3}, {1, 1, 2, 2}, {1}},
                {{2, 3, 5, 4}, {4, 3, 3, 2}, {4}}, [](In x) { return conv2d(x[0], x[1], x[2]); }),
      of_floats("global_avg_pool", {{1, 1, 1, 1}}, {{2, 3, 4, 5}},
                [](In x) { return global_avg_pool(x[0]); }),
      of_floats("global_norm", {{1}, {1, 1}}, {{3}, {2, 2}}, [](In x) { return global_norm(x); })};
}

std::vector<Composite> shapes() {
  const auto indexed = [](std::string name, const std::vector<Shape>& small,
                          const std::vector<Shape>& large, auto build) {
    Composite made = of_floats(std::move(name), small, large, build);
    made.small[1].dtype = made.large[1].dtype = i64;
    return made;
  };
  return {indexed("gather_nd", {{1, 1, 2}, {1, 1}}, {{3, 4, 2}, {5, 1}},
                  [](In x) { return gather_nd(x[0], x[1]); }),
          indexed("scatter", {{3, 1}, {1}, {1, 1}}, {{3, 2}, {2}, {1, 2}},
                  [](In x) { return scatter(x[0], x[1], x[2], 0); }),
          indexed("scatter_add", {{3}, {1}, {1}}, {{3}, {2}, {1}},
                  [](In x) { return scatter_add(x[0], x[1], x[2], 0); }),
          indexed("take", {{3, 1}, {1}}, {{3, 2}, {2}}, [](In x) { return take(x[0], x[1], 0); }),
          of_floats("stack", {{1}, {1}}, {{3}, {3}}, [](In x) { return stack(x); }),
          of_floats("split", {{2, 1}}, {{6, 3}}, [](In x) { return split(x[0], 2)[1]; }),
          of_floats("split_like", {{1, 1}, {1, 2}}, {{3, 1}, {3, 4}},
                    [](In x) {
                      const Value joined = concat(x, 1);
                      return gradient(sum(joined * joined * joined), x[1]);
                    }),
          of_floats("squeeze", {{1, 2}}, {{1, 5}}, [](In x) { return squeeze(x[0]); }),
          of_floats("roll", {{1, 2}}, {{4, 3}}, [](In x) { return roll(x[0], 1); }),
          of_floats("tile", {{1, 1}}, {{2, 3}},
                    [](In x) {
                      return tile(x[0], {2, 3});
                    }),
          of_floats("repeat", {{1, 1}}, {{2, 3}}, [](In x) { return repeat(x[0], 2); }),
          of_floats("trace", {{1, 1}}, {{3, 4}}, [](In x) { return trace(x[0]); }),
          of_floats("prod", {{1, 1}}, {{2, 3}}, [](In x) { return prod(x[0]); }),
          of_floats("standard_deviation", {{2, 1}}, {{4, 3}},
                    [](In x) { return standard_deviation(x[0], 0); }),
          of_floats("topk", {{1, 2}}, {{3, 4}}, [](In x) { return topk(x[0], 2).values; })};
}

class ReplayOfComposite : public ::testing::TestWithParam<Composite> {};

TEST_P(ReplayOfComposite, AtLargerSizesEqualsBuildingAgain) {
  const Composite& tested = GetParam();
  const Model small(tested.small, tested.build, true), large(tested.large, tested.build, true);
  const Rewritten replayed = replay(small.graph, types_of(small, large));
  EXPECT_EQ(to_string(replayed.graph), to_string(large.graph));
  std::vector<Tensor> in;
  Rng rng(1);
  for (const Type& type : tested.large)
    in.push_back(type.dtype == i64 ? rng.integers(type.shape, 0, 2)
                                   : rng.uniform(type.shape, 0.5, 2));
  expect_same_values(replayed, small, large, in, tested.name);
}

std::vector<Composite> composites() {
  std::vector<Composite> all;
  for (auto* family : {&arithmetic, &algebra, &networks, &shapes})
    for (Composite& composite : family()) all.push_back(std::move(composite));
  return all;
}

INSTANTIATE_TEST_SUITE_P(Builders, ReplayOfComposite, ::testing::ValuesIn(composites()),
                         [](const auto& tested) {
                           std::string name;
                           for (const char c : tested.param.name)
                             name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                           return name + "_" + std::to_string(tested.index);
                         });

TEST(Replay, ChangesNoRank) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  (void)sum(x);
  try {
    (void)replay(graph, {{{x, {f64, {5, 2}}}}});
    FAIL() << "a replay changed a rank";
  } catch (const ShapeError& error) {
    EXPECT_TRUE(
        std::string(error.what())
            .starts_with("replay: 'x' is float64[2] and would become float64[5,2]: a replay can "
                         "change sizes but not the number of axes; build the graph again"))
        << error.what();
  }
}

/// Building again would give another rank or be refused.
TEST(Replay, RefusesGraphsThatDependOnASize) {
  Graph graph;
  const Value x = graph.input("x", {f64, {5, 2}}), i = graph.input("i", {i64, {3, 1}});
  (void)squeeze(x);
  (void)gather_nd(x, i);
  EXPECT_THROW((void)replay(graph, {{{x, {f64, {1, 2}}}}}), ShapeError);
  EXPECT_THROW((void)replay(graph, {{{i, {i64, {3, 2}}}}}), ShapeError);
  EXPECT_NO_THROW((void)replay(graph, {{{i, {i64, {7, 1}}}}}));
}

/// A model built with batch size 1, whose parameters' gradients are sums over the batch.
TEST(Replay, SumsTheGradientsOfParametersOverABatch) {
  Graph graph;
  const Value x = graph.input("x", {f64, {1, 2}});
  const Value w = graph.parameter("w", Tensor::of<double>({{1, 2}}));
  const Value dw = gradient(sum(square(x - w)), w);
  const Rewritten batch = replay(graph, {{{x, {f64, {5, 2}}}}});
  EXPECT_EQ(batch.mapping(dw).type(), w.type());
  const Tensor ones(Shape{5, 2}, std::vector<double>(10, 3.0));
  EXPECT_TENSOR_SAME(evaluate(batch.mapping(dw), {{"x", ones}}), Tensor::of<double>({{-20, -10}}));
}

}  // namespace
}  // namespace dagrad::test
