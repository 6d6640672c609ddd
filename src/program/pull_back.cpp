#include "src/program/pull_back.hpp"

#include <algorithm>
#include <utility>

#include "dagrad/functions.hpp"
#include "src/program/primitives.hpp"
#include "src/program/replay.hpp"
#include "src/program/rules.hpp"
#include "src/program/shared_tests.hpp"

namespace dagrad::detail {

namespace {

/// Primitives that cost more than reading their result back.
bool is_costly(Primitive p) {
  const bool cheap = p == Primitive::sign || p == Primitive::joint;
  return is_function(p) || (is_composite(p) && !cheap) || p == Primitive::sqrt ||
         p == Primitive::div;
}

/// Records the steps of a program again, together with its results and cotangents, and derives
/// their tangents.
class ChainRule {
 public:
  ChainRule(const Program& program, std::span<const bool> dout_present);
  /// Σₖ pull(doutₖ, ∂outₖ/∂inᵢ); empty if it is structurally zero.
  std::optional<Symbol> gradient(std::uint32_t input);
  ProgramPtr finish(std::span<const Symbol> results, std::vector<Source>& sources) &&;

 private:
  Symbol declare(Source source, DType dtype) {
    sources_.push_back(source);
    return recorder_.input(dtype);
  }
  Symbol operand(std::uint32_t step) const { return step == Instruction::none ? 0 : values_[step]; }
  Tangent tangent(std::uint32_t step) const {
    return step == Instruction::none ? Tangent() : tangents_[step];
  }
  void replay_steps(std::span<const Symbol> in, std::span<const Symbol> out);
  void read_results(const Program& derived);

  const Program& program_;
  Recorder recorder_;
  std::vector<Source> sources_;
  std::vector<Symbol> values_;
  std::vector<Tangent> tangents_;
  std::vector<std::optional<Symbol>> douts_;
};

ChainRule::ChainRule(const Program& program, std::span<const bool> dout_present)
    : program_(program) {
  std::vector<Symbol> in, out;
  for (std::uint32_t i = 0; i < program.inputs.size(); ++i)
    in.push_back(declare({Source::Kind::in, i}, program.inputs[i]));
  for (std::uint32_t k = 0; k < program.outputs.size(); ++k)
    out.push_back(declare({Source::Kind::out, k}, program.output_dtype(k)));
  for (std::uint32_t k = 0; k < program.outputs.size(); ++k) {
    const DType dtype = program.output_dtype(k);
    douts_.push_back(dout_present[k] && is_float(dtype)
                         ? std::optional(declare({Source::Kind::dout, k}, dtype))
                         : std::nullopt);
  }
  replay_steps(in, out);
}

void ChainRule::replay_steps(std::span<const Symbol> in, std::span<const Symbol> out) {
  std::vector<std::uint32_t> result(program_.steps.size(), Instruction::none);
  for (std::uint32_t k = 0; k < program_.outputs.size(); ++k) result[program_.outputs[k]] = k;
  values_.reserve(program_.steps.size());
  for (std::size_t i = 0; i < program_.steps.size(); ++i) {
    const Instruction& step = program_.steps[i];
    if (step.primitive == Primitive::input)
      values_.push_back(in[step.data]);
    else if (result[i] != Instruction::none && is_costly(step.primitive))
      values_.push_back(out[result[i]]);
    else
      values_.push_back(replay(recorder_, program_, step, values_));
  }
}

std::optional<Symbol> ChainRule::gradient(std::uint32_t input) {
  tangents_.assign(program_.steps.size(), {});
  for (std::size_t i = 0; i < program_.steps.size(); ++i) {
    const Instruction& step = program_.steps[i];
    if (step.primitive == Primitive::input) {
      if (step.data == input) tangents_[i] = {1};
      continue;
    }
    const Tangent da = tangent(step.a), db = tangent(step.b), dc = tangent(step.c);
    if (!da && !db && !dc) continue;
    tangents_[i] = derive({step.primitive, step.dtype, values_[i], operand(step.a), operand(step.b),
                           operand(step.c), da, db, dc});
  }
  const DType dtype = program_.inputs[input];
  Tangent sum;
  for (std::uint32_t k = 0; k < douts_.size(); ++k) {
    const Tangent& partial = tangents_[program_.outputs[k]];
    if (!douts_[k] || !partial) continue;
    const Tangent share = converted(pulled(partial, *douts_[k]), dtype);
    sum = plus(sum, share, dtype);
  }
  return sum ? std::optional(settled(sum, dtype)) : std::nullopt;
}

/// Lets the derived program read results instead of inputs that it needs for a test only, if the
/// results pass it just as the inputs do.
void ChainRule::read_results(const Program& derived) {
  const auto declared = [&](Source::Kind kind, std::size_t index) {
    const Source source{kind, static_cast<std::uint32_t>(index)};
    return static_cast<std::uint32_t>(std::ranges::find(sources_, source) - sources_.begin());
  };
  for (std::size_t k = 0; k < program_.outputs.size(); ++k) {
    std::optional<Test> test = shared_test(program_, k);
    if (!test) continue;
    const std::uint32_t in = declared(Source::Kind::in, test->input),
                        out = declared(Source::Kind::out, k);
    const auto reads_result = [&](const Instruction& step) {
      return step.primitive == Primitive::input && step.data == out;
    };
    test->input = in;
    if (std::ranges::none_of(derived.steps, reads_result) && reads_only_for(derived, *test))
      std::swap(sources_[in], sources_[out]);
  }
}

ProgramPtr ChainRule::finish(std::span<const Symbol> results, std::vector<Source>& sources) && {
  Program program = *std::move(recorder_).finish(results, f64);
  read_results(program);
  std::vector<std::uint32_t> position(sources_.size(), Instruction::none);
  for (const Instruction& step : program.steps)
    if (step.primitive == Primitive::input) position[step.data] = 0;
  const std::vector<DType> declared = std::exchange(program.inputs, {});
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (position[i] == Instruction::none) continue;
    position[i] = static_cast<std::uint32_t>(sources.size());
    sources.push_back(sources_[i]);
    program.inputs.push_back(declared[i]);
  }
  for (Instruction& step : program.steps)
    if (step.primitive == Primitive::input) step.data = position[step.data];
  return std::make_shared<const Program>(std::move(program));
}

}  // namespace

Pullback pull_back(const Program& program, std::span<const bool> wanted,
                   std::span<const bool> dout_present) {
  Pullback pullback;
  ChainRule derivation(program, dout_present);
  std::vector<Symbol> results;
  for (std::uint32_t i = 0; i < program.inputs.size(); ++i) {
    pullback.result.push_back(-1);
    if (!wanted[i] || !is_float(program.inputs[i])) continue;
    const std::optional<Symbol> gradient = derivation.gradient(i);
    if (!gradient) continue;
    const auto same = [&](const Symbol& s) { return s.step() == gradient->step(); };
    const auto found = std::find_if(results.begin(), results.end(), same);
    pullback.result.back() = static_cast<int>(found - results.begin());
    if (found == results.end()) results.push_back(*gradient);
  }
  if (!results.empty()) pullback.program = std::move(derivation).finish(results, pullback.sources);
  return pullback;
}

}  // namespace dagrad::detail
