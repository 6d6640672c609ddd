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
#include "dagrad/batching.hpp"
#include "dagrad/eval.hpp"
#include "dagrad/grad.hpp"
#include "dagrad/notation.hpp"
#include "dagrad/pattern.hpp"

namespace dagrad {

class Op;
class Rng;
class Unrolled;
struct Sample;
using Samples = std::vector<Sample>;

/// Properties of an op that passes and the executor use without knowing its type.
struct OpTraits {
  bool elementwise = false;   ///< it has a program, which runs as a loop; `eval` is not called
  bool broadcasts = false;    ///< the gradient pass sums cotangents to the operands' shapes
  bool derived_rule = false;  ///< its gradient is derived from its program
  bool has_jvp = false;       ///< its own; tangents otherwise follow from its gradient
  bool has_pattern = false;   ///< its own
  bool has_prepare = false;
  bool has_decisions = false;
  bool has_validate = false;
  bool has_batch = false;
  Batching batching = Batching::loop;  ///< how it is batched if it has no `batch`
  /// It has side effects or depends on order: passes do not merge, move or drop it, and a function
  /// runs the ordered nodes that its results need one after the other, in the order in which they
  /// were made.
  bool ordered = false;
  /// Number of leading bool operands that do not take part in promotion.
  std::size_t conditions = 0;
  /// Bit i: only the type of operand i is used, and its data is null. Bit 31 also stands for all
  /// later operands.
  std::uint32_t type_only = 0;
  std::uint32_t in_place = 0;  ///< bit i: result 0 may be written over operand i
  /// Bit i: where nothing reads result i, `eval` is given no memory for it (`EvalContext::wanted`).
  std::uint32_t optional_results = 0;
  std::size_t cut = 0;  ///< number of leading operands that get no gradients
  int alias = -1;       ///< result 0 is the memory of operand `alias` with another shape; -1: none
  /// If operand `identity` has the type of result 0, it is the result, and its gradient the
  /// cotangent; -1: none.
  int identity = -1;
  int like = -1;             ///< results always have the shape of operand `like`; -1: none
  bool joint_shape = false;  ///< results have the shape to which the operands broadcast
  /// It makes no infinity or NaN of finite operands other than by arithmetic, which raises one of
  /// the floating-point exception flags for overflow, division by zero and invalid operations.
  /// `check_finite` then looks at the results of its `eval` only if one is raised.
  bool raises_flags = false;
  /// It has two operands, and exchanging them changes no bit of the results, except which of two
  /// NaNs is returned.
  bool commutative = false;
  const char* no_grad = nullptr;

  bool uses_type_only(std::size_t operand) const {
    return (type_only >> (operand < 31 ? operand : 31) & 1U) != 0;
  }
  bool is_optional(std::size_t result) const {
    return result < 32 && (optional_results >> result & 1U) != 0;
  }
};

/// All positions from `first` on, for any number of operands: `static constexpr auto type_only =
/// operands_from<1>`.
template <int first>
inline constexpr auto operands_from = [] {
  std::array<int, 32 - first> positions{};
  for (int i = first; i < 32; ++i) positions[static_cast<std::size_t>(i - first)] = i;
  return positions;
}();

/// The type-erased interface of ops. Users do not derive from it: `Op` wraps any op struct.
class OpInterface {
 public:
  virtual ~OpInterface();
  const OpTraits& traits() const { return traits_; }

  virtual std::string_view name() const = 0;
  virtual std::string_view doc() const = 0;
  virtual void visit_attributes(const AttributeVisitor& visit) const = 0;
  /// The same for a default-constructed op of this type; visits nothing if there is none.
  virtual void visit_defaults(const AttributeVisitor& visit) const = 0;
  virtual Op with_attribute(std::string_view name, const Attribute& value) const = 0;
  /// A hash of the op's type and attributes.
  virtual std::size_t hash() const = 0;
  virtual bool equal(const OpInterface& other) const = 0;
  virtual const std::type_info& type() const = 0;
  virtual const void* get() const = 0;

  virtual void infer(std::span<const Type> in, std::vector<Type>& out) const = 0;
  virtual ProgramPtr program(std::span<const Type> in) const = 0;
  virtual Grads grad(const GradContext& context) const = 0;
  /// The tangents of the results; empty if they follow from `grad`.
  virtual Grads jvp(const JvpContext& context) const = 0;
  /// How a result depends on an operand, both of them floats. It may claim too much, but nothing
  /// that it leaves out may ever have a derivative other than zero.
  virtual Dependence pattern(const PatternContext& context) const = 0;
  virtual void eval(const EvalContext& context) const = 0;
  virtual std::size_t scratch(const PlanContext& context) const = 0;
  virtual std::shared_ptr<const void> prepare(const PlanContext& context) const = 0;
  virtual void decisions(std::span<const View> in, std::span<const View> out,
                         const DecisionSink& sink) const = 0;
  /// Throws if operands are outside the op's domain. Views whose values are not known yet have no
  /// data.
  virtual void validate(std::span<const View> in) const = 0;
  /// The operands that the op reads row by row, as bits. Row r of each result, the elements at
  /// position r of its first axis, then depends only on row r of these operands and on all of the
  /// others, and has the same bits if the op is applied to any of the rows alone. 0 if the op does
  /// not work row by row on operands of these types, or has more than 32 of them.
  virtual std::uint32_t row_operands(std::span<const Type> in) const = 0;
  /// The axis of operand 0, which has `rank` axes, whose size this axis of every result has in each
  /// replay; -1 if the op does not say. Gradients then need fewer sums over axes.
  virtual int kept_axis(int axis, int rank) const = 0;
  /// Rough cost of one evaluation in nanoseconds on one thread.
  virtual double cost(const PlanContext& context) const = 0;
  /// Records what the op does as straight-line code. Returns whether it has such a form.
  virtual bool unroll(Unrolled& code) const = 0;
  /// Appends nodes that apply the op to each member of a batch. Returns nothing if it does not say
  /// how.
  virtual std::vector<Value> batch(const BatchContext& context) const = 0;
  /// Number of floating-point operations of one evaluation; NaN if the op does not say.
  virtual double flops(const PlanContext& context) const = 0;
  /// The formula of result 0, given those of the operands and their types; empty if the op does not
  /// say.
  virtual Notation notation(std::span<const Notation> in, std::span<const Type> types) const = 0;
  /// The same op for a graph in which `to` replaces `from`; empty if the op does not depend on
  /// dtypes.
  virtual Op retyped(DType from, DType to) const = 0;
  /// Samples to check the op with; empty if it provides none.
  virtual Samples samples(Rng& rng) const = 0;

 protected:
  OpTraits traits_;
};

/// Any op, as a value. It is immutable, and copies share their state.
class Op {
 public:
  Op() = default;
  /// Hidden, as what it refers to is, because each library makes the ops that it uses.
  template <class T>
  requires(!std::same_as<T, Op>) [[gnu::visibility("hidden")]] Op(T op);
  explicit Op(std::shared_ptr<const OpInterface> op) : op_(std::move(op)) {}

  const OpInterface& operator*() const { return *op_; }
  const OpInterface* operator->() const { return op_.get(); }
  const OpInterface* get() const { return op_.get(); }
  explicit operator bool() const { return op_ != nullptr; }
  std::string_view name() const { return op_->name(); }
  const OpTraits& traits() const { return op_->traits(); }
  /// The attributes as text, "slope=0.01, axis=1"; empty if there are none.
  std::string attributes() const;
  /// Calls `visit(name, value)` for each attribute in order.
  void visit_attributes(const AttributeVisitor& visit) const { op_->visit_attributes(visit); }
  /// A copy of the op with another value of one attribute. Integers are accepted for floats, and
  /// strings for enumerators. Throws ArgumentError if the op has no attribute of that name or the
  /// value is not valid for it.
  Op with(std::string_view attribute, const Attribute& value) const {
    return op_->with_attribute(attribute, value);
  }

  /// The op struct if it is a T, else null.
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

/// A test case of an op.
struct Sample {
  Op op;
  std::vector<Tensor> in;
  std::vector<Tensor> out = {};    ///< expected results; may be empty
  std::vector<Tensor> dout = {};   ///< the cotangents for which `grads` are expected
  std::vector<Tensor> grads = {};  ///< expected gradients, one for each operand; may be empty
  bool ties = false;  ///< whether it is at a tie, and so not compared with finite differences
};

// ---- helpers for `infer`

/// The promoted dtype of an elementwise op's operands, not counting the first `conditions`. Throws
/// TypeError if it is not in `takes` or a condition is not bool.
DType common_dtype(std::span<const Type> in, std::size_t conditions, DTypes takes);
/// The shape to which all operands broadcast. Throws ShapeError if they do not broadcast.
Shape common_shape(std::span<const Type> in);
/// Throws ArgumentError unless the number of operands is `wanted`.
void check_operand_count(std::size_t is, std::size_t wanted);

}  // namespace dagrad
