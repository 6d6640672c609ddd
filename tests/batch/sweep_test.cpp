#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/batch.hpp"
#include "dagrad/catalog.hpp"
#include "dagrad/check.hpp"
#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "src/check/members.hpp"
#include "tests/ops/fresh.hpp"
#include "tests/sanitized.hpp"

/// Every op of the catalogue on batches of every operand, compared with each member by itself.
namespace dagrad::test {
namespace {

using detail::BatchedSample;
using detail::Members;

/// Ops that may add in another order on a batch.
const std::set<std::string_view> adds = {"cholesky",
                                         "conv",
                                         "conv_kernel",
                                         "conv_transpose",
                                         "det",
                                         "det_slope",
                                         "global_norm",
                                         "inverse",
                                         "logsumexp",
                                         "masked_matmul",
                                         "masked_scores",
                                         "matmul",
                                         "mean",
                                         "norm",
                                         "normalize_channels",
                                         "normalize_channels_gradient",
                                         "normalize_rows",
                                         "normalize_rows_gradient",
                                         "slogdet",
                                         "solve",
                                         "standard_deviation",
                                         "standardize",
                                         "standardize_gradient",
                                         "sum",
                                         "sum_to_like",
                                         "triangular_solve",
                                         "variance"};

class BatchSweep : public ::testing::TestWithParam<std::string> {
 protected:
  BatchSweep() : op_(Catalog::builtin().find(GetParam())->op) {
    Rng rng(1);
    for (Sample sample : default_samples(op_, rng)) {
      if (!sample.op) sample.op = op_;
      samples_.push_back(sample);
      if (sanitized) continue;
      if (const Op narrow = sample.op->retyped(f64, f32)) sample.op = narrow;
      bool changed = false;
      for (Tensor& tensor : sample.in) {
        if (tensor.dtype() != f64) continue;
        tensor = tensor.cast(f32);
        changed = true;
      }
      if (changed && takes(sample)) samples_.push_back(sample);
    }
  }
  static bool takes(const Sample& sample) {
    std::vector<Type> in, out;
    for (const Tensor& tensor : sample.in) in.push_back(tensor.type());
    try {
      sample.op->infer(in, out);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  /// What the members give by themselves. If the op is not defined on one of them, nothing, and the
  /// batch must be refused as well.
  static std::optional<std::vector<Tensor>> defined(const Members& members) {
    try {
      return members.results();
    } catch (const Error&) {
      EXPECT_THROW(evaluate(BatchedSample(members).batches), Error);
      return {};
    }
  }

  /// Calls `f` with batches of each operand alone and of all together, and with the members'
  /// results.
  template <class F>
  void each(std::initializer_list<std::int64_t> sizes, F&& f) {
    for (const Sample& sample : samples_)
      for (const std::uint32_t batched : detail::choices(sample.in.size()))
        for (const std::int64_t size : sizes) {
          SCOPED_TRACE(op_.name());
          SCOPED_TRACE(sample.op.attributes() + ", batched " + std::to_string(batched) + ", size " +
                       std::to_string(size));
          const Members members{sample, batched, size};
          if (const auto results = defined(members)) f(members, *results);
          if (HasFailure()) return;
        }
  }

  void expect_equal(const Tensor& is, const Tensor& wanted) {
    if (!is_float(wanted.dtype()) || !adds.contains(op_.name())) {
      EXPECT_TENSOR_SAME(is, wanted);
      return;
    }
    expect_near(is, wanted, 16);
  }
  /// Elements may differ by some epsilons of themselves and of the largest together.
  static void expect_near(const Tensor& is, const Tensor& wanted, double epsilons) {
    double largest = 0;
    for (std::int64_t i = 0; i < wanted.size(); ++i)
      if (std::isfinite(wanted.at(i))) largest = std::max(largest, std::abs(wanted.at(i)));
    const double epsilon = wanted.dtype() == f64 ? std::numeric_limits<double>::epsilon()
                                                 : std::numeric_limits<float>::epsilon();
    EXPECT_TENSOR_NEAR(is, wanted, epsilons * epsilon, epsilons * epsilon * largest);
  }

  Op op_;
  Samples samples_;
};

TEST_P(BatchSweep, GivesWhatEachMemberGives) {
  each({3, 1, 0}, [&](const Members& members, const std::vector<Tensor>& wanted) {
    const std::vector<Tensor> is = evaluate(BatchedSample(members).batches);
    ASSERT_EQ(is.size(), wanted.size());
    for (std::size_t i = 0; i < is.size(); ++i) expect_equal(is[i], wanted[i]);
  });
}

TEST_P(BatchSweep, TakesBatchesAlongAnyAxis) {
  each({2}, [&](const Members& members, const std::vector<Tensor>&) {
    int rank = max_rank;
    for (std::size_t i = 0; i < members.sample.in.size(); ++i)
      if (members.is_batched(i)) rank = std::min(rank, members.sample.in[i].rank());
    const std::vector<Tensor> front = evaluate(BatchedSample(members).batches);
    for (const std::int64_t axis : {-1, 1}) {
      if (axis > rank) continue;
      const std::vector<Tensor> other = evaluate(BatchedSample(members, axis).batches);
      for (std::size_t i = 0; i < front.size(); ++i) EXPECT_TENSOR_SAME(other[i], front[i]);
    }
  });
}

/// The gradient of a batch is a batch of gradients.
TEST_P(BatchSweep, HasTheGradientsOfItsMembers) {
  if (op_.traits().no_grad) return;
  each({3, 1, 0}, [&](const Members& members, const std::vector<Tensor>&) {
    BatchedSample example(members);
    std::vector<Value> xs, all_xs;
    for (const Batched& input : example.inputs) {
      if (!is_float(input.value.dtype())) continue;
      xs.push_back(input.value);
      all_xs.push_back(input.batch);
    }
    Rng rng(7);
    std::vector<Seeded> ys, all_ys;
    for (std::size_t i = 0; i < example.ys.size(); ++i) {
      const Value& y = example.ys[i];
      if (!is_float(y.dtype())) continue;
      const Value seed = example.graph.constant(rng.uniform(y.shape(), 0.5, 2, y.dtype()));
      ys.push_back({y, seed});
      all_ys.push_back({example.batches[i], batch_like(seed, example.batches[i])});
    }
    if (xs.empty() || ys.empty()) return;
    std::vector<Value> slopes;
    try {
      slopes = gradient(ys, xs, {.unconnected = Unconnected::zeros});
    } catch (const GradientError&) {
      EXPECT_THROW(gradient(all_ys, all_xs, {.unconnected = Unconnected::zeros}), GradientError);
      return;
    }
    const auto of_batch = gradient(all_ys, all_xs, {.unconnected = Unconnected::zeros});
    const auto of_each = batch(slopes, example.inputs);
    const auto is = evaluate(of_batch), wanted = evaluate(of_each);
    for (std::size_t i = 0; i < is.size(); ++i) expect_near(is[i], wanted[i], 256);
  });
}

INSTANTIATE_TEST_SUITE_P(Ops, BatchSweep, ::testing::ValuesIn(op_names()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace dagrad::test
