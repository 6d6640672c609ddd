#include "dagrad/train/least_squares.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <utility>

#include "dagrad/apply.hpp"
#include "dagrad/error.hpp"
#include "src/train/damped_step.hpp"
#include "src/train/require.hpp"
#include "src/train/stored_numbers.hpp"

namespace dagrad {

namespace {

using detail::Numbers;

void require_squares(const Value& residuals, ValueSpan parameters,
                     const LeastSquaresOptions& options) {
  using detail::require;
  if (residuals.dtype() != f32 && residuals.dtype() != f64)
    throw TypeError("the residuals must be float32 or float64, got " + to_string(residuals.type()));
  detail::require_float_parameters(parameters);
  require(options.iterations >= 0, "iterations", "at least 0", options.iterations);
  require(options.step_tolerance >= 0, "step_tolerance", "at least 0", options.step_tolerance);
  require(options.value_tolerance >= 0, "value_tolerance", "at least 0", options.value_tolerance);
  require(options.damping > 0 && std::isfinite(options.damping), "damping", "larger than 0",
          options.damping);
}

double squares(const Numbers& x) {
  double sum = 0;
  for (const double each : x) sum += each * each;
  return sum;
}

/// Evaluates residuals and their Jacobian at points that are stored in the State.
class Residuals {
 public:
  Residuals(const Value& residuals, ValueSpan parameters, State& state, const Feeds& feeds,
            const LeastSquaresOptions& options, Location where)
      : stored(parameters, state, feeds, options.run, where) {
    const Building building("least_squares", {&residuals, 1}, where);
    building.checked([&] { require_squares(residuals, parameters, options); });
    residuals_ = compile(residuals, {.threads = options.threads}, where);
    jacobian_ = compile(jacobian({&residuals, 1}, parameters, {.by = options.jacobian})[0],
                        {.threads = options.threads}, where);
  }

  Numbers at(const Numbers& x) {
    stored.set(x);
    Numbers residuals;
    detail::append_numbers(residuals, stored.run(residuals_)[0]);
    return residuals;
  }
  /// The Jacobian at the stored point, by columns.
  Numbers jacobian_of(std::size_t rows, std::size_t columns) {
    ++evaluations;
    Numbers by_columns(rows * columns);
    std::size_t first = 0;
    for (const Tensor& block : stored.run(jacobian_)) {
      Numbers numbers;
      detail::append_numbers(numbers, block);
      const std::size_t width = rows == 0 ? 0 : numbers.size() / rows;
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < width; ++j)
          by_columns[(first + j) * rows + i] = numbers[i * width + j];
      first += width;
    }
    return by_columns;
  }

  detail::StoredNumbers stored;
  int evaluations = 0;

 private:
  Function residuals_, jacobian_;
};

/// The method of Levenberg and Marquardt.
class Fitter {
 public:
  Fitter(Residuals& residuals, const LeastSquaresOptions& options, Location where)
      : residuals_(residuals),
        options_(options),
        damping_(options.damping),
        best(residuals.stored.get()) {
    now_ = residuals_.at(best);
    value = squares(now_);
    Numbers jacobian = residuals_.jacobian_of(now_.size(), best.size());
    if (!std::isfinite(value) || !detail::all_finite(jacobian))
      throw RunError(fmt::format("least_squares: the {} not finite{}",
                                 std::isfinite(value) ? "Jacobian of the residuals at the start is"
                                                      : "residuals at the start are",
                                 made_at(where)));
    linearize(std::move(jacobian));
  }

  LeastSquaresEnd run() {
    for (; iterations < options_.iterations; ++iterations) {
      const Numbers step = linear_.step(damping_, scales_);
      const double scaled = scaled_squares(step);
      const double predicted = linear_.change(step) + 2 * damping_ * scaled;
      const double tolerance = options_.step_tolerance;
      const bool is_small = scaled <= tolerance * tolerance * scaled_squares(best);
      const bool is_flat = predicted <= options_.value_tolerance * value;
      attempt(step, predicted);
      if (is_small || is_flat) {
        ++iterations;
        return is_small ? LeastSquaresEnd::step : LeastSquaresEnd::value;
      }
    }
    return LeastSquaresEnd::iterations;
  }

  Numbers deviations() const {
    const double freedom = static_cast<double>(now_.size()) - static_cast<double>(best.size());
    Numbers all = linear_.inverse_diagonal();
    for (double& each : all)
      each = freedom > 0 ? std::sqrt(each * value / freedom)
                         : std::numeric_limits<double>::quiet_NaN();
    return all;
  }

 private:
  /// Goes to the point if it is lower, and adapts the damping in either case.
  void attempt(const Numbers& step, double predicted) {
    Numbers x = best;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += step[i];
    if (detail::all_finite(x)) {
      const Numbers there = residuals_.at(x);
      const double ratio = (value - squares(there)) / predicted;
      if (ratio > 1e-4) {  // false for NaN
        Numbers jacobian = residuals_.jacobian_of(there.size(), x.size());
        if (detail::all_finite(jacobian)) return accept(there, std::move(jacobian), ratio);
      }
    }
    damping_ *= growth_;
    growth_ *= 2;
  }
  void accept(const Numbers& there, Numbers jacobian, double ratio) {
    best = residuals_.stored.get();
    now_ = there;
    value = squares(there);
    linearize(std::move(jacobian));
    damping_ *= std::max(1.0 / 3, 1 - std::pow(2 * ratio - 1, 3));
    growth_ = 2;
  }
  void linearize(Numbers jacobian) {
    const std::size_t rows = now_.size();
    scales_.resize(best.size());
    for (std::size_t j = 0; j < best.size(); ++j) {
      double size = 0;
      for (std::size_t i = 0; i < rows; ++i) size = std::hypot(size, jacobian[j * rows + i]);
      scales_[j] = std::max(scales_[j], size);
      if (scales_[j] == 0) scales_[j] = 1;
    }
    linear_ = detail::LinearizedSquares(std::move(jacobian), now_, best.size());
  }
  double scaled_squares(const Numbers& x) const {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += scales_[i] * x[i] * scales_[i] * x[i];
    return sum;
  }

  Residuals& residuals_;
  const LeastSquaresOptions& options_;
  double damping_, growth_ = 2;
  Numbers now_;     ///< the residuals at `best`
  Numbers scales_;  ///< the largest sizes that the columns of the Jacobian have had
  detail::LinearizedSquares linear_{{}, {}, 0};

 public:
  Numbers best;
  double value = 0;
  int iterations = 0;
};

}  // namespace

LeastSquaresResult least_squares(const Value& residuals, ValueSpan parameters, State& state,
                                 const Feeds& feeds, const LeastSquaresOptions& options,
                                 Location where) {
  Residuals evaluated(residuals, parameters, state, feeds, options, where);
  Fitter fitter(evaluated, options, where);
  const auto keep_best = [&] { evaluated.stored.set(fitter.best); };
  LeastSquaresResult result;
  try {
    result.end = fitter.run();
  } catch (...) {
    keep_best();
    throw;
  }
  keep_best();
  result.value = fitter.value;
  result.iterations = fitter.iterations;
  result.evaluations = evaluated.evaluations;
  result.deviations = evaluated.stored.shaped(fitter.deviations());
  return result;
}

std::string to_string(const LeastSquaresResult& result) {
  const char* const reason = result.end == LeastSquaresEnd::step ? "the last step was small enough"
                             : result.end == LeastSquaresEnd::value
                                 ? "the sum of squares barely falls any more"
                                 : "all iterations are made";
  return fmt::format("sum of squares {:.6g} after {} steps and {} Jacobians: {}", result.value,
                     result.iterations, result.evaluations, reason);
}

std::ostream& operator<<(std::ostream& out, const LeastSquaresResult& result) {
  return out << to_string(result);
}

}  // namespace dagrad
