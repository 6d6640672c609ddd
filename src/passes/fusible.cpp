#include "src/passes/fusible.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "dagrad/op.hpp"
#include "dagrad/ops/create.hpp"
#include "src/graph/rewriting.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

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
  programs_.resize(facts_.size());
  recent_.resize(graph.ops.size());
  for (std::uint32_t type = 0; type < graph.types.size(); ++type)
    elements_.push_back(graph.types[type].elements());
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
}

void FusibleNodes::classify_op(std::uint32_t node, const Op& op) {
  Facts& facts = facts_[node];
  const OpTraits& traits = op.traits();
  facts.ordered = traits.ordered;
  Recent& recent = recent_[graph_.records[node].op];
  if (!std::exchange(recent.seen, true))
    if (const auto* const full = op.get_if<Full>()) recent.full = bits_of(full->value);
  if (recent.full) return set_fill(node, *recent.full);
  if (traits.alias >= 0 && !traits.ordered && !traits.has_validate)
    return classify_reshape(node, graph_.operands_of(node)[static_cast<std::size_t>(traits.alias)]);
  if (!traits.elementwise || traits.ordered || traits.has_validate) return;
  find_program(node, op, recent);
  if (recent.program == nullptr) return;
  if (recent.constant) return set_fill(node, *recent.constant);
  facts.takes_constants = recent.cost.takes_constants;
  if (computes_fill(node, *recent.program)) return;
  facts.kind = Kind::elementwise;
  facts.weight = recent.cost.weight;
  classify_shape(node);
  programs_[node] = recent.program;
}

/// Finds the program of an elementwise op for the types of a node's operands.
void FusibleNodes::find_program(std::uint32_t node, const Op& op, Recent& recent) {
  types_.clear();
  for (const Edge& edge : graph_.operands_of(node)) types_.push_back(graph_.result(edge).type);
  if (recent.known && recent.types == types_) return;
  in_.clear();
  for (const std::uint32_t type : types_) in_.push_back(graph_.types[type]);
  owned_.push_back(op->program(in_));
  const Program* const program = owned_.back().get();
  recent.known = true;
  recent.types = types_;
  const bool usable = program != nullptr && !program->outputs.empty() &&
                      (op.traits().type_only == 0 || !reads_type_only(*program, op.traits()));
  recent.program = usable ? program : nullptr;
  if (!usable) return;
  recent.constant = constant_result(*program);
  recent.cost = cost(*program);
}

/// A reshape need not be made for what reads its elements.
void FusibleNodes::classify_reshape(std::uint32_t node, const Edge& operand) {
  if (graph_.type(operand).dtype != graph_.types_of(node)[0].dtype) return;
  if (!is_read(operand)) return set_fill(node, fill(operand.node));
  const Edge from = source(operand);
  facts_[node].kind = Kind::reshape;
  facts_[node].shape = static_cast<std::uint32_t>(reshaped_.size());
  reshaped_.push_back(from);
  if (facts_[node].requested) facts_[from.node].requested = true;
}

void FusibleNodes::classify_shape(std::uint32_t node) {
  Facts& facts = facts_[node];
  const Shape& shape = graph_.types_of(node)[0].shape;
  facts.shape = shapes_.index(shape);
  facts.elements = shape.elements();
  const auto operands = graph_.operands_of(node);
  facts.flat = std::ranges::all_of(operands, [&](const Edge& edge) {
    return !is_read(edge) || elements(edge) == facts.elements || elements(edge) == 1;
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
  facts_[node].fill = bits;
}

FusibleNodes::Cost FusibleNodes::cost(const Program& program) {
  constexpr std::uint32_t of_composite = 12;  // about the length of its formula
  Cost cost;
  for (const Instruction& step : program.steps) {
    const bool composite = is_composite(step.primitive);
    cost.weight += composite ? of_composite : arity_of(step.primitive) > 0 ? 1 : 0;
    // Which bits a function has depends on the machine. Values of narrow dtypes are rounded only
    // when they are stored, but constants are rounded in each step.
    if (composite || is_function(step.primitive) || is_stored_only(step.dtype))
      cost.takes_constants = false;
  }
  return cost;
}

}  // namespace dagrad::detail
