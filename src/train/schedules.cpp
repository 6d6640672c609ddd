#include "dagrad/train/schedules.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <string_view>

#include "dagrad/error.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/logic.hpp"
#include "dagrad/ops/operators.hpp"
#include "src/train/require.hpp"

namespace dagrad::schedules {

namespace {

/// Checks the arguments of a schedule, and gives its nodes and errors the user's line.
class Schedule {
 public:
  Schedule(std::string_view name, const Operand& t) : building_(name, {t}) {
    building_.checked([&] {
      if (t.is_literal()) throw ArgumentError("t must be a value, got a plain number");
      const std::string text = "t must be an int64 scalar, got " + to_string(t.type());
      if (t.dtype() != i64) throw TypeError(text);
      if (t.rank() != 0) throw ShapeError(text);
    });
  }

  void require_rate(std::string_view what, double rate) const {
    require(rate >= 0 && std::isfinite(rate), what, "finite and at least 0", rate);
  }
  void require_factor(double factor) const {
    require(factor > 0 && factor <= 1, "factor", "in (0, 1]", factor);
  }
  void require_share(std::string_view what, double share) const {
    require(share >= 0 && share <= 1, what, "in [0, 1]", share);
  }
  void require_steps(std::string_view what, std::int64_t steps, std::int64_t least = 1) const {
    require(steps >= least, what, fmt::format("at least {}", least), steps);
  }
  template <class T>
  void require(bool right, std::string_view what, std::string_view range, T got) const {
    building_.checked([&] { detail::require(right, what, range, got); });
  }
  template <class F>
  void check(F&& f) const {
    building_.checked(f);
  }

  /// Steps made, as float64.
  static Value made(const Operand& t) { return cast(maximum(t, 0), f64); }

 private:
  Building building_;
};

/// From `from` to `to` along half a cosine, as `part` goes from 0 to 1.
Value half_cosine(double from, double to, const Value& part) {
  return to + (from - to) / 2 * (1 + cos(std::numbers::pi * part));
}

}  // namespace

Value step(const Operand& t, double rate, double factor, std::int64_t every) {
  const Schedule schedule("schedules::step", t);
  schedule.require_rate("rate", rate);
  schedule.require_factor(factor);
  schedule.require_steps("every", every);
  return rate * pow(factor, floor(Schedule::made(t) / every));
}

Value exponential(const Operand& t, double rate, double factor, std::int64_t steps) {
  const Schedule schedule("schedules::exponential", t);
  schedule.require_rate("rate", rate);
  schedule.require_factor(factor);
  schedule.require_steps("steps", steps);
  return rate * pow(factor, Schedule::made(t) / steps);
}

Value cosine(const Operand& t, double rate, std::int64_t steps, double end) {
  const Schedule schedule("schedules::cosine", t);
  schedule.require_rate("rate", rate);
  schedule.require_steps("steps", steps);
  schedule.require_rate("end", end);
  return half_cosine(rate, end, minimum(Schedule::made(t) / steps, 1));
}

Value warm_up(const Operand& t, const Operand& rate, std::int64_t steps) {
  const Schedule schedule("schedules::warm_up", t);
  schedule.require_steps("steps", steps);
  if (rate.is_literal()) schedule.require_rate("rate", rate.literal().real());
  schedule.check([&] {
    if (!rate.is_literal() && rate.type() != Type{f64, {}})
      throw TypeError("the rate must be a number or a float64 scalar, got " +
                      to_string(rate.type()));
  });
  return mul(minimum((Schedule::made(t) + 1) / steps, 1), rate);
}

Value one_cycle(const Operand& t, double highest, std::int64_t steps,
                const OneCycleOptions& options) {
  const Schedule schedule("schedules::one_cycle", t);
  schedule.require_rate("highest", highest);
  schedule.require_steps("steps", steps, 2);
  schedule.require_share("start", options.start);
  schedule.require_share("end", options.end);
  const double top = options.rise * static_cast<double>(steps) - 1;
  const double last = static_cast<double>(steps - 1);
  schedule.check([&] {
    if (!(top > 0 && top < last))
      throw ArgumentError(fmt::format(
          "a rise of {} leaves no step in which the rate {}; with {} steps, it must be in ({}, 1)",
          options.rise, top > 0 ? "falls" : "rises", steps, 1 / static_cast<double>(steps)));
  });
  const Value made = minimum(Schedule::made(t), last);
  const Value rising = half_cosine(options.start * highest, highest, made / top);
  const Value falling = half_cosine(highest, options.end * highest, (made - top) / (last - top));
  return where(made <= top, rising, falling);
}

}  // namespace dagrad::schedules
