// expect: dagrad: an op needs a gradient: Grads grad(const GradContext&) const, or static constexpr
// no_grad grad{why}
#include <dagrad/apply.hpp>

struct Op {
  static constexpr auto name = "op";
  dagrad::Type infer(std::span<const dagrad::Type> in) const { return in[0]; }
  void eval(const dagrad::EvalContext&) const {}
};

dagrad::Value use(const dagrad::Operand& x) { return dagrad::apply(Op{}, {x}); }
