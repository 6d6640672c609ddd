#include "src/program/lower.hpp"

#include <algorithm>
#include <utility>

#include "dagrad/number.hpp"
#include "src/program/primitives.hpp"
#include "src/program/replay.hpp"

namespace dagrad::detail {

namespace {

/// |x|, recognising |-x| as the same, so that sigmoid(x) and sigmoid(-x), which both occur in
/// derivatives, share their exp.
Symbol magnitude(const Symbol& x) {
  const Instruction step = x.recorder()->program().steps[x.step()];
  return abs(step.primitive == Primitive::neg ? x.recorder()->at(step.a) : x);
}

double exponent_of(const Symbol& constant) {
  const Program& program = constant.recorder()->program();
  return constant_value(program, program.steps[constant.step()]);
}

Symbol expand(Primitive composite, const Symbol& a, const Symbol& b) {
  switch (composite) {
    case Primitive::sigmoid:
      return formulas::sigmoid(a, magnitude(a));
    case Primitive::softplus:
      return formulas::softplus(a);
    case Primitive::rsqrt:
      return formulas::rsqrt(a);
    case Primitive::sign:
      return formulas::sign(a);
    case Primitive::joint:
      return formulas::joint(a, b);
    case Primitive::power:
      return formulas::power(a, exponent_of(b));
    default:
      return formulas::logaddexp(a, b);
  }
}

}  // namespace

ProgramPtr lowered(ProgramPtr program) {
  const auto composite = [](const Instruction& i) { return is_composite(i.primitive); };
  if (std::none_of(program->steps.begin(), program->steps.end(), composite)) return program;
  return std::make_shared<const Program>(lower(*program));
}

Program lower(const Program& program) {
  Recorder recorder;
  std::vector<Symbol> in;
  for (DType dtype : program.inputs) in.push_back(recorder.input(dtype));
  std::vector<Symbol> at;
  at.reserve(program.steps.size());
  for (const Instruction& step : program.steps) {
    if (is_composite(step.primitive)) {
      const Symbol& a = at[step.a];
      at.push_back(expand(step.primitive, a, step.b == Instruction::none ? a : at[step.b]));
    } else if (step.primitive == Primitive::input) {
      at.push_back(in[step.data]);
    } else {
      at.push_back(replay(recorder, program, step, at));
    }
  }
  std::vector<Symbol> results;
  for (std::uint32_t result : program.outputs) results.push_back(at[result]);
  return *std::move(recorder).finish(results, f64);
}

}  // namespace dagrad::detail
