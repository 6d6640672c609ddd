#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "dagrad/attributes.hpp"
#include "dagrad/eval.hpp"
#include "dagrad/grad.hpp"

namespace dagrad {

class Op;
class Rng;
struct Sample;
using Samples = std::vector<Sample>;

/// What passes and the executor ask of an op without knowing it.
struct OpTraits {
  bool elementwise = false;   ///< has a program: loops are made of it, `eval` is not called
  bool broadcasts = false;    ///< the gradient pass sums cotangents back to the operands' shapes
  bool derived_rule = false;  ///< its gradient is derived from its program
  bool has_prepare = false;
  bool has_decisions = false;
  bool has_validate = false;
  /// It has effects, or must keep its order: nothing merges, moves or drops it, and a function runs
  /// those that its results need one after the other, in the order in which they were made.
  bool ordered = false;
  std::size_t conditions = 0;  ///< leading operands that are bools and take no part in promotion
  /// Bit i: of operand i only the type is used, and no memory comes with it. Bit 31 counts for all
  /// operands behind it too.
  std::uint32_t type_only = 0;
  std::uint32_t in_place = 0;  ///< bit i: result 0 may be written over operand i
  std::size_t cut =
      0;  ///< leading operands that gradients do not flow into: the rule alone feeds the rest
  int alias = -1;     ///< result 0 is operand `alias`'s memory under another shape
  int identity = -1;  ///< where operand `identity` is of result 0's type, it is the result: no step
  int like = -1;      ///< results have the shape of operand `like`, whatever that is
  bool joint_shape = false;  ///< results have the shape that the operands broadcast to
  const char* no_grad = nullptr;

  bool uses_type_only(std::size_t operand) const {
    return (type_only >> (operand < 31 ? operand : 31) & 1U) != 0;
  }
};

/// The positions from `first` on, whatever the number of operands: `static constexpr auto type_only
/// = operands_from<1>`.
template <int first>
inline constexpr auto operands_from = [] {
  std::array<int, 32 - first> positions{};
  for (int i = first; i < 32; ++i) positions[static_cast<std::size_t>(i - first)] = i;
  return positions;
}();

/// An op without its type. Users never derive from it: `Op` makes one from any op struct.
class OpInterface {
 public:
  virtual ~OpInterface();
  const OpTraits& traits() const { return traits_; }

  virtual std::string_view name() const = 0;
  virtual std::string_view doc() const = 0;
  virtual void visit_attributes(const AttributeVisitor& visit) const = 0;
  virtual Op with_attribute(std::string_view name, const Attribute& value) const = 0;
  /// Of the type of the op and its attributes.
  virtual std::size_t hash() const = 0;
  virtual bool equal(const OpInterface& other) const = 0;
  virtual const std::type_info& type() const = 0;
  virtual const void* get() const = 0;

  virtual void infer(std::span<const Type> in, std::vector<Type>& out) const = 0;
  virtual ProgramPtr program(std::span<const Type> in) const = 0;
  virtual Grads grad(const GradContext& context) const = 0;
  virtual void eval(const EvalContext& context) const = 0;
  virtual std::size_t scratch(const PlanContext& context) const = 0;
  virtual std::shared_ptr<const void> prepare(const PlanContext& context) const = 0;
  virtual void decisions(std::span<const View> in, std::span<const View> out,
                         const DecisionSink& sink) const = 0;
  /// Refuses operands outside the domain; a view without data is not known yet.
  virtual void validate(std::span<const View> in) const = 0;
  /// Rough cost of one evaluation in nanoseconds on one thread.
  virtual double cost(const PlanContext& context) const = 0;
  /// The same op for a graph in which every `from` has become a `to`; empty where it says nothing
  /// of dtypes.
  virtual Op retyped(DType from, DType to) const = 0;
  /// Operands to check it with; empty where the op gives none.
  virtual Samples samples(Rng& rng) const = 0;

 protected:
  OpTraits traits_;
};

/// Any op, by value. Immutable; copies share it.
class Op {
 public:
  Op() = default;
  template <class T>
  requires(!std::same_as<T, Op>) Op(T op);
  explicit Op(std::shared_ptr<const OpInterface> op) : op_(std::move(op)) {}

  const OpInterface& operator*() const { return *op_; }
  const OpInterface* operator->() const { return op_.get(); }
  const OpInterface* get() const { return op_.get(); }
  explicit operator bool() const { return op_ != nullptr; }
  std::string_view name() const { return op_->name(); }
  const OpTraits& traits() const { return op_->traits(); }
  /// "slope=0.01, axis=1"; empty without attributes.
  std::string attributes() const;
  /// Calls `visit(name, value)` for each attribute, in their order.
  void visit_attributes(const AttributeVisitor& visit) const { op_->visit_attributes(visit); }
  /// The same op with one attribute of another value: an int counts as a float, and an enumerator
  /// may be given as a string. Throws ArgumentError where the op has no attribute of that name, or
  /// it is of another type or has other enumerators.
  Op with(std::string_view attribute, const Attribute& value) const {
    return op_->with_attribute(attribute, value);
  }

  /// The op struct itself where it is a T, else null.
  template <class T>
  const T* get_if() const {
    return op_->type() == typeid(T) ? static_cast<const T*>(op_->get()) : nullptr;
  }
  friend bool operator==(const Op& a, const Op& b) {
    return a.op_ == b.op_ ||
           (a.op_ && b.op_ && a.op_->type() == b.op_->type() && a.op_->equal(*b.op_));
  }

 private:
  std::shared_ptr<const OpInterface> op_;
};

/// One case to check an op with.
struct Sample {
  Op op;
  std::vector<Tensor> in;
  std::vector<Tensor> out = {};    ///< expected results, where given
  std::vector<Tensor> dout = {};   ///< with `grads`: the cotangents that they belong to
  std::vector<Tensor> grads = {};  ///< expected gradients, one an operand, where given
  bool ties = false;               ///< at a tie: not compared with finite differences
};

// ---- what `infer` is written with

/// Dtype of an elementwise op's operands: their promotion, the first `conditions` left out. Throws
/// TypeError where `takes` does not hold it, or a condition is not bool.
DType common_dtype(std::span<const Type> in, std::size_t conditions, DTypes takes);
/// All operand shapes broadcast together. Throws ShapeError where they do not.
Shape common_shape(std::span<const Type> in);
/// Throws ArgumentError where an op has not as many operands as it takes.
void check_operand_count(std::size_t is, std::size_t wanted);

}  // namespace dagrad
