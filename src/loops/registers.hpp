#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// What a machine offers a loop's values.
struct RegisterFile {
  int vectors = 0;
  int masks = 0;  ///< registers of bools; 0: bools lie in vectors
  /// Whether a step is a call, which clobbers every register, takes its operands in any and leaves
  /// its result in vector 0.
  bool (*is_call)(const Program& program, const Instruction& step) = nullptr;
  /// Whether a step is one instruction, whose second operand may be memory and whose result may
  /// take an operand's place.
  bool (*is_single)(const Instruction& step) = nullptr;
};

/// One move of a loop's body. Registers are numbers in the bank of the value's dtype.
struct Action {
  enum class Kind : std::uint8_t {
    load,     ///< input or constant `step` into `d`
    save,     ///< `d`, the value of `step`, onto the stack at `place`
    restore,  ///< the value of `step` from the stack at `place` into `d`
    compute,  ///< `step` of `a`, `b`, `c` into `d`; where `place` is one, b lies there
    store     ///< `d`, the value of `step`, to output `place`
  };
  Kind kind = Kind::compute;
  std::uint8_t d = 0, a = 0, b = 0, c = 0;
  std::uint32_t step = 0;
  std::uint32_t place = Instruction::none;
};

/// A program with its values put into registers: what one pass of a loop does for a few elements.
struct Allocation {
  std::vector<Action> before;  ///< what keeps its register or place through all passes
  std::vector<Action> pass;
  std::uint32_t places = 0;  ///< vectors on the stack
  bool calls = false;
};

/// Dense inputs are read before any output is written that may be the same memory: an output is
/// stored once no dense input is to be read any more.
Allocation allocate_registers(const Program& program, std::span<const std::int64_t> in_step,
                              const RegisterFile& registers);

}  // namespace dagrad::detail
