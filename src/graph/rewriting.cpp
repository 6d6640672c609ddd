#include "src/graph/rewriting.hpp"

#include <algorithm>

#include "dagrad/apply.hpp"

namespace dagrad::detail {

namespace {

/// The table of new values grows by so many places at a time.
constexpr std::size_t spare_places = 1024;

}  // namespace

Rewriting::Rewriting(const GraphData& from, std::string_view name, Retypes retypes)
    : from_(from),
      name_(name),
      retypes_(retypes),
      to_(Access::data(result_.graph)),
      old_names_(to_.origin_names, from.names),
      new_names_(to_.origin_names, to_.names) {
  result_.mapping.from_ = from.share();
  result_.mapping.to_ = to_.share();
  result_.mapping.first_.reserve(from.size() + spare_places);
  result_.mapping.results_.reserve(from.results.size());
  to_.names.follow(from.names);
  to_.provenances = from.provenances;
  if (!from.origins_of.empty()) take_over_origins();
}

void Rewriting::visit(std::uint32_t id, const Visit& visit) {
  make_for(id, [&] {
    Rewriter rewriter(*this, id);
    visit(rewriter, Access::node(from_.share(), id));
    if (rewriter.said_ == Rewriter::Said::nothing) copy(id);
  });
}

void Rewriting::cut(const Value& value) {
  const std::uint32_t id = value.node_id();
  std::string name = from_.names.text(id);
  if (value.port() > 0) name += "." + std::to_string(value.port());
  const Value input = add_leaf(to_, NodeKind::input, value.type(), name, {}, from_.where(id));
  map(id, value.port(), {input.node_id(), 0});
  if (from_.records[id].kind != NodeKind::input)
    to_.input_aliases.push_back({from_.share(), id, value.port(), input.node_id()});
  cut_.insert(key(id, value.port()));
}

void Rewriting::redirect(const Value& from, const Value& to) {
  instead_[key(from.node_id(), from.port())] = {to.node_id(), to.port(), false};
}

Rewritten Rewriting::finish() && {
  const auto by_node = [](const auto& a, const auto& b) { return a.node < b.node; };
  if (!std::ranges::is_sorted(to_.origins_of, by_node))
    std::ranges::stable_sort(to_.origins_of, by_node);
  for (const InputAlias& old : from_.input_aliases)
    if (const Mapping::To* const at = to(old.input, 0);
        at != nullptr && to_.records[at->node].kind == NodeKind::input)
      to_.input_aliases.push_back({old.graph, old.node, old.port, at->node});
  to_.copy_cotangents(from_, [&](const Edge& edge) { return find(edge); });
  to_.making = {};
  return std::move(result_);
}

// ---- what becomes of a node

void Rewriting::copy(std::uint32_t id) {
  if (from_.records[id].kind != NodeKind::op) return copy_leaf(id, from_.types_of(id)[0]);
  edges_.clear();
  for (const Edge& edge : from_.operands_of(id)) edges_.push_back(moved(id, edge));
  const Op& op = from_.ops[from_.records[id].op].op;
  if (retypes_ != Retypes::none || op.traits().has_validate) return copy(id, op, edges_);
  keep_ordinal(id);
  copy_alike(id, edges_);
}

void Rewriting::copy(std::uint32_t id, const Op& op, std::span<const Value> operands) {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    check_owner(to_, operands[i], name_);
    edges.push_back({operands[i].node_id(), operands[i].port(), op.traits().uses_type_only(i)});
  }
  copy(id, op, edges);
}

void Rewriting::copy(std::uint32_t id, const Op& op, std::span<const Edge> operands) {
  const Op& old = from_.ops[from_.records[id].op].op;
  if (op.get() == old.get() || op.name() == old.name()) keep_ordinal(id);
  if (like_before(id, op, operands))
    copy_alike(id, operands);
  else
    become(id, append_node(to_, op, operands, {}));
}

/// Copies a node with operands of the types that the old ones have, so that its results have those
/// of the old ones.
void Rewriting::copy_alike(std::uint32_t id, std::span<const Edge> operands) {
  const std::uint32_t first = from_.first_results[id], n = from_.types_of(id).size();
  to_.new_results.clear();
  for (std::uint32_t port = 0; port < n; ++port)
    to_.new_results.push_back({type_index(from_.results[first + port].type), Extents::scalar});
  copied_ = add_node(to_, op_index(id), operands, {});
  to_.making.ordinal = Names::none;
  for (std::uint32_t port = 0; port < n; ++port) map(id, port, {copied_, port});
}

void Rewriting::copy_leaf(std::uint32_t id, const Type& type) {
  check_type(id, 0, type);
  const auto& record = from_.records[id];
  std::optional<Tensor> tensor;
  if (record.tensor != no_node) {
    const Tensor& held = from_.tensors[record.tensor];
    tensor = held.type() == type ? held : retyped(id, type);
  }
  copy_leaf(id, type, std::move(tensor));
}

void Rewriting::copy_leaf(std::uint32_t id, const Type& type, std::optional<Tensor> tensor) {
  check_type(id, 0, type);
  keep_ordinal(id);
  become(id, add_leaf(to_, from_.records[id].kind, type, {}, std::move(tensor), {}).node_id());
}

/// Whether a node with these operands has the same types as the old one and needs no new checks.
bool Rewriting::like_before(std::uint32_t id, const Op& op, std::span<const Edge> operands) {
  if (op.get() != from_.ops[from_.records[id].op].op.get() || op.traits().has_validate)
    return false;
  const auto old = from_.operands_of(id);
  if (old.size() != operands.size()) return false;
  for (std::size_t i = 0; i < old.size(); ++i)
    if (type_index(from_.result(old[i]).type) != to_.result(operands[i]).type) return false;
  return true;
}

std::uint32_t Rewriting::op_index(std::uint32_t id) {
  const std::uint32_t old = from_.records[id].op;
  if (old >= ops_.size()) ops_.resize(from_.ops.size(), no_node);
  if (ops_[old] == no_node) ops_[old] = to_.intern(from_.ops[old].op);
  return ops_[old];
}

/// The index in the new graph of a type of the old one.
std::uint32_t Rewriting::type_index(std::uint32_t index) {
  if (index >= types_.size()) types_.resize(from_.types.size(), no_node);
  if (types_[index] == no_node) types_[index] = to_.types.index(from_.types[index]);
  return types_[index];
}

void Rewriting::become(std::uint32_t id, std::uint32_t fresh) {
  to_.making.ordinal = Names::none;
  const std::size_t was = from_.types_of(id).size(), is = to_.types_of(fresh).size();
  if (was != is)
    throw GraphError(std::string(name_) + ": '" + from_.names.text(id) + "' has " +
                     std::to_string(was) + " results, but its copy has " + std::to_string(is));
  copied_ = fresh;
  for (std::uint32_t port = 0; port < is; ++port) {
    if (to_.result(Edge(fresh, port, false)).type !=
        type_index(from_.result(Edge(id, port, false)).type))
      check_type(id, port, to_.types_of(fresh)[port]);
    map(id, port, {fresh, port});
  }
}

void Rewriting::replace(std::uint32_t id, std::span<const Value> results) {
  const std::size_t wanted = from_.types_of(id).size();
  if (results.size() != wanted)
    throw GraphError(std::string(name_) + ": '" + from_.names.text(id) + "' has " +
                     std::to_string(wanted) + " results, but " + std::to_string(results.size()) +
                     " replacements are given");
  for (std::uint32_t port = 0; port < wanted; ++port) {
    check_owner(to_, results[port], name_);
    check_type(id, port, results[port].type());
    map(id, port, {results[port].node_id(), results[port].port()});
    const std::uint32_t node = results[port].node_id();
    if (node < first_made_ && (port == 0 || node != results[port - 1].node_id()))
      add_origins(node, id);
  }
  const std::uint32_t first = results[0].node_id();
  if (copied_ == no_node && !to_.names.user_given(first)) restore_name(id, first);
}

void Rewriting::join(std::uint32_t id, std::uint32_t joint, std::span<const Edge> results) {
  std::uint32_t named = no_node;
  for (std::uint32_t port = 0; port < results.size(); ++port) {
    const Edge& result = results[port];
    if (result.node == no_node) continue;
    check_type(id, port, to_.type(result));
    map(id, port, {result.node, result.port});
    if (named == no_node) named = result.node;
  }
  if (joint < first_made_) add_origins(joint, id);
  if (named != no_node && !to_.names.user_given(named)) restore_name(id, named);
}

std::vector<Value> Rewriting::results(std::uint32_t id) const {
  std::vector<Value> values;
  for (std::uint32_t port = 0; port < from_.types_of(id).size(); ++port) {
    const Mapping::To* const at = to(id, port);
    values.push_back(Access::value(to_.share(), at->node, at->port));
  }
  return values;
}

// ---- old values and new ones

void Rewriting::map(std::uint32_t id, std::uint32_t port, const Mapping::To& to) {
  if (is_cut(id, port)) return;
  Mapping& mapping = result_.mapping;
  if (id >= mapping.first_.size()) mapping.first_.resize(id + 1 + spare_places, Mapping::none);
  if (mapping.first_[id] == Mapping::none) {
    mapping.first_[id] = static_cast<std::uint32_t>(mapping.results_.size());
    mapping.results_.resize(mapping.results_.size() + from_.types_of(id).size());
  }
  Mapping::To& at = mapping.results_[mapping.first_[id] + port];
  if (at.node == Mapping::none) ++mapping.size_;
  at = to;
  if (from_.records[id].kind == NodeKind::input && to_.records[to.node].kind == NodeKind::input)
    to_.input_aliases.push_back({from_.share(), id, port, to.node});
}

void Rewriting::refuse_dropped(std::uint32_t user, const Edge& operand) const {
  throw GraphError(std::string(name_) + ": '" + from_.names.text(user) + "' needs '" +
                   value_name(operand.node, operand.port) + "', which has been dropped");
}

std::string Rewriting::value_name(std::uint32_t id, std::uint32_t port) const {
  return Access::value(from_.share(), id, port).name();
}

// ---- types

void Rewriting::check_type(std::uint32_t id, std::uint32_t port, const Type& type) const {
  const Type& old = from_.types_of(id)[port];
  if (type == old) return;
  const std::string text = std::string(name_) + ": '" + value_name(id, port) + "' is " +
                           to_string(old) + " and would become " + to_string(type);
  const std::string where = dagrad::made_at(from_.where(id));
  if (retypes_ == Retypes::none) throw TypeError(text + ": this rewrite keeps types" + where);
  // Builders and rules resolve axes by the rank that they see, so nodes made for another rank would
  // be wrong.
  if (retypes_ == Retypes::sizes && type.shape.rank() != old.shape.rank())
    throw ShapeError(
        text + ": a replay can change sizes but not the number of axes; build the graph again" +
        where);
}

Tensor Rewriting::retyped(std::uint32_t id, const Type& type) const {
  const auto& record = from_.records[id];
  const Tensor& tensor = from_.tensors[record.tensor];
  if (tensor.shape() != type.shape)
    throw ShapeError(
        std::string(name_) + ": " + (record.kind == NodeKind::constant ? "constant" : "parameter") +
        " '" + from_.names.text(id) + "' holds " + to_string(tensor.type()) +
        ", which cannot become " + to_string(type) + ": only inputs can change their shape");
  return tensor.cast(type.dtype);
}

}  // namespace dagrad::detail
