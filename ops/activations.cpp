#include "dagrad/ops/activations.hpp"

namespace dagrad {

Value sigmoid(const Operand& x) { return apply(Sigmoid{}, {x}); }
Value softplus(const Operand& x) { return apply(Softplus{}, {x}); }
Value relu(const Operand& x) { return apply(Relu{}, {x}); }
Value leaky_relu(const Operand& x, double slope) { return apply(LeakyRelu{slope}, {x}); }
Value elu(const Operand& x, double alpha) { return apply(Elu{alpha}, {x}); }
Value gelu(const Operand& x) { return apply(Gelu{}, {x}); }
Value gelu_tanh(const Operand& x) { return apply(GeluTanh{}, {x}); }
Value silu(const Operand& x) { return apply(Silu{}, {x}); }

}  // namespace dagrad
