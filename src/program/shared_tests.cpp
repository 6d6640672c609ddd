#include "src/program/shared_tests.hpp"

#include <algorithm>

#include "src/program/loops.hpp"

namespace dagrad::detail {

namespace {

std::optional<Test> test_of(const Program& program, const Instruction& step) {
  if (step.primitive < Primitive::equal || step.primitive > Primitive::greater_equal) return {};
  const Instruction& a = program.steps[step.a];
  const bool input_first = a.primitive == Primitive::input;
  const Instruction& input = input_first ? a : program.steps[step.b];
  const Instruction& bound = input_first ? program.steps[step.b] : a;
  if (input.primitive != Primitive::input || bound.primitive != Primitive::constant) return {};
  return Test{step.primitive, input.data, program.constants[bound.data], input_first};
}

}  // namespace

std::optional<Test> shared_test(const Program& program, std::size_t k) {
  const Instruction& result = program.steps[program.outputs[k]];
  if (result.primitive != Primitive::select) return {};
  const std::optional<Test> test = test_of(program, program.steps[result.a]);
  if (!test) return {};
  const Instruction &then = program.steps[result.b], &otherwise = program.steps[result.c];
  const auto is_input = [&](const Instruction& step) {
    return step.primitive == Primitive::input && step.data == test->input;
  };
  const auto is_bound = [&](const Instruction& step) {
    return step.primitive == Primitive::constant && program.constants[step.data] == test->bound;
  };
  const bool bound_if_passed = is_bound(then) && is_input(otherwise);
  if (!bound_if_passed && !(is_input(then) && is_bound(otherwise))) return {};
  const bool bound_passes =
      compute(test->comparison, result.dtype, b8, {test->bound, test->bound}) != 0;
  return bound_passes == bound_if_passed ? test : std::nullopt;
}

bool reads_only_for(const Program& program, const Test& test) {
  const auto is_input = [&](std::uint32_t at) {
    return at != Instruction::none && program.steps[at].primitive == Primitive::input &&
           program.steps[at].data == test.input;
  };
  bool reads = false;
  for (const Instruction& step : program.steps) {
    if (!is_input(step.a) && !is_input(step.b) && !is_input(step.c)) continue;
    if (test_of(program, step) != test) return false;
    reads = true;
  }
  return reads && std::ranges::none_of(program.outputs, is_input);
}

}  // namespace dagrad::detail
