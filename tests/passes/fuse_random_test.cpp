// Random graphs, fused and not: values and gradients must have the same bits.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <random>

#include "dagrad/passes/fuse.hpp"
#include "dagrad/traced.hpp"
#include "tests/passes/random_expression.hpp"
#include "tests/random_graphs.hpp"
#include "tests/sanitized.hpp"

namespace dagrad::test {
namespace {

/// The last value, some of the others, and the gradients of the last one.
std::vector<Value> outputs(const RandomExpression& e, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Value> all{e.values.back()};
  for (const Value& value : e.values)
    if (random() % 6 == 0) all.push_back(value);
  for (const Value& x : e.inputs) {
    try {
      all.push_back(gradient(sum(e.values.back()), x));
    } catch (const GradientError&) {  // it does not depend on x
    }
  }
  return all;
}

/// A runtime of one of the instruction sets that there are, in turn.
Runtime& runtime_for(unsigned seed) {
  static const std::vector<std::unique_ptr<Runtime>> runtimes = [] {
    std::vector<std::unique_ptr<Runtime>> all;
    for (const InstructionSet set :
         {InstructionSet::avx512, InstructionSet::avx2, InstructionSet::plain})
      if (available(set))
        all.push_back(
            std::make_unique<Runtime>(RuntimeOptions{.threads = 1, .instruction_set = set}));
    return all;
  }();
  return *runtimes[seed % runtimes.size()];
}

std::vector<Tensor> run(const std::vector<Value>& values, const RandomExpression& e,
                        unsigned seed) {
  Feeds feeds;
  for (std::size_t i = 0; i < e.inputs.size(); ++i)
    feeds.emplace_back(e.inputs[i].name(), e.tensors[i]);
  return compile(values, {.runtime = &runtime_for(seed), .passes = {}})(feeds);
}

/// Whether the elements have the same bits, except which NaN they are.
bool same(const Tensor& a, const Tensor& b) {
  if (same_bits(a, b)) return true;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    const double x = a.at(i), y = b.at(i);
    if (std::isnan(x) ? !std::isnan(y) : x != y || std::signbit(x) != std::signbit(y)) return false;
  }
  return true;
}

/// What a test does to the graph that was made.
using Change = std::function<PassResult(PassResult)>;

std::string difference(const RandomExpression& e, unsigned seed, const Change& change) {
  const std::vector<Value> values = outputs(e, seed);
  std::vector<Value> kept = values;
  kept.insert(kept.end(), e.inputs.begin(), e.inputs.end());
  const PassResult fused = change(fuse(e.graph, kept));
  const std::vector<Tensor> before = run(values, e, seed),
                            after = run(fused.mapping(values), e, seed);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (!same(before[i], after[i]))
      return "output " + std::to_string(i) + ": " + to_string(before[i].cast(f64)) + " became " +
             to_string(after[i].cast(f64)) + "\n" + to_string(e.graph) + "\n" +
             to_string(fused.graph);
  return "";
}

class RandomFusion : public testing::TestWithParam<DType> {};

TEST_P(RandomFusion, KeepsAllBits) {
  std::size_t joined = 0;
  const Change count = [&](PassResult fused) {
    for (const Node& node : fused.graph.nodes())
      if (node.op().name() == "fused") joined += node.origins().size();
    return fused;
  };
  for (unsigned seed = 0; seed < random_graphs(sanitized ? 100 : 10'000); ++seed)
    ASSERT_EQ(difference(random_expression(seed, GetParam(), false), seed, count), "")
        << "seed " << seed;
  EXPECT_GT(joined, random_graphs(sanitized ? 100 : 10'000));
}

INSTANTIATE_TEST_SUITE_P(OfFloats, RandomFusion, testing::Values(f32, f64, f16, bf16),
                         [](const auto& of) { return std::string(name(of.param)); });

/// A fault in a formula; false where it cannot be made.
using Fault = std::function<bool(Program&)>;

/// The share of the graphs with that fault in which a difference is found.
double found(DType dtype, const Fault& fault) {
  double made = 0, seen = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    bool changed = false;
    const auto plant = [&](Rewriter& rewriter, const Node& node) {
      const auto* const traced = node.op().get_if<Fused>();
      if (traced == nullptr || changed || traced->name != "fused") return;
      Program program = *traced->recorded;
      if (!fault(program)) return;
      changed = true;
      rewriter.copy(Fused{{"fused", std::make_shared<const Program>(std::move(program))}},
                    rewriter(node.operands()));
    };
    const Change change = [&](const PassResult& fused) {
      Rewritten planted = rewrite(fused.graph, plant);
      planted.mapping = fused.mapping.then(planted.mapping);
      return planted;
    };
    const bool differs = !difference(random_expression(seed, dtype, false), seed, change).empty();
    made += changed;
    seen += differs;
  }
  return seen / made;
}

// Faults may have no effect: on NaN, on zeros, or where a result was rounded already.
TEST(FaultsInFormulas, AreFound) {
  const auto subtracts = [](Program& program) {
    for (Instruction& step : program.steps)
      if (step.primitive == Primitive::add) return step.primitive = Primitive::sub, true;
    return false;
  };
  const auto exchanges_results = [](Program& program) {
    if (program.outputs.size() < 2 || program.output_dtype(0) != program.output_dtype(1))
      return false;
    std::swap(program.outputs[0], program.outputs[1]);
    return true;
  };
  EXPECT_GT(found(f64, subtracts), 0.5);
  EXPECT_GT(found(f64, exchanges_results), 0.5);
  const auto does_not_round = [](Program& program) {
    bool changed = false;
    for (Instruction& step : program.steps)
      for (std::uint32_t* operand : {&step.a, &step.b, &step.c}) {
        if (*operand == Instruction::none) continue;
        const Instruction& cast = program.steps[*operand];
        if (cast.primitive != Primitive::cast || cast.dtype != program.steps[cast.a].dtype)
          continue;
        *operand = cast.a;
        changed = true;
      }
    return changed;
  };
  EXPECT_GT(found(bf16, does_not_round), 0.15);
}

}  // namespace
}  // namespace dagrad::test
