#include "dagrad/ops/arithmetic.hpp"

#include <string>

#include "dagrad/random.hpp"
#include "ops/families.hpp"

namespace dagrad {

Grads Neg::grad(const GradContext& g) const { return {neg(g.dout)}; }
Grads Add::grad(const GradContext& g) const { return {g.dout, g.dout}; }

Grads Sub::grad(const GradContext& g) const {
  return {g.dout, g.if_wanted(1, [&] { return neg(g.dout); })};
}

Grads Mul::grad(const GradContext& g) const {
  return {g.if_wanted(0, [&] { return pull(g.dout, g.in[1]); }),
          g.if_wanted(1, [&] { return pull(g.dout, g.in[0]); })};
}

Grads Pull::grad(const GradContext& g) const {
  return {g.if_wanted(0, [&] { return pull(g.dout, g.in[1]); }),
          g.if_wanted(1, [&] { return joint(g.dout, g.in[0]); })};
}

Grads Joint::grad(const GradContext& g) const {
  return {g.if_wanted(0, [&] { return joint(g.dout, g.in[1]); }),
          g.if_wanted(1, [&] { return joint(g.dout, g.in[0]); })};
}

namespace {

/// A tensor of either sign whose elements keep away from the pole at 0.
Tensor nonzero(Rng& rng, const Shape& shape) {
  Tensor x = rng.uniform(shape, 0.3, 2);
  for (double& element : x.mutate<double>())
    if (rng.number() < 0.5) element = -element;
  return x;
}

}  // namespace

Samples Sqrt::samples(Rng& rng) { return {{Sqrt{}, {rng.uniform({2, 3}, 0.1, 4)}}}; }
Samples Rsqrt::samples(Rng& rng) { return {{Rsqrt{}, {rng.uniform({2, 3}, 0.1, 4)}}}; }
Samples Reciprocal::samples(Rng& rng) { return {{Reciprocal{}, {nonzero(rng, {2, 3})}}}; }

Samples Div::samples(Rng& rng) {
  return {{Div{}, {rng.normal({2, 3}), nonzero(rng, {2, 3})}},
          {Div{}, {rng.normal({2, 1}), nonzero(rng, {3})}}};
}

Samples Remainder::samples(Rng& rng) {
  return {{Remainder{}, {rng.uniform({2, 3}, -9, 9), nonzero(rng, {2, 3})}},
          {Remainder{}, {rng.integers({2, 3}, -9, 9), rng.integers({3}, 1, 4)}}};
}

namespace {

/// Throws ArgumentError for the first integer divisor that is 0.
void refuse_zeros(const View& divisor) {
  if (!divisor.data || is_float(divisor.type.dtype)) return;
  dispatch(divisor.type.dtype, [&](auto type) {
    const auto b = divisor.as<typename decltype(type)::type>();
    for (std::size_t i = 0; i < b.size(); ++i) {
      if (b[i] == 0)
        throw ArgumentError("integer division by zero: element " +
                            index_text(divisor.type.shape, static_cast<std::int64_t>(i)) +
                            " of the divisor is 0");
    }
  });
}

}  // namespace

void Remainder::validate(std::span<const View> in) const { refuse_zeros(in[1]); }
void FloorDivide::validate(std::span<const View> in) const { refuse_zeros(in[1]); }

Samples FloorDivide::samples(Rng& rng) {
  return {{FloorDivide{}, {rng.uniform({2, 3}, -9, 9), nonzero(rng, {2, 3})}},
          {FloorDivide{}, {rng.integers({2, 3}, -9, 9), rng.integers({3}, 1, 4)}}};
}

Grads Lerp::grad(const GradContext& g) const {
  const Value &a = g.in[0], &b = g.in[1], &t = g.in[2];
  return {g.if_wanted(0, [&] { return pull(g.dout, sub(1, t)); }),
          g.if_wanted(1, [&] { return pull(g.dout, t); }),
          g.if_wanted(2, [&] { return pull(g.dout, sub(b, a)); })};
}

Samples Joint::samples(Rng& rng) {
  return {{Joint{}, {rng.normal({2, 3}), rng.normal({3})}},
          {.op = Joint{},
           .in = {Tensor::of<double>({0, 2, -3}), Tensor::of<double>({5, 0.5, 4})},
           .out = {Tensor::of<double>({0, 1, -12})}}};
}

Samples Clamp::samples(Rng& rng) {
  const Tensor x = rng.normal({2, 3}), low = rng.uniform({2, 1}, -1, 0),
               high = rng.uniform({3}, 0, 1);
  return {{Clamp{}, {x, low, high}}};
}

namespace {

std::string element_text(const View& view, std::int64_t at) {
  return dispatch_stored(view.type.dtype, [&](auto type) {
    const auto elements = view.as<typename decltype(type)::type>();
    return attribute_text(widen(elements[static_cast<std::size_t>(at)]));
  });
}

}  // namespace

void Clamp::validate(std::span<const View> in) const {
  const View bounds[] = {in[1], in[2]};
  if (!bounds[0].data || !bounds[1].data) return;
  const Shape shape = broadcast(bounds[0].type.shape, bounds[1].type.shape);
  const StridedAxes<2> axes = broadcast_axes({bounds[0].type.shape, bounds[1].type.shape}, shape);
  const std::int64_t n = shape.elements();
  const std::int64_t wrong = dispatch_stored(bounds[0].type.dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    const auto low = bounds[0].as<T>(), high = bounds[1].as<T>();
    std::int64_t i = 0;
    while (i < n && widen(low[static_cast<std::size_t>(axes.offset(i, 0))]) <=
                        widen(high[static_cast<std::size_t>(axes.offset(i, 1))]))
      ++i;
    return i;
  });
  if (wrong < n)
    throw ArgumentError("needs low <= high, got " + element_text(bounds[0], axes.offset(wrong, 0)) +
                        " and " + element_text(bounds[1], axes.offset(wrong, 1)) + " at " +
                        index_text(shape, wrong));
}

Value neg(const Operand& x) { return apply(Neg{}, {x}); }
Value abs(const Operand& x) { return apply(Abs{}, {x}); }
Value sign(const Operand& x) { return apply(Sign{}, {x}); }
Value sqrt(const Operand& x) { return apply(Sqrt{}, {x}); }
Value rsqrt(const Operand& x) { return apply(Rsqrt{}, {x}); }
Value square(const Operand& x) { return apply(Square{}, {x}); }
Value reciprocal(const Operand& x) { return apply(Reciprocal{}, {x}); }
Value floor(const Operand& x) { return apply(Floor{}, {x}); }
Value ceil(const Operand& x) { return apply(Ceil{}, {x}); }
Value round(const Operand& x) { return apply(Round{}, {x}); }
Value trunc(const Operand& x) { return apply(Trunc{}, {x}); }
Value add(const Operand& a, const Operand& b) { return apply(Add{}, {a, b}); }
Value sub(const Operand& a, const Operand& b) { return apply(Sub{}, {a, b}); }
Value mul(const Operand& a, const Operand& b) { return apply(Mul{}, {a, b}); }
Value div(const Operand& a, const Operand& b) { return apply(Div{}, {a, b}); }
Value remainder(const Operand& a, const Operand& b) { return apply(Remainder{}, {a, b}); }
Value floor_divide(const Operand& a, const Operand& b) { return apply(FloorDivide{}, {a, b}); }
Value copysign(const Operand& a, const Operand& b) { return apply(Copysign{}, {a, b}); }
Value maximum(const Operand& a, const Operand& b) { return apply(Maximum{}, {a, b}); }
Value minimum(const Operand& a, const Operand& b) { return apply(Minimum{}, {a, b}); }
Value clamp(const Operand& x, const Operand& low, const Operand& high) {
  return apply(Clamp{}, {x, low, high});
}
Value lerp(const Operand& a, const Operand& b, const Operand& t) {
  return apply(Lerp{}, {a, b, t});
}
Value pull(const Operand& c, const Operand& p) { return apply(Pull{}, {c, p}); }
Value joint(const Operand& a, const Operand& b) { return apply(Joint{}, {a, b}); }

void list_arithmetic(Catalog& catalog) {
  catalog
      .add<Neg, Abs, Sign, Sqrt, Rsqrt, Square, Reciprocal, Floor, Ceil, Round, Trunc, Add, Sub,
           Mul, Div, Remainder, FloorDivide, Copysign, Maximum, Minimum, Clamp, Lerp, Pull, Joint>(
          "arithmetic");
}

}  // namespace dagrad
