#include "src/graph/view.hpp"

#include <algorithm>
#include <utility>

#include "src/graph/data.hpp"

namespace dagrad::detail {

std::uint32_t GraphView::size() const { return data_->size(); }
NodeKind GraphView::kind(std::uint32_t node) const { return data_->records[node].kind; }
const Op& GraphView::op(std::uint32_t node) const { return data_->ops[data_->records[node].op].op; }
std::uint32_t GraphView::op_index(std::uint32_t node) const { return data_->records[node].op; }
std::span<const Edge> GraphView::operands(std::uint32_t node) const {
  return data_->operands_of(node);
}
ResultTypes GraphView::results(std::uint32_t node) const { return data_->types_of(node); }
const Type& GraphView::type(const Edge& edge) const { return data_->type(edge); }
std::uint32_t GraphView::type_index(const Edge& edge) const { return data_->result(edge).type; }
const Tensor& GraphView::tensor(std::uint32_t node) const {
  return data_->tensors[data_->records[node].tensor];
}
std::string GraphView::name(std::uint32_t node) const { return data_->names.text(node); }
PartedNames::Reader GraphView::name_reader(PartedNames& to) const {
  to = data_->origin_names;
  return {to, data_->names};
}
bool GraphView::has_origins(std::uint32_t node) const { return data_->has_origins(node); }
std::size_t GraphView::origins() const { return data_->origins_of.size(); }
void GraphView::origin_names(std::uint32_t node, PartedNames::Reader& reader,
                             std::vector<PartedNames::Name>& out) const {
  out.clear();
  for (const auto& of : data_->origins(node)) out.push_back(data_->known_origins[of.origin].name);
  if (out.empty()) out.push_back(reader.name_of(node));
}
std::vector<Origin> GraphView::origins(std::uint32_t node) const {
  return Access::node(data_->share(), node).origins();
}
std::span<const std::uint32_t> GraphView::inputs() const { return data_->inputs; }
std::span<const InputAlias> GraphView::input_aliases() const { return data_->input_aliases; }
std::span<const Cotangent> GraphView::cotangents() const { return data_->cotangents; }
const Differentiation& GraphView::differentiation(const Cotangent& cotangent) const {
  return data_->differentiations[cotangent.call];
}
Location GraphView::where(std::uint32_t node) const { return data_->where(node); }
int GraphView::gradient_order(std::uint32_t node) const { return data_->records[node].order; }
bool GraphView::same_extent(const Edge& a, const Edge& b) const {
  return data_->extents.same(data_->result(a).extent, data_->result(b).extent);
}
Value GraphView::value(std::uint32_t node, std::uint32_t port) const {
  return Access::value(data_->share(), node, port);
}

ControlPtr GraphView::control() const { return data_->share(); }

void GraphView::operand_types(std::uint32_t node, std::vector<Type>& out) const {
  out.clear();
  for (const Edge& edge : operands(node)) out.push_back(type(edge));
}

void GraphView::result_types(std::uint32_t node, std::vector<Type>& out) const {
  out.clear();
  const ResultTypes types = results(node);
  for (std::size_t port = 0; port < types.size(); ++port) out.push_back(types[port]);
}

std::uint32_t NodeNumbers::of(std::uint32_t node) const { return graph_.records[node].number; }

bool NodeNumbers::has(std::uint32_t node) const {
  const std::uint32_t number = of(node);  // may be left over from another numbering
  return number < nodes_.size() && nodes_[number] == node;
}

bool NodeNumbers::add(std::uint32_t node) {
  if (has(node)) return false;
  graph_.records[node].number = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back(node);
  return true;
}

void NodeNumbers::sort() {
  constexpr std::size_t sparse = 8;  // above this ratio, sorting is cheaper than scanning all nodes
  if (nodes_.empty()) return;
  const auto [oldest, youngest] = std::minmax_element(nodes_.begin(), nodes_.end());
  if (std::is_sorted(nodes_.rbegin(), nodes_.rend())) {  // as in a chain that was walked backwards
    std::reverse(nodes_.begin(), nodes_.end());
  } else if (*youngest - *oldest > sparse * nodes_.size()) {
    std::sort(nodes_.begin(), nodes_.end());
  } else {
    std::vector<std::uint32_t> sorted;
    sorted.reserve(nodes_.size());
    for (std::uint32_t node = *oldest; node <= *youngest; ++node)
      if (has(node)) sorted.push_back(node);
    nodes_.swap(sorted);
  }
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) graph_.records[nodes_[i]].number = i;
}

std::string place(const GraphView& graph, std::uint32_t node) {
  return "node '" + graph.name(node) + "', made at " + to_string(graph.where(node));
}

Making in_gradient_of(const GraphData& graph, std::uint32_t node, int order) {
  return {graph.names.scope_of(node), node, static_cast<std::uint16_t>(order), graph.where(node)};
}
Making in_place_of(const GraphData& graph, std::uint32_t node) {
  const auto& record = graph.records[node];
  return {graph.names.scope_of(node), record.forward, record.order, graph.where(node)};
}

MadeAs::MadeAs(GraphData& graph, const Making& making)
    : graph_(graph), outer_(std::exchange(graph.making, making)) {}
MadeAs::~MadeAs() { graph_.making = outer_; }

}  // namespace dagrad::detail
