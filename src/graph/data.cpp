#include "src/graph/data.hpp"

#include <utility>

namespace dagrad::detail {

std::uint32_t GraphData::intern(Op op) {
  if (const auto at = known_pointers.find(op.get()); at != known_pointers.end()) return at->second;
  const std::size_t hash = op->hash() ^ op->type().hash_code();
  const auto [first, last] = known_ops.equal_range(hash);
  for (auto at = first; at != last; ++at)
    if (ops[at->second].op == op) return at->second;
  const auto index = static_cast<std::uint32_t>(ops.size());
  known_ops.emplace(hash, index);
  known_pointers.emplace(op.get(), index);
  const std::uint32_t name = names.op_index(op.name());
  ops.push_back({std::move(op), name});
  return index;
}

std::uint32_t GraphData::add(Record record, std::span<const Edge> from,
                             std::span<const Type> results,
                             std::span<const std::uint32_t> extents_of_results) {
  const std::uint32_t id = size();
  record.first_operand = static_cast<std::uint32_t>(operands.size());
  record.first_type = static_cast<std::uint32_t>(types.size());
  boost::add_vertex(boost);
  for (std::size_t i = 0; i < from.size(); ++i)
    boost::add_edge(
        from[i].node, id,
        EdgePorts{from[i].port, static_cast<std::uint32_t>(i) & most_operands, from[i].type_only},
        boost);
  operands.insert(operands.end(), from.begin(), from.end());
  types.insert(types.end(), results.begin(), results.end());
  extents.insert(extents.end(), extents_of_results.begin(), extents_of_results.end());
  names.add(ops[record.op].name);
  records.push_back(record);
  return id;
}

void GraphData::truncate(std::uint32_t to) {
  if (to >= size()) return;
  for (std::uint32_t id = size(); id-- > to;) {
    boost::clear_in_edges(id, boost);
    boost::remove_vertex(id, boost);  // the newest: nothing is renumbered
  }
  std::erase_if(known_literals, [&](const auto& known) { return known.second >= to; });
  for (std::uint32_t id = size(); id-- > to;)
    if (records[id].tensor != no_node) tensors.resize(records[id].tensor);
  operands.resize(records[to].first_operand);
  types.resize(records[to].first_type);
  extents.resize(records[to].first_type);
  records.resize(to);
  names.truncate(to);
}

}  // namespace dagrad::detail
