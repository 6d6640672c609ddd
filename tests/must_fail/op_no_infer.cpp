// expect: dagrad: an op with eval needs infer(std::span<const Type>), which returns its results'
// types
#include <dagrad/apply.hpp>

struct Op {
  static constexpr auto name = "op";
  void eval(const dagrad::EvalContext&) const {}
  dagrad::Grads grad(const dagrad::GradContext& g) const { return {g.dout}; }
};

dagrad::Value use(const dagrad::Operand& x) { return dagrad::apply(Op{}, {x}); }
