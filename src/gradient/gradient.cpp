#include "dagrad/gradient.hpp"

#include "src/gradient/derive.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad {

Targets::Targets(const Value& y) : ys_{{y}} {}
Targets::Targets(std::initializer_list<Value> ys) : Targets(std::span(ys.begin(), ys.size())) {}
Targets::Targets(std::initializer_list<Seeded> ys) : ys_(ys) {}
Targets::Targets(std::span<const Value> ys) {
  for (const Value& y : ys) ys_.push_back({y});
}
Targets::Targets(std::span<const Seeded> ys) : ys_(ys.begin(), ys.end()) {}

namespace {

/// The ys, where a single one takes the seed of the options.
std::vector<Seeded> seeded(const Targets& ys, const GradientOptions& options) {
  std::vector<Seeded> all(ys.ys().begin(), ys.ys().end());
  if (all.empty() || options.seed.empty()) return all;
  if (all.size() > 1 || !all.front().seed.empty())
    throw ArgumentError(
        "gradient: GradientOptions::seed is for a single y that has no seed of its own: give each "
        "y "
        "its seed, as in {{y1, seed1}, {y2, seed2}}");
  all.front().seed = options.seed;
  return all;
}

}  // namespace

std::vector<Value> gradient(const Targets& targets, std::span<const Value> xs,
                            const GradientOptions& options, Location where) {
  const std::vector<Seeded> ys = detail::told_at(where, [&] { return seeded(targets, options); });
  return detail::reverse_mode("gradient", ys, xs, options.unconnected, where);
}

std::vector<Value> gradient(const Targets& ys, std::initializer_list<Value> xs,
                            const GradientOptions& options, Location where) {
  return gradient(ys, std::span<const Value>(xs.begin(), xs.size()), options, where);
}
Value gradient(const Targets& ys, const Value& x, const GradientOptions& options, Location where) {
  return gradient(ys, std::span<const Value>(&x, 1), options, where).front();
}

}  // namespace dagrad
