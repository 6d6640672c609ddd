#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/batch.hpp"
#include "dagrad/catalog.hpp"
#include "dagrad/check.hpp"
#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/random.hpp"
#include "tests/batch/members.hpp"
#include "tests/sanitized.hpp"

/// Every op of the catalogue on batches of every operand, compared with each member by itself.
namespace dagrad::test {
namespace {

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& entry : Catalog::builtin()) names.emplace_back(entry.op.name());
  return names;
}

/// A node of a sample's op in a graph, with placeholders for batched operands.
struct Example {
  explicit Example(const Members& members, std::int64_t axis = 0) {
    std::vector<Operand> operands;
    for (std::size_t i = 0; i < members.sample.in.size(); ++i) {
      if (members.is_batched(i)) {
        const Value x = graph.input("x" + std::to_string(i), members.sample.in[i].type());
        inputs.push_back({x, graph.constant(members.batch(i, axis))});
        operands.emplace_back(x);
      } else {
        operands.emplace_back(graph.constant(members.sample.in[i]));
      }
    }
    ys = apply(members.sample.op, operands);
  }
  Graph graph;
  std::vector<Batched> inputs;
  std::vector<Value> ys;
};

/// Whether the op gives the same bits for a batch as for each of its members.
bool promises_bits(const Op& op) { return op.traits().elementwise; }

class BatchSweep : public ::testing::TestWithParam<std::string> {
 protected:
  BatchSweep() : op_(Catalog::builtin().find(GetParam())->op) {
    Rng rng(1);
    for (Sample sample : default_samples(op_, rng)) {
      if (!sample.op) sample.op = op_;
      samples_.push_back(sample);
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

  template <class F>
  void each(std::initializer_list<std::int64_t> sizes, F&& f) {
    for (const Sample& sample : samples_)
      for (const std::uint32_t batched : choices(sample.in.size()))
        for (const std::int64_t size : sizes) {
          SCOPED_TRACE(op_.name());
          SCOPED_TRACE(sample.op.attributes() + ", batched " + std::to_string(batched) + ", size " +
                       std::to_string(size));
          f(Members{sample, batched, size});
          if (HasFailure()) return;
        }
  }

  void expect_equal(const Tensor& is, const Tensor& wanted) {
    if (!is_float(wanted.dtype()) || promises_bits(op_)) {
      EXPECT_TENSOR_SAME(is, wanted);
      return;
    }
    double largest = 0;
    for (std::int64_t i = 0; i < wanted.size(); ++i)
      if (std::isfinite(wanted.at(i))) largest = std::max(largest, std::abs(wanted.at(i)));
    const double epsilon = wanted.dtype() == f64 ? std::numeric_limits<double>::epsilon()
                                                 : std::numeric_limits<float>::epsilon();
    EXPECT_TENSOR_NEAR(is, wanted, 16 * epsilon, 16 * epsilon * largest);
  }

  Op op_;
  Samples samples_;
};

TEST_P(BatchSweep, GivesWhatEachMemberGives) {
  each({3, 1, 0}, [&](const Members& members) {
    std::vector<Tensor> wanted;
    bool computes = true;
    try {
      wanted = members.results();
    } catch (const RunError&) {
      computes = false;
    }
    Example example(members);
    const std::vector<Value> batches = batch(example.ys, example.inputs);
    if (!computes) {
      EXPECT_THROW(evaluate(batches), RunError);
      return;
    }
    const std::vector<Tensor> is = evaluate(batches);
    ASSERT_EQ(is.size(), wanted.size());
    for (std::size_t i = 0; i < is.size(); ++i) expect_equal(is[i], wanted[i]);
  });
}

INSTANTIATE_TEST_SUITE_P(Ops, BatchSweep, ::testing::ValuesIn(all_names()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace dagrad::test
