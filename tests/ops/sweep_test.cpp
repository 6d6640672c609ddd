#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dagrad/catalog.hpp"
#include "dagrad/check.hpp"
#include "dagrad/evaluate_op.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/random.hpp"
#include "tests/golden/golden.hpp"
#include "tests/ops/fresh.hpp"
#include "tests/sanitized.hpp"

/// A sweep over the catalogue: every op with its samples, in every way that a graph may run it.
namespace dagrad::test {
namespace {

Runtime& runtime(InstructionSet set) {
  static std::map<InstructionSet, Runtime> all;
  return all.try_emplace(set, RuntimeOptions{.threads = 2, .instruction_set = set}).first->second;
}

// The size of large samples. Half of it still makes several tasks.
constexpr double most_elements = sanitized ? 5e4 : 1e5;

/// A way to run an op on the operands of a sample, which returns its results and its gradients for
/// random cotangents.
struct Way {
  int threads = 1;
  InstructionSet set = best_instruction_set();
  bool in_place = false;
};

/// The types of operands and results; empty if the op does not take such operands.
std::vector<Type> types_of(const Sample& sample) {
  std::vector<Type> in, out;
  for (const Tensor& tensor : sample.in) in.push_back(tensor.type());
  try {
    sample.op->infer(in, out);
  } catch (const Error&) {
    return {};
  }
  in.insert(in.end(), out.begin(), out.end());
  return in;
}

/// Rough estimate of one evaluation in nanoseconds.
double cost_of(const Sample& sample) {
  const std::vector<Type> types = types_of(sample);
  const auto all = std::span(types);
  const std::size_t operands = sample.in.size();
  return sample.op->cost({all.first(operands), all.subspan(operands), Runtime::shared().machine()});
}

std::vector<Tensor> run(const Sample& sample, const Way& way) {
  Graph graph;
  std::vector<Value> xs;
  std::vector<Operand> operands;
  for (std::size_t i = 0; i < sample.in.size(); ++i) {
    const Value x = fresh(graph.constant(sample.in[i]));  // memory that may be overwritten
    if (is_float(x.dtype()) && i >= sample.op.traits().cut) xs.push_back(x);
    operands.push_back(x);
  }
  const std::vector<Value> results =
      detail::outputs_of<detail::dynamic_outputs>(detail::append(sample.op, operands, &graph));
  Rng rng(7);
  std::vector<Value> fetches = results;
  std::vector<Seeded> seeded;
  for (const Value& y : results)
    if (is_float(y.dtype()))
      seeded.push_back({y, graph.constant(rng.uniform(y.shape(), 0.5, 2, y.dtype()))});
  if (!sample.op.traits().no_grad && !seeded.empty() && !xs.empty())
    for (const Value& slope : gradient(seeded, xs, {.unconnected = Unconnected::zeros}))
      fetches.push_back(slope);
  const std::size_t wanted = fetches.size();
  if (!way.in_place)
    for (const Operand& operand : operands) fetches.push_back(operand.value());
  const Function f = compile(fetches, {.threads = way.threads, .runtime = &runtime(way.set)});
  std::vector<Tensor> values = f();
  values.resize(wanted);
  return values;
}

/// A sample with all dimensions except those of 1 multiplied by a factor, which keeps equal sizes
/// equal, so that many ops accept it. The numbers of the sample are repeated.
std::optional<Sample> enlarged(const Sample& sample, std::int64_t factor) {
  Sample large{sample.op, {}};
  for (const Tensor& tensor : sample.in) {
    std::vector<std::int64_t> dims(tensor.shape().begin(), tensor.shape().end());
    for (std::int64_t& d : dims) d *= d > 1 ? factor : 1;
    if (tensor.size() == 0 || Shape(dims) == tensor.shape()) return {};
    Tensor repeated({tensor.dtype(), Shape(dims)});
    const MutableView to = repeated.mutable_view();
    const std::size_t bytes = tensor.type().bytes();
    for (std::size_t at = 0; at + bytes <= to.type.bytes(); at += bytes)
      std::memcpy(static_cast<std::byte*>(to.data) + at, tensor.data(), bytes);
    large.in.push_back(std::move(repeated));
  }
  if (large.in.empty() || types_of(large).empty()) return {};
  return large;
}

/// The largest such sample in which no operand or result has more than about `most_elements` and
/// which takes at most some hundredths of a second.
std::optional<Sample> enlarged(const Sample& sample) {
  std::int64_t factor = 1 << 20;
  for (const Type& type : types_of(sample)) {
    const auto wide =
        std::count_if(type.shape.begin(), type.shape.end(), [](std::int64_t d) { return d > 1; });
    if (wide == 0) continue;
    const double times =
        most_elements / static_cast<double>(std::max<std::int64_t>(type.elements(), 1));
    factor =
        std::min(factor, static_cast<std::int64_t>(std::pow(times, 1.0 / static_cast<int>(wide))));
  }
  std::optional<Sample> large = enlarged(sample, factor);
  for (; large && factor > 2 && cost_of(*large) > 2e7; large = enlarged(sample, factor))
    factor = factor * 3 / 4;
  return large;
}

/// Whether the op accepts these values: an enlarged matrix is singular, because its rows repeat.
bool computes(const Sample& sample) {
  try {
    run(sample, {});
    return true;
  } catch (const RunError&) {
    return false;
  }
}

/// A sample in other dtypes, made from its floats times four, which keeps their order.
Samples retyped(const Sample& sample) {
  Samples all;
  for (const DType dtype : {b8, i32, i64, f32}) {
    const Op op = sample.op->retyped(f64, dtype);
    Sample other{op ? op : sample.op, sample.in};
    bool changed = false;
    for (Tensor& tensor : other.in) {
      if (tensor.dtype() != f64) continue;
      for (double& element : tensor.mutate<double>()) element *= 4;
      tensor = tensor.cast(dtype);
      changed = true;
    }
    if (changed) all.push_back(std::move(other));
  }
  return all;
}

class Sweep : public ::testing::TestWithParam<std::string> {
 protected:
  Sweep() : op_(Catalog::builtin().find(GetParam())->op) {
    Rng rng(1);
    for (Sample sample : default_samples(op_, rng)) {
      if (!sample.op) sample.op = op_;
      for (Sample& other : retyped(sample))
        if (!types_of(other).empty()) samples_.push_back(std::move(other));
      samples_.push_back(std::move(sample));
    }
  }

  /// Expects that the sample gives the same bits in two ways.
  void expect_same_bits(const Sample& sample, const Way& one, const Way& other) {
    const auto a = run(sample, one), b = run(sample, other);
    for (std::size_t i = 0; i < a.size(); ++i)
      EXPECT_TENSOR_SAME(a[i], b[i]) << op_.name() << ", result " << i;
  }
  bool takes(const Shape& shape) const {
    Sample sample{samples_.front().op, {}};
    for (const Tensor& tensor : samples_.front().in)
      sample.in.emplace_back(Type{tensor.dtype(), shape});
    return !sample.in.empty() && !types_of(sample).empty();
  }

  Op op_;
  Samples samples_;
};

TEST_P(Sweep, PassesTheCheckToSecondOrder) {
  const OpReport report = check_op(op_, lighter());
  EXPECT_TRUE(dagrad::testing::passed(report));
  EXPECT_TRUE(report.warnings.empty()) << report;
}

TEST_P(Sweep, GivesTheSameBitsOnOneThreadAndTwo) {
  std::set<DType> done;  // dtypes of which a large sample has been run
  for (const Sample& sample : samples_) {
    expect_same_bits(sample, {.threads = 1}, {.threads = 2});
    if (sanitized && !sample.in.empty() && done.contains(sample.in.front().dtype())) continue;
    if (const auto large = enlarged(sample); large && computes(*large)) {
      expect_same_bits(*large, {.threads = 1}, {.threads = 2});
      done.insert(large->in.front().dtype());
    }
  }
}

TEST_P(Sweep, GivesTheSameBitsInPlace) {
  for (const Sample& sample : samples_)
    expect_same_bits(sample, {.in_place = false}, {.in_place = true});
}

/// Each result has the same bits if nothing reads the others, which the op may then leave out.
TEST_P(Sweep, GivesTheSameBitsWhereResultsAreUnused) {
  if (op_.traits().optional_results == 0) return;
  const auto expect_each_alone = [&](const Sample& sample) {
    Graph graph;
    std::vector<Operand> operands;
    for (const Tensor& tensor : sample.in) operands.push_back(fresh(graph.constant(tensor)));
    const std::vector<Value> results =
        detail::outputs_of<detail::dynamic_outputs>(detail::append(sample.op, operands, &graph));
    const std::vector<Tensor> all = evaluate_op(sample.op, sample.in);
    for (std::size_t i = 0; i < results.size(); ++i)
      EXPECT_TENSOR_SAME(compile(results[i], {.passes = {}})()[0], all[i])
          << op_.name() << ", result " << i;
  };
  for (const Sample& sample : samples_) {
    expect_each_alone(sample);
    if (const auto large = enlarged(sample); large && computes(*large)) expect_each_alone(*large);
  }
}

/// Two results may differ by twice the golden bound of 16 epsilons, relative to the largest element
/// if elements are sums.
TEST_P(Sweep, AgreesAssembledAndPlain) {
  for (const Sample& sample : samples_) {
    const auto best = run(sample, {}), plain = run(sample, {.set = InstructionSet::plain});
    for (std::size_t i = 0; i < best.size(); ++i) {
      const Tensor &a = best[i], &b = plain[i];
      if (!is_float(a.dtype())) {
        EXPECT_TENSOR_SAME(a, b) << op_.name();
        continue;
      }
      double largest = 0;
      for (std::int64_t e = 0; e < b.size(); ++e)
        if (std::isfinite(b.at(e))) largest = std::max(largest, std::abs(b.at(e)));
      const double epsilon = a.dtype() == f32 ? std::numeric_limits<float>::epsilon()
                                              : std::numeric_limits<double>::epsilon();
      EXPECT_TENSOR_NEAR(a, b, 32 * epsilon, 16 * epsilon * largest) << op_.name();
    }
  }
}

/// Samples include scalars and tensors without elements if the op accepts them and, for elementwise
/// ops, operands that broadcast.
TEST_P(Sweep, CoversEdges) {
  bool scalar = false, empty = false, broadcast = false;
  for (const Sample& sample : samples_) {
    for (const Type& type : types_of(sample)) {
      scalar = scalar || type.shape.rank() == 0;
      empty = empty || type.elements() == 0;
    }
    for (const Tensor& tensor : sample.in)
      broadcast = broadcast || tensor.shape() != sample.in.front().shape();
  }
  EXPECT_TRUE(scalar || !takes({})) << "no sample is a scalar";
  EXPECT_TRUE(empty || !takes({0})) << "no sample is empty";
  const bool several = op_.traits().elementwise && samples_.front().in.size() > 1;
  EXPECT_TRUE(broadcast || !several) << "no sample broadcasts";
}

INSTANTIATE_TEST_SUITE_P(Ops, Sweep, ::testing::ValuesIn(op_names()),
                         [](const auto& tested) { return tested.param; });

/// The values of every op are compared with another system in some test.
TEST(Oracles, ExistForEveryOp) {
  std::set<std::string> held;
  for (const auto& row : golden::read_elementwise()) held.insert(row.op);
  for (const auto& golden : golden::read_cases()) held.insert(golden.op);
  Rng rng(1);
  // Their streams are compared with the paper's known answers, and their moments are checked, by
  // other tests.
  held.insert({"uniform", "normal", "fold_in"});
  std::vector<std::string> without;
  for (const auto& entry : Catalog::builtin()) {
    const std::string name(entry.op.name());
    const Samples samples = entry.op->samples(rng);
    const bool expects = std::any_of(samples.begin(), samples.end(),
                                     [](const Sample& sample) { return !sample.out.empty(); });
    if (!held.contains(name) && !expects) without.push_back(name);
  }
  EXPECT_EQ(without, std::vector<std::string>{});
}

}  // namespace
}  // namespace dagrad::test
