#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dagrad/value.hpp"

namespace dagrad {

/// A gradient that is zero by structure, without a tensor of zeros.
struct Zero {};
inline constexpr Zero zero{};

/// A gradient that does not exist, and why: an error where somebody wants it.
struct not_differentiable {
  std::string why;
};

/// What a rule returns for an operand, and what flows into a result: a value, zero, or not there.
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

/// A rule's answer: one gradient for each operand.
using Grads = std::vector<Gradient>;

/// What a rule works with. Everything it appends is tied to the node that it differentiates.
class GradContext {
 public:
  GradContext(std::span<const Value> operands, std::span<const Value> results,
              std::span<const Gradient> cotangents, const std::vector<bool>& wanted_operands)
      : in(operands), outs(results), douts(cotangents), wanted_(&wanted_operands) {
    if (results.size() == 1) out = results[0];
    if (cotangents.size() == 1 && cotangents[0].value()) dout = *cotangents[0].value();
  }

  std::span<const Value> in;        ///< operands
  std::span<const Value> outs;      ///< results
  std::span<const Gradient> douts;  ///< their cotangents; those that nothing reached are zero
  Value out;                        ///< the result of an op with one
  Value dout;                       ///< its cotangent

  /// Whether operand i's gradient is asked for: what is not may be answered with `zero`.
  bool wanted(std::size_t i) const { return (*wanted_)[i]; }
  /// What `make` returns where operand i's gradient is asked for, else `zero`: appends nothing
  /// that nobody needs.
  template <class Make>
  Gradient if_wanted(std::size_t i, Make&& make) const {
    return wanted(i) ? Gradient(make()) : Gradient(zero);
  }
  const std::vector<bool>& wanted() const { return *wanted_; }
  /// Cotangent i, as a node of zeros where it is zero: a rule that tells by `douts[i].is_zero()`
  /// can do without.
  Value dout_or_zeros(std::size_t i) const;

 private:
  const std::vector<bool>* wanted_;
};

/// The rule of an op that has none, and why: `static constexpr no_grad grad{"counts are no
/// numbers"}`.
struct no_grad {
  const char* why;
};

}  // namespace dagrad
