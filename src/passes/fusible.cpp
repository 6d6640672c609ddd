#include "src/passes/fusible.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "dagrad/op.hpp"
#include "dagrad/ops/create.hpp"
#include "src/graph/rewriting.hpp"
#include "src/passes/limits.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

/// For how many lists of types the program of an op is remembered.
constexpr std::size_t most_remembered = 8;

/// Whether the program reads an operand of which the op uses only the type.
bool reads_type_only(const Program& program, const OpTraits& traits) {
  return std::any_of(program.steps.begin(), program.steps.end(), [&](const Instruction& step) {
    return step.primitive == Primitive::input && traits.uses_type_only(step.data);
  });
}

std::uint64_t bits_of(const Tensor& tensor) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, tensor.data(), size_of(tensor.dtype()));
  return bits;
}

/// Whether all elements have the same bits, and there are any.
bool is_uniform(const Tensor& tensor) {
  const auto* const data = static_cast<const std::byte*>(tensor.data());
  const std::size_t bytes = tensor.type().bytes(), of_one = size_of(tensor.dtype());
  return bytes > 0 && std::memcmp(data, data + of_one, bytes - of_one) == 0;
}

/// The bits of a result that is a constant of the program.
std::optional<std::uint64_t> constant_result(const Program& program) {
  const Instruction& step = program.steps[program.outputs[0]];
  if (program.outputs.size() != 1 || step.primitive != Primitive::constant) return {};
  return program.constants[step.data];
}

}  // namespace

FusibleNodes::FusibleNodes(const GraphData& graph, std::span<const Value> values)
    : graph_(graph), nodes_(needed(graph, values, {}, "fuse")) {
  facts_.resize(nodes_.empty() ? 0 : nodes_.back() + 1);
  ops_.resize(graph.ops.size());
  for (std::uint32_t type = 0; type < graph.types.size(); ++type)
    types_.push_back({graph.types[type].elements()});
  for (const Value& value : values) facts_[value.node_id()].requested = true;
  mark_read();
  for (const std::uint32_t node : nodes_)
    if (kind(node) != Kind::unused) classify(node);
}

/// Finds the nodes whose elements are read. Leaves are kept, so that they can still be fed.
void FusibleNodes::mark_read() {
  for (auto at = nodes_.rbegin(); at != nodes_.rend(); ++at) {
    Facts& facts = facts_[*at];
    if (facts.requested || graph_.records[*at].kind != NodeKind::op) facts.kind = Kind::single;
    if (facts.kind == Kind::unused) continue;
    for (const Edge& edge : graph_.operands_of(*at))
      if (!edge.type_only) facts_[edge.node].kind = Kind::single;
  }
}

void FusibleNodes::classify(std::uint32_t node) {
  const auto& record = graph_.records[node];
  if (record.kind == NodeKind::op) {
    classify_op(node, graph_.ops[record.op].op);
  } else if (record.kind == NodeKind::constant) {
    const Tensor& tensor = graph_.tensors[record.tensor];
    if (is_uniform(tensor)) set_fill(node, bits_of(tensor));
  }
  if (kind(node) == Kind::single && graph_.types_of(node).size() == 1) find_shape(node);
}

void FusibleNodes::classify_op(std::uint32_t node, const Op& op) {
  Facts& facts = facts_[node];
  const OpTraits& traits = op.traits();
  facts.ordered = traits.ordered;
  OfOp& of_op = ops_[graph_.records[node].op];
  if (!std::exchange(of_op.seen, true))
    if (const auto* const full = op.get_if<Full>()) of_op.full = bits_of(full->value);
  if (of_op.full) return set_fill(node, *of_op.full);
  if (traits.alias >= 0 && !traits.ordered && !traits.has_validate)
    return classify_reshape(node, graph_.operands_of(node)[static_cast<std::size_t>(traits.alias)]);
  if (!traits.elementwise || traits.ordered || traits.has_validate) return;
  const std::uint32_t at = find_program(node, op, of_op);
  const ForTypes& found = programs_[at];
  if (found.program == nullptr) return;
  if (found.constant) return set_fill(node, *found.constant);
  facts.takes_constants = found.takes_constants;
  if (computes_fill(node, *found.program)) return;
  facts.kind = Kind::elementwise;
  facts.program = at;
  find_shape(node);
  find_flat(node);
}

/// The position of the program of an elementwise op for the types of a node's operands.
std::uint32_t FusibleNodes::find_program(std::uint32_t node, const Op& op, OfOp& of_op) {
  in_types_.clear();
  for (const Edge& edge : graph_.operands_of(node)) in_types_.push_back(graph_.result(edge).type);
  for (std::uint32_t& at : of_op.programs) {
    if (programs_[at].types != in_types_) continue;
    std::swap(at, of_op.programs.front());
    return of_op.programs.front();
  }
  in_.clear();
  for (const std::uint32_t type : in_types_) in_.push_back(graph_.types[type]);
  ForTypes found{in_types_, op->program(in_)};
  const Program* const program = found.owned.get();
  if (program != nullptr && !program->outputs.empty() &&
      (op.traits().type_only == 0 || !reads_type_only(*program, op.traits()))) {
    found.program = program;
    found.constant = constant_result(*program);
    add_cost(found);
  }
  programs_.push_back(std::move(found));
  if (of_op.programs.size() == most_remembered) of_op.programs.pop_back();
  of_op.programs.insert(of_op.programs.begin(), static_cast<std::uint32_t>(programs_.size() - 1));
  return of_op.programs.front();
}

/// A reshape need not be made for what reads its elements.
void FusibleNodes::classify_reshape(std::uint32_t node, const Edge& operand) {
  if (graph_.type(operand).dtype != graph_.types_of(node)[0].dtype) return;
  if (!is_read(operand)) return set_fill(node, fill(operand.node));
  const Edge from = source(operand);
  facts_[node].kind = Kind::reshape;
  facts_[node].at = static_cast<std::uint32_t>(reshaped_.size());
  reshaped_.push_back(from);
  if (facts_[node].requested) facts_[from.node].requested = true;
}

/// Notes the shape of a node whose results have one.
void FusibleNodes::find_shape(std::uint32_t node) {
  const std::uint32_t type = graph_.result(Edge(node, 0, false)).type;
  OfType& of_type = types_[type];
  if (of_type.shape == no_node) {
    of_type.shape = shapes_.index(graph_.types[type].shape);
    elements_of_shape_.resize(shapes_.size(), of_type.elements);
  }
  facts_[node].at = of_type.shape;
  facts_[node].has_shape = true;
}

void FusibleNodes::find_flat(std::uint32_t node) {
  facts_[node].flat = std::ranges::all_of(graph_.operands_of(node), [&](const Edge& edge) {
    return !is_read(edge) || elements(edge) == elements(node) || elements(edge) == 1;
  });
}

/// Computes the result of a node that reads only fills, unless its bits depend on the machine.
bool FusibleNodes::computes_fill(std::uint32_t node, const Program& program) {
  const auto operands = graph_.operands_of(node);
  const auto is_known = [&](const Edge& edge) { return !is_read(edge); };
  if (!takes_constants(node) || !std::all_of(operands.begin(), operands.end(), is_known))
    return false;
  Recorder recorder;
  std::vector<Symbol> in;
  for (const Edge& edge : operands)
    in.push_back(edge.type_only ? Symbol(0)
                                : recorder.constant(fill(edge.node), graph_.type(edge).dtype));
  const std::vector<Symbol> out = inline_program(recorder, program, in);
  const auto bits = constant_result(*std::move(recorder).finish(out, f64));
  if (bits) set_fill(node, *bits);
  return bits.has_value();
}

void FusibleNodes::set_fill(std::uint32_t node, std::uint64_t bits) {
  facts_[node].kind = Kind::fill;
  facts_[node].at = static_cast<std::uint32_t>(fills_.size());
  fills_.push_back(bits);
}

void FusibleNodes::add_cost(ForTypes& found) {
  found.weight = weight_of(*found.program);
  // Which bits a function has depends on the machine. Values of narrow dtypes are rounded only when
  // they are stored, but constants are rounded in each step.
  for (const Instruction& step : found.program->steps)
    if (is_composite(step.primitive) || is_function(step.primitive) || is_stored_only(step.dtype))
      found.takes_constants = false;
}

std::uint32_t weight_of(const Program& program) {
  constexpr std::uint32_t of_composite = 12;  // about the length of its formula
  std::uint32_t weight = 0;
  for (const Instruction& step : program.steps)
    weight += is_composite(step.primitive) ? of_composite : arity_of(step.primitive) > 0 ? 1 : 0;
  return weight;
}

}  // namespace dagrad::detail
