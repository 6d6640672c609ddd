#include "src/exec/raises_flags.hpp"

#include <algorithm>
#include <cmath>

#include "src/exec/float_flags.hpp"
#include "src/program/lower.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

/// Whether flags can be relied on. Other processors are not tested.
bool flags_work() {
#if defined(__x86_64__)
  return float_flags::work();
#else
  return false;
#endif
}

/// Rounding to these dtypes overflows without a flag, because it is done by instructions for
/// integers.
bool is_narrow(DType dtype) { return dtype == f16 || dtype == bf16; }

/// What is known of the steps of a lowered program whose inputs are finite.
class FiniteProgram {
 public:
  explicit FiniteProgram(const Program& program) : program_(program) {}

  bool raises_flags() const {
    return std::all_of(program_.steps.begin(), program_.steps.end(),
                       [&](const Instruction& step) { return raises_flags(step); });
  }

 private:
  const Instruction& at(std::uint32_t step) const { return program_.steps[step]; }

  /// Whether the step raises a flag if it makes an infinity or a NaN, or never makes one. Library
  /// functions do not raise flags for certain.
  bool raises_flags(const Instruction& step) const {
    if (step.primitive == Primitive::input) return true;
    if (is_narrow(step.dtype)) return false;
    switch (step.primitive) {
      case Primitive::constant:
        return std::isfinite(constant_value(program_, step));
      case Primitive::exp:
      case Primitive::exp2:
      case Primitive::expm1:
        return is_signed(step.a, -1);
      case Primitive::log1p:
        return is_signed(step.a, 1);
      case Primitive::sin:
      case Primitive::cos:
      case Primitive::atan:
      case Primitive::tanh:
      case Primitive::erf:
      case Primitive::erfc:
        return true;  // bounded
      default:
        return !is_function(step.primitive);
    }
  }

  /// Whether the step is seen to be 0 or of this sign, or NaN.
  bool is_signed(std::uint32_t index, int sign) const {
    const Instruction& step = at(index);
    switch (step.primitive) {
      case Primitive::constant:
        return sign * constant_value(program_, step) >= 0;
      case Primitive::neg:
        return is_signed(step.a, -sign);
      case Primitive::abs:
      case Primitive::sqrt:
      case Primitive::exp:
        return sign > 0;
      case Primitive::mul:
        return sign > 0 && step.a == step.b;
      default:
        return false;
    }
  }

  const Program& program_;
};

}  // namespace

bool raises_flags(const Kernel& kernel) {
  if (!flags_work()) return false;
  if (std::any_of(kernel.out().begin(), kernel.out().end(),
                  [](const Type& type) { return is_narrow(type.dtype); }))
    return false;
  if (const ProgramPtr program = kernel.op()->program(kernel.in()))
    return FiniteProgram(*lowered(program)).raises_flags();
  return kernel.op().traits().raises_flags;
}

}  // namespace dagrad::detail
