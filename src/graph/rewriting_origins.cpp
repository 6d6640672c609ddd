#include <numeric>

#include "src/graph/rewriting.hpp"

/// The part of Rewriting that carries over scopes, names, forward nodes and origins.
namespace dagrad::detail {

Making Rewriting::making(std::uint32_t id) const {
  return {from_.names.scope_of(id), forward_of(id), from_.records[id].order, from_.where(id)};
}

/// The new node made for the forward node, or `no_node`.
std::uint32_t Rewriting::forward_of(std::uint32_t id) const {
  const std::uint32_t forward = from_.records[id].forward;
  if (forward == no_node || is_cut(forward, 0)) return no_node;
  const Mapping::To* const at = to(forward, 0);
  return at == nullptr ? no_node : at->node;
}

/// The provenance that is kept of a forward node missing from the new graph, as an index in its
/// `provenances`.
std::uint32_t Rewriting::lost_forward(std::uint32_t id) {
  const auto& record = from_.records[id];
  if (record.forward == no_node) return record.origin;
  const auto [at, added] = lost_forwards_.try_emplace(record.forward, no_node);
  if (added) {
    to_.provenances.push_back(*Access::node(from_.share(), id).provenance());
    at->second = to_.provenances.size() - 1;
  }
  return at->second;
}

/// Records that the new nodes were made from the old one.
void Rewriting::finish_nodes(std::uint32_t id, bool lost_forward_node) {
  for (std::uint32_t fresh = first_made_; fresh < to_.size(); ++fresh) {
    if (lost_forward_node) to_.records[fresh].origin = lost_forward(id);
    if (fresh != copied_ || !old_origins(id).empty()) add_origins(fresh, id);
  }
  if (copied_ != no_node) restore_name(id, copied_);
}

void Rewriting::keep_ordinal(std::uint32_t id) { to_.making.ordinal = from_.names.ordinal(id); }

/// Gives a new node the user-given name of the old one.
void Rewriting::restore_name(std::uint32_t id, std::uint32_t fresh) {
  if (!from_.names.user_given(id) || is_cut(id, 0)) return;
  const std::string full = from_.names.text(id);
  if (from_.names.scope_of(id) != to_.names.scope_of(fresh)) return;
  const std::string& scope = from_.names.scope_text(from_.names.scope_of(id));
  to_.names.restore(fresh, std::string_view(full).substr(scope.empty() ? 0 : scope.size() + 1));
}

/// Copies the names of all origins at once, since most of them are kept.
void Rewriting::take_over_origins() {
  to_.origin_names = from_.origin_names;
  to_.known_origins = from_.known_origins;
  to_.origins_of.reserve(from_.origins_of.size() + from_.size());
  first_origin_.resize(from_.origins_of.back().node + 2);
  for (const auto& [node, origin] : from_.origins_of) ++first_origin_[node + 1];
  std::partial_sum(first_origin_.begin(), first_origin_.end(), first_origin_.begin());
}

/// Adds the origins of an old node to those of a new one. Nothing is stored for a node whose only
/// origin is itself, as is the case for most copies.
void Rewriting::add_origins(std::uint32_t fresh, std::uint32_t id) {
  if (has_origins_.size() < to_.size()) has_origins_.resize(2 * std::size_t{to_.size()});
  if (!has_origins_[fresh] && fresh < first_made_)
    add_origin(fresh, new_names_.name_of(fresh), to_.where(fresh));
  const auto old = old_origins(id);
  if (old.empty()) return add_origin(fresh, old_names_.name_of(id), from_.where(id));
  for (const GraphData::OriginOf& of : old) to_.origins_of.push_back({fresh, of.origin});
  has_origins_[fresh] = true;
}

void Rewriting::add_origin(std::uint32_t fresh, const PartedNames::Name& name,
                           const Location& where) {
  auto& known = to_.known_origins;
  if (to_.origins_of.empty()) to_.origins_of.reserve(from_.size());
  if (known.empty() || known.back().name != name) known.push_back({name, where.line, where.file});
  to_.origins_of.push_back({fresh, known.size() - 1});
  has_origins_[fresh] = true;
}

}  // namespace dagrad::detail
