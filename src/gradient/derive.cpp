#include "src/gradient/derive.hpp"

#include "dagrad/apply.hpp"
#include "src/gradient/forward.hpp"
#include "src/gradient/reverse.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad::detail {

namespace {

[[noreturn]] void throw_gradient_error(std::string_view function, const std::string& text) {
  throw GradientError(std::string(function) + ": " + text);
}

void check_float(std::string_view function, const Value& value, std::string_view role) {
  if (!is_float(value.dtype()))
    throw_gradient_error(function, std::string(role) + " " + typed_name(value) +
                                       ", is not a float: only floats have gradients");
}

/// Of the seed of a y, or the tangent of an x.
void check_type(std::string_view function, const Value& value, std::string_view what,
                std::string_view role, const Value& of) {
  if (value.type() != of.type())
    throw_gradient_error(function, "the " + std::string(what) + " " + typed_name(value) +
                                       ", does not have the type of " + std::string(role) + " " +
                                       typed_name(of));
}

void check_seeds(std::string_view function, std::span<const Seeded> ys) {
  for (const Seeded& y : ys) {
    if (!y.seed.empty()) require_same_graph(function, ys.front().y, y.seed);
    if (y.seed.empty() && y.y.rank() != 0)
      throw_gradient_error(function, "y " + typed_name(y.y) +
                                         ", is not a scalar: give a seed of its type, or take the "
                                         "gradient of its sum");
    if (!y.seed.empty()) check_type(function, y.seed, "seed", "y", y.y);
  }
}

void check_tangents(std::string_view function, std::span<const Value> xs,
                    std::span<const Value> tangents) {
  check_one_each(function, tangents.size(), "tangent", xs.size(), "x");
  for (std::size_t i = 0; i < xs.size(); ++i) {
    check_given(function, tangents[i], "tangent", "x", xs[i]);
    require_same_graph(function, xs[0], tangents[i]);
    check_type(function, tangents[i], "tangent", "x", xs[i]);
  }
}

/// `result` is what is zeros where that is allowed.
[[noreturn]] void throw_unconnected(std::string_view function, const Value& y, const std::string& x,
                                    std::string_view result) {
  throw_gradient_error(function, "y '" + y.name() + "' does not depend on " + x +
                                     ": no path connects them; with Unconnected::zeros, the " +
                                     std::string(result) + " is zeros");
}

std::string named_x(const Value& x) { return "x '" + x.name() + "'"; }

void check_each_x(std::string_view function, const Paths& paths, const Value& y,
                  std::span<const Value> xs, std::string_view result) {
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (paths.x_slot(i) == Paths::none) throw_unconnected(function, y, named_x(xs[i]), result);
}

void check_each_y(std::string_view function, const Paths& paths, std::span<const Value> ys,
                  std::span<const Value> xs, std::string_view result) {
  const std::string x = xs.size() == 1 ? named_x(xs[0]) : "any x";
  for (std::size_t i = 0; i < ys.size(); ++i)
    if (!paths.connected(i)) throw_unconnected(function, ys[i], x, result);
}

std::vector<Seeded> without_seeds(std::span<const Value> ys) {
  std::vector<Seeded> all;
  for (const Value& y : ys) all.push_back({y});
  return all;
}

std::vector<Value> values_of(std::span<const Seeded> ys) {
  std::vector<Value> values;
  for (const Seeded& y : ys) values.push_back(y.y);
  return values;
}

}  // namespace

void check_connected(std::string_view function, const Paths& paths, std::span<const Value> ys,
                     std::span<const Value> xs) {
  check_each_x(function, paths, ys.front(), xs, "derivative");
  check_each_y(function, paths, ys, xs, "derivative");
}

std::string typed_name(const Value& value) {
  return "'" + value.name() + "', " + to_string(value.type());
}

void check_one_each(std::string_view function, std::size_t given, std::string_view what,
                    std::size_t wanted, std::string_view each) {
  if (given == wanted) return;
  throw ArgumentError(std::string(function) + ": takes one " + std::string(what) + " for each " +
                      std::string(each) + ": got " + std::to_string(given) + " for " +
                      std::to_string(wanted));
}

void check_given(std::string_view function, const Value& value, std::string_view what,
                 std::string_view role, const Value& of) {
  if (!value.empty()) return;
  throw ArgumentError(std::string(function) + ": the " + std::string(what) + " of " +
                      std::string(role) + " " + typed_name(of) +
                      ", is an empty Value, as which {} is read too");
}

void check_any(std::string_view function, std::size_t number, std::string_view what) {
  if (number == 0)
    throw ArgumentError(std::string(function) + ": needs at least one " + std::string(what));
}

GraphData& checked_graph(std::string_view function, std::span<const Value> ys,
                         std::span<const Value> xs) {
  check_any(function, ys.size(), "y");
  for (const Value& y : ys) {
    require_same_graph(function, ys.front(), y);
    check_float(function, y, "y");
  }
  for (const Value& x : xs) {
    require_same_graph(function, ys.front(), x);
    check_float(function, x, "x");
  }
  return Access::data(ys.front());
}

std::vector<Value> reverse_mode(std::string_view function, std::span<const Seeded> ys,
                                std::span<const Value> xs, Unconnected unconnected,
                                Location where) {
  const std::vector<Value> values = values_of(ys);
  GraphData& graph = told_at(where, [&]() -> GraphData& {
    GraphData& data = checked_graph(function, values, xs);
    check_seeds(function, ys);
    return data;
  });
  const Paths paths(graph, ys, xs);
  if (unconnected == Unconnected::error)
    told_at(where, [&] { check_each_x(function, paths, values.front(), xs, "gradient"); });
  const Building building({&values.front(), 1}, {});
  Reverse reverse(graph, paths, paths.order() + 1);
  for (std::size_t i = 0; i < ys.size(); ++i) reverse.seed(i, ys[i]);
  reverse.run();
  std::vector<Value> results;
  for (std::size_t i = 0; i < xs.size(); ++i) results.push_back(reverse.result(i, xs[i]));
  reverse.note_cotangents(ys, xs);
  return results;
}

std::vector<Value> forward_mode(std::string_view function, std::span<const Value> ys,
                                std::span<const Value> xs, std::span<const Value> tangents,
                                Unconnected unconnected, Location where) {
  GraphData& graph = told_at(where, [&]() -> GraphData& {
    GraphData& data = checked_graph(function, ys, xs);
    check_any(function, xs.size(), "x");
    check_tangents(function, xs, tangents);
    return data;
  });
  const std::vector<Seeded> targets = without_seeds(ys);
  const Paths paths(graph, targets, xs);
  const Building building(ys.first(1), {});
  Forward forward(graph, paths, targets);
  if (unconnected == Unconnected::error)
    told_at(where, [&] { check_each_y(function, paths, ys, xs, "product"); });
  for (std::size_t i = 0; i < xs.size(); ++i) forward.start(i, tangents[i]);
  forward.run();
  std::vector<Value> results;
  for (std::size_t i = 0; i < ys.size(); ++i) results.push_back(forward.result(i, ys[i]));
  return results;
}

}  // namespace dagrad::detail
