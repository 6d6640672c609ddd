// expect: dagrad: grad must be either Grads grad(const GradContext&) const or static constexpr
// no_grad grad{why}
#include <dagrad/apply.hpp>

struct Op {
  static constexpr auto name = "op";
  template <class T>
  T operator()(T x) const {
    return x;
  }
  dagrad::Value grad(const dagrad::Value& dout) const { return dout; }
};

dagrad::Value use(const dagrad::Operand& x) { return dagrad::apply(Op{}, {x}); }
