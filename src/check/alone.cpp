#include "src/check/alone.hpp"

#include <algorithm>
#include <unordered_map>

#include "src/check/surface.hpp"

namespace dagrad::detail {

namespace {

/// A node with a copy of its operands' values, to look at apart from its graph.
Subject alone(const Node& node, const std::unordered_map<Value, Tensor>& values,
              const std::vector<bool>& depends, Rng& rng) {
  Subject subject;
  std::unordered_map<Value, Value> copies;
  std::vector<Operand> operands;
  const std::vector<Value> in = node.operands();
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto [at, fresh] = copies.try_emplace(in[i]);
    if (fresh) {
      at->second = subject.graph.input("x" + std::to_string(i), in[i].type());
      const bool known = values.contains(in[i]);
      if (known && depends[in[i].node_id()] && is_float(in[i].dtype())) {
        subject.xs.push_back(at->second);
        subject.names.push_back(at->second.name());
        subject.point.push_back(values.at(in[i]));
      } else if (known) {
        subject.feeds.emplace_back(at->second.name(), values.at(in[i]));
      }
    }
    operands.push_back(at->second);
  }
  for (const Value& result : apply(node.op(), operands)) {
    if (!is_float(result.dtype())) continue;
    subject.ys.push_back(result);
    subject.seeds.push_back(random_seed(rng, result.type()));
  }
  return subject;
}

}  // namespace

std::string find_culprit(const Subject& subject, const CheckOptions& options, Rng& rng) {
  const std::vector<bool> depends = dependents(subject.graph, subject.xs);
  std::uint32_t last = 0;
  for (const Value& y : subject.ys) last = std::max(last, y.node_id());

  std::vector<Node> nodes;
  std::vector<Value> operands;
  for (std::uint32_t id = 0; id <= last; ++id) {
    const Node node = subject.graph.node(id);
    if (!depends[id] || node.kind() != NodeKind::op) continue;
    nodes.push_back(node);
    const std::vector<Value> in = node.operands();
    for (std::size_t i = 0; i < in.size(); ++i)
      if (!node.type_only(i)) operands.push_back(in[i]);
  }
  const std::vector<Tensor> tensors = evaluate_at(operands, all_feeds(subject), options.runtime);
  std::unordered_map<Value, Tensor> values;
  for (std::size_t i = 0; i < operands.size(); ++i) values.emplace(operands[i], tensors[i]);

  for (const Node& node : nodes) {
    Subject part = alone(node, values, depends, rng);
    if (part.xs.empty() || part.ys.empty()) continue;
    for (const Comparison& comparison : compare_slopes(part, options, rng))
      if (comparison.verdict == Verdict::disagree) return describe(subject, node.id());
  }
  return {};
}

}  // namespace dagrad::detail
