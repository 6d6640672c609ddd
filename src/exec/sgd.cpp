#include <array>
#include <string>

#include "dagrad/compile.hpp"
#include "dagrad/error.hpp"
#include "src/graph/view.hpp"

namespace dagrad {

namespace {

/// A parameter's next value.
struct Descend {
  static constexpr auto name = "descend";
  static constexpr auto doc = "parameter - rate * gradient.";

  template <class T>
  T operator()(T parameter, T gradient, T rate) const {
    return parameter - rate * gradient;
  }
};

/// A parameter's and its velocity's next values.
struct DescendWithMomentum {
  double momentum = 0;
  using attributes = dagrad::attributes<&DescendWithMomentum::momentum>;

  static constexpr auto name = "descend_with_momentum";
  static constexpr auto doc =
      "next = momentum * velocity + gradient; gives parameter - rate * next, and next.";

  template <class T>
  std::array<T, 2> operator()(T parameter, T velocity, T gradient, T rate) const {
    const T next = momentum * velocity + gradient;
    return {parameter - rate * next, next};
  }
};

void check(std::span<const Value> parameters, std::span<const Value> gradients, const Operand& rate,
           double momentum) {
  if (parameters.size() != gradients.size())
    throw ArgumentError("sgd: " + std::to_string(parameters.size()) + " parameters, but " +
                        std::to_string(gradients.size()) + " gradients");
  if (!rate.is_literal() && rate.rank() != 0)
    throw ShapeError("sgd: the rate is a number or a scalar, got " + to_string(rate.type()));
  if (!(momentum >= 0 && momentum < 1))
    throw ArgumentError("sgd: momentum is in [0, 1), got " + std::to_string(momentum));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Value &p = parameters[i], &g = gradients[i];
    const std::string text = "sgd: parameter '" + p.name() + "' is " + to_string(p.type()) +
                             ", its gradient '" + g.name() + "' is " + to_string(g.type());
    if (p.dtype() != g.dtype()) throw TypeError(text);
    if (p.shape() != g.shape()) throw ShapeError(text);
  }
}

}  // namespace

std::vector<Update> sgd(std::span<const Value> parameters, std::span<const Value> gradients,
                        const Operand& rate, const SgdOptions& options) {
  check(parameters, gradients, rate, options.momentum);
  std::vector<Update> updates;
  if (parameters.empty()) return updates;
  detail::GraphData& graph = parameters.front().data();
  Transaction transaction(graph);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Value &p = parameters[i], &g = gradients[i];
    if (options.momentum == 0) {
      updates.push_back({p, apply(Descend{}, {p, g, rate})});
      continue;
    }
    const Value velocity =
        detail::append_parameter(graph, p.name() + "/velocity", Tensor(p.type()), rate.where());
    const auto [next, next_velocity] =
        apply(DescendWithMomentum{options.momentum}, {p, velocity, g, rate});
    updates.push_back({p, next});
    updates.push_back({velocity, next_velocity});
  }
  transaction.keep();
  return updates;
}

}  // namespace dagrad
