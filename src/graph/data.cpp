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
  known_pointers.emplace(pointer, index);  // if this fails, the op is still found by value
  return index;
}

std::uint32_t GraphData::add(std::uint32_t op, NodeKind kind, std::span<const Edge> operands,
                             std::span<const Result> results_of_node, Location call) {
  const Location where = placed(call);
  const std::uint32_t file = files.index(where.file);
  edges.make_room(operands.size());
  records.make_room(1);
  first_results.make_room(1);
  results.make_room(results_of_node.size());
  names.add(ops[op].name, making.scope, making.ordinal);
  // From here on nothing can fail.
  edges.append(operands);
  records.push_back({.op = op,
                     .forward = making.forward,
                     .origin = no_node,
                     .tensor = no_node,
                     .file = file,
                     .line = where.line,
                     .number = 0,
                     .order = making.order,
                     .kind = kind});
  first_results.push_back(results.size());
  for (const Result& result : results_of_node) results.push_back(result);
  return size() - 1;
}

void GraphData::copy_cotangents(const GraphData& from,
                                const std::function<std::optional<Edge>(const Edge&)>& find) {
  std::vector<std::uint32_t> here(from.differentiations.size(), no_node);
  for (std::size_t i = 0; i < here.size(); ++i) {
    const std::optional<Edge> y = find(from.differentiations[i].y);
    if (!y) continue;
    here[i] = static_cast<std::uint32_t>(differentiations.size());
    differentiations.push_back({*y, from.differentiations[i].seeded});
  }
  for (const Cotangent& old : from.cotangents) {
    if (here[old.call] == no_node) continue;
    const std::optional<Edge> value = find(old.value), x = find(old.x);
    if (value && x) cotangents.push_back({*value, *x, here[old.call], old.asked});
  }
}

void GraphData::truncate(std::uint32_t to) noexcept {
  if (to >= size()) return;
  std::erase_if(known_literals, [&](const auto& known) { return known.second >= to; });
  for (std::uint32_t id = size(); id-- > to;)
    if (records[id].tensor != no_node) tensors.resize(records[id].tensor);
  std::erase_if(cotangents, [&](const Cotangent& known) {
    return known.value.node >= to || differentiations[known.call].y.node >= to;
  });
  while (!differentiations.empty() && differentiations.back().y.node >= to)
    differentiations.pop_back();
  while (!inputs.empty() && inputs.back() >= to) inputs.pop_back();
  edges.truncate(to);
  names.truncate(to);
  results.truncate(first_results[to]);
  first_results.truncate(to);
  records.truncate(to);
}

}  // namespace dagrad::detail
