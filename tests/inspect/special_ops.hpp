#pragma once

#include <cstddef>
#include <span>

#include "dagrad/dagrad.hpp"

/// Ops that passes and routines must leave alone.
namespace dagrad {

/// It has an effect.
struct Ordered {
  static constexpr auto name = "in_order";
  static constexpr bool ordered = true;
  static constexpr no_grad grad{"it is a test"};
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const {}
};

/// An elementwise op that checks its operand.
struct Checking {
  static constexpr auto name = "checking";
  void validate(std::span<const View>) const {}
  template <class T>
  T operator()(T x) const {
    return x + 1;
  }
};

}  // namespace dagrad
