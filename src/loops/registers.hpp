#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// The registers that an instruction set offers for the values of a loop.
struct RegisterFile {
  int vectors = 0;
  int masks = 0;  ///< mask registers for bools; 0: bools are in vectors
  /// Whether a step is a call, which clobbers all registers, accepts operands in any of them, and
  /// leaves its result in vector 0.
  bool (*is_call)(const Program& program, const Instruction& step) = nullptr;
  /// Whether a step is a single instruction, whose second operand may be in memory and whose result
  /// may use the register of an operand.
  bool (*is_single)(const Instruction& step) = nullptr;
};

/// An action of a loop. Registers are numbered within the bank of the value's dtype.
struct Action {
  enum class Kind : std::uint8_t {
    load,     ///< loads input or constant `step` into `d`
    spill,    ///< writes `d`, the value of `step`, to stack slot `slot`
    reload,   ///< reads the value of `step` from stack slot `slot` into `d`
    compute,  ///< computes `step` of `a`, `b`, `c` into `d`; b is in `slot` if that is set
    store     ///< stores `d`, the value of `step`, in output `output`
  };
  Kind kind = Kind::compute;
  std::uint8_t d = 0, a = 0, b = 0, c = 0;
  std::uint32_t step = 0;
  std::uint32_t slot = Instruction::none;
  std::uint32_t output = Instruction::none;
};

/// The actions of a program with registers assigned to its values.
struct Allocation {
  /// Done once: loads invariants that stay in place during all iterations.
  std::vector<Action> preheader;
  std::vector<Action> body;  ///< done in each iteration, for one vector of elements
  std::uint32_t slots = 0;   ///< vectors on the stack
  bool calls = false;
  /// Registers below these, of vectors and of masks, change in each iteration.
  int vectors = 0, masks = 0;
};

/// Allocates registers for a loop over inputs that are dense (`in_step[i]` is 1) or a single
/// element (0).
Allocation allocate_registers(const Program& program, std::span<const std::int64_t> in_step,
                              const RegisterFile& registers);

/// Registers of one of two vectors: the first ones of each bank.
struct RegistersOfVector {
  int vectors = 0, masks = 0;
};

/// Those that a body changes, if there are as many others, so that it can be done for two vectors
/// in alternation; none if there are not, or if values go through the stack.
RegistersOfVector registers_for_two(const Program& program, const Allocation& allocation,
                                    const RegisterFile& registers);

}  // namespace dagrad::detail
