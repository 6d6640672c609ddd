#include <algorithm>
#include <exception>

#include "dagrad/apply.hpp"
#include "src/graph/data.hpp"
#include "src/graph/name_check.hpp"

namespace dagrad {

namespace {

/// The graph of the first value; null if all are plain numbers.
detail::GraphData* graph_of(std::span<const Operand> operands) {
  const auto value = std::find_if_not(operands.begin(), operands.end(),
                                      [](const Operand& x) { return x.is_literal(); });
  return value == operands.end() ? nullptr : &detail::Access::data(value->value());
}

}  // namespace

Building::Building(detail::GraphData* graph, Location where)
    : exceptions_(std::uncaught_exceptions()) {
  if (graph == nullptr) return;
  graph_ = graph->share();
  size_ = graph->size();
  placed_ = graph->making.where.line == 0;
  if (placed_) graph->making.where = where;
}
Building::Building(std::span<const Operand> operands)
    : Building(graph_of(operands), operands.empty() ? Location{} : operands.front().where()) {}
Building::Building(std::span<const Value> values, Location where)
    : Building(values.empty() ? nullptr : &detail::Access::data(values.front()), where) {}
Building::Building(const Graph& graph, Location where)
    : Building(&detail::Access::data(graph), where) {}

Value Building::parameter(std::string_view name, const Tensor& initial) const {
  if (!graph_) throw GraphError("a parameter needs a graph, but all operands are plain numbers");
  detail::check_name(name, detail::Named::node, detail::longest_full_name);
  return detail::add_leaf(*graph_->graph, NodeKind::parameter, initial.type(), name, &initial, {});
}

Building::~Building() {
  detail::GraphData* const graph = graph_ ? graph_->graph : nullptr;
  if (graph == nullptr) return;
  if (placed_) graph->making.where = {};
  if (std::uncaught_exceptions() > exceptions_) graph->truncate(size_);
}

}  // namespace dagrad
