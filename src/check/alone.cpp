#include "src/check/alone.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "dagrad/rewrite.hpp"
#include "src/check/surface.hpp"

namespace dagrad::detail {

namespace {

/// A node between the ys and the xs.
struct NodeStep {
  Node node;
  std::vector<Value> results;  ///< results that have cotangents
  std::vector<Value> through;  ///< operands that pass cotangents on
  bool seeded = false;         ///< whether all results are ys
};

std::vector<NodeStep> steps_of(const Subject& subject) {
  const std::vector<bool> depends = dependents(subject.graph, subject.xs);
  const std::unordered_set<Value> ys(subject.ys.begin(), subject.ys.end());
  std::unordered_set<Value> reached = ys;
  std::vector<NodeStep> steps;
  for (auto id = static_cast<std::uint32_t>(subject.graph.size()); id-- > 0;) {
    const Node node = subject.graph.node(id);
    if (!depends[id] || node.kind() != NodeKind::op) continue;
    NodeStep step{node, {}, {}, true};
    for (std::size_t port = 0; port < node.outputs(); ++port) {
      if (!reached.contains(node.output(port))) continue;
      step.results.push_back(node.output(port));
      step.seeded = step.seeded && ys.contains(node.output(port));
    }
    if (step.results.empty()) continue;
    const std::vector<Value> operands = node.operands();
    for (std::size_t i = node.op().traits().cut; i < operands.size(); ++i) {
      const Value& operand = operands[i];
      if (node.type_only(i) || !depends[operand.node_id()] || !is_float(operand.dtype())) continue;
      reached.insert(operand);
      if (std::find(step.through.begin(), step.through.end(), operand) == step.through.end())
        step.through.push_back(operand);
    }
    if (!step.through.empty()) steps.push_back(std::move(step));
  }
  std::reverse(steps.begin(), steps.end());
  return steps;
}

/// At most `most` of the steps, in order. They are chosen at random, but every op is chosen once
/// before any op is chosen again.
std::vector<NodeStep> sample_of(std::vector<NodeStep> steps, std::size_t most, Rng& rng) {
  if (steps.size() <= most) return steps;
  for (std::size_t i = steps.size() - 1; i > 0; --i)
    std::swap(steps[i],
              steps[static_cast<std::size_t>(rng.integer(0, static_cast<std::int64_t>(i) + 1))]);
  std::unordered_set<std::string> seen;
  std::stable_partition(steps.begin(), steps.end(), [&](const NodeStep& step) {
    return seen.insert(std::string(step.node.op().name())).second;
  });
  steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(most), steps.end());
  std::sort(steps.begin(), steps.end(),
            [](const NodeStep& a, const NodeStep& b) { return a.node.id() < b.node.id(); });
  return steps;
}

/// The distinct operands of a node, without those that its op cuts off from gradients.
std::vector<Value> operands_of(const NodeStep& step) {
  const std::vector<Value> operands = step.node.operands();
  std::vector<Value> distinct;
  for (std::size_t i = step.node.op().traits().cut; i < operands.size(); ++i)
    if (std::find(distinct.begin(), distinct.end(), operands[i]) == distinct.end())
      distinct.push_back(operands[i]);
  return distinct;
}

using Tensors = std::unordered_map<Value, Tensor>;

/// The values of the steps' operands, without those of which only the type is used.
Tensors values_of(const std::vector<NodeStep>& steps, const Subject& subject, Runtime* runtime) {
  std::vector<Value> operands;
  for (const NodeStep& step : steps) {
    const std::vector<Value> all = step.node.operands();
    for (std::size_t i = step.node.op().traits().cut; i < all.size(); ++i)
      if (!step.node.type_only(i)) operands.push_back(all[i]);
  }
  const std::vector<Tensor> tensors = evaluate_at(operands, all_feeds(subject), runtime);
  Tensors values;
  for (std::size_t i = 0; i < operands.size(); ++i) values.emplace(operands[i], tensors[i]);
  return values;
}

/// The node with its operands as inputs.
Subject alone(const NodeStep& step, const Subject& whole, const Tensors& values, Rng& rng) {
  const std::vector<Value> operands = operands_of(step);
  Rewritten part = extract(step.results, operands);
  Subject subject;
  subject.feeds = all_feeds(whole);  // for the operands for which a custom gradient stands
  for (const Value& operand : operands) {
    const Value input = part.mapping(operand);
    const auto at = values.find(operand);
    if (std::find(step.through.begin(), step.through.end(), operand) != step.through.end()) {
      subject.xs.push_back(input);
      subject.names.push_back(operand.name());
      subject.point.push_back(at->second);
    } else if (at != values.end()) {
      subject.feeds.emplace_back(input.name(), at->second);
    }
  }
  subject.ys = part.mapping(step.results);
  for (const Value& y : subject.ys) subject.seeds.push_back(random_seed(rng, y.type()));
  subject.graph = std::move(part.graph);
  return subject;
}

bool shows_fault(const Comparison& c, bool thorough) {
  return c.verdict == Verdict::disagree && (thorough || !std::isnan(c.gradient));
}

/// The comparisons of a node that has a fault; none if it has none. A fault found along a single
/// direction must be confirmed by as many as the options ask for. NaN counts only if the whole
/// graph has shown a fault; otherwise its cotangent in the graph may be 0.
std::vector<Comparison> fault_in(Subject& part, bool thorough, const CheckOptions& options,
                                 Rng& rng) {
  const auto fault = [&](const CheckOptions& how) {
    std::vector<Comparison> comparisons = compare_slopes(part, how, rng);
    if (std::none_of(comparisons.begin(), comparisons.end(),
                     [&](const Comparison& c) { return shows_fault(c, thorough); }))
      comparisons.clear();
    return comparisons;
  };
  CheckOptions quick = options;
  quick.elements = 0;
  quick.directions = 1;
  try {
    if (thorough || !fault(quick).empty()) return fault(options);
  } catch (const GradientError&) {  // alone, results get cotangents that have none in the graph
  } catch (const RunError&) {       // operands that depend on each other refuse other values
  }
  return {};
}

}  // namespace

void check_alone(const Subject& subject, const CheckOptions& options, Rng& rng,
                 CheckReport& report) {
  const bool thorough = report.count(Verdict::disagree) > 0;
  std::vector<NodeStep> steps = steps_of(subject);
  if (!thorough) {
    std::erase_if(steps, [](const NodeStep& step) { return step.seeded; });
    steps = sample_of(std::move(steps), options.nodes, rng);
  }
  const Tensors values = values_of(steps, subject, options.runtime);
  for (const NodeStep& step : steps) {
    Subject part = alone(step, subject, values, rng);
    ++report.alone;
    report.at_culprit = fault_in(part, thorough, options, rng);
    if (!report.at_culprit.empty()) {
      report.culprit = describe(subject, step.node.id());
      report.fault = *std::find_if(report.at_culprit.begin(), report.at_culprit.end(),
                                   [&](const Comparison& c) { return shows_fault(c, thorough); });
      return;
    }
  }
}

}  // namespace dagrad::detail
