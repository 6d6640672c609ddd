#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/program.hpp"
#include "src/loops/liveness.hpp"

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
    add,      ///< adds values of `step` in `a` and `b` into `d`; b is in `slot` if that is set
    store     ///< stores `d`, the value of `step`, in output `output`
  };
  Kind kind = Kind::compute;
  std::uint8_t d = 0, a = 0, b = 0, c = 0;
  std::uint8_t vector = 0;  ///< which of several vectors it is for
  std::uint32_t step = 0;
  std::uint32_t slot = Instruction::none;
  std::uint32_t output = Instruction::none;
};

/// The actions of a program with registers assigned to its values.
struct Allocation {
  /// The vectors that the body computes.
  int at_once = 1;
  /// Done once: loads invariants that stay in place during all iterations.
  std::vector<Action> preheader;
  std::vector<Action> body;  ///< done in each iteration
  std::uint32_t slots = 0;   ///< vectors on the stack
  bool calls = false;
  /// The registers that each vector has of its own, of vectors and of masks, if each action is done
  /// for all vectors (`allocate_for_each`). Those of the first vector are numbered from 0, and
  /// those of the next one follow. Behind them all are the registers of invariants, which the
  /// vectors share.
  int vectors = 0, masks = 0;
};

/// Allocates registers for a loop over inputs that are dense (`in_step[i]` is 1) or a single
/// element (0), for one vector, or for several whose steps are in the same program. Invariants are
/// where `preheader` loads them, if it is given.
Allocation allocate_registers(const Program& program, std::span<const std::int64_t> in_step,
                              const RegisterFile& registers,
                              const std::vector<Action>* preheader = nullptr,
                              VectorsOf vectors = {});

/// Allocates registers for so many vectors, for each of which every action is done.
Allocation allocate_for_each(const Program& program, std::span<const std::int64_t> in_step,
                             const RegisterFile& registers, int at_once);

}  // namespace dagrad::detail
