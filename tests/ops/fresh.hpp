#pragma once

#include <cstring>

#include "dagrad/apply.hpp"

namespace dagrad::test {

/// Copies its operand into memory of the run, which later ops may overwrite if nothing else reads
/// it. Gradients pass through.
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
