#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/catalog.hpp"
#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/attention.hpp"
#include "dagrad/ops/convolution.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/pooling.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "tests/ops/fresh.hpp"
#include "tests/sanitized.hpp"

/// Every op of the catalogue on extreme operands: `check_finite` notices exactly the infinities and
/// NaNs that the op makes of finite operands, whether or not it looks at all results.
namespace dagrad::test {
namespace {

/// A copy in which some elements are extreme.
template <class T>
Tensor extreme(const Tensor& x, Rng& rng) {
  using Limits = std::numeric_limits<T>;
  constexpr T values[] = {0,
                          T(-0.0),
                          Limits::max(),
                          Limits::lowest(),
                          Limits::min(),
                          -1,
                          Limits::denorm_min(),
                          Limits::max() / 2,
                          T(1e3),
                          T(-1e3)};
  Tensor copy = x;
  const std::span<T> elements = copy.mutate<T>();
  const Tensor which = rng.integers({x.type().elements()}, 0, 4 * std::ssize(values));
  for (std::size_t i = 0; i < elements.size(); ++i)
    if (const auto at = static_cast<std::size_t>(which.to_vector<std::int64_t>()[i]);
        at < std::size(values))
      elements[i] = values[at];
  return copy;
}

std::vector<Tensor> extreme(const std::vector<Tensor>& in, DType dtype, Rng& rng) {
  std::vector<Tensor> all;
  for (const Tensor& x : in) {
    if (!is_float(x.type().dtype)) {
      all.push_back(x);
    } else if (dtype == f32 || dtype == f64) {
      all.push_back(dtype == f32 ? extreme<float>(x.cast(f32), rng)
                                 : extreme<double>(x.cast(f64), rng));
    } else {
      all.push_back(extreme<float>(x.cast(f32), rng).cast(dtype));
    }
  }
  return all;
}

bool finite(const std::vector<Tensor>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [](const Tensor& tensor) {
    if (!is_float(tensor.type().dtype)) return true;
    const std::vector<double> all = tensor.cast(f64).to_vector<double>();
    return std::all_of(all.begin(), all.end(), [](double x) { return std::isfinite(x); });
  });
}

/// The results of an op, or nothing if it throws; `node` is then the one that has stopped the run.
std::optional<std::vector<Tensor>> results(const Op& op, const std::vector<Tensor>& in,
                                           Runtime& runtime, bool check, std::string* node) {
  try {
    Graph graph;
    std::vector<Operand> operands;
    for (const Tensor& x : in) operands.emplace_back(fresh(graph.constant(x)));
    const std::vector<Value> made =
        detail::outputs_of<detail::dynamic_outputs>(detail::append(op, operands, &graph));
    return compile(made, {.runtime = &runtime, .check_finite = check})();
  } catch (const RunError& error) {
    *node = error.node();
  } catch (const Error&) {
    node->clear();
  }
  return {};
}

class FiniteSweep : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Ops, FiniteSweep, testing::ValuesIn(op_names()),
                         [](const auto& test) { return test.param; });

TEST_P(FiniteSweep, NoticesWhatTheOpMakes) {
  const Catalog catalog = Catalog::builtin();
  const Op& listed = catalog.find(GetParam())->op;
  std::vector<DType> dtypes{f64, f32, f16, bf16};
  if (!sanitized) dtypes.insert(dtypes.end(), {f64, f32});
  for (const InstructionSet set :
       {InstructionSet::plain, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!available(set)) continue;
    Runtime runtime({.threads = 1, .instruction_set = set});
    Rng samples_rng(3), rng(5);
    for (const Sample& sample : listed->samples(samples_rng)) {
      for (const DType dtype : dtypes) {
        const std::vector<Tensor> in = extreme(sample.in, dtype, rng);
        if (!finite(in)) continue;  // it overflowed in the narrower dtype
        std::string node;
        const auto plain = results(sample.op, in, runtime, false, &node);
        if (!plain) continue;  // the op does not take such operands
        const auto checked = results(sample.op, in, runtime, true, &node);
        EXPECT_EQ(checked.has_value(), finite(*plain)) << name(set) << " " << name(dtype);
        if (!checked) {
          EXPECT_EQ(node, sample.op.name());
        }
      }
    }
  }
}

/// Whether a function of one input gives only finite values and, if it checks that, is not stopped.
bool finite(const Value& y, const Tensor& x, Runtime& runtime, bool check) {
  try {
    return finite(compile(y, {.runtime = &runtime, .check_finite = check})(x));
  } catch (const RunError&) {
    return false;
  }
}

TEST(FiniteOfMany, NoticesAFewExtremeElements) {
  for (const InstructionSet set :
       {InstructionSet::plain, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!available(set)) continue;
    Runtime runtime({.threads = 3, .instruction_set = set});
    Graph g;
    Rng rng(1);
    const std::int64_t batch = sanitized ? 4 : 16;
    const Shape shape_of_x{batch, 8, 33, 33};
    const Value x = g.input("x", {f32, shape_of_x}), own = x * 1.0F,
                flat = reshape(own, {batch * 8, -1});
    const auto constant = [&](const Shape& shape) {
      return g.constant(rng.normal(shape, 0, 1, f32));
    };
    const std::vector<Value> results{
        matmul(flat, constant({33 * 33, 300})),
        matmul(transpose(flat), flat),
        sum(own),
        sum(flat, 0),
        mean(flat, 1),
        max(flat, 1),
        conv2d(own, constant({12, 8, 3, 3}), {.padding = {1}}),
        max_pool2d(own, {.window = {2}}),
        avg_pool2d(own, {.window = {2}}),
        softmax(flat),
        log_softmax(flat),
        layer_norm(flat),
        attention(own, own, own, {.causal = true}),
        relu(flat) * flat,
        sqrt(own + 3e38F),
        gelu(flat),
        gradient(sum(layer_norm(flat) * constant({batch * 8, 33 * 33})), x),
        gradient(sum(conv2d(own, constant({12, 8, 3, 3}), {.padding = {1}}) * 2.0F), x)};
    int stops = 0;
    for (const Value& y : results) {
      for (int round = 0; round < 6; ++round) {
        Tensor data = rng.normal(shape_of_x, 0, 1, f32);
        const Tensor at = rng.integers({5}, 0, data.type().elements());
        for (int i = 0; round > 0 && i < 5; ++i)
          data.mutate<float>()[static_cast<std::size_t>(
              at.to_vector<std::int64_t>()[static_cast<std::size_t>(i)])] =
              i % 2 == 0 ? 3.4e38F : -3.4e38F;
        const bool is = finite(y, data, runtime, false);
        const bool seen = finite(y, data, runtime, true);
        // A value that is absorbed on the way stops the run although the result is finite.
        EXPECT_TRUE(is || !seen) << y.name() << " " << name(set) << " " << round;
        EXPECT_TRUE(seen || round > 0) << y.name();
        stops += is ? 0 : 1;
      }
    }
    EXPECT_GT(stops, 30);
  }
}

}  // namespace
}  // namespace dagrad::test
