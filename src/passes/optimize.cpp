#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <string_view>

#include "dagrad/error.hpp"
#include "dagrad/passes.hpp"
#include "dagrad/passes/fuse.hpp"
#include "dagrad/passes/tile.hpp"
#include "src/graph/view.hpp"

namespace dagrad {

namespace {

/// The number of nodes of each op, by name.
std::map<std::string, std::size_t> count(const Graph& graph) {
  const detail::GraphView view(graph);
  std::vector<std::size_t> of_op;  // by the index of the op, with its attributes
  std::vector<std::uint32_t> example;
  for (std::uint32_t node = 0; node < view.size(); ++node) {
    const std::size_t op = view.op_index(node);
    if (op >= of_op.size()) {
      of_op.resize(op + 1);
      example.resize(op + 1);
    }
    ++of_op[op];
    example[op] = node;
  }
  std::map<std::string, std::size_t> counts;
  for (std::size_t op = 0; op < of_op.size(); ++op)
    if (of_op[op] > 0) counts[std::string(view.op(example[op]).name())] += of_op[op];
  return counts;
}

PassReport report(const std::string& pass, const Graph& before, const PassResult& after) {
  PassReport report;
  report.pass = pass;
  report.before = before.size();
  report.after = after.graph.size();
  report.rules = after.rules;
  std::map<std::string, PassReport::Nodes> nodes;
  for (const auto& [op, n] : count(before)) nodes[op].before = n;
  for (const auto& [op, n] : count(after.graph)) nodes[op].after = n;
  for (auto& [op, of_op] : nodes) {
    of_op.op = op;
    report.nodes.push_back(of_op);
  }
  return report;
}

/// Applies a list of rules that is made only once, since that takes longer than compiling a small
/// graph.
template <std::vector<Rule> (*make)()>
PassResult apply_once_made(const Graph& graph, std::span<const Value> values) {
  static const std::vector<Rule> rules = make();
  return apply_rules(graph, values, rules);
}

}  // namespace

std::vector<Pass> default_passes() {
  return {{"merge_equal", merge_equal},
          {"stabilize", apply_once_made<stabilizing_rules>},
          {"simplify", apply_once_made<simplifying_rules>},
          {"fold_constants", fold_constants},
          {"merge_equal", merge_equal}};
}

std::vector<Pass> compile_passes() {
  const char* const asked = std::getenv("DAGRAD_PASSES");
  if (asked == nullptr) {
    std::vector<Pass> passes = default_passes();
    passes.emplace_back("fuse", fuse, true);
    passes.emplace_back("tile_rows", tile_rows, true);
    return passes;
  }
  if (std::string_view(asked) == "none") return {};
  throw ArgumentError(
      fmt::format("DAGRAD_PASSES must be \"none\" if it is set, got \"{}\"", asked));
}

Optimized optimize(const Graph& graph, ValueSpan values, std::span<const Pass> passes) {
  using Clock = std::chrono::steady_clock;
  std::optional<Rewritten> now;
  std::vector<PassReport> reports;
  for (const Pass& pass : passes) {
    const Graph& from = now ? now->graph : graph;
    const Clock::time_point start = Clock::now();
    PassResult next = pass.run(from, now ? now->mapping(values) : values, nullptr);
    const std::chrono::duration<double> took = Clock::now() - start;
    reports.push_back(report(pass.name, from, next));
    reports.back().seconds = took.count();
    Mapping mapping = now ? now->mapping.then(next.mapping) : std::move(next.mapping);
    now = Rewritten{std::move(next.graph), std::move(mapping)};
  }
  if (!now) now = extract(graph, values);
  return {std::move(now->graph), std::move(now->mapping), std::move(reports)};
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
