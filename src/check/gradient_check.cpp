#include "dagrad/check.hpp"
#include "src/check/alone.hpp"
#include "src/check/rounding.hpp"
#include "src/check/surface.hpp"

namespace dagrad {

namespace detail {

CheckReport check_subject(Subject& subject, const CheckOptions& options, Rng& rng) {
  CheckReport report;
  report.allowed = options.unresolved;
  if (narrowest(subject) != f64) {
    Subject wide = widened(subject);
    report.comparisons = compare_slopes(wide, options, rng);
    if (!report.comparisons.empty()) compare_rounding(subject, wide, options, rng, report);
    if (!report.comparisons.empty()) check_alone(wide, options, rng, report);
  } else {
    report.comparisons = compare_slopes(subject, options, rng);
    if (!report.comparisons.empty()) check_alone(subject, options, rng, report);
  }
  const std::size_t negligible = report.count(Verdict::negligible);
  if (negligible > 0 && negligible == report.comparisons.size())
    report.warnings.push_back(all_negligible);
  return report;
}

}  // namespace detail

CheckReport check_gradient(const Value& y, std::span<const Value> xs, const Feeds& feeds,
                           const CheckOptions& options) {
  if (xs.empty()) throw ArgumentError("check_gradient: needs at least one x");
  Rng rng(options.seed);
  detail::Subject subject = detail::extract_subject(y, xs, feeds, options.runtime, rng);
  return detail::check_subject(subject, options, rng);
}
CheckReport check_gradient(const Value& y, std::initializer_list<Value> xs, const Feeds& feeds,
                           const CheckOptions& options) {
  return check_gradient(y, std::span<const Value>(xs.begin(), xs.size()), feeds, options);
}
CheckReport check_gradient(const Value& y, const Value& x, const Feeds& feeds,
                           const CheckOptions& options) {
  return check_gradient(y, {&x, 1}, feeds, options);
}

}  // namespace dagrad
