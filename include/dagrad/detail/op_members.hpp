#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "dagrad/detail/op_form.hpp"
#include "dagrad/detail/plain_functor.hpp"
#include "dagrad/op_interface.hpp"
#include "dagrad/unrolled.hpp"

namespace dagrad::detail {

/// The members of an op struct as functions of its address, null for members that it lacks.
/// Everything that depends on the type of an op is here; `OpModel` supplies defaults for missing
/// members.
struct OpMembers {
  /// Constructs a struct at `to` from the one at `from`.
  using Construct = void (*)(void* to, void* from);

  const std::type_info* type = nullptr;
  std::size_t type_hash = 0;
  std::size_t size = 0, alignment = 1;  ///< of the struct
  bool stateless = false;  ///< it has no data members, so that all ops of the type are equal
  OpTraits traits;
  std::size_t operands = 0;    ///< 0: any number
  DTypes dtypes = {};          ///< dtypes that the operands may have
  bool checks_dtypes = false;  ///< if false, only `infer` decides which dtypes the op takes

  Construct copy = nullptr;
  Construct construct_default = nullptr;  ///< of a struct with attributes; ignores `from`
  void (*destroy)(void*) = nullptr;
  std::size_t (*cut)(const void*) = nullptr;

  std::string_view (*name)(const void*) = nullptr;
  std::string_view (*doc)(const void*) = nullptr;

  void (*visit)(const void*, const AttributeVisitor&) = nullptr;
  bool (*assign)(void*, std::string_view, const Attribute&) = nullptr;
  std::size_t (*hash)(const void*) = nullptr;
  bool (*equal)(const void*, const void*) = nullptr;
  bool (*retype)(void*, DType, DType) = nullptr;

  void (*infer)(const void*, std::span<const Type>, std::vector<Type>&) = nullptr;
  DType (*plain_dtype)(std::span<const Type>) = nullptr;
  void (*record)(const void*, std::span<const Symbol>, std::vector<Symbol>&) = nullptr;
  ProgramPtr (*program)(const void*, std::span<const Type>) = nullptr;
  Grads (*grad)(const void*, const GradContext&) = nullptr;
  Grads (*jvp)(const void*, const JvpContext&) = nullptr;
  Dependence (*pattern)(const void*, const PatternContext&) = nullptr;
  void (*eval)(const void*, const EvalContext&) = nullptr;
  std::size_t (*scratch)(const void*, const PlanContext&) = nullptr;
  std::shared_ptr<const void> (*prepare)(const void*, const PlanContext&) = nullptr;
  std::uint32_t (*row_operands)(const void*, std::span<const Type>) = nullptr;
  int (*kept_axis)(const void*, int, int) = nullptr;
  double (*cost)(const void*, const PlanContext&) = nullptr;
  double (*flops)(const void*, const PlanContext&) = nullptr;
  void (*decisions)(const void*, std::span<const View>, std::span<const View>,
                    const DecisionSink&) = nullptr;
  void (*validate)(const void*, std::span<const View>) = nullptr;
  bool (*unroll)(const void*, Unrolled&) = nullptr;
  std::vector<Value> (*batch)(const void*, const BatchContext&) = nullptr;
  Notation (*notation)(const void*, std::span<const Notation>, std::span<const Type>) = nullptr;
  Samples (*samples)(Rng&) = nullptr;
};

template <class Container>
constexpr std::uint32_t mask_of(const Container& positions) {
  std::uint32_t mask = 0;
  for (const int i : positions) mask |= 1U << i;
  return mask;
}

/// The traits that follow from the static members of T and its kind.
template <class T>
constexpr OpTraits traits_of() {
  OpTraits traits;
  traits.elementwise = ElementwiseOp<T>;
  traits.broadcasts = ElementwiseOp<T> || HasPlainFunctor<T>;
  traits.derived_rule = !HasRule<T> && !HasNoGrad<T>;
  traits.in_place = ElementwiseOp<T> ? ~0U : 0U;
  traits.joint_shape = !HasInfer<T>;
  if constexpr (requires { T::broadcasts; }) traits.broadcasts = T::broadcasts;
  if constexpr (requires { T::conditions; }) traits.conditions = T::conditions;
  if constexpr (requires { T::type_only; }) traits.type_only = mask_of(T::type_only);
  if constexpr (requires { T::in_place; }) traits.in_place = mask_of(T::in_place);
  if constexpr (requires { T::optional_results; })
    traits.optional_results = mask_of(T::optional_results);
  if constexpr (requires { T::alias; }) traits.alias = T::alias;
  if constexpr (requires { T::identity; }) traits.identity = T::identity;
  if constexpr (requires { T::like; }) traits.like = T::like;
  if constexpr (requires { T::joint_shape; }) traits.joint_shape = T::joint_shape;
  if constexpr (requires { T::raises_flags; }) traits.raises_flags = T::raises_flags;
  if constexpr (requires { T::commutative; }) traits.commutative = T::commutative;
  if constexpr (requires { T::ordered; }) traits.ordered = T::ordered;
  if constexpr (HasNoGrad<T>) traits.no_grad = T::grad.why;
  if (traits.broadcasts && traits.joint_shape) traits.batching = Batching::broadcasting;
  if constexpr (requires { T::batching; }) traits.batching = T::batching;
  return traits;
}

/// A hash of the compiler's text for T. If types share it, `equal` still distinguishes them.
template <class T>
constexpr std::size_t type_hash() {
  std::size_t h = 0xcbf29ce484222325u;
  for (const char c : std::string_view(__PRETTY_FUNCTION__))
    h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return h;
}

template <class T>
const T& self(const void* op) {
  return *static_cast<const T*>(op);
}

template <class T>
constexpr void add_storage(OpMembers& m) {
  m.size = sizeof(T);
  m.alignment = alignof(T);
  m.stateless = std::is_empty_v<T>;
  if constexpr (!std::is_empty_v<T>)
    m.copy = [](void* to, void* from) { ::new (to) T(self<T>(from)); };
  if constexpr (!std::is_trivially_destructible_v<T>)
    m.destroy = [](void* op) { static_cast<T*>(op)->~T(); };
  if constexpr (requires(const T& op) { std::size_t(op.cut); })
    m.cut = [](const void* op) { return std::size_t(self<T>(op).cut); };
}

template <class T>
constexpr void add_identity(OpMembers& m) {
  m.type = &typeid(T);
  m.type_hash = type_hash<T>();
  m.name = [](const void* op) -> std::string_view { return self<T>(op).name; };
  if constexpr (requires(const T& op) { std::string_view(op.doc); })
    m.doc = [](const void* op) -> std::string_view { return self<T>(op).doc; };
  if constexpr (requires { typename T::attributes; }) {
    using A = typename T::attributes;
    m.visit = [](const void* op, const AttributeVisitor& visit) { A::visit(self<T>(op), visit); };
    if constexpr (!std::is_empty_v<T> && std::is_default_constructible_v<T>)
      m.construct_default = [](void* to, void*) { ::new (to) T{}; };
    m.assign = [](void* op, std::string_view name, const Attribute& value) {
      return A::assign(*static_cast<T*>(op), name, value);
    };
    m.hash = [](const void* op) { return A::hash(self<T>(op)); };
    m.equal = [](const void* a, const void* b) { return A::equal(self<T>(a), self<T>(b)); };
  }
  if constexpr (requires(T & op, DType dtype) { bool(op.retype(dtype, dtype)); })
    m.retype = [](void* op, DType from, DType to) -> bool {
      return static_cast<T*>(op)->retype(from, to);
    };
  if constexpr (requires(const T& op, std::span<const Notation> in, std::span<const Type> types) {
                  Notation(op.notation(in, types));
                })
    m.notation = [](const void* op, std::span<const Notation> in,
                    std::span<const Type> types) -> Notation {
      return self<T>(op).notation(in, types);
    };
  if constexpr (requires(Rng & rng) { Samples(T::samples(rng)); })
    m.samples = [](Rng& rng) -> Samples { return T::samples(rng); };
}

/// Not inline, because every op calls it.
void set_types(std::vector<Type>& out, std::span<const Type> types);

template <class T>
constexpr void add_types(OpMembers& m) {
  m.traits = traits_of<T>();
  m.operands = operands_of<T>();
  m.dtypes = dtypes_of<T>();
  m.checks_dtypes = HasInfer<T> ? requires { T::dtypes; } : HasSymbolFunctor<T> && !HasProgram<T>;
  if constexpr (HasInfer<T>)
    m.infer = [](const void* op, std::span<const Type> in, std::vector<Type>& out) {
      const auto types = self<T>(op).infer(in);
      if constexpr (outputs_in<decltype(self<T>(op).infer(in))> == 1)
        set_types(out, {&types, 1});
      else
        set_types(out, types);
    };
}

template <class T>
constexpr void add_computation(OpMembers& m) {
  if constexpr (HasProgram<T>) {
    m.program = [](const void* op, std::span<const Type> in) -> ProgramPtr {
      return self<T>(op).program(in);
    };
  } else if constexpr (HasSymbolFunctor<T>) {
    m.record = [](const void* op, std::span<const Symbol> x, std::vector<Symbol>& out) {
      const auto results = call_functor(self<T>(op), x);
      if constexpr (outputs_in<decltype(call_functor(self<T>(op), x))> == 1)
        out.push_back(results);
      else
        out.assign(results.begin(), results.end());
    };
  }
  if constexpr (HasEval<T>)
    m.eval = [](const void* op, const EvalContext& c) { self<T>(op).eval(c); };
  else if constexpr (HasPlainFunctor<T>)
    m.eval = [](const void* op, const EvalContext& c) { plain_loop(self<T>(op), c); };
  if constexpr (HasPlainFunctor<T>) m.plain_dtype = plain_dtype<T>;
  if constexpr (HasRule<T>)
    m.grad = [](const void* op, const GradContext& g) -> Grads { return self<T>(op).grad(g); };
  if constexpr (requires(const T& op, const JvpContext& g) { Grads(op.jvp(g)); })
    m.jvp = [](const void* op, const JvpContext& g) -> Grads { return self<T>(op).jvp(g); };
  if constexpr (requires(const T& op, const PatternContext& at) { Dependence(op.pattern(at)); })
    m.pattern = [](const void* op, const PatternContext& at) -> Dependence {
      return self<T>(op).pattern(at);
    };
}

template <class T>
constexpr void add_plan(OpMembers& m) {
  if constexpr (requires(const T& op, const PlanContext& plan) { std::size_t(op.scratch(plan)); })
    m.scratch = [](const void* op, const PlanContext& plan) -> std::size_t {
      return self<T>(op).scratch(plan);
    };
  if constexpr (requires(const T& op, const PlanContext& plan) { op.prepare(plan); })
    m.prepare = [](const void* op, const PlanContext& plan) -> std::shared_ptr<const void> {
      return self<T>(op).prepare(plan);
    };
  if constexpr (requires(const T& op, std::span<const Type> in) {
                  std::uint32_t(op.row_operands(in));
                })
    m.row_operands = [](const void* op, std::span<const Type> in) -> std::uint32_t {
      return self<T>(op).row_operands(in);
    };
  if constexpr (requires(const T& op) { int(op.kept_axis(0, 0)); })
    m.kept_axis = [](const void* op, int axis, int rank) -> int {
      return self<T>(op).kept_axis(axis, rank);
    };
  if constexpr (requires(const T& op, const PlanContext& plan) { double(op.cost(plan)); })
    m.cost = [](const void* op, const PlanContext& plan) -> double {
      return self<T>(op).cost(plan);
    };
  if constexpr (requires(const T& op, const PlanContext& plan) { double(op.flops(plan)); })
    m.flops = [](const void* op, const PlanContext& plan) -> double {
      return self<T>(op).flops(plan);
    };
  if constexpr (requires(const T& op, std::span<const View> views, const DecisionSink& sink) {
                  op.decisions(views, views, sink);
                })
    m.decisions = [](const void* op, std::span<const View> in, std::span<const View> out,
                     const DecisionSink& sink) { self<T>(op).decisions(in, out, sink); };
  else if constexpr (HasProbeFunctor<T>)
    m.decisions = [](const void* op, std::span<const View> in, std::span<const View> out,
                     const DecisionSink& sink) { probe(self<T>(op), in, out[0].type.shape, sink); };
  if constexpr (requires(const T& op, std::span<const View> in) { op.validate(in); })
    m.validate = [](const void* op, std::span<const View> in) { self<T>(op).validate(in); };
  if constexpr (requires(const T& op, Unrolled& code) { bool(op.unroll(code)); })
    m.unroll = [](const void* op, Unrolled& code) -> bool { return self<T>(op).unroll(code); };
  if constexpr (requires(const T& op, const BatchContext& b) { std::vector<Value>(op.batch(b)); })
    m.batch = [](const void* op, const BatchContext& b) -> std::vector<Value> {
      return self<T>(op).batch(b);
    };
}

}  // namespace dagrad::detail
