#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"

/// Ops that pass values on unchanged, except for their dtype, and control how gradients flow.
namespace dagrad {

struct Identity {
  static constexpr auto name = "identity", doc = "x itself, as a node of its own.";
  static constexpr DTypes dtypes = all_dtypes;
  template <class T>
  T operator()(T x) const {
    return x;
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Cast {
  DType dtype = f64;
  using attributes = dagrad::attributes<&Cast::dtype>;
  static constexpr auto name = "cast";
  static constexpr auto doc =
      "x converted to another dtype. A float becomes an int by truncation and saturates, and NaN "
      "becomes 0; an int64 that becomes an int32 wraps around; a bool is x != 0. Between floats "
      "the gradient is cast back; otherwise it is zero.";
  static constexpr DTypes dtypes = all_dtypes;
  Symbol operator()(const Symbol& x) const { return Symbol::cast(x, dtype); }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct StopGradient {
  static constexpr auto name = "stop_gradient";
  static constexpr auto doc = "x itself; its gradient is zero.";
  static constexpr DTypes dtypes = all_dtypes;
  template <class T>
  T operator()(T x) const {
    return x;
  }
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext&) const { return Dependence::none(); }
  static Samples samples(Rng& rng);
};

/// The gradient rule of a `custom_gradient`: `in` holds its inputs and `outs` its outputs. It
/// returns one gradient for each input.
using CustomRule = std::function<Grads(const GradContext&)>;

struct CustomGradient {
  std::size_t cut = 0;  ///< how many of the operands are outputs; the inputs follow them
  CustomRule rule;
  static constexpr auto name = "custom_gradient";
  static constexpr auto doc =
      "Passes its outputs on unchanged. Their gradient flows to the inputs given, by the rule "
      "given, and not into the nodes that computed the outputs.";
  static constexpr std::array in_place{0};
  std::vector<Type> infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  static Samples samples(Rng& rng);
};

Value identity(const Operand& x);
Value cast(const Operand& x, DType dtype);
Value stop_gradient(const Operand& x);

/// Returns values equal to `outputs` whose gradients are computed by `rule`. Given the cotangents,
/// the rule appends nodes, which can be differentiated like any others, and returns a gradient for
/// each of `inputs`. Differentiating by an x on which the outputs depend other than through the
/// inputs is a GradientError that names x. Throws ArgumentError without outputs or without a rule.
std::vector<Value> custom_gradient(std::span<const Value> outputs, std::span<const Value> inputs,
                                   CustomRule rule, Location where = Location::here());
Value custom_gradient(const Value& output, std::span<const Value> inputs, CustomRule rule,
                      Location where = Location::here());
Value custom_gradient(const Value& output, std::initializer_list<Value> inputs, CustomRule rule,
                      Location where = Location::here());

}  // namespace dagrad
