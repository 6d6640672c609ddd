#include "src/pictures/op_notation.hpp"

#include <map>
#include <vector>

#include "dagrad/traced.hpp"
#include "src/pictures/program_notation.hpp"

namespace dagrad::detail {

namespace {

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
  if (const std::string attributes = changed_attributes(op); !attributes.empty()) {
    std::string latex;
    for (const char c : attributes) {
      if (std::string_view("$&_#%{}").find(c) != std::string_view::npos) latex += '\\';
      if (c != '\\' && c != '^' && c != '~') latex += c;
    }
    arguments.push_back(Notation::of(attributes, "\\text{" + latex + "}").set_scalar(true));
  }
  return Notation::call(op.name(), arguments);
}

/// Whether a program gives an operand back, as the ops do that only change its shape.
bool is_plain_input(const Program& program) {
  return program.steps[program.outputs[0]].primitive == Primitive::input;
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
    const bool shaped = op.traits().identity >= 0 || op.traits().like >= 0;
    const bool spelled =
        is_plain_input(*program) ? shaped : op.get_if<Traced>() || reads_well(*program);
    const bool constant = program->steps[program->outputs[0]].primitive == Primitive::constant;
    if (program->outputs.size() == 1 && (spelled || constant))
      result = notation_of(*program, 0, in, known);
  }
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
