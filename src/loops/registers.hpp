#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
  /// The vectors that are computed side by side, each by the same actions in registers of its own.
  int at_once = 1;
  /// Done once: loads invariants that stay in place during all iterations.
  std::vector<Action> preheader;
  std::vector<Action> body;  ///< done in each iteration, for one vector of elements
  std::uint32_t slots = 0;   ///< vectors on the stack
  bool calls = false;
  /// The registers that each vector has of its own, of vectors and of masks. Those of the first
  /// vector are numbered from 0, and those of the next one follow. Behind them all are the
  /// registers of invariants, which the vectors share.
  int vectors = 0, masks = 0;
};

/// Allocates registers for a loop over inputs that are dense (`in_step[i]` is 1) or a single
/// element (0), for so many vectors side by side.
Allocation allocate_registers(const Program& program, std::span<const std::int64_t> in_step,
                              const RegisterFile& registers, int at_once = 1);

/// Allocates registers for four, two or one of the vectors of a sum's parts: for as many as need
/// only a few values on the stack.
Allocation allocate_for_parts(const Program& program, std::span<const std::int64_t> in_step,
                              const RegisterFile& registers);

/// Allocates registers for as many vectors side by side, up to `most`, as need no values on the
/// stack, for a loop without calls; empty if not even two do without.
std::optional<Allocation> allocate_for_several(const Program& program,
                                               std::span<const std::int64_t> in_step,
                                               const RegisterFile& registers, int most);

}  // namespace dagrad::detail
