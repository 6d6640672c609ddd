#pragma once

#include <array>
#include <bit>
#include <tuple>

#include "dagrad/detail/op_form.hpp"
#include "dagrad/number.hpp"
#include "dagrad/op.hpp"
#include "dagrad/probe.hpp"
#include "dagrad/strides.hpp"

/// How an op struct becomes an Op: which members it has, and what stands in for those it lacks.
namespace dagrad::detail {

/// Records a functor for operands of these dtypes: operands are promoted, results take their own.
template <class T>
ProgramPtr record(const T& op, std::span<const DType> in) {
  Recorder recorder;
  std::vector<Symbol> x;
  DType common = b8;
  for (std::size_t i = 0; i < in.size(); ++i)
    if (promotes<T>(i)) common = promote(common, in[i]);
  for (DType dtype : in) x.push_back(recorder.input(dtype));
  for (std::size_t i = 0; i < in.size(); ++i)
    if (promotes<T>(i)) x[i] = Symbol::cast(x[i], common);
  const auto result = call_functor(op, std::span<const Symbol>(x));
  if constexpr (std::same_as<std::remove_const_t<decltype(result)>, Symbol>)
    return std::move(recorder).finish({&result, 1}, common);
  else
    return std::move(recorder).finish(result, common);
}

/// The op struct T behind the interface.
template <class T>
class OpModel final : public OpInterface {
  static_assert(
      requires(const T& op) {
        { op.name } -> std::convertible_to<std::string_view>;
      },
      "dagrad: an op needs a name: static constexpr auto name");
  static_assert(
      ElementwiseOp<T> || HasPlainFunctor<T> || HasEval<T>,
      "dagrad: an op computes by a functor (template <class T> T operator()(T x) const) or by "
      "infer and eval(const EvalContext&)");
  static_assert(
      !HasEval<T> || HasInfer<T>,
      "dagrad: an op with eval needs infer(std::span<const Type>), which gives its results' types");
  static_assert(HasRule<T> || HasNoGrad<T> || !NamesGrad<T>,
                "dagrad: grad is either Grads grad(const GradContext&) const or static constexpr "
                "no_grad grad{why}");
  static_assert(
      HasRule<T> || HasNoGrad<T> || ElementwiseOp<T>,
      "dagrad: an op needs a gradient: Grads grad(const GradContext&) const, or static constexpr "
      "no_grad grad{why}");

 public:
  explicit OpModel(T op) : op_(std::move(op)) {
    traits_.elementwise = ElementwiseOp<T>;
    traits_.broadcasts = ElementwiseOp<T> || HasPlainFunctor<T>;
    if constexpr (requires { T::broadcasts; }) traits_.broadcasts = T::broadcasts;
    traits_.derived_rule = !HasRule<T> && !HasNoGrad<T>;
    traits_.conditions = conditions_of<T>();
    traits_.has_prepare = requires(const PlanContext& c) { op_.prepare(c); };
    traits_.has_decisions = ElementwiseOp<T> || HasProbeFunctor<T> || HasDecisions<T>;
    traits_.has_validate = requires { op_.validate(std::span<const View>{}); };
    traits_.type_only = type_only_of<T>();
    if constexpr (requires { T::in_place; })
      traits_.in_place = mask_of(T::in_place);
    else if (traits_.elementwise)
      traits_.in_place = ~0U;
    if constexpr (requires { T::alias; }) traits_.alias = T::alias;
    if constexpr (requires { T::identity; }) traits_.identity = T::identity;
    if constexpr (requires { T::like; }) traits_.like = T::like;
    traits_.joint_shape = !HasInfer<T>;
    if constexpr (requires { T::joint_shape; }) traits_.joint_shape = T::joint_shape;
    if constexpr (requires {
                    { op_.cut } -> std::convertible_to<std::size_t>;
                  })
      traits_.cut = op_.cut;
    if constexpr (HasNoGrad<T>) traits_.no_grad = T::grad.why;
  }

  std::string_view name() const override { return op_.name; }
  std::string_view doc() const override {
    if constexpr (requires {
                    { op_.doc } -> std::convertible_to<std::string_view>;
                  })
      return op_.doc;
    else
      return {};
  }
  void visit_attributes(
      const std::function<void(std::string_view, const std::string&)>& visit) const override {
    if constexpr (requires { typename T::attributes; }) T::attributes::visit(op_, visit);
  }
  std::size_t hash() const override {
    if constexpr (requires { typename T::attributes; })
      return T::attributes::hash(op_);
    else if constexpr (std::is_empty_v<T>)
      return 0;
    else
      return std::hash<const void*>{}(this);
  }
  bool equal(const OpInterface& other) const override {
    if constexpr (requires { typename T::attributes; })
      return T::attributes::equal(op_, static_cast<const OpModel&>(other).op_);
    else
      return std::is_empty_v<T> || this == &other;
  }
  const std::type_info& type() const override { return typeid(T); }
  const void* get() const override { return &op_; }

  void infer(std::span<const Type> in, std::vector<Type>& out) const override {
    if constexpr (operands_of<T>() > 0) check_operand_count(in.size(), operands_of<T>());
    if constexpr (HasInfer<T>) {
      if constexpr (requires { T::dtypes; }) check_dtypes(in);
      if constexpr (outputs_in<decltype(op_.infer(in))> == 1)
        out.assign(1, op_.infer(in));
      else {
        const auto types = op_.infer(in);
        out.assign(types.begin(), types.end());
      }
    } else {
      const Shape shape = common_shape(in);
      if constexpr (ElementwiseOp<T>) {
        if constexpr (!HasProgram<T>) check_dtypes(in);
        const Program& p = *program(in);
        out.clear();
        for (std::size_t i = 0; i < p.outputs.size(); ++i)
          out.push_back({p.output_dtype(i), shape});
      } else {
        out.assign(1, {plain_result(in), shape});
      }
    }
  }
  ProgramPtr program(std::span<const Type> in) const override {
    if constexpr (HasProgram<T>)
      return op_.program(in);
    else if constexpr (HasSymbolFunctor<T>)
      return cache_.get(in, [this](std::span<const DType> dtypes) { return record(op_, dtypes); });
    else
      return nullptr;
  }
  Grads grad(const GradContext& context) const override {
    if constexpr (HasRule<T>) {
      return op_.grad(context);
    } else if constexpr (HasNoGrad<T>) {
      return Grads(context.in.size(), Gradient(not_differentiable{T::grad.why}));
    } else {
      return rules_.grads(*this, context);
    }
  }
  void eval(const EvalContext& context) const override {
    if constexpr (HasEval<T>)
      op_.eval(context);
    else if constexpr (HasPlainFunctor<T>)
      plain_loop(context);
  }
  std::size_t scratch(const PlanContext& context) const override {
    if constexpr (requires { op_.scratch(context); })
      return op_.scratch(context);
    else
      return 0;
  }
  std::shared_ptr<const void> prepare(const PlanContext& context) const override {
    if constexpr (requires { op_.prepare(context); })
      return op_.prepare(context);
    else
      return nullptr;
  }
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const override {
    if constexpr (HasDecisions<T>)
      op_.decisions(in, out, sink);
    else if constexpr (ElementwiseOp<T>)
      program_decisions(*program(types_of(in)), in, out[0].type.shape, sink);
    else if constexpr (HasProbeFunctor<T>)
      probe(in, out[0].type.shape, sink);
  }
  void validate(std::span<const View> in) const override {
    if constexpr (requires { op_.validate(in); }) op_.validate(in);
  }
  double cost(const PlanContext& context) const override {
    if constexpr (requires { op_.cost(context); }) return op_.cost(context);
    double bytes = 0;
    for (const Type& t : context.in) bytes += static_cast<double>(t.bytes());
    for (const Type& t : context.out) bytes += static_cast<double>(t.bytes());
    return 20 + bytes / 8;
  }
  Op retyped(DType from, DType to) const override {
    T op = op_;
    if constexpr (requires {
                    { op.retype(from, to) } -> std::convertible_to<bool>;
                  })
      return op.retype(from, to) ? Op(std::move(op)) : Op();
    else if constexpr (requires {
                         { T::attributes::retype(op, from, to) } -> std::convertible_to<bool>;
                       })
      return T::attributes::retype(op, from, to) ? Op(std::move(op)) : Op();
    else
      return Op();
  }
  Samples samples(Rng& rng) const override {
    if constexpr (requires {
                    { T::samples(rng) } -> std::convertible_to<Samples>;
                  })
      return T::samples(rng);
    else
      return {};
  }

 private:
  /// Throws TypeError where the operands, those left out of which only the type is used, have no
  /// dtype in common that the op takes.
  static void check_dtypes(std::span<const Type> in) {
    if constexpr (type_only_of<T>() == 0) {
      common_dtype(in, conditions_of<T>(), dtypes_of<T>());
    } else {
      std::vector<Type> used;
      for (std::size_t i = 0; i < in.size(); ++i)
        if (i < conditions_of<T>() || promotes<T>(i)) used.push_back(in[i]);
      common_dtype(used, conditions_of<T>(), dtypes_of<T>());
    }
  }
  static DType plain_result(std::span<const Type> in) {
    const DType common = common_dtype(in, 0, dtypes_of<T>());
    for (const Type& t : in) {
      if (t.dtype != common)
        throw TypeError("operands differ in dtype: " + std::string(dagrad::name(t.dtype)) +
                        " and " + std::string(dagrad::name(common)) + "; convert with cast");
    }
    DType result = common;
    with_number(common, [&](auto number) {
      using N = decltype(number);
      std::array<N, functor_arity<T, N>()> x;
      using R = decltype(call_functor(std::declval<const T&>(), std::span<const N>(x)));
      result = dtype_of<typename R::value_type>;
    });
    return result;
  }
  /// Calls f with a Number of the dtype; only the dtypes that the op takes are instantiated.
  template <class F>
  static void with_number(DType dtype, F&& f) {
    constexpr DTypes takes = dtypes_of<T>();
    dispatch(dtype, [&](auto type) {
      using E = typename decltype(type)::type;
      if constexpr (takes.contains(dtype_of<E>))
        f(Number<E, true>{});
      else
        throw InternalError("a dtype that the op does not take reached it");
    });
  }
  static std::vector<Type> types_of(std::span<const View> views) {
    std::vector<Type> types;
    for (const View& view : views) types.push_back(view.type);
    return types;
  }
  void plain_loop(const EvalContext& c) const;
  void probe(std::span<const View> in, const Shape& shape, const DecisionSink& sink) const;

  T op_;
  ProgramCache cache_;
  RuleCache rules_;
};

template <class T>
void OpModel<T>::probe(std::span<const View> in, const Shape& shape,
                       const DecisionSink& sink) const {
  if constexpr (HasProbeFunctor<T>) {
    with_number(in[0].type.dtype, [&](auto number) {
      using E = typename decltype(number)::value_type;
      if constexpr (functor_arity<T, Probe<E>>() > 0) {
        const StridedAxes<> axes = broadcast_axes(types_of(in), shape);
        for (std::int64_t at = 0; at < shape.elements(); ++at) {
          std::vector<Probe<E>> x;
          for (std::size_t i = 0; i < in.size(); ++i)
            x.emplace_back(static_cast<const E*>(in[i].data)[axes.offset(at, i)], sink);
          call_functor(op_, std::span<const Probe<E>>(x));
        }
      }
    });
  }
}

template <class T>
void OpModel<T>::plain_loop(const EvalContext& c) const {
  if constexpr (HasPlainFunctor<T>) {
    with_number(c.ins[0].type.dtype, [&](auto number) {
      using N = decltype(number);
      using E = typename N::value_type;
      constexpr std::size_t arity = functor_arity<T, N>();
      using R = typename decltype(call_n(op_, static_cast<const N*>(nullptr),
                                         std::make_index_sequence<arity>{}))::value_type;
      std::array<Strides, arity> strides;
      for (std::size_t i = 0; i < arity; ++i)
        strides[i] = broadcast_strides(c.in_shape(i), c.out_shape());
      StridedAxes<arity> axes;
      axes.add(c.out_shape(), strides);
      R* const out = c.out<R>().data();
      c.parallel.ranges(axes.positions(), 4096, [&](std::int64_t begin, std::int64_t end) {
        const UseFunctions functions(c.machine().instruction_set());
        each_row(axes, begin, end, [&](const StridedRow<arity>& row) {
          std::array<N, arity> x;
          for (std::int64_t at = 0; at < row.length; ++at) {
            for (std::size_t i = 0; i < arity; ++i)
              x[i] = static_cast<const E*>(c.ins[i].data)[row.offsets[i] + at * row.strides[i]];
            out[row.position + at] = call_functor(op_, std::span<const N>(x)).value();
          }
        });
      });
    });
  }
}

}  // namespace dagrad::detail

namespace dagrad {

template <class T>
requires(!std::same_as<T, Op>) Op::Op(T op) {
  if constexpr (std::is_empty_v<T>) {  // one immutable instance, shared without counting
    static const auto* const model =
        new detail::OpModel<T>(T{});  // never destroyed: graphs may outlive main
    op_ = std::shared_ptr<const OpInterface>(std::shared_ptr<void>{}, model);
  } else {
    op_ = std::make_shared<detail::OpModel<T>>(std::move(op));
  }
}

}  // namespace dagrad
