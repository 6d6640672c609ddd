#include "dagrad/ops/logic.hpp"

#include "dagrad/random.hpp"
#include "ops/families.hpp"

namespace dagrad {

Grads Where::grad(const GradContext& g) const {
  const Value& condition = g.in[0];
  return {zero, g.if_wanted(1, [&] { return where(condition, g.dout, 0); }),
          g.if_wanted(2, [&] { return where(condition, 0, g.dout); })};
}

Samples Where::samples(Rng& rng) {
  const Tensor condition = rng.integers({2, 3}, 0, 2, i64).cast(b8);
  return {{Where{}, {condition, rng.normal({2, 3}), rng.normal({2, 3})}},
          {Where{}, {condition, rng.normal({2, 1}), rng.normal({})}}};
}

Value equal(const Operand& a, const Operand& b) { return apply(Equal{}, {a, b}); }
Value not_equal(const Operand& a, const Operand& b) { return apply(NotEqual{}, {a, b}); }
Value less(const Operand& a, const Operand& b) { return apply(Less{}, {a, b}); }
Value less_equal(const Operand& a, const Operand& b) { return apply(LessEqual{}, {a, b}); }
Value greater(const Operand& a, const Operand& b) { return apply(Greater{}, {a, b}); }
Value greater_equal(const Operand& a, const Operand& b) { return apply(GreaterEqual{}, {a, b}); }
Value is_nan(const Operand& x) { return apply(IsNan{}, {x}); }
Value is_finite(const Operand& x) { return apply(IsFinite{}, {x}); }
Value isclose(const Operand& a, const Operand& b, double rtol, double atol, bool equal_nan) {
  if (!(rtol >= 0 && atol >= 0))
    throw ArgumentError("isclose: needs rtol >= 0 and atol >= 0, got " + attribute_text(rtol) +
                        " and " + attribute_text(atol) + made_at(a));
  return apply(IsClose{rtol, atol, equal_nan}, {a, b});
}
Value logical_not(const Operand& x) { return apply(LogicalNot{}, {x}); }
Value logical_and(const Operand& a, const Operand& b) { return apply(LogicalAnd{}, {a, b}); }
Value logical_or(const Operand& a, const Operand& b) { return apply(LogicalOr{}, {a, b}); }
Value logical_xor(const Operand& a, const Operand& b) { return apply(LogicalXor{}, {a, b}); }
Value where(const Operand& condition, const Operand& a, const Operand& b) {
  return apply(Where{}, {condition, a, b});
}

void list_logic(Catalog& catalog) {
  catalog.add<Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, IsNan, IsFinite, IsClose,
              LogicalNot, LogicalAnd, LogicalOr, LogicalXor, Where>("logic");
}

}  // namespace dagrad
