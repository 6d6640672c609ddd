// expect: dagrad: an op needs a gradient: Grads grad(const GradContext&) const, or static constexpr
// no_grad grad{why}
#include <dagrad/apply.hpp>

struct Op {
  static constexpr auto name = "op";
  template <dagrad::PlainNumber T>
  T operator()(T x) const {
    return x > 0 ? x : -x;
  }
};

dagrad::Value use(const dagrad::Operand& x) { return dagrad::apply(Op{}, {x}); }
