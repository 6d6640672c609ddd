#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/catalog.hpp"

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

/// The names of all ops of the catalogue.
inline std::vector<std::string> op_names() {
  std::vector<std::string> names;
  for (const auto& entry : Catalog::builtin()) names.emplace_back(entry.op.name());
  return names;
}

}  // namespace dagrad::test
