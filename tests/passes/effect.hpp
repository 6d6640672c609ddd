#pragma once

#include <span>

#include "dagrad/dagrad.hpp"

namespace dagrad {

/// An op that must neither be merged nor moved.
struct Effect {
  static constexpr auto name = "effect";
  static constexpr bool ordered = true;
  static constexpr no_grad grad{"it is only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const {}
  using attributes = dagrad::attributes<>;
};

}  // namespace dagrad
