#include "src/passes/fused_op.hpp"

#include <algorithm>
#include <utility>

#include "dagrad/passes/fuse.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

// Loops keep the addresses of this many operands, and of as many results, without allocating.
constexpr std::size_t most_addresses = 64;

/// The position of a value in a list, to which it is added unless it is there.
template <class T, class Same>
std::uint32_t position(std::vector<T>& list, const T& value, const Same& same) {
  const auto at = std::find_if(list.begin(), list.end(), same);
  const auto position = static_cast<std::uint32_t>(at - list.begin());
  if (at == list.end()) list.push_back(value);
  return position;
}

}  // namespace

std::size_t FusedOps::Hash::operator()(const Key& key) const noexcept {
  std::uint64_t hash = key.size();
  for (const std::uint64_t word : key) hash = (hash ^ word ^ hash >> 29) * 0x9e3779b97f4a7c15U;
  return hash ^ hash >> 32;
}

std::optional<JointOp> FusedOps::make(std::uint32_t group) {
  trace(group);
  if (made_.operands.size() + made_.scalars.size() > most_addresses ||
      made_.results.size() + made_.parts_of.size() > most_addresses || !operands_have_shape())
    return {};
  auto at = known_.find(key_);
  if (at == known_.end()) at = known_.emplace(key_, record(group)).first;
  if (!at->second) return {};
  JointOp made = made_;
  made.op = at->second;
  return made;
}

/// Finds the operands and results of a group, and what its formula depends on.
void FusedOps::trace(std::uint32_t group) {
  made_.operands.clear();
  made_.results.clear();
  made_.scalars.clear();
  made_.parts_of.clear();
  read_.clear();
  key_.clear();
  sources_.clear();
  first_result_.clear();
  stored_.clear();
  shaped_ = shaped_node(group);
  std::uint32_t results = 0;
  for (const std::uint32_t node : groups_.members(group)) {
    trace_operands(node, group);
    first_result_.push_back(results);
    for (std::uint32_t port = 0; port < graph_.types_of(node).size(); ++port, ++results) {
      if (!groups_.is_stored(node, port) || parts_.replaces(node)) continue;
      made_.results.emplace_back(node, port, false);
      stored_.push_back(results);
    }
  }
  for (const std::uint32_t node : parts_.computed_by(group)) trace_early_part(node, group);
  key_.insert(key_.end(), stored_.begin(), stored_.end());
}

/// If the early part of a node has been computed, its result is one more operand.
void FusedOps::trace_operands(std::uint32_t node, std::uint32_t group) {
  const DividedProgram* const divided = parts_.of(node);
  key_.push_back(reinterpret_cast<std::uintptr_t>(divided == nullptr ? &nodes_.program(node)
                                                                     : divided->late.get()));
  const auto operands = graph_.operands_of(node);
  for (std::uint32_t i = 0; i < operands.size(); ++i)
    add(divided == nullptr || i == divided->late_operand ? source(operands[i], node, group)
                                                         : Source());
  if (divided == nullptr) return;
  const auto early = std::ranges::find_if(divided->early->steps, [&](const Instruction& step) {
    return step.primitive == Primitive::input && nodes_.is_read(operands[step.data]);
  });
  add({Source::Kind::outer, operand(operands[early->data], node, node)});
}

void FusedOps::trace_early_part(std::uint32_t node, std::uint32_t group) {
  const DividedProgram& divided = *parts_.of(node);
  key_.push_back(reinterpret_cast<std::uintptr_t>(divided.early.get()));
  const auto operands = graph_.operands_of(node);
  for (std::uint32_t i = 0; i < operands.size(); ++i)
    add(i == divided.late_operand ? Source() : source(operands[i], node, group));
  made_.parts_of.push_back(node);
}

void FusedOps::add(const Source& source) {
  sources_.push_back(source);
  add_to_key(source);
}

FusedOps::Source FusedOps::source(const Edge& edge, std::uint32_t user, std::uint32_t group) {
  using Kind = Source::Kind;
  if (edge.type_only) return {Kind::type_only, 0};
  const Edge value = nodes_.source(edge);
  if (groups_.of(value.node) == group) return {Kind::inner, inner(value, group)};
  if (nodes_.kind(edge.node) == FusibleNodes::Kind::fill) {
    if (nodes_.takes_constants(user)) return {Kind::fill, edge.node};
    const ScalarOperand number = scalar(edge.node);
    return {Kind::scalar, position(made_.scalars, number,
                                   [&](const ScalarOperand& other) { return other == number; })};
  }
  return {Kind::outer, operand(edge, user, FusionGroups::none)};
}

/// The position of an operand of the op. A flat node reads it in the shape of the op, or as a
/// scalar.
std::uint32_t FusedOps::operand(const Edge& edge, std::uint32_t user, std::uint32_t part_of) {
  static constexpr Shape scalar;
  const Edge source = nodes_.source(edge);
  const Shape& own = graph_.type(edge).shape;
  JointOperand added{edge, &own, part_of};
  if (nodes_.shape(user) != nodes_.shape(shaped_))
    added.shape = nodes_.elements(edge) == nodes_.elements(shaped_) ? &shape() : &scalar;
  if (own != *added.shape) added.value = source;
  for (std::uint32_t i = 0; i < read_.size(); ++i)
    if (read_[i].node == source.node && read_[i].port == source.port &&
        made_.operands[i].part_of == part_of && *made_.operands[i].shape == *added.shape)
      return i;
  read_.push_back(source);
  made_.operands.push_back(added);
  return static_cast<std::uint32_t>(read_.size() - 1);
}

void FusedOps::add_to_key(const Source& source) {
  const bool fill = source.kind == Source::Kind::fill;
  DType dtype = b8;
  if (source.kind == Source::Kind::outer) dtype = dtype_of(made_.operands[source.at]);
  if (source.kind == Source::Kind::scalar) dtype = made_.scalars[source.at].dtype;
  if (fill) dtype = scalar(source.at).dtype;
  key_.push_back(static_cast<std::uint64_t>(source.kind) << 40 |
                 static_cast<std::uint64_t>(dtype) << 32 | (fill ? 0 : source.at));
  if (fill) key_.push_back(scalar(source.at).bits);
}

DType FusedOps::dtype_of(const JointOperand& operand) const {
  const DividedProgram* const divided = parts_.of(operand.part_of);
  return divided == nullptr ? graph_.type(operand.value).dtype : divided->early->output_dtype(0);
}

/// The position of a value among all results in its group.
std::uint32_t FusedOps::inner(const Edge& edge, std::uint32_t group) const {
  const auto members = groups_.members(group);
  const auto at = std::lower_bound(members.begin(), members.end(), edge.node);
  return first_result_[static_cast<std::size_t>(at - members.begin())] + edge.port;
}

/// A node that has the shape in which the op of a group computes: one that is not flat, or the last
/// node if all are.
std::uint32_t FusedOps::shaped_node(std::uint32_t group) const {
  const auto members = groups_.members(group);
  const auto shaped =
      std::ranges::find_if(members, [&](std::uint32_t node) { return !nodes_.is_flat(node); });
  return shaped == members.end() ? members.back() : *shaped;
}

/// Whether the operands broadcast to the shape of the op without those of which only the type is
/// used and those that have become constants.
bool FusedOps::operands_have_shape() const {
  Shape common;
  for (const JointOperand& operand : made_.operands) {
    if (*operand.shape == shape()) return true;  // all others broadcast to it
    common = broadcast(common, *operand.shape);
  }
  return common == shape();
}

/// The op of the traced group. Empty if a function would get a constant from another node, because
/// its bits might not be those of a run.
Op FusedOps::record(std::uint32_t group) const {
  Recorder recorder;
  std::vector<Symbol> outer, scalars, inner, in, computed, results;
  for (const JointOperand& operand : made_.operands)
    outer.push_back(recorder.input(dtype_of(operand)));
  for (const ScalarOperand& number : made_.scalars) scalars.push_back(recorder.input(number.dtype));
  const auto symbol = [&](const Source& source) {
    switch (source.kind) {
      case Source::Kind::inner:
        return inner[source.at];
      case Source::Kind::outer:
        return outer[source.at];
      case Source::Kind::scalar:
        return scalars[source.at];
      case Source::Kind::fill:
        return recorder.constant(scalar(source.at).bits, scalar(source.at).dtype);
      default:
        return Symbol(0);  // it is not used
    }
  };
  const auto is_constant = [&](const Symbol& x) {
    return !x.is_literal() && recorder.program().steps[x.step()].primitive == Primitive::constant;
  };
  auto source = sources_.begin();
  const auto append = [&](std::uint32_t node, const Program& program) {
    in.clear();
    bool takes_all = true;
    for (std::size_t i = 0; i < program.inputs.size(); ++i, ++source) {
      in.push_back(symbol(*source));
      takes_all = takes_all && (!is_constant(in.back()) || nodes_.takes_constants(node));
    }
    if (takes_all) computed = inline_program(recorder, program, in);
    return takes_all;
  };
  for (const std::uint32_t node : groups_.members(group)) {
    const DividedProgram* const divided = parts_.of(node);
    if (!append(node, divided == nullptr ? nodes_.program(node) : *divided->late)) return {};
    inner.insert(inner.end(), computed.begin(), computed.end());
  }
  for (const std::uint32_t result : stored_) results.push_back(inner[result]);
  for (const std::uint32_t node : parts_.computed_by(group)) {
    if (!append(node, *parts_.of(node)->early)) return {};
    results.push_back(computed[0]);
  }
  return Fused{{"fused", std::move(recorder).finish(results, f64)}};
}

}  // namespace dagrad::detail
