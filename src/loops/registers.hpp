#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// What an instruction set offers the values of a loop.
struct RegisterFile {
  int vectors = 0;
  int masks = 0;  ///< registers of bools; 0: bools lie in vectors
  /// Whether a step is a call, which clobbers every register, takes its operands in any and leaves
  /// its result in vector 0.
  bool (*is_call)(const Program& program, const Instruction& step) = nullptr;
  /// Whether a step is a single instruction, whose second operand may be memory and whose result
  /// may take the register of an operand.
  bool (*is_single)(const Instruction& step) = nullptr;
};

/// What a loop does next. Registers are numbers in the bank of the value's dtype.
struct Action {
  enum class Kind : std::uint8_t {
    load,     ///< input or constant `step` into `d`
    spill,    ///< `d`, the value of `step`, to stack slot `slot`
    reload,   ///< the value of `step` from stack slot `slot` into `d`
    compute,  ///< `step` of `a`, `b`, `c` into `d`; b is in `slot`, if that is one
    store     ///< `d`, the value of `step`, to output `output`
  };
  Kind kind = Kind::compute;
  std::uint8_t d = 0, a = 0, b = 0, c = 0;
  std::uint32_t step = 0;
  std::uint32_t slot = Instruction::none;
  std::uint32_t output = Instruction::none;
};

/// A program with its values put into registers.
struct Allocation {
  std::vector<Action> preheader;  ///< once: invariants into what they keep in all iterations
  std::vector<Action> body;       ///< an iteration: what is done to a vector of elements
  std::uint32_t slots = 0;        ///< vectors on the stack
  bool calls = false;
};

/// Allocates registers for a loop over inputs that are dense (`in_step[i]` is 1) or one element
/// (0).
Allocation allocate_registers(const Program& program, std::span<const std::int64_t> in_step,
                              const RegisterFile& registers);

}  // namespace dagrad::detail
