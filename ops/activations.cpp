#include "dagrad/ops/activations.hpp"

#include "dagrad/ops/arithmetic.hpp"
#include "ops/families.hpp"

namespace dagrad {

Grads Softsign::grad(const GradContext& g) const {
  return {pull(g.dout, square(reciprocal(add(1, abs(g.in[0])))))};
}

Value sigmoid(const Operand& x) { return apply(Sigmoid{}, {x}); }
Value softplus(const Operand& x) { return apply(Softplus{}, {x}); }
Value relu(const Operand& x) { return apply(Relu{}, {x}); }
Value relu6(const Operand& x) { return apply(Relu6{}, {x}); }
Value leaky_relu(const Operand& x, double slope) { return apply(LeakyRelu{slope}, {x}); }
Value elu(const Operand& x, double alpha) { return apply(Elu{alpha}, {x}); }
Value celu(const Operand& x, double alpha) {
  if (!(alpha > 0))
    throw ArgumentError("celu: needs alpha > 0, got " + attribute_text(alpha) + made_at(x));
  return apply(Celu{alpha}, {x});
}
Value selu(const Operand& x) { return apply(Selu{}, {x}); }
Value hard_sigmoid(const Operand& x) { return apply(HardSigmoid{}, {x}); }
Value hard_swish(const Operand& x) { return apply(HardSwish{}, {x}); }
Value softsign(const Operand& x) { return apply(Softsign{}, {x}); }
Value gelu(const Operand& x) { return apply(Gelu{}, {x}); }
Value gelu_tanh(const Operand& x) { return apply(GeluTanh{}, {x}); }
Value silu(const Operand& x) { return apply(Silu{}, {x}); }
Value mish(const Operand& x) { return apply(Mish{}, {x}); }

void list_activations(Catalog& catalog) {
  catalog.add<Sigmoid, Softplus, Relu, Relu6, LeakyRelu, Elu, Celu, Selu, HardSigmoid, HardSwish,
              Softsign, Gelu, GeluTanh, Silu, Mish>("activations");
}

}  // namespace dagrad
