#include "src/check/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/check/magnitudes.hpp"
#include "src/check/trace.hpp"

namespace dagrad::detail {

namespace {

constexpr double allowed_roundings = 16;

/// The range of normal numbers of a float dtype, and its epsilon.
struct Range {
  explicit Range(DType dtype)
      : epsilon(std::ldexp(1.0, 1 - digits(dtype))),
        smallest(dtype == f16 ? 0x1p-14 : std::numeric_limits<float>::min()),
        largest(dtype == f16 ? 65504 : std::numeric_limits<float>::max()) {}
  double epsilon, smallest, largest;
};

/// Names of the nodes that decide differently in the narrow dtype and in float64.
std::vector<std::string> differing_decisions(const Subject& narrow, const Subject& wide,
                                             Runtime* runtime) {
  const auto decisions = [&](const Subject& subject) {
    const Trace trace(subject);
    std::vector<std::pair<std::uint32_t, std::uint64_t>> found;
    if (trace.size() == 0) return found;
    Values values(trace.values(), runtime);
    values.feed(all_feeds(subject));
    values.compute();
    for (std::size_t i = 0; i < trace.size(); ++i)
      found.emplace_back(trace.node(i), trace.of_node(i, values, 0));
    return found;
  };
  const auto in_narrow = decisions(narrow), in_wide = decisions(wide);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(in_narrow.size(), in_wide.size()); ++i)
    if (in_narrow[i].second != in_wide[i].second)
      names.push_back(describe(narrow, in_narrow[i].first));
  return names;
}

class NarrowComparer {
 public:
  NarrowComparer(Subject& wide, const Range& range, const CheckOptions& options, Rng& rng,
                 CheckReport& report)
      : wide_(wide), range_(range), options_(options), rng_(rng), report_(report) {}

  void compare(const std::string& name, const Tensor& narrow, const Tensor& wide,
               const Value& result) {
    Magnitudes magnitudes(wide_, result, options_.runtime);
    const std::span<double> weights = magnitudes.weights();
    const auto size = static_cast<std::int64_t>(weights.size());
    const bool each = size <= options_.elements;
    for (std::int64_t i = 0; i < (each ? size : options_.directions); ++i) {
      for (double& weight : weights) weight = each ? 0 : rng_.number() < 0.5 ? -1 : 1;
      if (each) weights[static_cast<std::size_t>(i)] = 1;
      const double bound =
          allowed_roundings * range_.epsilon * magnitudes.sum(range_.smallest, range_.largest);
      Rounding off{name, each ? std::optional(i) : std::nullopt, 0, 0, bound};
      for (std::int64_t e = 0; e < size; ++e) {
        const double weight = weights[static_cast<std::size_t>(e)];
        if (weight == 0) continue;
        off.narrow += weight * narrow.at(e);
        off.wide += weight * wide.at(e);
      }
      ++report_.rounded;
      if (std::isfinite(bound) && !(std::abs(off.narrow - off.wide) <= bound))
        report_.rounding.push_back(off);
    }
  }

 private:
  Subject& wide_;
  const Range range_;
  const CheckOptions& options_;
  Rng& rng_;
  CheckReport& report_;
};

}  // namespace

void compare_rounding(Subject& narrow, Subject& wide, const CheckOptions& options, Rng& rng,
                      CheckReport& report) {
  report.decisions = differing_decisions(narrow, wide, options.runtime);
  if (!report.decisions.empty()) return;
  const auto results = [&](Subject& subject) {
    std::vector<Value> values = subject.ys;
    for (const Value& slope : append_gradient(subject)) values.push_back(slope);
    return values;
  };
  const std::vector<Value> narrow_results = results(narrow), wide_results = results(wide);
  const std::vector<Tensor> in_narrow =
                                evaluate_at(narrow_results, all_feeds(narrow), options.runtime),
                            in_wide = evaluate_at(wide_results, all_feeds(wide), options.runtime);
  NarrowComparer comparer(wide, Range(narrowest(narrow)), options, rng, report);
  for (std::size_t i = 0; i < wide_results.size(); ++i) {
    const std::string name =
        i < wide.ys.size() ? "y" : "gradient of '" + narrow.names[i - wide.ys.size()] + "'";
    try {
      comparer.compare(name, in_narrow[i], in_wide[i], wide_results[i]);
    } catch (const GradientError&) {
      // Without a derivative, the result has no sum of magnitudes to bound the difference.
      report.unbounded.push_back(name);
    }
  }
}

}  // namespace dagrad::detail
