#include "dagrad/gradient.hpp"

#include "dagrad/apply.hpp"
#include "src/gradient/reverse.hpp"

namespace dagrad {

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
    throw GradientError(
        "gradient: y " + describe(y.y) +
        ", is not a scalar: give a seed of its type, or take the gradient of its sum");
  if (!y.seed.empty() && y.seed.type() != y.y.type())
    throw GradientError("gradient: the seed " + describe(y.seed) +
                        ", does not have the type of y " + describe(y.y));
}

}  // namespace

std::vector<Value> gradient(std::span<const Seeded> ys, std::span<const Value> xs,
                            Unconnected unconnected) {
  if (ys.empty()) throw ArgumentError("gradient: needs at least one y");
  detail::GraphData& graph = detail::Access::data(ys.front().y);
  const auto check_graph = [&](const Value& value) {
    if (&detail::Access::data(value) != &graph)
      throw GraphError("gradient: '" + value.name() + "' belongs to another graph than y '" +
                       ys.front().y.name() + "'");
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

  const detail::Paths paths(graph, ys, xs);
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (unconnected == Unconnected::error && paths.x_slot(i) == detail::Paths::none)
      throw GradientError(
          "gradient: y '" + ys.front().y.name() + "' does not depend on x '" + xs[i].name() +
          "': there is no path from one to the other; Unconnected::zeros gives zeros instead");
  const Building building({&ys.front().y, 1}, {});
  detail::Reverse reverse(graph, paths);
  for (std::size_t i = 0; i < ys.size(); ++i) reverse.seed(i, ys[i]);
  reverse.run();
  std::vector<Value> results;
  for (std::size_t i = 0; i < xs.size(); ++i) results.push_back(reverse.result(i, xs[i]));
  return results;
}

std::vector<Value> gradient(const Value& y, std::span<const Value> xs,
                            const GradientOptions& options) {
  const Seeded seeded{y, options.seed};
  return gradient({&seeded, 1}, xs, options.unconnected);
}
std::vector<Value> gradient(const Value& y, std::initializer_list<Value> xs,
                            const GradientOptions& options) {
  return gradient(y, std::span<const Value>(xs.begin(), xs.size()), options);
}
Value gradient(const Value& y, const Value& x, const GradientOptions& options) {
  return gradient(y, {&x, 1}, options).front();
}

}  // namespace dagrad
