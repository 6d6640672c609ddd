#include "dagrad/gradient.hpp"

#include "dagrad/apply.hpp"
#include "src/gradient/reverse.hpp"
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

std::string describe(const Value& value) {
  return "'" + value.name() + "', " + to_string(value.type());
}

void check_float(const Value& value, std::string_view role) {
  if (!is_float(value.dtype()))
    throw GradientError("gradient: " + std::string(role) + " " + describe(value) +
                        ", is not a float: only floats have gradients");
}

void check_seed(const Seeded& y) {
  check_float(y.y, "y");
  if (y.seed.empty() && y.y.rank() != 0)
    throw GradientError("gradient: y " + describe(y.y) +
                        ", is not a scalar: give a seed of its type, or take the gradient of its "
                        "sum");
  if (!y.seed.empty() && y.seed.type() != y.y.type())
    throw GradientError("gradient: the seed " + describe(y.seed) +
                        ", does not have the type of y " + describe(y.y));
}

/// The ys, where a single one takes the seed of the options.
std::vector<Seeded> seeded(const Targets& ys, const GradientOptions& options) {
  if (ys.ys().empty()) throw ArgumentError("gradient: needs at least one y");
  std::vector<Seeded> all(ys.ys().begin(), ys.ys().end());
  if (options.seed.empty()) return all;
  if (all.size() > 1 || !all.front().seed.empty())
    throw ArgumentError(
        "gradient: GradientOptions::seed is for a single y that has no seed of its own: give each "
        "y "
        "its seed, as in {{y1, seed1}, {y2, seed2}}");
  all.front().seed = options.seed;
  return all;
}

void check_connected(const detail::Paths& paths, const Value& y, std::span<const Value> xs) {
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (paths.x_slot(i) == detail::Paths::none)
      throw GradientError(
          "gradient: y '" + y.name() + "' does not depend on x '" + xs[i].name() +
          "': no path connects them; with Unconnected::zeros, the gradient is zeros");
}

/// The graph of all values, after checking them.
detail::GraphData& checked(std::span<const Seeded> ys, std::span<const Value> xs) {
  const Value& first = ys.front().y;
  const auto check_graph = [&](const Value& value) {
    detail::require_same_graph("gradient", first, value);
  };
  for (const Seeded& y : ys) {
    check_graph(y.y);
    if (!y.seed.empty()) check_graph(y.seed);
    check_seed(y);
  }
  for (const Value& x : xs) {
    check_graph(x);
    check_float(x, "x");
  }
  return detail::Access::data(first);
}

}  // namespace

std::vector<Value> gradient(const Targets& targets, std::span<const Value> xs,
                            const GradientOptions& options, Location where) {
  const std::vector<Seeded> ys = detail::told_at(where, [&] { return seeded(targets, options); });
  detail::GraphData& graph =
      detail::told_at(where, [&]() -> detail::GraphData& { return checked(ys, xs); });
  const detail::Paths paths(graph, ys, xs);
  if (options.unconnected == Unconnected::error)
    detail::told_at(where, [&] { check_connected(paths, ys.front().y, xs); });
  const Building building({&ys.front().y, 1}, {});
  detail::Reverse reverse(graph, paths);
  for (std::size_t i = 0; i < ys.size(); ++i) reverse.seed(i, ys[i]);
  reverse.run();
  std::vector<Value> results;
  for (std::size_t i = 0; i < xs.size(); ++i) results.push_back(reverse.result(i, xs[i]));
  reverse.note_cotangents(ys, xs);
  return results;
}

std::vector<Value> gradient(const Targets& ys, std::initializer_list<Value> xs,
                            const GradientOptions& options, Location where) {
  return gradient(ys, std::span<const Value>(xs.begin(), xs.size()), options, where);
}
Value gradient(const Targets& ys, const Value& x, const GradientOptions& options, Location where) {
  return gradient(ys, std::span<const Value>(&x, 1), options, where).front();
}

}  // namespace dagrad
