#pragma once

#include <cstring>

#include "dagrad/graph.hpp"

namespace dagrad::test {

/// A copy of its operand in memory of the run's own, which may be written over where nothing else
/// reads it. Gradients pass.
struct Fresh {
  static constexpr auto name = "fresh";
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    if (c.ins[0].type.bytes() > 0)
      std::memcpy(c.outs[0].data, c.ins[0].data, c.ins[0].type.bytes());
  }
  Grads grad(const GradContext& g) const { return {g.dout}; }
};
inline Value fresh(const Operand& x) { return apply(Fresh{}, {x}); }

}  // namespace dagrad::test
