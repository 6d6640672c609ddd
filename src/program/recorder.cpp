#include <array>
#include <utility>

#include "dagrad/error.hpp"
#include "dagrad/program.hpp"
#include "src/program/loops.hpp"
#include "src/program/primitives.hpp"
#include "src/program/replay.hpp"

namespace dagrad {
namespace {

/// The hash of an instruction. `bits` distinguishes constants, whose indices do not.
std::size_t hash(const Instruction& i, std::uint64_t bits) {
  std::uint64_t h =
      static_cast<std::uint64_t>(i.primitive) << 8 | static_cast<std::uint64_t>(i.dtype);
  for (std::uint64_t word :
       {std::uint64_t{i.a} << 32 | i.b, std::uint64_t{i.c} << 32 | i.data, bits})
    h = (h ^ word ^ (h >> 29)) * 0x9e3779b97f4a7c15;
  return static_cast<std::size_t>(h ^ (h >> 32));
}

}  // namespace

std::uint32_t Recorder::remember(Instruction step, std::uint64_t bits) {
  std::vector<Instruction>& steps = program_.steps;
  if (2 * (steps.size() + 1) > table_.size()) grow();
  if (steps.size() == steps.capacity()) steps.reserve(2 * steps.size() + 8);
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash(step, bits) & mask;
  for (; table_[at] != Instruction::none; at = (at + 1) & mask) {
    Instruction known = steps[table_[at]];
    if (known.primitive != step.primitive) continue;
    if (step.primitive == Primitive::constant) {
      if (program_.constants[known.data] != bits) continue;
      known.data = 0;
    }
    if (known == step) return table_[at];
  }
  if (step.primitive == Primitive::constant) {
    step.data = static_cast<std::uint32_t>(program_.constants.size());
    program_.constants.push_back(bits);
  }
  steps.push_back(step);
  return table_[at] = static_cast<std::uint32_t>(steps.size() - 1);
}

void Recorder::grow() {
  table_.assign(table_.empty() ? 64 : 4 * table_.size(), Instruction::none);
  const std::size_t mask = table_.size() - 1;
  for (std::uint32_t i = 0; i < program_.steps.size(); ++i) {
    Instruction step = program_.steps[i];
    std::uint64_t bits = 0;
    if (step.primitive == Primitive::constant)
      bits = program_.constants[std::exchange(step.data, 0)];
    std::size_t at = hash(step, bits) & mask;
    while (table_[at] != Instruction::none) at = (at + 1) & mask;
    table_[at] = i;
  }
}

Symbol Recorder::input(DType dtype) {
  const auto index = static_cast<std::uint32_t>(program_.inputs.size());
  const std::uint32_t recorded =
      remember({.primitive = Primitive::input, .dtype = dtype, .data = index}, 0);
  program_.inputs.push_back(dtype);
  return {this, recorded};
}

Symbol Recorder::constant(std::uint64_t bits, DType dtype) {
  if (size_of(dtype) < sizeof bits) bits &= (std::uint64_t{1} << 8 * size_of(dtype)) - 1;
  return {this, remember({.primitive = Primitive::constant, .dtype = dtype}, bits)};
}

/// Records a step, or what it amounts to if its first operand is known. The cotangent from which a
/// gradient starts is mostly a constant, often 1.
Symbol Recorder::simplified(Instruction instruction) {
  const Instruction& first = program_.steps[instruction.a];
  if (instruction.primitive == Primitive::pull && first.primitive == Primitive::constant) {
    const std::uint64_t bits = program_.constants[first.data];
    const std::uint64_t sign = std::uint64_t{1} << (8 * size_of(first.dtype) - 1);
    if (bits == Literal(1).bits(first.dtype)) return {this, instruction.b};
    if ((bits & ~sign) != 0) instruction.primitive = Primitive::mul;
  }
  return {this, remember(instruction, 0)};
}

Symbol Recorder::step(const Instruction& instruction) {
  const int operands = detail::arity_of(instruction.primitive);
  const std::array at{instruction.a, instruction.b, instruction.c};
  std::array<std::uint64_t, 3> bits{};
  for (std::size_t i = 0; i < static_cast<std::size_t>(operands); ++i) {
    const Instruction& operand = program_.steps[at[i]];
    if (operand.primitive != Primitive::constant) return simplified(instruction);
    bits[i] = program_.constants[operand.data];
  }
  const DType dtype = detail::operand_dtype(program_, instruction);
  return constant(detail::compute(instruction.primitive, dtype, instruction.dtype, bits),
                  instruction.dtype);
}

ProgramPtr Recorder::finish(std::span<const Symbol> results, DType weak) && {
  auto out = std::make_shared<Program>();
  for (const Symbol& s : results) {
    if (!s.is_literal() && s.recorder() != this)
      throw ArgumentError("a functor returned a value of another call");
    out->outputs.push_back(s.is_literal() ? constant(s.literal().bits(weak), weak).step()
                                          : s.step());
  }
  // Walks depth first from the results, so that unused steps are not reached and the order follows
  // from the formula, whichever operand the compiler evaluated first.
  std::vector<std::uint32_t> place(program_.steps.size(), Instruction::none);
  std::vector<std::uint32_t> stack(out->outputs.rbegin(), out->outputs.rend());
  while (!stack.empty()) {
    const std::uint32_t now = stack.back();
    Instruction step = program_.steps[now];
    const std::size_t waiting = stack.size();
    if (place[now] == Instruction::none) {
      for (std::uint32_t operand : {step.c, step.b, step.a})
        if (operand != Instruction::none && place[operand] == Instruction::none)
          stack.push_back(operand);
    }
    if (stack.size() > waiting) continue;
    stack.pop_back();
    if (place[now] != Instruction::none) continue;
    for (std::uint32_t* operand : {&step.a, &step.b, &step.c})
      if (*operand != Instruction::none) *operand = place[*operand];
    if (step.primitive == Primitive::constant) {
      out->constants.push_back(program_.constants[step.data]);
      step.data = static_cast<std::uint32_t>(out->constants.size() - 1);
    }
    place[now] = static_cast<std::uint32_t>(out->steps.size());
    out->steps.push_back(step);
  }
  for (std::uint32_t& result : out->outputs) result = place[result];
  out->inputs = std::move(program_.inputs);
  return out;
}

Symbol detail::replay(Recorder& recorder, const Program& program, Instruction step,
                      std::span<const Symbol> at) {
  if (step.primitive == Primitive::constant)
    return recorder.constant(program.constants[step.data], step.dtype);
  for (std::uint32_t* operand : {&step.a, &step.b, &step.c})
    if (*operand != Instruction::none) *operand = at[*operand].step();
  return recorder.step(step);
}

std::vector<Symbol> inline_program(Recorder& recorder, const Program& program,
                                   std::span<const Symbol> in) {
  std::vector<Symbol> at;
  at.reserve(program.steps.size());
  for (const Instruction& step : program.steps) {
    if (step.primitive != Primitive::input) {
      at.push_back(detail::replay(recorder, program, step, at));
    } else if (const Symbol& x = in[step.data]; x.is_literal()) {
      at.push_back(recorder.constant(x.literal().bits(step.dtype), step.dtype));
    } else {
      if (x.dtype() != step.dtype)
        throw TypeError("operand " + std::to_string(step.data) + " of a program must be " +
                        std::string(name(step.dtype)) + ", got " + std::string(name(x.dtype())));
      at.push_back(x);
    }
  }
  std::vector<Symbol> out;
  for (std::uint32_t result : program.outputs) {
    const Instruction& step = program.steps[result];
    // A result is rounded to its dtype, as if it were stored; intermediate values are not.
    const bool rounds = is_stored_only(step.dtype) && detail::arity_of(step.primitive) > 0;
    out.push_back(rounds ? recorder.step({Primitive::cast, step.dtype, at[result].step()})
                         : at[result]);
  }
  return out;
}

}  // namespace dagrad
