#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "dagrad/detail/attribute_coverage.hpp"
#include "dagrad/detail/op_caches.hpp"
#include "dagrad/detail/op_members.hpp"
#include "dagrad/op_interface.hpp"

/// Turns an op struct into an Op.
namespace dagrad::detail {

/// The part of an op's implementation that does not depend on the type of its struct: it calls the
/// struct's members, or uses defaults for those that are missing.
class OpBase : public OpInterface {
 public:
  std::string_view name() const final { return members_.name(op_); }
  std::string_view doc() const final;
  void visit_attributes(const AttributeVisitor& visit) const final;
  void visit_defaults(const AttributeVisitor& visit) const final;
  Op with_attribute(std::string_view name, const Attribute& value) const final;
  std::size_t hash() const final;
  bool equal(const OpInterface& other) const final;
  const std::type_info& type() const final { return *members_.type; }
  const void* get() const final { return op_; }

  void infer(std::span<const Type> in, std::vector<Type>& out) const final;
  ProgramPtr program(std::span<const Type> in) const final;
  Grads grad(const GradContext& context) const final;
  Grads jvp(const JvpContext& context) const final;
  Dependence pattern(const PatternContext& context) const final;
  void eval(const EvalContext& context) const final;
  std::size_t scratch(const PlanContext& context) const final;
  std::shared_ptr<const void> prepare(const PlanContext& context) const final;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const final;
  void validate(std::span<const View> in) const final;
  std::uint32_t row_operands(std::span<const Type> in) const final;
  double cost(const PlanContext& context) const final;
  bool unroll(Unrolled& code) const final;
  std::vector<Value> batch(const BatchContext& context) const final;
  double flops(const PlanContext& context) const final;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const final;
  Op retyped(DType from, DType to) const final;
  Samples samples(Rng& rng) const final;

 protected:
  /// `op` points into the same object; the struct there is not constructed yet.
  OpBase(const OpMembers& members, void* op);

 private:
  bool promotes(std::size_t operand) const;
  void check_dtypes(std::span<const Type> in) const;
  const ProgramPtr& recorded(std::span<const Type> in) const;

  const OpMembers& members_;
  void* op_;
  ProgramCache programs_;
  RuleCache rules_;
};

/// Checks the requirements on an op struct.
template <class T>
constexpr void check_form() {
  static_assert(HasName<T>, "dagrad: an op needs a name: static constexpr auto name");
  static_assert(ElementwiseOp<T> || HasPlainFunctor<T> || HasEval<T>,
                "dagrad: an op needs a functor (template <class T> T operator()(T x) const) or "
                "infer and eval(const EvalContext&)");
  static_assert(!HasEval<T> || HasInfer<T>,
                "dagrad: an op with eval needs infer(std::span<const Type>), which returns its "
                "results' types");
  static_assert(
      HasRule<T> || HasNoGrad<T> || !NamesGrad<T>,
      "dagrad: grad must be either Grads grad(const GradContext&) const or static constexpr "
      "no_grad grad{why}");
  static_assert(
      HasRule<T> || HasNoGrad<T> || ElementwiseOp<T>,
      "dagrad: an op needs a gradient: Grads grad(const GradContext&) const, or static constexpr "
      "no_grad grad{why}");
  static_assert(!traits_of<T>().ordered || HasEval<T>,
                "dagrad: an ordered op needs infer and eval, because a functor has no effects");
  static_assert(
      lists_every_member<T>(),
      "dagrad: the attributes of an op must list all its data members, including inherited ones");
}

template <class T>
class OpModel final : public OpBase {
 public:
  explicit OpModel(T op) : OpBase(members, &struct_), struct_(std::move(op)) {
    if constexpr (requires { std::size_t(struct_.cut); }) traits_.cut = struct_.cut;
  }

 private:
  static constexpr OpMembers members = [] {
    check_form<T>();
    OpMembers m;
    add_identity<T>(m);
    add_types<T>(m);
    add_computation<T>(m);
    add_plan<T>(m);
    if constexpr (!std::is_empty_v<T>)
      m.copy = [](const void* op) -> std::shared_ptr<OpBase> {
        return std::make_shared<OpModel>(self<T>(op));
      };
    return m;
  }();

  T struct_;
};

}  // namespace dagrad::detail

namespace dagrad {

template <class T>
requires(!std::same_as<T, Op>) Op::Op(T op) {
  if constexpr (std::is_empty_v<T>) {  // one immutable instance, shared without reference counting
    static const auto* const model =
        new detail::OpModel<T>(T{});  // never destroyed, because graphs may outlive main
    op_ = std::shared_ptr<const OpInterface>(std::shared_ptr<void>{}, model);
  } else {
    op_ = std::make_shared<detail::OpModel<T>>(std::move(op));
  }
}

}  // namespace dagrad
