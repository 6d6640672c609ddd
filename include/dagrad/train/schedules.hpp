#pragma once

#include <cstdint>

#include "dagrad/apply.hpp"
#include "dagrad/config.hpp"

/// Learning rates that depend on the number of steps made. Each takes t, an int64 scalar that
/// counts from 0, such as the value of a `step_counter`, and returns a float64 scalar, which every
/// optimiser takes as its rate:
///
///     const Advancing step = step_counter(graph);
///     const Value rate = schedules::cosine(step.now, 0.1, 1000);
///     const auto updates = join({sgd(weights, gradients, rate), {step.update}});
///
/// They are values like others, so that they can be combined: `0.1 * schedules::…`, or `step.now -
/// 100` for a schedule that starts after 100 steps. A negative t counts as 0.
///
/// All of them throw TypeError or ShapeError if t is not an int64 scalar, and ArgumentError for a
/// rate that is negative or not finite and for numbers of steps below 1.
namespace dagrad::schedules {

/// rate · factor^⌊t / every⌋: multiplied by `factor`, in (0, 1], after every so many steps.
Value step(const Operand& t, double rate, double factor, std::int64_t every);

/// rate · factor^(t / steps): falls smoothly, by `factor`, in (0, 1], in every so many steps.
Value exponential(const Operand& t, double rate, double factor, std::int64_t steps = 1);

/// end + (rate − end) · (1 + cos(π·t / steps)) / 2, and `end` from step `steps` on
/// (Loshchilov and Hutter 2017, without restarts).
Value cosine(const Operand& t, double rate, std::int64_t steps, double end = 0);

/// rate · min(1, (t + 1) / steps): rises in a straight line over the first steps, of which the last
/// has the full rate. `rate` is a number or another schedule of t.
Value warm_up(const Operand& t, const Operand& rate, std::int64_t steps);

struct OneCycleOptions {
  double rise = 0.3;    ///< the share of steps in which the rate rises, in (0, 1)
  double start = 0.04;  ///< the first rate as a share of the highest, in [0, 1]
  double end = 4e-6;    ///< the last rate as a share of the highest, in [0, 1]
};
/// The one-cycle policy (Smith and Topin 2018) in the form of PyTorch, whose defaults these are:
/// rises from start · highest to `highest` and falls to end · highest, along half a cosine each. A
/// training has `steps` steps, at least 2; the highest rate is reached at t = rise · steps − 1, and
/// the lowest in the last step, from which on the rate stays as it is. Throws ArgumentError if
/// there is no step in which the rate rises or none in which it falls.
Value one_cycle(const Operand& t, double highest, std::int64_t steps,
                const OneCycleOptions& options = {});

}  // namespace dagrad::schedules
