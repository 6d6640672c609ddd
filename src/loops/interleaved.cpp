#include "src/loops/interleaved.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "src/loops/liveness.hpp"

namespace dagrad::detail {

namespace {

/// Several vectors of a program as one program.
class Interleaved {
 public:
  /// Each vector is `distance` steps behind the one before it.
  Interleaved(const Program& single, const Liveness& liveness, const Interleaving& of,
              std::uint32_t distance);

  Allocation allocate(std::span<const std::int64_t> in_step, const RegisterFile& registers,
                      const std::vector<Action>* preheader) const;

 private:
  /// What a step repeats: a step of the single vector's program, or the addition of its values.
  struct Source {
    std::uint32_t step = 0;
    bool is_sum = false;
  };

  std::uint32_t& place(std::uint32_t vector, std::uint32_t step) {
    return place_[vector * single_.steps.size() + step];
  }
  std::array<std::uint32_t, 2>& sums(std::size_t output, std::uint32_t vector) {
    return sums_[output * (vectors_ / joined_vectors) + vector / joined_vectors];
  }
  void add_invariants(const Liveness& liveness);
  void add_steps(std::uint32_t distance);
  void add_step(std::uint32_t vector, std::uint32_t step);
  void add_sums(std::uint32_t vector, std::uint32_t step);
  std::uint32_t add(const Instruction& instruction, Source source, std::uint32_t vector);
  void add_outputs();
  void add_output(std::uint32_t value, std::uint32_t output, std::uint32_t vector);
  Action translated(Action action) const;

  const Program& single_;
  const Interleaving& of_;
  const std::uint32_t vectors_;
  Program program_;
  std::vector<Source> sources_;                     ///< by step
  std::vector<std::uint8_t> step_of_;               ///< by step: the vector
  std::vector<std::uint32_t> outputs_;              ///< by output: that of the single vector
  std::vector<std::uint8_t> output_of_;             ///< by output: the vector
  std::vector<std::uint32_t> place_;                ///< by vector and step of the single vector
  std::vector<std::array<std::uint32_t, 2>> sums_;  ///< by output and four vectors: of two each
};

Interleaved::Interleaved(const Program& single, const Liveness& liveness, const Interleaving& of,
                         std::uint32_t distance)
    : single_(single),
      of_(of),
      vectors_(static_cast<std::uint32_t>(of.vectors)),
      place_(vectors_ * single.steps.size(), Instruction::none),
      sums_(single.outputs.size() * (vectors_ / joined_vectors)) {
  program_.constants = single.constants;
  program_.inputs = single.inputs;
  add_invariants(liveness);
  add_steps(distance);
  add_outputs();
}

/// The vectors share them.
void Interleaved::add_invariants(const Liveness& liveness) {
  for (std::uint32_t step = 0; step < single_.steps.size(); ++step) {
    if (!liveness.is_invariant(step)) continue;
    const std::uint32_t shared = add(single_.steps[step], {step}, 0);
    for (std::uint32_t vector = 0; vector < vectors_; ++vector) place(vector, step) = shared;
  }
}

void Interleaved::add_steps(std::uint32_t distance) {
  const auto steps = static_cast<std::uint32_t>(single_.steps.size());
  for (std::uint32_t time = 0; time < steps + (vectors_ - 1) * distance; ++time) {
    for (std::uint32_t vector = 0; vector < vectors_ && vector * distance <= time; ++vector) {
      const std::uint32_t step = time - vector * distance;
      if (step < steps) add_step(vector, step);
    }
  }
}

void Interleaved::add_step(std::uint32_t vector, std::uint32_t step) {
  if (place(vector, step) == Instruction::none) {
    Instruction copy = single_.steps[step];
    for (std::uint32_t* operand : {&copy.a, &copy.b, &copy.c})
      if (*operand != Instruction::none) *operand = place(vector, *operand);
    place(vector, step) = add(copy, {step}, vector);
  }
  if (!of_.summed.empty()) add_sums(vector, step);
}

/// Adds a value to that of the vector before it, and the sums of two vectors each.
void Interleaved::add_sums(std::uint32_t vector, std::uint32_t step) {
  const auto plus = [&](std::uint32_t a, std::uint32_t b) {
    return add({.primitive = Primitive::add, .dtype = single_.steps[step].dtype, .a = a, .b = b},
               {step, true}, vector);
  };
  const std::uint32_t part = vector % joined_vectors;
  for (std::size_t output = 0; output < single_.outputs.size(); ++output) {
    if (single_.outputs[output] != step || !of_.summed[output]) continue;
    auto& [first, second] = sums(output, vector);
    std::uint32_t& sum = part < 2 ? first : second;
    sum = part % 2 == 0 ? place(vector, step) : plus(sum, place(vector, step));
    if (part == 3) first = plus(first, second);
  }
}

std::uint32_t Interleaved::add(const Instruction& instruction, Source source,
                               std::uint32_t vector) {
  program_.steps.push_back(instruction);
  sources_.push_back(source);
  step_of_.push_back(static_cast<std::uint8_t>(vector));
  return static_cast<std::uint32_t>(program_.steps.size() - 1);
}

void Interleaved::add_outputs() {
  for (std::uint32_t output = 0; output < single_.outputs.size(); ++output) {
    const bool is_summed = !of_.summed.empty() && of_.summed[output];
    for (std::uint32_t vector = 0; vector < vectors_; vector += is_summed ? joined_vectors : 1) {
      add_output(is_summed ? sums(output, vector).front() : place(vector, single_.outputs[output]),
                 output, vector);
    }
  }
}

void Interleaved::add_output(std::uint32_t value, std::uint32_t output, std::uint32_t vector) {
  program_.outputs.push_back(value);
  outputs_.push_back(output);
  output_of_.push_back(static_cast<std::uint8_t>(vector));
}

Allocation Interleaved::allocate(std::span<const std::int64_t> in_step,
                                 const RegisterFile& registers,
                                 const std::vector<Action>* preheader) const {
  std::vector<Action> given;
  if (preheader != nullptr) given = *preheader;
  for (Action& action : given) action.step = place_[action.step];
  Allocation made =
      allocate_registers(program_, in_step, registers, preheader == nullptr ? nullptr : &given,
                         {step_of_, output_of_, vectors_});
  for (auto* actions : {&made.preheader, &made.body})
    for (Action& action : *actions) action = translated(action);
  made.at_once = of_.vectors;
  return made;
}

/// The same action in terms of the single vector's program.
Action Interleaved::translated(Action action) const {
  if (action.kind == Action::Kind::store) {
    action.vector = output_of_[action.output];
    action.output = outputs_[action.output];
    action.step = single_.outputs[action.output];
    return action;
  }
  const Source& source = sources_[action.step];
  action.vector = step_of_[action.step];
  action.step = source.step;
  if (source.is_sum && action.kind == Action::Kind::compute) action.kind = Action::Kind::add;
  return action;
}

/// The most values of one kind that are live at once if vectors follow each other at a distance,
/// of which a single vector has so many `live` at each time.
int most_live(std::span<const int> live, std::uint32_t vectors, std::uint32_t distance) {
  int most = 0;
  for (std::size_t time = 0; time < live.size() + std::size_t{vectors - 1} * distance; ++time) {
    int now = 0;
    for (std::size_t vector = 0; vector < vectors && vector * distance <= time; ++vector)
      if (time - vector * distance < live.size()) now += live[time - vector * distance];
    most = std::max(most, now);
  }
  return most;
}

/// The smallest distance at which no values have to wait on the stack.
std::uint32_t distance_between_vectors(const Program& program, const Liveness& liveness,
                                       const RegisterFile& file, const Interleaving& of) {
  constexpr std::uint32_t least = 2;
  const auto steps = std::max(least, static_cast<std::uint32_t>(program.steps.size()));
  if (std::ranges::any_of(program.steps,
                          [&](const Instruction& step) { return file.is_call(program, step); }))
    return steps;
  const auto is_mask = [&](std::uint32_t step) {
    return file.masks > 0 && program.steps[step].dtype == b8;
  };
  const std::vector<int> masks = liveness.live(is_mask);
  const std::vector<int> values = liveness.live([&](std::uint32_t step) { return !is_mask(step); });
  // Sums that wait for the next vector.
  const auto waiting = static_cast<int>(std::ranges::count(of.summed, true));
  const auto vectors = static_cast<std::uint32_t>(of.vectors);
  for (std::uint32_t distance = least; distance < steps; distance += 1 + distance / 8) {
    if (most_live(values, vectors, distance) + waiting <= file.vectors &&
        most_live(masks, vectors, distance) <= file.masks)
      return distance;
  }
  return steps;
}

}  // namespace

Allocation allocate_interleaved(const Program& program, std::span<const std::int64_t> in_step,
                                const RegisterFile& registers, const Interleaving& of,
                                const std::vector<Action>* preheader) {
  const Liveness liveness(program, in_step);
  const std::uint32_t distance = distance_between_vectors(program, liveness, registers, of);
  return Interleaved(program, liveness, of, distance).allocate(in_step, registers, preheader);
}

}  // namespace dagrad::detail
