#include <algorithm>
#include <exception>

#include "dagrad/apply.hpp"
#include "src/graph/data.hpp"
#include "src/graph/name_check.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad {

namespace {

/// The graph of the first value; null if all are plain numbers.
detail::GraphData* graph_of(std::span<const Operand> operands) {
  const auto value = std::find_if_not(operands.begin(), operands.end(),
                                      [](const Operand& x) { return x.is_literal(); });
  return value == operands.end() ? nullptr : &detail::Access::data(value->value());
}

}  // namespace

Building::Building(std::string_view name, detail::GraphData* graph, Location where)
    : exceptions_(std::uncaught_exceptions()), name_(name), where_(where) {
  if (graph == nullptr) return;
  graph_ = graph->share();
  size_ = graph->size();
  detail::Making& making = graph->making;
  placed_ = making.where.line == 0;
  if (placed_) making.where = where;
  named_ = making.builder.empty();
  if (named_) making.builder = name;
}
Building::Building(std::string_view name, std::span<const Operand> operands)
    : Building(name, graph_of(operands), operands.empty() ? Location{} : operands.front().where()) {
}
Building::Building(std::string_view name, std::span<const Value> values, Location where)
    : Building(name, values.empty() ? nullptr : &detail::Access::data(values.front()), where) {}
Building::Building(std::string_view name, const Graph& graph, Location where)
    : Building(name, &detail::Access::data(graph), where) {}

void Building::rethrow() const {
  const detail::GraphData* const graph = graph_ ? graph_->graph : nullptr;
  const std::string own(name_);
  const std::string name = graph ? std::string(graph->making.builder) : own;
  const std::string part = name == own || own.empty() ? "" : " (in " + own + ")";
  detail::rethrow(name.empty() ? name : name + ": ",
                  part + (graph ? detail::made_at(*graph, where_) : made_at(where_)), name, where_);
}

Value Building::parameter(std::string_view name, const Tensor& initial) const {
  if (!graph_) throw GraphError("a parameter needs a graph, but all operands are plain numbers");
  detail::GraphData& graph = *graph_->graph;
  return detail::told_at(graph.making.where, [&] {
    detail::check_name(name, detail::Named::node, detail::longest_full_name);
    return detail::add_leaf(graph, NodeKind::parameter, initial.type(), name, initial, {});
  });
}

Building::~Building() {
  detail::GraphData* const graph = graph_ ? graph_->graph : nullptr;
  if (graph == nullptr) return;
  if (placed_) graph->making.where = {};
  if (named_) graph->making.builder = {};
  if (std::uncaught_exceptions() > exceptions_) graph->truncate(size_);
}

}  // namespace dagrad
