#include "src/passes/fusible.hpp"

#include <algorithm>

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

bool is_constant(const Program& program) {
  return program.outputs.size() == 1 &&
         program.steps[program.outputs[0]].primitive == Primitive::constant;
}

}  // namespace

FusibleNodes::FusibleNodes(const GraphData& graph, std::span<const Value> values)
    : graph_(graph), nodes_(needed(graph, values, {}, "fuse")) {
  facts_.resize(nodes_.empty() ? 0 : nodes_.back() + 1);
  programs_.resize(facts_.size());
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
  Facts& facts = facts_[node];
  const NodeKind kind = graph_.records[node].kind;
  if (kind == NodeKind::constant && graph_.types_of(node)[0].elements() == 1)
    facts.kind = Kind::fill;
  if (kind != NodeKind::op) return;
  const Op& op = graph_.ops[graph_.records[node].op].op;
  facts.ordered = op.traits().ordered;
  facts.kind = kind_of_op(node, op);
  if (facts.kind != Kind::elementwise) return;
  const Cost& known = cost(*programs_[node]);
  facts.weight = known.weight;
  facts.takes_constants = known.takes_constants;
  facts.shape = shapes_.index(graph_.types_of(node)[0].shape);
}

FusibleNodes::Kind FusibleNodes::kind_of_op(std::uint32_t node, const Op& op) {
  if (op.get_if<Full>()) return Kind::fill;
  const OpTraits& traits = op.traits();
  if (!traits.elementwise || traits.ordered || traits.has_validate) return Kind::single;
  in_.clear();
  bool reads = false;
  for (const Edge& edge : graph_.operands_of(node)) {
    in_.push_back(graph_.type(edge));
    reads = reads || !edge.type_only;
  }
  ProgramPtr program = op->program(in_);
  if (!program || program->outputs.empty() ||
      (traits.type_only != 0 && reads_type_only(*program, traits)))
    return Kind::single;
  programs_[node] = std::move(program);
  if (reads) return Kind::elementwise;
  return is_constant(*programs_[node]) ? Kind::fill : Kind::single;
}

const FusibleNodes::Cost& FusibleNodes::cost(const Program& program) {
  const auto [at, is_new] = costs_.try_emplace(&program);
  if (!is_new) return at->second;
  constexpr std::uint32_t of_composite = 12;  // about the length of its formula
  for (const Instruction& step : program.steps) {
    const bool composite = is_composite(step.primitive);
    at->second.weight += composite ? of_composite : arity_of(step.primitive) > 0 ? 1 : 0;
    // Which bits a function has depends on the machine. Values of narrow dtypes are rounded only
    // when they are stored, but constants are rounded in each step.
    if (composite || is_function(step.primitive) || is_stored_only(step.dtype))
      at->second.takes_constants = false;
  }
  return at->second;
}

}  // namespace dagrad::detail
