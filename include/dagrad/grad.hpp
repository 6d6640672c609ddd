#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dagrad/value.hpp"

namespace dagrad {

/// A gradient that is known to be zero, so that no tensor of zeros is needed.
struct Zero {};
inline constexpr Zero zero{};

/// States that a gradient does not exist, and why. Asking for that gradient is an error.
struct not_differentiable {
  std::string why;
};

/// The gradient that a rule returns for an operand, or the cotangent of a result: a value, zero, or
/// not differentiable.
class Gradient {
 public:
  Gradient(Zero) {}
  Gradient(Value value) : state_(std::move(value)) {}
  Gradient(not_differentiable reason) : state_(std::move(reason)) {}

  bool is_zero() const { return std::holds_alternative<Zero>(state_); }
  const Value* value() const { return std::get_if<Value>(&state_); }
  const not_differentiable* failure() const { return std::get_if<not_differentiable>(&state_); }

 private:
  std::variant<Zero, Value, not_differentiable> state_;
};

/// What a rule returns: one gradient for each operand.
using Grads = std::vector<Gradient>;

/// The arguments of a gradient rule. Nodes that the rule appends are recorded as belonging to the
/// gradient of the node that it differentiates.
class GradContext {
 public:
  GradContext(std::span<const Value> operands, std::span<const Value> results,
              std::span<const Gradient> cotangents, const std::vector<bool>& wanted_operands)
      : in(operands), outs(results), douts(cotangents), wanted_(&wanted_operands) {
    if (results.size() == 1) out = results[0];
    if (cotangents.size() == 1 && cotangents[0].value()) dout = *cotangents[0].value();
  }

  std::span<const Value> in;    ///< operands
  std::span<const Value> outs;  ///< results
  /// Their cotangents; zero for a result that y does not depend on.
  std::span<const Gradient> douts;
  Value out;   ///< the result, if the op has exactly one
  Value dout;  ///< its cotangent

  /// Whether the gradient of operand i is needed. If it is not, the rule may return `zero` for it.
  bool wanted(std::size_t i) const { return (*wanted_)[i]; }
  /// Returns `make()` if the gradient of operand i is needed, else `zero`, so that no unneeded
  /// nodes are appended.
  template <class Make>
  Gradient if_wanted(std::size_t i, Make&& make) const {
    return wanted(i) ? Gradient(make()) : Gradient(zero);
  }
  const std::vector<bool>& wanted() const { return *wanted_; }
  /// Cotangent i as a value; if it is zero, a node of zeros is made. A rule can avoid that node by
  /// looking at `douts[i].is_zero()`.
  Value dout_or_zeros(std::size_t i) const;

 private:
  const std::vector<bool>* wanted_;
};

/// The arguments of an op's `jvp`, which returns the tangent of each result: the change of the
/// result per unit of change of the operands along their tangents.
struct JvpContext {
  std::span<const Value> in;           ///< operands
  std::span<const Value> outs;         ///< results
  std::span<const Gradient> tangents;  ///< of the operands: each is a value or `zero`
};

/// States that an op has no gradient, and why: `static constexpr no_grad grad{"its result is a
/// count"}`.
struct no_grad {
  const char* why;
};

}  // namespace dagrad
