#include <fmt/format.h>

#include <chrono>
#include <map>

#include "dagrad/passes.hpp"

namespace dagrad {

namespace {

using Counts = std::map<std::string, PassReport::Nodes>;

void count(const Graph& graph, std::size_t PassReport::Nodes::*which, Counts& counts) {
  for (const Node& node : graph.nodes()) ++(counts[std::string(node.op().name())].*which);
}

PassReport report(const std::string& pass, const Graph& before, const PassResult& after) {
  PassReport report;
  report.pass = pass;
  report.before = before.size();
  report.after = after.graph.size();
  report.rules = after.rules;
  Counts counts;
  count(before, &PassReport::Nodes::before, counts);
  count(after.graph, &PassReport::Nodes::after, counts);
  for (auto& [op, nodes] : counts) {
    nodes.op = op;
    report.nodes.push_back(nodes);
  }
  return report;
}

}  // namespace

std::vector<Pass> default_passes() {
  const auto rules = [](std::vector<Rule> list) {
    return [list = std::move(list)](const Graph& graph, std::span<const Value> values) {
      return apply_rules(graph, values, list);
    };
  };
  return {{"merge_equal", merge_equal},
          {"stabilize", rules(stabilizing_rules())},
          {"simplify", rules(simplifying_rules())},
          {"fold_constants", fold_constants},
          {"merge_equal", merge_equal},
          {"drop_dead", drop_dead}};
}

Optimized optimize(const Graph& graph, ValueSpan values, std::span<const Pass> passes) {
  using Clock = std::chrono::steady_clock;
  Rewritten now = extract(graph, values);
  std::vector<PassReport> reports;
  for (const Pass& pass : passes) {
    const Clock::time_point start = Clock::now();
    PassResult next = pass.run(now.graph, now.mapping(values));
    const std::chrono::duration<double> took = Clock::now() - start;
    reports.push_back(report(pass.name, now.graph, next));
    reports.back().seconds = took.count();
    now.mapping = now.mapping.then(next.mapping);
    now.graph = std::move(next.graph);
  }
  return {std::move(now.graph), std::move(now.mapping), std::move(reports)};
}

std::string to_string(const PassReport& report) {
  std::string text = fmt::format("{}: {} nodes, then {}, in {:.3f} ms\n", report.pass,
                                 report.before, report.after, report.seconds * 1e3);
  for (const PassReport::Nodes& nodes : report.nodes)
    if (nodes.before != nodes.after)
      text += fmt::format("  {:<24} {:>9} {:>9}\n", nodes.op, nodes.before, nodes.after);
  for (const RuleCount& rule : report.rules)
    text += fmt::format("  {} ({} times)\n", rule.rule, rule.count);
  return text;
}

}  // namespace dagrad
