// expect: dagrad: a functor may not branch on its operands: use select(condition, a, b), or
// constrain it with template <dagrad::PlainNumber T>
#include <dagrad/apply.hpp>

struct Op {
  static constexpr auto name = "op";
  template <class T>
  T operator()(T x) const {
    if (x > 0) return x;
    return 0.01 * x;
  }
};

dagrad::Value use(const dagrad::Operand& x) { return dagrad::apply(Op{}, {x}); }
