#include "src/pictures/op_notation.hpp"

#include <map>
#include <vector>

#include "dagrad/passes/fuse.hpp"
#include "src/pictures/program_notation.hpp"
#include "src/pictures/scripts.hpp"

namespace dagrad::detail {

namespace {

constexpr std::size_t most_derived = 12, most_named = 8;  // operations that are written out
constexpr std::int64_t most_elements = 64;  // of a constant that is written as a number

std::map<std::string, std::string, std::less<>> default_attributes(const Op& op) {
  std::map<std::string, std::string, std::less<>> defaults;
  op->visit_defaults([&](std::string_view name, const Attribute& value) {
    if (!std::holds_alternative<ProgramPtr>(value)) defaults.emplace(name, attribute_text(value));
  });
  return defaults;
}

/// An op as a function of its operands and attributes.
Notation call(const Op& op, std::span<const Notation> in) {
  std::vector<Notation> arguments;
  for (std::size_t i = 0; i < in.size(); ++i)
    if (!op.traits().uses_type_only(i)) arguments.push_back(in[i]);
  if (const std::string attributes = changed_attributes(op); !attributes.empty())
    arguments.push_back(
        Notation::of(attributes, "\\text{" + latex_text(attributes) + "}").set_scalar(true));
  return Notation::call(op.name(), arguments);
}

/// Whether the formula of an elementwise op says more than the op's name. A program that was
/// derived or fused has no better name.
bool reads_well(const Op& op, const Program& program) {
  const Primitive result = program.steps[program.outputs[0]].primitive;
  if (program.outputs.size() != 1) return false;
  if (result == Primitive::constant) return true;
  if (result == Primitive::input) return op.traits().identity >= 0 || op.traits().like >= 0;
  const std::size_t steps = operation_count(program);
  if (op.get_if<Traced>() || op.get_if<Fused>()) return steps <= most_derived;
  return steps <= 1 || (is_arithmetic(program) && steps <= most_named);
}

}  // namespace

std::string changed_attributes(const Op& op) {
  const auto defaults = default_attributes(op);
  std::string text;
  op.visit_attributes([&](std::string_view name, const Attribute& value) {
    if (std::holds_alternative<ProgramPtr>(value)) return;
    const bool* const flag = std::get_if<bool>(&value);
    if (flag && !*flag) return;
    std::string written = attribute_text(value);
    if (const auto at = defaults.find(name); at != defaults.end() && at->second == written) return;
    text += text.empty() ? "" : ", ";
    text += flag ? std::string(name) : std::string(name) + "=" + std::move(written);
  });
  return text;
}

Notation op_notation(const Op& op, std::span<const Notation> in, std::span<const Type> types,
                     const std::function<int(Primitive, std::uint32_t)>& known) {
  Notation result = op->notation(in, types);
  if (result.empty() && op.traits().elementwise) {
    const ProgramPtr program = op->program(types);
    if (reads_well(op, *program)) result = notation_of(*program, 0, in, known);
  }
  // Squeeze, unsqueeze and the like: shapes are not part of the mathematics.
  if (result.empty() && op.traits().alias >= 0)
    result = in[static_cast<std::size_t>(op.traits().alias)];
  return result.empty() ? call(op, in) : result;
}

Notation node_notation(const GraphView& graph, std::uint32_t node, std::span<const Notation> in) {
  std::vector<Type> types;
  graph.operand_types(node, types);
  const std::span<const Edge> operands = graph.operands(node);
  // Whether another operand is that primitive of this one.
  const auto known = [&](Primitive primitive, std::uint32_t of) {
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const std::uint32_t from = operands[i].node;
      if (graph.kind(from) != NodeKind::op || !graph.op(from).traits().elementwise) continue;
      const std::span<const Edge> its = graph.operands(from);
      if (its.size() != 1 || its[0].node != operands[of].node || its[0].port != operands[of].port)
        continue;
      std::vector<Type> its_types;
      graph.operand_types(from, its_types);
      const ProgramPtr program = graph.op(from)->program(its_types);
      if (program->steps.size() == 2 && program->steps[1].primitive == primitive)
        return static_cast<int>(i);
    }
    return -1;
  };
  return op_notation(graph.op(node), in, types, known);
}

Notation constant_notation(const Tensor& tensor) {
  if (tensor.size() == 0 || tensor.size() > most_elements) return {};
  const double first = tensor.at(0);
  for (std::int64_t i = 1; i < tensor.size(); ++i)
    if (tensor.at(i) != first) return {};
  return tensor.dtype() == f32 ? Notation::number(static_cast<float>(first))
                               : Notation::number(first);
}

}  // namespace dagrad::detail
