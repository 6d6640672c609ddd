#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "src/check/magnitudes.hpp"
#include "src/check/surface.hpp"

namespace dagrad::detail {

namespace {

/// A suitable step size at a number.
double natural_step(double x) {
  return x == 0 || !std::isfinite(x) ? 1 : std::max(std::abs(x), 1e-3);
}

double random_sign(Rng& rng) { return rng.number() < 0.5 ? -1 : 1; }

/// One element of an x, or a direction in it, along which to compare.
struct Axis {
  std::size_t x = 0;
  std::optional<std::int64_t> element;
  std::vector<double> along;  ///< the natural step of the element, or those of all elements
};

class Comparer {
 public:
  Comparer(Subject& subject, const CheckOptions& options, Rng& rng)
      : subject_(subject), options_(options), rng_(rng), surface_(subject, options.runtime) {}

  Axis element(std::size_t x, std::int64_t e) {
    return {x, e, {natural_step(surface_.x(x)[static_cast<std::size_t>(e)])}};
  }
  Axis direction(std::size_t x) {
    Axis axis{x, {}, {}};
    for (const double coordinate : surface_.x(x))
      axis.along.push_back(random_sign(rng_) * rng_.number(0.5, 2) * natural_step(coordinate));
    return axis;
  }
  Comparison compare(const Axis& axis);
  std::size_t size(std::size_t x) { return surface_.x(x).size(); }

 private:
  double slope(const Axis& axis) const;
  Line line(const Axis& axis);
  bool disagrees_nearby(const Axis& axis);
  bool rounded_away(const Axis& axis, double distance);

  Subject& subject_;
  const CheckOptions& options_;
  Rng& rng_;
  Surface surface_;
};

double Comparer::slope(const Axis& axis) const {
  const auto slopes = surface_.slopes(axis.x);
  if (axis.element) return slopes[static_cast<std::size_t>(*axis.element)] * axis.along[0];
  double sum = 0;
  for (std::size_t e = 0; e < slopes.size(); ++e) sum += slopes[e] * axis.along[e];
  return sum;
}

Line Comparer::line(const Axis& axis) {
  const std::span<double> x =
      axis.element ? surface_.x(axis.x).subspan(static_cast<std::size_t>(*axis.element), 1)
                   : surface_.x(axis.x);
  return [this, x, &axis, origin = std::vector(x.begin(), x.end())](double t) {
    if (t == 0) return surface_.origin();
    for (std::size_t e = 0; e < x.size(); ++e) x[e] = origin[e] + t * axis.along[e];
    const double moved = axis.element ? (x[0] - origin[0]) / axis.along[0] : t;
    ValueOnLine point = surface_.look();
    point.t = moved;
    std::copy(origin.begin(), origin.end(), x.begin());
    return point;
  };
}

Comparison Comparer::compare(const Axis& axis) {
  const double gradient = slope(axis);
  const double unit = axis.element ? axis.along[0] : 1;
  const Line along = line(axis);
  const auto [verdict, derivative] = hold(along, gradient, surface_.rounding(), surface_.size());
  Comparison result{
      subject_.names[axis.x],  subject_.xs[axis.x].shape(), axis.element, gradient / unit,
      derivative.value / unit, derivative.error / unit,     verdict};
  if (result.verdict == Verdict::disagree && !std::isnan(gradient) &&
      (!disagrees_nearby(axis) || rounded_away(axis, std::abs(gradient - derivative.value))))
    result.verdict = Verdict::unresolved;
  return result;
}

/// Whether the gradient's own rounding may explain the distance: contributions that cancel can hide
/// a small one.
bool Comparer::rounded_away(const Axis& axis, double distance) {
  try {
    Magnitudes magnitudes(subject_, surface_.gradient(axis.x), options_.runtime);
    const std::span<double> weights = magnitudes.weights();
    if (axis.element)
      weights[static_cast<std::size_t>(*axis.element)] = axis.along[0];
    else
      std::copy(axis.along.begin(), axis.along.end(), weights.begin());
    using Limits = std::numeric_limits<double>;
    return distance <= 16 * Limits::epsilon() * magnitudes.sum(Limits::min(), Limits::max());
  } catch (const GradientError&) {
    return false;
  }
}

bool Comparer::disagrees_nearby(const Axis& axis) {
  std::vector<std::vector<double>> origin;
  for (std::size_t i = 0; i < surface_.xs(); ++i)
    origin.emplace_back(surface_.x(i).begin(), surface_.x(i).end());
  bool confirmed = true;
  for (int i = 0; i < 2 && confirmed; ++i) {
    for (std::size_t x = 0; x < surface_.xs(); ++x) {
      for (std::size_t e = 0; e < origin[x].size(); ++e)
        surface_.x(x)[e] = origin[x][e] + random_sign(rng_) * rng_.number(0x1p-7, 0x1p-5) *
                                              natural_step(origin[x][e]);
    }
    surface_.set_origin();
    const Derivative derivative = differentiate(line(axis), surface_.rounding());
    confirmed = std::isfinite(derivative.error) &&
                judge(slope(axis), derivative, surface_.size()) == Verdict::disagree;
  }
  for (std::size_t x = 0; x < surface_.xs(); ++x)
    std::copy(origin[x].begin(), origin[x].end(), surface_.x(x).begin());
  surface_.set_origin();
  return confirmed;
}

}  // namespace

std::vector<Comparison> compare_slopes(Subject& subject, const CheckOptions& options, Rng& rng) {
  std::int64_t values = 0;
  for (const Value& y : subject.ys) values += y.size();
  if (values == 0) return {};
  Comparer comparer(subject, options, rng);
  std::vector<Comparison> comparisons;
  for (std::size_t x = 0; x < subject.xs.size(); ++x) {
    const auto size = static_cast<std::int64_t>(comparer.size(x));
    if (size <= options.elements) {
      for (std::int64_t e = 0; e < size; ++e)
        comparisons.push_back(comparer.compare(comparer.element(x, e)));
    } else {
      for (int i = 0; i < options.directions; ++i)
        comparisons.push_back(comparer.compare(comparer.direction(x)));
    }
  }
  return comparisons;
}

}  // namespace dagrad::detail
