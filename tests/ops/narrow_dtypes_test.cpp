#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "dagrad/catalog.hpp"
#include "dagrad/check.hpp"
#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/dtypes.hpp"
#include "tests/ops/support.hpp"

/// How ops treat storage dtypes.
namespace dagrad::test {
namespace {

using ::testing::HasSubstr;

constexpr DType narrow_floats[] = {f16, bf16};

double epsilon(DType dtype) { return std::ldexp(1.0, 1 - digits(dtype)); }

/// Elements 0, 1, 2, … of a dtype; for bool, their last bits.
Tensor counted(const Shape& shape, DType dtype) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<std::int64_t>(dtype == b8 ? i % 2 : i);
  return Tensor(shape, values).cast(dtype);
}

/// Results of builders that move elements of x [3,4] and of `flags`, bools of the same shape.
std::vector<Value> moved(Graph& graph, const Value& x, const Value& flags) {
  const Value rows = graph.constant(Tensor::of<std::int64_t>({2, 0, -1}));
  const Value columns = graph.constant(Tensor::of<std::int64_t>({{1, 3}, {0, 0}, {2, -1}}));
  const Value y = take(x, rows, 0);
  std::vector<Value> results{reshape(x, {2, -1}),
                             transpose(x),
                             slice(x, {{.step = -2}, {1, 3}}),
                             concat({x, y}, 1),
                             stack({x, y}, 0),
                             pad(x, {1, 0}, {0, 2}, 1),
                             y,
                             take_along_axis(x, columns, 1),
                             scatter(x, rows, y, 0),
                             put_along_axis(x, columns, take_along_axis(x, columns, 1), 1),
                             flip(x),
                             tile(x, {2, 2}),
                             repeat(x, 3, 1),
                             roll(x, 1, 0),
                             where(flags, x, y),
                             broadcast_to(x, {2, 3, 4}),
                             broadcast_like(slice(x, 0, {0, 1}), x),
                             reshape_like(x, y),
                             zeros_like(x),
                             ones_like(x),
                             full(graph, {x.dtype(), {3}}, 1),
                             tril(x),
                             diagonal(x),
                             diag_embed(x, 1),
                             identity(x),
                             stop_gradient(x),
                             unslice_like(slice(x, {{0, 2}}), x, {{0, 2}}),
                             squeeze(unsqueeze(x, {0})),
                             gather_nd(x, columns)};
  for (const Value& part : split(x, 2, 1)) results.push_back(part);
  return results;
}

TEST(NarrowDtypes, AreMovedByEveryShapeAndIndexOp) {
  const Tensor flags = counted({3, 4}, b8);
  const auto run = [&](DType dtype) {
    Graph graph;
    return evaluate(moved(graph, graph.constant(counted({3, 4}, dtype)), graph.constant(flags)),
                    {});
  };
  const std::vector<Tensor> wide = run(i64), bools = run(b8);
  for (const DType dtype : every_dtype) {
    const std::vector<Tensor> got = run(dtype);
    for (std::size_t i = 0; i < got.size(); ++i) {
      const Tensor want = (dtype == b8 ? bools : wide)[i].cast(dtype);
      EXPECT_TENSOR_SAME(got[i], want) << name(dtype) << ", result " << i;
    }
  }
}

/// Not even a NaN's bits change.
TEST(NarrowDtypes, AreMovedBitByBit) {
  std::vector<Float16> every;
  for (int bits = 0; bits < 1 << 16; ++bits)
    every.push_back(Float16::from_bits(static_cast<std::uint16_t>(bits)));
  const Tensor x({256, 256}, every);
  Graph graph;
  const Value at = graph.constant(x);
  EXPECT_TENSOR_SAME(evaluate(transpose(transpose(at)), {}), x);
  EXPECT_TENSOR_SAME(evaluate(flip(flip(at)), {}), x);
  EXPECT_TENSOR_SAME(evaluate(reshape(take(at, iota(graph, 256), 0), {256, 256}), {}), x);
}

TEST(NarrowDtypes, AreCompared) {
  for (const DType dtype : every_dtype) {
    Graph graph;
    const Value a = graph.constant(counted({5}, dtype)), b = graph.constant(Tensor(1).cast(dtype));
    const std::vector<Tensor> got =
        evaluate(std::vector{equal(a, b), not_equal(a, b), less(a, b), less_equal(a, b),
                             greater(a, b), greater_equal(a, b), is_nan(a), is_finite(a)},
                 {});
    for (std::size_t i = 0; i < 5; ++i) {
      const double x = dtype == b8 ? static_cast<double>(i % 2) : static_cast<double>(i);
      const bool want[] = {x == 1, x != 1, x<1, x <= 1, x> 1, x >= 1, false, true};
      for (std::size_t k = 0; k < got.size(); ++k)
        EXPECT_EQ(got[k].values<bool>()[i], want[k]) << name(dtype) << " " << k;
    }
  }
  Graph graph;
  const Value bytes = graph.constant(Tensor::of<std::uint8_t>({200})),
              signs = graph.constant(Tensor::of<std::int8_t>({-56}));
  EXPECT_FALSE(evaluate(equal(bytes, signs), {}).item<bool>()) << "both become int16";
}

/// A sample with its float64 numbers converted to another dtype; empty if there are none.
Sample in_dtype(const Sample& sample, DType from, DType to) {
  const Op op = sample.op->retyped(from, to);
  Sample other{op ? op : sample.op, sample.in};
  bool changed = static_cast<bool>(op);
  for (Tensor& tensor : other.in) {
    if (tensor.dtype() != from) continue;
    tensor = tensor.cast(to);
    changed = true;
  }
  return changed ? other : Sample{};
}

/// Results of a sample and gradients of its float operands.
std::vector<Tensor> results(const Sample& sample) {
  Graph graph;
  std::vector<Operand> operands;
  std::vector<Value> xs;
  for (const Tensor& tensor : sample.in) {
    const Value x = graph.constant(tensor);
    if (is_float(x.dtype()) && operands.size() >= sample.op.traits().cut) xs.push_back(x);
    operands.push_back(x);
  }
  std::vector<Value> fetches =
      detail::outputs_of<detail::dynamic_outputs>(detail::append(sample.op, operands, &graph));
  std::vector<Seeded> seeded;
  for (const Value& y : fetches)
    if (is_float(y.dtype())) seeded.push_back({y, ones_like(y)});
  if (!sample.op.traits().no_grad && !seeded.empty() && !xs.empty())
    for (const Value& slope : gradient(seeded, xs, {.unconnected = Unconnected::zeros}))
      fetches.push_back(slope);
  return evaluate(fetches, {});
}

std::set<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

/// Ops that move elements, compare them or pass them on. `full_like` does so too, but its samples
/// have a fraction.
const std::set<std::string> takes_small_ints = words(
    "batch_like broadcast_like broadcast_to cast concat custom_gradient diag_embed diagonal "
    "dropout_mask equal flatten full greater greater_equal identity iota is_finite is_nan "
    "last_along_axis_like last_named_like less less_equal linear_index_like not_equal "
    "one_hot pad put_along_axis repeat reshape reshape_like roll scatter slice split "
    "split_like squeeze stop_gradient take take_along_axis transpose tril triu "
    "undiagonal_like unflatten unslice_like unsplit_like unsqueeze where");

/// Ops that are neither elementwise nor sums.
const std::set<std::string> refuses_narrow_floats = words(
    "argmax argmin avg_pool avg_pool_gradient bernoulli categorical centre cholesky conv "
    "conv_kernel conv_transpose count_nonzero cross_entropy cross_entropy_gradient cumprod "
    "cumsum det det_slope global_norm gumbel inverse log_softmax log_softmax_gradient "
    "logcumsumexp logsumexp masked masked_matmul masked_scores masked_softmax "
    "masked_softmax_gradient matmul max max_pool max_pool_gradient max_pool_pick min nll norm "
    "normal normalize_channels normalize_channels_gradient normalize_rows "
    "normalize_rows_gradient prod recurrence slogdet softmax softmax_gradient solve sort "
    "standard_deviation standardize standardize_gradient "
    "tied_share topk triangular_solve truncated_normal uniform variance");

class Catalogue : public ::testing::TestWithParam<DType> {};

TEST_P(Catalogue, AcceptsThemOrRecommendsCast) {
  const DType dtype = GetParam(), wide = is_float(dtype) ? f32 : i32;
  Rng rng(3);
  std::set<std::string> taken, refused;
  for (const auto& [op, family] : Catalog::builtin()) {
    bool takes = false, asked = false;
    for (const Sample& sample : default_samples(op, rng)) {
      const Sample narrow = in_dtype(sample, f64, dtype);
      if (!narrow.op) continue;
      asked = true;
      try {
        std::vector<Type> in, out;
        for (const Tensor& tensor : narrow.in) in.push_back(tensor.type());
        narrow.op->infer(in, out);
      } catch (const TypeError& error) {
        EXPECT_THAT(error.what(), HasSubstr("cast")) << op.name() << " of " << name(dtype);
        continue;
      }
      takes = true;
      const Sample same = in_dtype(narrow, dtype, wide);
      const std::vector<Tensor> got = results(narrow), want = results(same);
      for (std::size_t i = 0; i < got.size(); ++i) {
        if (!is_float(got[i].dtype())) {
          EXPECT_TENSOR_SAME(got[i], want[i].cast(got[i].dtype())) << op.name();
          continue;
        }
        ASSERT_EQ(got[i].dtype(), dtype) << op.name();
        EXPECT_TENSOR_NEAR(got[i].cast(f32), want[i].cast(dtype).cast(f32), 8 * epsilon(dtype),
                           4 * epsilon(dtype))
            << op.name() << ", result " << i;
      }
    }
    if (asked) (takes ? taken : refused).emplace(op.name());
  }
  if (is_float(dtype))
    EXPECT_EQ(refused, refuses_narrow_floats);
  else
    EXPECT_EQ(taken, takes_small_ints);
}

INSTANTIATE_TEST_SUITE_P(Narrow, Catalogue, ::testing::ValuesIn(stored_dtypes()),
                         [](const auto& tested) { return std::string(name(tested.param)); });

TEST(NarrowFloats, AreAddedUpAsFloat32) {
  for (const DType dtype : narrow_floats) {
    Graph graph;
    const Value ones = graph.constant(Tensor::full({dtype, {3000}}, 1));
    const Tensor want = Tensor(3000.0).cast(dtype);
    EXPECT_TENSOR_SAME(evaluate(sum(ones), {}), want);
    EXPECT_TENSOR_SAME(evaluate(sum_to_like(ones, graph.constant(Tensor(1.0).cast(dtype))), {}),
                       want);
    const Value nowhere = graph.constant(Tensor(Type{i64, {3000}}));
    const Value zero = graph.constant(Tensor(Type{dtype, {2}}));
    EXPECT_TENSOR_SAME(evaluate(scatter_add(zero, nowhere, ones, 0), {}),
                       Tensor::of({3000.0, 0.0}).cast(dtype));
    EXPECT_TENSOR_SAME(evaluate(add_along_axis(zero, nowhere, ones, 0), {}),
                       Tensor::of({3000.0, 0.0}).cast(dtype));
    const Value large = graph.constant(Tensor::full({dtype, {4}}, 60000));
    EXPECT_TENSOR_SAME(evaluate(mean(large), {}), Tensor::full({dtype, {}}, 60000));
    EXPECT_TENSOR_SAME(evaluate(sum(reshape(ones, {3, 1000}), 1), {}),
                       Tensor::full({dtype, {3}}, 1000));
    EXPECT_TENSOR_SAME(evaluate(sum(graph.constant(Tensor(Type{dtype, {0, 2}})), 0), {}),
                       Tensor(Type{dtype, {2}}));
    EXPECT_TENSOR_SAME(evaluate(sum(graph.constant(Tensor(2.5).cast(dtype))), {}),
                       Tensor(2.5).cast(dtype));
  }
  Graph graph;  // many rows, with partial sums in scratch memory
  const Tensor x = Rng(5).uniform({70'000, 3}, 0, 1, f32).cast(f16);
  const Value narrow = graph.constant(x), wide = graph.constant(x.cast(f32));
  for (const int threads : {1, 2}) {
    const CompileOptions options{.threads = threads};
    const std::vector<Tensor> got = compile({mean(narrow, 0), sum(narrow, 1)}, options)();
    const std::vector<Tensor> want = compile({mean(wide, 0), sum(wide, 1)}, options)();
    EXPECT_TENSOR_SAME(got[0], want[0].cast(f16));
    EXPECT_TENSOR_SAME(got[1], want[1].cast(f16));
  }
}

TEST(NarrowFloats, AddTermsWithOneRounding) {
  Graph graph;
  const auto term = [&](double x) { return graph.constant(Tensor(x).cast(f16)); };
  EXPECT_EQ(evaluate(add_n({term(2048), term(1), term(1), term(-2048)}), {}).at(0), 2);
}

TEST(NarrowFloats, HaveGradientsOfTheirDtype) {
  for (const DType dtype : narrow_floats) {
    const auto build = [&](DType of) {
      Graph graph;
      Rng rng(11);
      const Value x = graph.constant(rng.uniform({4, 3}, -1, 1).cast(dtype).cast(of)),
                  w = graph.constant(rng.uniform({3}, -1, 1).cast(dtype).cast(of));
      const Value rows = graph.constant(Tensor::of<std::int64_t>({1, 3, 1, 1, 0}));
      const Value hidden = take(tanh(x * w) + square(x), rows, 0);
      const Value y = mean(concat(
                          {
                              transpose(hidden),
                              pad(transpose(hidden), {0, 1}, {0, 0}),
                          },
                          1)) +
                      sum(where(hidden > 0, hidden, 0.5 * hidden));
      std::vector<Value> fetches = gradient(y, {x, w});
      fetches.push_back(y);
      return evaluate(fetches, {});
    };
    const std::vector<Tensor> got = build(dtype), want = build(f32);
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].dtype(), dtype);
      EXPECT_TENSOR_NEAR(got[i].cast(f32), want[i], 8 * epsilon(dtype), 8 * epsilon(dtype));
    }
  }
}

/// More elements than float16 can count.
TEST(NarrowFloats, ShareTheGradientOfALargeMean) {
  Graph graph;
  const Value x = graph.constant(Tensor::full({f16, {100'000}}, 1));
  const Value slope = gradient(mean(x), {x})[0];
  EXPECT_EQ(slope.dtype(), f16);
  EXPECT_TENSOR_SAME(evaluate(slope, {}), Tensor::full({f16, {100'000}}, 1e-5));
}

TEST(NarrowFloats, AreCastWithTheirGradients) {
  Graph graph;
  const Value x = graph.constant(Tensor::of({0.1F, -3.0F}));
  const Value y = sum(cast(cast(x, f16) * 3, f32));
  EXPECT_TENSOR_SAME(evaluate(gradient(y, {x})[0], {}), Tensor::of({3.0F, 3.0F}));
  EXPECT_TENSOR_SAME(evaluate(cast(x, i8), {}), Tensor::of<std::int8_t>({0, -3}));
  EXPECT_THAT(message<TypeError>([&] { cast(x, f16) + x; }), HasSubstr("cast"));
}

TEST(NarrowFloats, AreTargetsOfReplay) {
  Graph graph;
  const Value x = graph.constant(Tensor::of({0.1, 0.7, -2.0}));
  const Value slope = gradient(sum(leaky_relu(x) * sigmoid(x)), {x})[0];
  for (const DType dtype : narrow_floats) {
    const Rewritten copy = replay(graph, f64, dtype);
    Graph anew;
    const Value z = anew.constant(Tensor::of({0.1, 0.7, -2.0}).cast(dtype));
    const Value wanted = gradient(sum(leaky_relu(z) * sigmoid(z)), {z})[0];
    EXPECT_TENSOR_SAME(evaluate(copy.mapping(slope), {}), evaluate(wanted, {}));
  }
}

TEST(NarrowFloats, CanBeTrained) {
  for (const DType dtype : narrow_floats) {
    Graph graph;
    const Value w = graph.parameter("w", Tensor::of({1.0, -2.0}).cast(dtype));
    const Value loss = sum(square(w));
    const Function train =
        compile({loss}, {.update = sgd(std::vector{w}, gradient(loss, {w}), 0.25)});
    State state(graph);
    EXPECT_EQ(train(state)[0].at(0), 5);
    EXPECT_TENSOR_SAME(state.get(w), Tensor::of({0.5, -1.0}).cast(dtype));
  }
}

}  // namespace
}  // namespace dagrad::test
