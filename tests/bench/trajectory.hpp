#pragma once

#include "dagrad/dagrad.hpp"

namespace dagrad::bench {

/// The swing-up of a pole on a cart within two seconds, by Hermite-Simpson collocation in separated
/// form (M. Kelly, "An introduction to trajectory optimization", SIAM Review 59(4), 2017, section 4
/// and appendix E): states and forces at the ends and in the middle of each interval are variables,
/// and defects are what remains of the equations of motion.
struct Trajectory {
  explicit Trajectory(std::int64_t intervals)
      : steps(2 * intervals + 1),
        h(2.0 / static_cast<double>(intervals)),
        states(graph.input("states", {f64, {4, steps}})),
        forces(graph.input("forces", {f64, {steps}})),
        multipliers(graph.input("multipliers", {f64, {8, intervals}})) {
    const Value rates = motion();
    const Value begin = at(states, 0), middle = at(states, 1), end = at(states, 2);
    const Value f0 = at(rates, 0), f1 = at(rates, 1), f2 = at(rates, 2);
    defects = concat(
        {end - begin - h / 6 * (f0 + 4 * f1 + f2), middle - (begin + end) / 2 - h / 8 * (f0 - f2)});
    const Value effort = square(at(forces, 0)) + 4 * square(at(forces, 1)) + square(at(forces, 2));
    lagrangian = h / 6 * sum(effort) + sum(multipliers * defects);
  }

  std::vector<Value> variables() const { return {states, forces}; }

  Graph graph;
  std::int64_t steps;
  double h;
  Value states;  ///< [4, steps]: place and angle, and their rates
  Value forces, multipliers;
  Value defects;  ///< [8, intervals]
  Value lagrangian;

 private:
  /// The beginnings, middles or ends of all intervals.
  Value at(const Value& all, std::int64_t which) const {
    return slice(all, -1, {which, steps - 2 + which, 2});
  }

  /// The rates of change of the states.
  Value motion() const {
    constexpr double cart = 1, pole = 0.3, length = 0.5, gravity = 9.81;
    const Value s = sin(states[1]), c = cos(states[1]), spin = square(states[3]);
    const Value mass = cart + pole * square(s);
    const Value along = (length * pole * s * spin + forces + pole * gravity * c * s) / mass;
    const Value around =
        -(length * pole * c * s * spin + forces * c + (cart + pole) * gravity * s) /
        (length * mass);
    return stack({states[2], states[3], along, around});
  }
};

}  // namespace dagrad::bench
