#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"

/// Ops that pass values on: what they change is a dtype, or how gradients flow.
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
      "x in another dtype. Float to int truncates and saturates, NaN becomes 0; int64 to int32 "
      "wraps; to bool: x != 0. Between floats the gradient is cast back; else it is zero.";
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
  static Samples samples(Rng& rng);
};

/// A rule for a `custom_gradient`: `in` are its inputs, `outs` its outputs; one gradient an input.
using CustomRule = std::function<Grads(const GradContext&)>;

struct CustomGradient {
  std::size_t cut = 0;  ///< how many operands are outputs; the inputs follow
  CustomRule rule;
  static constexpr auto name = "custom_gradient";
  static constexpr auto doc =
      "Its outputs as they are. Their gradient flows to its inputs, by its own rule alone, and "
      "into "
      "nothing that the outputs were computed from.";
  static constexpr std::array in_place{0};
  std::vector<Type> infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

Value identity(const Operand& x);
Value cast(const Operand& x, DType dtype);
Value stop_gradient(const Operand& x);

/// Values equal to `outputs`, whose gradients `rule` computes from their cotangents: it appends
/// nodes, which are differentiated like any others, and returns a gradient for each of `inputs`.
/// Asking for the gradient of an x that the outputs depend on otherwise than through the inputs is
/// a GradientError that names x. Throws ArgumentError without outputs or rule.
std::vector<Value> custom_gradient(std::span<const Value> outputs, std::span<const Value> inputs,
                                   CustomRule rule, Location where = Location::here());
Value custom_gradient(const Value& output, std::span<const Value> inputs, CustomRule rule,
                      Location where = Location::here());
Value custom_gradient(const Value& output, std::initializer_list<Value> inputs, CustomRule rule,
                      Location where = Location::here());

}  // namespace dagrad
