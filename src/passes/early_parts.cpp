#include "src/passes/early_parts.hpp"

#include <algorithm>
#include <array>

#include "src/program/lower.hpp"
#include "src/program/primitives.hpp"
#include "src/program/replay.hpp"

namespace dagrad::detail {

namespace {

constexpr std::uint32_t no_step = Instruction::none;
bool is_expensive(Primitive primitive) { return is_function(primitive) || is_composite(primitive); }

/// Divides a program at the only value that its other steps use of those which do not depend on a
/// certain operand.
class Division {
 public:
  Division(const Program& program, std::uint32_t late) : program_(program), late_(late) {
    for (std::uint32_t step = 0; step < program.steps.size(); ++step) add(step);
    use(program.outputs[0], true);
  }

  std::optional<DividedProgram> result() const {
    if (!divides_ || border_ == no_step || !is_late_[program_.outputs[0]] || !expensive_[border_] ||
        is_stored_only(program_.steps[border_].dtype))
      return {};
    return DividedProgram{late_, record(true), record(false)};
  }

 private:
  void add(std::uint32_t number) {
    const Instruction& step = program_.steps[number];
    bool is_late = step.primitive == Primitive::input && step.data == late_;
    bool expensive = is_expensive(step.primitive);
    for (const std::uint32_t operand : {step.a, step.b, step.c}) {
      if (operand == no_step) continue;
      is_late = is_late || is_late_[operand];
      expensive = expensive || expensive_[operand];
    }
    is_late_.push_back(is_late);
    expensive_.push_back(expensive);
    for (const std::uint32_t operand : {step.a, step.b, step.c})
      if (operand != no_step) use(operand, is_late);
  }

  /// Notes that a step or a result, which depends on the late operand or does not, uses a value.
  void use(std::uint32_t value, bool by_late) {
    if (!by_late || is_late_[value]) return;
    const Primitive primitive = program_.steps[value].primitive;
    if (primitive == Primitive::constant) return;
    divides_ =
        divides_ && primitive != Primitive::input && (border_ == no_step || border_ == value);
    border_ = value;
  }

  ProgramPtr record(bool early) const {
    Recorder recorder;
    std::vector<Symbol> in, at;
    for (const DType dtype : program_.inputs) in.push_back(recorder.input(dtype));
    if (!early) in.push_back(recorder.input(program_.steps[border_].dtype));
    for (std::uint32_t number = 0; number < program_.steps.size(); ++number) {
      const Instruction& step = program_.steps[number];
      if (step.primitive == Primitive::input)
        at.push_back(in[step.data]);
      else if (!early && number == border_)
        at.push_back(in.back());
      else
        at.push_back(replay(recorder, program_, step, at));
    }
    const std::array result{at[early ? border_ : program_.outputs[0]]};
    return std::move(recorder).finish(result, f64);
  }

  const Program& program_;
  const std::uint32_t late_;
  std::vector<bool> is_late_, expensive_;  ///< by step
  bool divides_ = true;
  std::uint32_t border_ = no_step;  ///< that value
};

std::optional<DividedProgram> divide_program(const Program& program) {
  if (program.outputs.size() != 1 ||
      std::ranges::none_of(program.steps,
                           [](const Instruction& step) { return is_expensive(step.primitive); }))
    return {};
  for (std::uint32_t late = 0; late < program.inputs.size(); ++late)
    if (auto divided = Division(program, late).result()) return divided;
  return {};
}

std::ptrdiff_t count_functions(const Program& program) {
  return std::ranges::count_if(program.steps,
                               [](const Instruction& step) { return is_function(step.primitive); });
}

/// Whether two programs call a function once for both. `wiring` gives for each operand of the
/// second one the operand of the first one that is the same value.
template <class Wiring>
bool share_functions(const Program& first, const Program& second, const Wiring& wiring) {
  Recorder recorder;
  std::vector<Symbol> in, of_second;
  for (const DType dtype : first.inputs) in.push_back(recorder.input(dtype));
  for (std::size_t i = 0; i < second.inputs.size(); ++i)
    of_second.push_back(wiring[i] == no_step ? recorder.input(second.inputs[i]) : in[wiring[i]]);
  std::vector<Symbol> results = inline_program(recorder, first, in);
  for (const Symbol& result : inline_program(recorder, second, of_second))
    results.push_back(result);
  const Program both = lower(*std::move(recorder).finish(results, f64));
  return count_functions(both) < count_functions(lower(first)) + count_functions(lower(second));
}

}  // namespace

EarlyParts::EarlyParts(const GraphData& graph, const FusibleNodes& nodes,
                       const FusionGroups& groups)
    : graph_(graph), nodes_(nodes), groups_(groups), division_(nodes.programs()) {
  for (std::uint32_t group = 0; group < groups.size(); ++group) {
    for (const std::uint32_t node : groups.members(group)) {
      const DividedProgram* const program = division(node);
      if (program == nullptr || groups.of(node) == FusionGroups::none) continue;
      if (readers_.empty()) count_readers();
      divide(node, *program);
    }
  }
  readers_ = {};
}

void EarlyParts::forget() {
  divided_.clear();
  parts_.clear();
}

std::vector<std::uint32_t> EarlyParts::groups() const {
  std::vector<std::uint32_t> all;
  for (const auto& [group, nodes] : parts_) {
    all.push_back(group);
    for (const std::uint32_t node : nodes) all.push_back(groups_.of(node));
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

/// The parts of a node's program; null if it cannot be divided.
const DividedProgram* EarlyParts::division(std::uint32_t node) {
  std::optional<const DividedProgram*>& known = division_[nodes_.program_number(node)];
  if (known) return *known;
  const Program& program = nodes_.program(node);
  const auto [at, is_new] = divisions_.try_emplace(&program);
  if (is_new && program.inputs.size() <= most_operands) at->second = divide_program(program);
  known = at->second ? &*at->second : nullptr;
  return *known;
}

void EarlyParts::count_readers() {
  readers_.assign(nodes_.nodes().back() + 1, 0);
  for (const std::uint32_t node : nodes_.nodes()) {
    if (!nodes_.is_computed(node)) continue;
    nodes_.each_read(node, [&](const Edge& edge) {
      const std::uint32_t group = groups_.of(edge.node);
      if (group != FusionGroups::none && groups_.of(node) != group) ++readers_[edge.node];
    });
  }
}

/// Lets the group of all values that the early part reads compute it, unless that takes more
/// memory.
void EarlyParts::divide(std::uint32_t node, const DividedProgram& program) {
  const auto operands = graph_.operands_of(node);
  const Shape& shape = graph_.types_of(node)[0].shape;
  const DType dtype = program.early->output_dtype(0);
  std::uint32_t group = FusionGroups::none;
  bool pays = false;
  for (const Instruction& step : program.early->steps) {
    if (step.primitive != Primitive::input) continue;
    const Edge& value = operands[step.data];
    if (nodes_.kind(value.node) == FusibleNodes::Kind::fill && !value.type_only) continue;
    const std::uint32_t of = groups_.of(value.node);
    if (value.type_only || of == FusionGroups::none || of == groups_.of(node) ||
        (group != FusionGroups::none && of != group) || graph_.type(value).shape != shape)
      return;
    group = of;
    pays = pays || (saves(value, dtype) && shares(value.node, node, *program.early));
  }
  if (!pays) return;
  divided_.resize(readers_.size());
  replaced_.resize(readers_.size());
  divided_[node] = true;
  parts_[group].push_back(node);
  for (const Instruction& step : program.early->steps)
    if (step.primitive == Primitive::input && saves(operands[step.data], dtype))
      replaced_[operands[step.data].node] = true;
}

/// Whether the early part of `user`, which reads a value, would call a function that another node
/// in the group of the value calls anyway.
bool EarlyParts::shares(std::uint32_t value, std::uint32_t user, const Program& early) {
  const auto needed = graph_.operands_of(user);
  for (const std::uint32_t node : groups_.members(groups_.of(value))) {
    const auto operands = graph_.operands_of(node);
    const auto reads = [&](const Edge& edge) { return edge.node == value && !edge.type_only; };
    if (std::ranges::none_of(operands, reads)) continue;
    Wiring wiring;
    wiring.fill(no_step);
    for (std::uint32_t i = 0; i < needed.size(); ++i)
      for (std::uint32_t k = 0; k < operands.size(); ++k)
        if (operands[k].node == needed[i].node && operands[k].port == needed[i].port) wiring[i] = k;
    const Program& other = nodes_.program(node);
    const auto [known, is_new] = shared_.try_emplace({&other, &early, wiring});
    if (is_new) known->second = share_functions(other, early, wiring);
    if (known->second) return true;
  }
  return false;
}

/// Whether a value need not be stored if one of this dtype is stored instead for its only reader.
bool EarlyParts::saves(const Edge& value, DType instead) const {
  return graph_.types_of(value.node).size() == 1 && readers_[value.node] == 1 &&
         !nodes_.is_requested(value.node) && size_of(graph_.type(value).dtype) >= size_of(instead);
}

}  // namespace dagrad::detail
