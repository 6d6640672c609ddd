#include <algorithm>
#include <cmath>
#include <numeric>

#include "dagrad/axes.hpp"
#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/index.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/logic.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/passes.hpp"

namespace dagrad {

namespace {

/// f(f(x)) is f(x).
template <class T>
Rule idempotent() {
  return Rule::for_op<T>(std::string(T::name) + " twice",
                         [](const RuleSite& at) { return made_by<T>(at.in()) ? at.in() : Value(); })
      .template after<T>();
}

template <class... Ops>
bool is_any_of(const Op& op) {
  return ((op.get_if<Ops>() != nullptr) || ...);
}

/// Whether the op only changes the shape. An op of a user's that has the memory of its operand
/// (`alias`) may do more: its gradient may differ from the cotangent.
bool reshapes(const Op& op) {
  return is_any_of<Reshape, Flatten, Unflatten, Squeeze, Unsqueeze, ReshapeLike>(op);
}

bool may_keep_its_operand(const Op& op) {
  const OpTraits& traits = op.traits();
  return reshapes(op) || (traits.identity >= 0 && !traits.ordered && !traits.has_validate);
}
Value same_type(const RuleSite& at) {
  const auto kept = static_cast<std::size_t>(std::max(at.op.traits().identity, 0));
  return at.in(kept).type() == at.type ? at.in(kept) : Value();
}

Value reshaped_twice(const RuleSite& at) {
  if (at.in().port() != 0) return {};
  const Node before = at.in().node();
  if (before.kind() != NodeKind::op || !reshapes(before.op())) return {};
  const auto dims = at.type.shape.dims();
  return apply(Reshape{{dims.begin(), dims.end()}}, {operand_of(at.in())});
}

// ---- transposes

std::vector<std::int64_t> permutation(const Transpose& op) {
  std::vector<std::int64_t> axes;
  for (const std::int64_t axis : op.axes)
    axes.push_back(normalize_axis(axis, static_cast<int>(op.axes.size())));
  return axes;
}

bool is_identity(const std::vector<std::int64_t>& axes) {
  std::vector<std::int64_t> same(axes.size());
  std::iota(same.begin(), same.end(), 0);
  return axes == same;
}

bool swaps_last_two(const Value& value) {
  const auto* op = made_by<Transpose>(value);
  if (op == nullptr || op->axes.size() < 2) return false;
  std::vector<std::int64_t> axes = permutation(*op);
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return is_identity(axes);
}

Value transposed_not_at_all(const RuleSite& at) {
  return is_identity(permutation(*at.as<Transpose>())) ? at.in() : Value();
}

Value transposed_twice(const RuleSite& at) {
  const auto* before = made_by<Transpose>(at.in());
  if (before == nullptr) return {};
  const std::vector<std::int64_t> first = permutation(*before);
  std::vector<std::int64_t> both;
  for (const std::int64_t axis : permutation(*at.as<Transpose>()))
    both.push_back(first[static_cast<std::size_t>(axis)]);
  return apply(Transpose{both}, {operand_of(at.in())});
}

Value product_of_transposed(const RuleSite& at) {
  Matmul op = *at.as<Matmul>();
  Value left = at.in(0), right = at.in(1);
  if (!swaps_last_two(left) && !swaps_last_two(right)) return {};
  if (swaps_last_two(left)) {
    left = operand_of(left);
    op.transpose_left = !op.transpose_left;
  }
  if (swaps_last_two(right)) {
    right = operand_of(right);
    op.transpose_right = !op.transpose_right;
  }
  return apply(op, {left, right});
}

// ---- casts

bool holds_all(DType wide, DType narrow) {
  if (narrow == b8) return true;
  const auto digits = [](DType dtype) {  // bits that an integer may have, besides its sign
    switch (dtype) {
      case u8:
        return 8;
      case i8:
        return 7;
      case i16:
        return 15;
      case i32:
        return 31;
      case i64:
        return 63;
      case f16:
        return 11;
      case bf16:
        return 8;
      case f32:
        return 24;
      case f64:
        return 53;
      default:
        return 1;
    }
  };
  if (is_float(narrow)) {
    if (!is_float(wide)) return false;
    return wide == f64 || wide == narrow || (wide == f32 && narrow != f64);
  }
  if (wide == u8 && narrow != u8) return false;
  return (is_float(wide) || wide != b8) && digits(wide) >= digits(narrow);
}

/// An int that is too large for the last dtype wraps around, but saturates on the way through a
/// float.
Value cast_twice(const RuleSite& at) {
  if (!made_by<Cast>(at.in())) return {};
  const Value x = operand_of(at.in());
  const DType between = at.in().dtype(), last = at.type.dtype;
  const bool saturates = is_float(between) && !is_float(x.dtype()) && !is_float(last) && last != b8;
  if (!holds_all(between, x.dtype()) || (saturates && !holds_all(last, x.dtype()))) return {};
  return cast(x, last);
}

/// Whether results consist of elements of the first operand, which may have any dtype, and of
/// zeros.
bool moves(const Op& op) {
  if (const auto* const pad = op.get_if<Pad>()) return pad->value == 0 && !std::signbit(pad->value);
  return is_any_of<Reshape, Flatten, Unflatten, Squeeze, Unsqueeze, ReshapeLike, Transpose, Slice,
                   UnsliceLike, Gather<false>, Gather<true>>(op);
}

/// Narrow elements are quicker to move, and a cast that is done later can be fused with what uses
/// it.
Value moved_before_cast(const RuleSite& at) {
  if (!made_by<Cast>(at.in())) return {};
  const Value x = operand_of(at.in());
  if (size_of(x.dtype()) >= size_of(at.type.dtype)) return {};
  std::vector<Operand> operands(at.operands.begin(), at.operands.end());
  operands[0] = x;
  return cast(apply(at.op, operands)[0], at.type.dtype);
}

// ---- constants

Value chosen(const RuleSite& at) {
  const std::optional<double> condition = known_fill(at.in(0));
  return condition ? at.in(*condition != 0 ? 1 : 2) : Value();
}

Value known_power(const RuleSite& at) {
  const std::optional<double> exponent = known_fill(at.in(1));
  if (exponent == 1) return at.in(0);
  if (exponent == 2) return square(at.in(0));
  return exponent == -1 ? reciprocal(at.in(0)) : Value();
}

Value plain_power(const RuleSite& at) {
  const double exponent = at.as<Power>()->exponent;
  if (exponent == 1) return at.in();
  if (exponent == 2) return square(at.in());
  return exponent == -1 ? reciprocal(at.in()) : Value();
}

// ---- sums and means of repeated elements

/// The shape of the operand, in which axes that are reduced have size 1.
Shape kept_axes(const RuleSite& at, const Reduction& op) {
  return Reduction(op.axes, true).reduced(at.in().shape());
}
Shape kept_axes(const RuleSite& at, const SumToLike& /*op*/) {
  const auto dims = at.type.shape.dims();
  std::vector<std::int64_t> kept(static_cast<std::size_t>(at.in().rank()) - dims.size(), 1);
  kept.insert(kept.end(), dims.begin(), dims.end());
  return Shape(kept);
}

/// The value that is repeated to make the operand, if elements that are reduced to one are equal.
Value repeated_to(const RuleSite& at, const Shape& kept) {
  const Value& x = at.in();
  if (!made_by<BroadcastTo>(x) && !made_by<BroadcastLike>(x) && !made_by<BatchLike>(x)) return {};
  const bool only_equal = broadcasts_to(operand_of(x).shape(), kept);
  return only_equal && x.size() > at.type.elements() ? operand_of(x) : Value();
}

/// The elements in the shape of the result, repeated along axes that are not reduced.
Value as_result(const RuleSite& at, const Shape& kept, const Value& elements) {
  const auto dims = at.type.shape.dims();
  const bool repeated = elements.size() < at.type.elements();
  return apply(Reshape{{dims.begin(), dims.end()}},
               {repeated ? broadcast_to(elements, kept) : elements});
}

/// A product is rounded once. Elements that differ are not summed before those that are equal,
/// since their sum alone may overflow.
template <class Op>
Value sum_of_repeated(const RuleSite& at) {
  const Shape kept = kept_axes(at, *at.as<Op>());
  const Value x = repeated_to(at, kept);
  const DType dtype = at.type.dtype;
  if (x.empty() || !(dtype == f32 || dtype == f64)) return {};
  return as_result(at, kept, x * static_cast<double>(at.in().size() / at.type.elements()));
}

Value mean_of_repeated(const RuleSite& at) {
  const Shape kept = kept_axes(at, *at.as<Mean>());
  const Value x = repeated_to(at, kept);
  return x.empty() ? x : as_result(at, kept, x);
}

/// Whether ops compute in a wider dtype and round at their end, so that one op in the place of two
/// has other bits.
bool rounds_once(DType dtype) { return dtype == f16 || dtype == bf16; }

using V = Value;

std::vector<Rule> rules_of_arithmetic() {
  return {
      {"x * 1", [](V x) { return x * 1; }, [](V x) { return x; }},
      {"x / 1", [](V x) { return x / 1; }, [](V x) { return x; }},
      {"x + -0", [](V x) { return x + -0.0; }, [](V x) { return x; }},
      {"x - 0", [](V x) { return x - 0; }, [](V x) { return x; }},
      {"integer x * 0", [](V x) { return x * 0; },
       [](V x) { return is_float(x.dtype()) ? V() : zeros_like(x); }},
      {"-(-x)", [](V x) { return -(-x); }, [](V x) { return x; }},
      {"x - (-y)", [](V x, V y) { return x - (-y); }, [](V x, V y) { return x + y; }},
      {"x + (-y)", [](V x, V y) { return x + (-y); }, [](V x, V y) { return x - y; }},
      {"(-x) * (-y)", [](V x, V y) { return (-x) * (-y); }, [](V x, V y) { return x * y; }},
      {"(-x) / (-y)", [](V x, V y) { return (-x) / (-y); }, [](V x, V y) { return x / y; }},
      {"(-x) * x", [](V x) { return (-x) * x; }, [](V x) { return -square(x); }},
      {"x * x", [](V x) { return x * x; }, [](V x) { return square(x); }},
      {"x * (1 / y)", [](V x, V y) { return x * reciprocal(y); }, [](V x, V y) { return x / y; }},
      {"1 / x", [](V x) { return 1 / x; }, [](V x) { return reciprocal(x); }},
      {"1 / sqrt(x)", [](V x) { return reciprocal(sqrt(x)); },
       [](V x) { return rounds_once(x.dtype()) ? V() : rsqrt(x); }},
      {"square(-x)", [](V x) { return square(-x); }, [](V x) { return square(x); }},
      {"square(abs(x))", [](V x) { return square(abs(x)); }, [](V x) { return square(x); }},
      {"abs(-x)", [](V x) { return abs(-x); }, [](V x) { return abs(x); }},
      {"pull(1, x)", [](V x) { return pull(1, x); }, [](V x) { return x; }},
      Rule::for_op<Pow>("x to a known power", known_power),
      Rule::for_op<Power>("x to the power of 1, 2 or -1", plain_power),
      idempotent<Abs>(),
      idempotent<Sign>(),
      idempotent<Floor>(),
      idempotent<Ceil>(),
      idempotent<Round>(),
      idempotent<Trunc>(),
      idempotent<Relu>(),
  };
}

std::vector<Rule> rules_of_selection() {
  return {
      Rule::for_op<Where>("where with a known condition", chosen),
      {"where(c, x, x)", [](V x, V c) { return where(c > 0, x, x); }, [](V x, V) { return x; }},
      {"maximum(x, x)", [](V x) { return maximum(x, x); }, [](V x) { return x; }},
      {"minimum(x, x)", [](V x) { return minimum(x, x); }, [](V x) { return x; }},
      Rule::for_op<LogicalNot>("not(not(x))",
                               [](const RuleSite& at) {
                                 return made_by<LogicalNot>(at.in()) ? operand_of(at.in())
                                                                     : Value();
                               })
          .after<LogicalNot>(),
  };
}

std::vector<Rule> rules_of_shapes() {
  return {
      {"identity(x)", [](V x) { return identity(x); }, [](V x) { return x; }},
      Rule::for_ops("a change of type to the same type", may_keep_its_operand, same_type)
          .if_type_stays(),
      Rule::for_ops("a reshape of a reshape", reshapes, reshaped_twice).after(reshapes),
      Rule::for_ops("moved elements of a cast to wider ones", moves, moved_before_cast)
          .after<Cast>(),
      Rule::for_op<Cast>("a cast of an exact cast", cast_twice).after<Cast>(),
      Rule::for_op<Cast>(
          "a cast to the same dtype",
          [](const RuleSite& at) { return at.in().type() == at.type ? at.in() : Value(); })
          .if_type_stays(),
      Rule::for_op<Transpose>("a transpose that moves nothing", transposed_not_at_all)
          .if_type_stays(),
      Rule::for_op<Transpose>("a transpose of a transpose", transposed_twice).after<Transpose>(),
      Rule::for_op<Matmul>("a product of transposed matrices", product_of_transposed)
          .after_either<Transpose>(),
      Rule::for_op<Sum>("a sum of repeated elements", sum_of_repeated<Sum>)
          .after<BroadcastTo, BroadcastLike, BatchLike>(),
      Rule::for_op<SumToLike>("a sum of repeated elements to a shape", sum_of_repeated<SumToLike>)
          .after<BroadcastTo, BroadcastLike, BatchLike>(),
      Rule::for_op<Mean>("a mean of repeated elements", mean_of_repeated)
          .after<BroadcastTo, BroadcastLike, BatchLike>(),
  };
}

}  // namespace

std::vector<Rule> simplifying_rules() {
  std::vector<Rule> rules;
  for (const auto& family : {rules_of_arithmetic(), rules_of_selection(), rules_of_shapes()})
    rules.insert(rules.end(), family.begin(), family.end());
  return rules;
}

}  // namespace dagrad
