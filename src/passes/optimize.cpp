#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <ostream>
#include <string_view>

#include "dagrad/error.hpp"
#include "src/graph/view.hpp"
#include "src/passes/changes.hpp"
#include "src/passes/pass_chain.hpp"

namespace dagrad {

namespace {

using Counts = std::map<std::string, std::size_t>;

/// The number of nodes of each op, by name.
Counts count(const detail::PassChain& chain) {
  const detail::GraphView view(chain.graph());
  std::vector<std::size_t> of_op;  // by the index of the op, with its attributes
  std::vector<std::uint32_t> example;
  for (const std::uint32_t node : chain.nodes()) {
    const std::size_t op = view.op_index(node);
    if (op >= of_op.size()) {
      of_op.resize(op + 1);
      example.resize(op + 1);
    }
    ++of_op[op];
    example[op] = node;
  }
  Counts counts;
  for (std::size_t op = 0; op < of_op.size(); ++op)
    if (of_op[op] > 0) counts[std::string(view.op(example[op]).name())] += of_op[op];
  return counts;
}

std::vector<PassReport::Nodes> joined(const Counts& before, const Counts& after) {
  std::map<std::string, PassReport::Nodes> nodes;
  for (const auto& [op, n] : before) nodes[op].before = n;
  for (const auto& [op, n] : after) nodes[op].after = n;
  std::vector<PassReport::Nodes> list;
  for (auto& [op, of_op] : nodes) list.push_back({op, of_op.before, of_op.after});
  return list;
}

/// The rules that make values more accurate, then those that save work. They are made only once,
/// since that takes longer than compiling a small graph.
const std::vector<Rule>& all_rules() {
  static const std::vector<Rule> rules = [] {
    std::vector<Rule> all = stabilizing_rules(), others = simplifying_rules();
    all.insert(all.end(), others.begin(), others.end());
    return all;
  }();
  return rules;
}

}  // namespace

std::vector<Pass> default_passes() {
  const auto apply_all = [](const Graph& graph, std::span<const Value> values) {
    return detail::apply_some_rules(graph, values, all_rules());
  };
  Pass merge("merge_equal", detail::merge_equal_nodes);
  merge.repeats = true;
  return {merge, {"apply_rules", apply_all}, {"fold_constants", detail::fold_known_nodes}, merge};
}

std::vector<Pass> compile_passes() {
  const char* const asked = std::getenv("DAGRAD_PASSES");
  if (asked == nullptr) {
    std::vector<Pass> passes = default_passes();
    passes.emplace_back("sum_early", detail::sum_products_early);
    passes.emplace_back("take_early", detail::take_elements_early, true);
    passes.emplace_back("fuse", detail::fuse_groups, true);
    passes.emplace_back("fuse_sums", detail::sum_groups, true);
    passes.emplace_back("tile_rows", detail::tile_groups, true);
    passes.emplace_back("read_windows", detail::window_groups, true);
    passes.emplace_back("fuse_epilogues", detail::epilogue_groups, true);
    return passes;
  }
  if (std::string_view(asked) == "none") return {};
  throw ArgumentError(
      fmt::format("DAGRAD_PASSES must be \"none\" if it is set, got \"{}\"", asked));
}

Optimized optimize(const Graph& graph, ValueSpan values, std::span<const Pass> passes) {
  detail::PassChain chain(detail::Access::data(graph), values);
  std::vector<PassReport> reports;
  Counts before = count(chain);
  for (const Pass& pass : passes) {
    reports.push_back(chain.run(pass, nullptr));
    Counts after = count(chain);
    reports.back().nodes = joined(before, after);
    before = std::move(after);
  }
  Rewritten made = std::move(chain).finish();
  return {std::move(made.graph), std::move(made.mapping), std::move(reports)};
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

std::ostream& operator<<(std::ostream& out, const PassReport& report) {
  return out << to_string(report);
}

}  // namespace dagrad
