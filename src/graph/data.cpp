#include "src/graph/data.hpp"

#include <algorithm>
#include <utility>

#include "src/graph/room.hpp"

namespace dagrad::detail {

std::uint64_t GraphData::open_scope(std::string_view name) {
  const std::uint32_t inner = names.scope(making.scope, name);
  open_scopes.push_back({scope_openings, making.scope});
  making.scope = inner;
  return scope_openings++;
}

void GraphData::close_scope(std::uint64_t opening) noexcept {
  const auto at = std::lower_bound(
      open_scopes.begin(), open_scopes.end(), opening,
      [](const OpenScope& scope, std::uint64_t number) { return scope.opening < number; });
  at->closed = true;
  while (!open_scopes.empty() && open_scopes.back().closed) {
    making.scope = open_scopes.back().outer;
    open_scopes.pop_back();
  }
}

std::uint32_t GraphData::intern(Op op) {
  if (const auto at = known_pointers.find(op.get()); at != known_pointers.end()) return at->second;
  const std::size_t hash = op->hash();
  const auto [first, last] = known_ops.equal_range(hash);
  for (auto at = first; at != last; ++at)
    if (ops[at->second].op == op) return at->second;
  const auto index = static_cast<std::uint32_t>(ops.size());
  const OpInterface* const pointer = op.get();
  const std::uint32_t name = names.op_index(op.name());
  make_room(ops, 1);
  known_ops.emplace(hash, index);
  ops.push_back({std::move(op), name});
  known_pointers.emplace(pointer, index);  // should this fail, the op is still known by its value
  return index;
}

std::uint32_t GraphData::add(Record record, std::span<const Edge> from,
                             std::span<const Type> results,
                             std::span<const std::uint32_t> extents_of_results) {
  const std::uint32_t id = size();
  record.first_operand = static_cast<std::uint32_t>(operands.size());
  record.first_type = static_cast<std::uint32_t>(types.size());
  try {
    connect(id, from);
    names.add(ops[record.op].name, record.scope, making.ordinal);
    operands.insert(operands.end(), from.begin(), from.end());
    types.insert(types.end(), results.begin(), results.end());
    extents.insert(extents.end(), extents_of_results.begin(), extents_of_results.end());
    records.push_back(record);
  } catch (...) {
    operands.resize(record.first_operand);
    types.resize(record.first_type);
    extents.resize(record.first_type);
    truncate(id);
    throw;
  }
  return id;
}

void GraphData::connect(std::uint32_t id, std::span<const Edge> from) {
  boost::add_vertex(boost);
  // With room in the lists of both its ends, an edge is added at both or at neither.
  make_room(boost::in_edge_list(boost, id), from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    make_room(boost.out_edge_list(from[i].node), 1);
    boost::add_edge(
        from[i].node, id,
        EdgePorts{from[i].port, static_cast<std::uint32_t>(i) & most_operands, from[i].type_only},
        boost);
  }
}

void GraphData::truncate(std::uint32_t to) noexcept {
  // The graph and the names may be a node ahead of the records, where that could not be added.
  for (auto id = boost::num_vertices(boost); id-- > to;) {
    boost::clear_in_edges(id, boost);
    boost::remove_vertex(id, boost);  // the newest: nothing is renumbered
  }
  names.truncate(to);
  if (to >= size()) return;
  std::erase_if(known_literals, [&](const auto& known) { return known.second >= to; });
  for (std::uint32_t id = size(); id-- > to;)
    if (records[id].tensor != no_node) tensors.resize(records[id].tensor);
  operands.resize(records[to].first_operand);
  types.resize(records[to].first_type);
  extents.resize(records[to].first_type);
  records.resize(to);
}

}  // namespace dagrad::detail
