#include "dagrad/derivatives.hpp"

#include "dagrad/apply.hpp"
#include "src/gradient/derive.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad {

std::vector<Value> value_and_gradient(const Value& y, ValueSpan xs, Unconnected unconnected,
                                      Location where) {
  const Seeded target{y};
  std::vector<Value> all =
      detail::reverse_mode("value_and_gradient", {&target, 1}, xs, unconnected, where);
  all.insert(all.begin(), y);
  return all;
}

std::vector<Value> vjp(ValueSpan ys, ValueSpan xs, ValueSpan douts, Unconnected unconnected,
                       Location where) {
  std::vector<Seeded> targets;
  detail::told_at(where, [&] {
    detail::check_one_each("vjp", douts.size(), "cotangent", ys.size(), "y");
    for (std::size_t i = 0; i < ys.size(); ++i) {
      if (!ys[i].empty()) detail::check_given("vjp", douts[i], "cotangent", "y", ys[i]);
      targets.push_back({ys[i], douts[i]});
    }
  });
  return detail::reverse_mode("vjp", targets, xs, unconnected, where);
}
Value vjp(const Value& y, const Value& x, const Value& dout, Unconnected unconnected,
          Location where) {
  return vjp(ValueSpan(y), ValueSpan(x), ValueSpan(dout), unconnected, where).front();
}

std::vector<Value> jvp(ValueSpan ys, ValueSpan xs, ValueSpan tangents, Unconnected unconnected,
                       Location where) {
  return detail::forward_mode("jvp", ys, xs, tangents, unconnected, where);
}
Value jvp(const Value& y, const Value& x, const Value& tangent, Unconnected unconnected,
          Location where) {
  return jvp(ValueSpan(y), ValueSpan(x), ValueSpan(tangent), unconnected, where).front();
}

std::vector<Value> hvp(const Value& y, ValueSpan xs, ValueSpan directions, Unconnected unconnected,
                       Location where) {
  const Seeded target{y};
  detail::told_at(where, [&] {
    detail::check_one_each("hvp", directions.size(), "direction", xs.size(), "x");
    detail::checked_graph("hvp", {&y, 1}, xs);
    for (std::size_t i = 0; i < xs.size(); ++i)
      detail::check_given("hvp", directions[i], "direction", "x", xs[i]);
  });
  const Building building({&y, 1}, {});  // removes the gradient if the second derivative throws
  const std::vector<Value> slopes =
      detail::reverse_mode("hvp", {&target, 1}, xs, unconnected, where);
  return detail::forward_mode("hvp", slopes, xs, directions, Unconnected::zeros, where);
}
Value hvp(const Value& y, const Value& x, const Value& direction, Unconnected unconnected,
          Location where) {
  return hvp(y, ValueSpan(x), ValueSpan(direction), unconnected, where).front();
}

}  // namespace dagrad
