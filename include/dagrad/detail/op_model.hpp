#pragma once

#include <memory>
#include <new>
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

/// An op struct behind the interface of ops: calls the struct's members, or uses defaults for those
/// that are missing. One class holds structs of all types, which it knows by their members alone,
/// because a class for each type would be compiled for each.
class OpModel final : public OpInterface {
 public:
  /// A model of the struct that `construct` makes of `from`.
  static std::shared_ptr<OpModel> make(const OpMembers& members, OpMembers::Construct construct,
                                       void* from);
  /// For `make`: constructs the struct in `room`.
  OpModel(const OpMembers& members, void* room, OpMembers::Construct construct, void* from);
  ~OpModel() override;

  std::string_view name() const override { return members_.name(op_); }
  std::string_view doc() const override;
  void visit_attributes(const AttributeVisitor& visit) const override;
  void visit_defaults(const AttributeVisitor& visit) const override;
  Op with_attribute(std::string_view name, const Attribute& value) const override;
  std::size_t hash() const override;
  bool equal(const OpInterface& other) const override;
  const std::type_info& type() const override { return *members_.type; }
  const void* get() const override { return op_; }

  void infer(std::span<const Type> in, std::vector<Type>& out) const override;
  ProgramPtr program(std::span<const Type> in) const override;
  Grads grad(const GradContext& context) const override;
  Grads jvp(const JvpContext& context) const override;
  Dependence pattern(const PatternContext& context) const override;
  void eval(const EvalContext& context) const override;
  std::size_t scratch(const PlanContext& context) const override;
  std::shared_ptr<const void> prepare(const PlanContext& context) const override;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const override;
  void validate(std::span<const View> in) const override;
  std::uint32_t row_operands(std::span<const Type> in) const override;
  int kept_axis(int axis, int rank) const override;
  double cost(const PlanContext& context) const override;
  bool unroll(Unrolled& code) const override;
  std::vector<Value> batch(const BatchContext& context) const override;
  double flops(const PlanContext& context) const override;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const override;
  Op retyped(DType from, DType to) const override;
  Samples samples(Rng& rng) const override;

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
[[gnu::visibility("hidden")]] inline constexpr OpMembers members_of = [] {
  check_form<T>();
  OpMembers m;
  add_storage<T>(m);
  add_identity<T>(m);
  add_types<T>(m);
  add_computation<T>(m);
  add_plan<T>(m);
  return m;
}();

}  // namespace dagrad::detail

namespace dagrad {

template <class T>
requires(!std::same_as<T, Op>) Op::Op(T op) {
  const auto make = [&op] {
    const auto move = [](void* to, void* from) { ::new (to) T(std::move(*static_cast<T*>(from))); };
    return detail::OpModel::make(detail::members_of<T>, move, &op);
  };
  if constexpr (std::is_empty_v<T>) {  // one immutable instance, shared without reference counting
    static const auto* const model =
        new std::shared_ptr(make());  // never destroyed, because graphs may outlive main
    op_ = std::shared_ptr<const OpInterface>(std::shared_ptr<void>{}, model->get());
  } else {
    op_ = make();
  }
}

}  // namespace dagrad
