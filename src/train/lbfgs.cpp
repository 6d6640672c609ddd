#include "dagrad/train/lbfgs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string_view>
#include <utility>

#include "dagrad/apply.hpp"
#include "dagrad/error.hpp"
#include "dagrad/gradient.hpp"
#include "src/train/curvature.hpp"
#include "src/train/line_search.hpp"
#include "src/train/require.hpp"
#include "src/train/stored_numbers.hpp"

namespace dagrad {

namespace {

using detail::Numbers;

void require_loss(const Value& loss) {
  const std::string text = "the loss must be a float scalar, got " + to_string(loss.type());
  if (loss.rank() != 0) throw ShapeError(text);
  if (loss.dtype() != f32 && loss.dtype() != f64) throw TypeError(text);
}

void require_options(const LbfgsOptions& options) {
  using detail::require;
  require(options.memory >= 1, "memory", "at least 1", options.memory);
  require(options.iterations >= 0, "iterations", "at least 0", options.iterations);
  require(options.evaluations >= 1, "evaluations", "at least 1", options.evaluations);
  require(options.gradient_tolerance >= 0, "gradient_tolerance", "at least 0",
          options.gradient_tolerance);
  require(options.value_tolerance >= 0, "value_tolerance", "at least 0", options.value_tolerance);
  require(options.curvature > 0 && options.curvature < 1, "curvature", "in (0, 1)",
          options.curvature);
  require(options.sufficient_decrease > 0 && options.sufficient_decrease < options.curvature,
          "sufficient_decrease", fmt::format("in (0, {}), below curvature", options.curvature),
          options.sufficient_decrease);
}

Function compile_with_gradients(const Value& loss, ValueSpan parameters,
                                const LbfgsOptions& options, Location where) {
  const Building building("lbfgs", {&loss, 1}, where);
  building.checked([&] {
    require_loss(loss);
    detail::require_float_parameters(parameters);
    require_options(options);
  });
  std::vector<Value> fetches{loss};
  const std::vector<Value> gradients = gradient(loss, parameters);
  fetches.insert(fetches.end(), gradients.begin(), gradients.end());
  return compile(fetches, {.threads = options.threads}, where);
}

/// A point, with the loss there and its gradient.
struct PointOnSurface {
  Numbers x, gradient;
  double value = 0;

  double largest_slope() const {
    double largest = 0;
    for (const double slope : gradient) largest = std::max(largest, std::abs(slope));
    return largest;
  }
  bool finite() const { return std::isfinite(value) && detail::all_finite(gradient); }
};

/// Evaluates the loss at points that are stored in the State.
class Surface {
 public:
  Surface(const Function& function, ValueSpan parameters, State& state, const Feeds& feeds,
          const LbfgsOptions& options, Location where)
      : stored(parameters, state, feeds, options.run, where), function_(function) {}

  /// Rounds x to the dtypes of the parameters.
  PointOnSurface at(Numbers x) {
    ++evaluations;
    stored.set(x);
    const std::vector<Tensor> results = stored.run(function_);
    PointOnSurface point{stored.get(), {}, results[0].item<double>()};
    for (std::size_t i = 1; i < results.size(); ++i)
      detail::append_numbers(point.gradient, results[i]);
    return point;
  }
  detail::StoredNumbers stored;
  int evaluations = 0;

 private:
  const Function& function_;
};

Numbers difference(const Numbers& a, const Numbers& b) {
  Numbers result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = a[i] - b[i];
  return result;
}

/// Goes from point to point downhill.
class Descent {
 public:
  Descent(Surface& surface, PointOnSurface start, const LbfgsOptions& options)
      : now(std::move(start)),
        surface_(surface),
        options_(options),
        curvature_(static_cast<std::size_t>(options.memory)) {}

  /// Makes one iteration. Returns whether it found a lower point.
  bool advance() {
    Numbers direction = curvature_.direction(now.gradient);
    if (!(detail::dot(direction, now.gradient) < 0)) direction = steepest();
    if (search(direction)) return true;
    return !curvature_.empty() && search(steepest());
  }

  PointOnSurface now;

 private:
  Numbers steepest() {
    curvature_.clear();
    return curvature_.direction(now.gradient);
  }

  bool search(const Numbers& direction) {
    const double slope = detail::dot(now.gradient, direction);
    if (!(slope < 0)) return false;
    PointOnSurface next;
    double step_of_next = 0;
    const auto evaluate = [&](double step) {
      Numbers x = now.x;
      for (std::size_t i = 0; i < x.size(); ++i) x[i] += step * direction[i];
      next = surface_.at(x);
      step_of_next = step;
      return detail::LinePoint{step, next.value, detail::dot(next.gradient, direction)};
    };
    // Without knowledge of the curvature, the first step has a length of at most 1.
    const double first = curvature_.empty() ? std::min(1.0, 1 / std::sqrt(-slope)) : 1;
    const detail::LinePoint end = detail::search_line(
        {options_.sufficient_decrease, options_.curvature, options_.evaluations},
        {0, now.value, slope}, first, evaluate);
    if (end.step == 0) return false;
    if (end.step != step_of_next) evaluate(end.step);
    curvature_.remember(difference(next.x, now.x), difference(next.gradient, now.gradient));
    now = std::move(next);
    return true;
  }

  Surface& surface_;
  const LbfgsOptions& options_;
  detail::Curvature curvature_;
};

LbfgsResult descend(Surface& surface, Descent& descent, const LbfgsOptions& options) {
  LbfgsResult result;
  const auto ended = [&](LbfgsEnd end) {
    result.end = end;
    result.value = descent.now.value;
    result.gradient = descent.now.largest_slope();
    result.evaluations = surface.evaluations;
    return result;
  };
  result.losses.push_back(descent.now.value);
  while (descent.now.largest_slope() > options.gradient_tolerance) {
    if (result.iterations == options.iterations) return ended(LbfgsEnd::iterations);
    if (!descent.advance()) return ended(LbfgsEnd::no_descent);
    ++result.iterations;
    const double before = result.losses.back(), now = descent.now.value;
    result.losses.push_back(now);
    if (before - now < options.value_tolerance * std::max(std::abs(before), std::abs(now)))
      return ended(LbfgsEnd::value);
  }
  return ended(LbfgsEnd::gradient);
}

}  // namespace

LbfgsResult lbfgs(const Value& loss, ValueSpan parameters, State& state, const Feeds& feeds,
                  const LbfgsOptions& options, Location where) {
  const Function function = compile_with_gradients(loss, parameters, options, where);
  Surface surface(function, parameters, state, feeds, options, where);
  PointOnSurface start = surface.at(surface.stored.get());
  if (!start.finite())
    throw RunError(fmt::format(
        "lbfgs: the loss at the start is {}{}{}", std::isnan(start.value) ? NAN : start.value,
        std::isfinite(start.value) ? ", but its gradient is not finite" : "", made_at(where)));
  Descent descent(surface, std::move(start), options);
  try {
    LbfgsResult result = descend(surface, descent, options);
    surface.stored.set(descent.now.x);
    return result;
  } catch (...) {
    surface.stored.set(descent.now.x);
    throw;
  }
}

std::string to_string(const LbfgsResult& result) {
  const std::string work =
      fmt::format("loss {:.6g} after {} iterations and {} evaluations: ", result.value,
                  result.iterations, result.evaluations);
  switch (result.end) {
    case LbfgsEnd::gradient:
      return fmt::format("{}no element of the gradient is larger than {:.2g}", work,
                         result.gradient);
    case LbfgsEnd::value:
      return work + "the loss barely falls any more";
    case LbfgsEnd::iterations:
      return work + "all iterations are made";
    case LbfgsEnd::no_descent:
      break;
  }
  return work +
         "no lower point was found along the gradient: either the loss is as exact as its dtype "
         "allows, or the gradient is wrong";
}

std::ostream& operator<<(std::ostream& out, const LbfgsResult& result) {
  return out << to_string(result);
}

}  // namespace dagrad
