#pragma once

#include <array>
#include <memory>

#include "dagrad/apply.hpp"

/// Ops for neural networks that work along an axis.
namespace dagrad {

struct Softmax {
  std::int64_t axis = -1;
  using attributes = dagrad::attributes<&Softmax::axis>;
  static constexpr auto name = "softmax";
  static constexpr auto doc =
      "exp(x) / sum(exp(x)) along an axis, with x shifted by its maximum, or by 0 where that is "
      "infinite. -inf next to finite elements gives 0; a line of -inf alone gives NaN.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::shifted;
  static constexpr std::array in_place{0};
  static constexpr int like = 0;
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  std::shared_ptr<const ProgramLoop> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct LogSoftmax {
  std::int64_t axis = -1;
  using attributes = dagrad::attributes<&LogSoftmax::axis>;
  static constexpr auto name = "log_softmax";
  static constexpr auto doc =
      "log(softmax(x)) along an axis, accurate even where softmax(x) underflows to 0.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::shifted;
  static constexpr std::array in_place{0};
  static constexpr int like = 0;
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  std::shared_ptr<const ProgramLoop> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The gradient rules of Softmax and LogSoftmax append these ops, which are linear in their
/// cotangent d.
struct SoftmaxGradient {
  std::int64_t axis = -1;
  using attributes = dagrad::attributes<&SoftmaxGradient::axis>;
  static constexpr auto name = "softmax_gradient";
  static constexpr auto doc =
      "(d - sum(d * y)) * y along an axis, for a cotangent d and a result y of softmax.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::size_t operands = 2;
  static constexpr Batching batching = Batching::shifted;
  static constexpr std::array in_place{0};
  static constexpr int like = 0;
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  std::shared_ptr<const ProgramLoop> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct LogSoftmaxGradient {
  std::int64_t axis = -1;
  using attributes = dagrad::attributes<&LogSoftmaxGradient::axis>;
  static constexpr auto name = "log_softmax_gradient";
  static constexpr auto doc =
      "d - exp(y) * sum(d) along an axis, for a cotangent d and a result y of log_softmax.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::size_t operands = 2;
  static constexpr Batching batching = Batching::shifted;
  static constexpr std::array in_place{0};
  static constexpr int like = 0;
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  std::shared_ptr<const ProgramLoop> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct OneHot {
  std::int64_t classes = 0;
  DType dtype = f64;
  using attributes = dagrad::attributes<&OneHot::classes, &OneHot::dtype>;
  static constexpr auto name = "one_hot";
  static constexpr auto doc =
      "For each index a row of `classes` elements, or of as many as the last axis of an optional "
      "second operand has: 1 at the index and 0 elsewhere. An index outside of the row is an error "
      "that names it.";
  static constexpr Batching batching = Batching::leading;
  static constexpr DTypes dtypes{i32, i64};
  static constexpr auto type_only = operands_from<1>;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Works along `axis`, where a negative axis counts from the end; x has any shape but a scalar's.
/// Throws ShapeError for an axis outside of the rank, and TypeError for ints and bools.
Value softmax(const Operand& x, std::int64_t axis = -1);
Value log_softmax(const Operand& x, std::int64_t axis = -1);
/// Turns indices [...], int32 or int64, into rows [..., classes]. Throws ArgumentError if `classes`
/// is negative.
Value one_hot(const Operand& indices, std::int64_t classes, DType dtype = f64);

}  // namespace dagrad
