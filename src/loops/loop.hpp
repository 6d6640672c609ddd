#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dagrad/instruction_set.hpp"
#include "dagrad/program.hpp"
#include "src/loops/code.hpp"
#include "src/loops/loop_spec.hpp"

// The life of a loop, here `y = x * x + k` over arrays with AVX2:
//
//   program       0: input   1: mul 0 0   2: constant   3: add 1 2 (the output)
//      |
//      |          cache.hpp looks it up by its structure. Where it is new, liveness.hpp finds the
//      |          times at which each value is used, and registers.hpp gives it a register, or a
//      v          slot on the stack when they run out:
//   actions       preheader   load 2 into vector 13
//      |          body        load 0 into vector 0, compute 1 into 0, compute 3 into 0, store 0
//      |
//      |          assembler.hpp walks through them, between what frame.hpp puts before and after
//      |          them. emitter.hpp, with avx2.hpp or avx512.hpp, turns each into instructions, of
//      v          the body twice:
//   instructions  whole vectors                           the tail
//      |            vmovups ymm0, [r10 + r8 * 4]            vmaskmovps ymm0, ymm14, [r10 + r8 * 4]
//      |            vmulps  ymm0, ymm0, ymm0                vmulps     ymm0, ymm0, ymm0
//      |            vaddps  ymm0, ymm0, ymm13               vaddps     ymm0, ymm0, ymm13
//      |            vmovups [r9 + r8 * 4], ymm0             vmaskmovps [r9 + r8 * 4], ymm14, ymm0
//      |
//      v          code.hpp puts their bytes into executable pages:
//   Loop          which broadcast_loop.hpp runs, row by row where operands broadcast (rows.hpp).
//                 Constants are data, so that it serves every program of this structure.
//
// With AVX-512, where the elements are more than one vector and at most two, the body is instead
// emitted once for both vectors side by side (pairs.hpp), without a tail.

namespace dagrad::detail {

/// Runs a lowered program over arrays, by machine code or, if there is no assembler, by the
/// interpreter. It is immutable and serves all programs that differ only in constants.
class Loop {
 public:
  /// A loop for any number of elements, or for `elements` of them if these are a pair of vectors
  /// (`is_pair`).
  Loop(const Program& lowered, std::span<const std::int64_t> in_step, InstructionSet set,
       std::int64_t elements = 0, kernels::LoopSums sums = {});

  /// Computes elements [0, n), n > 0. Input i begins at `in[i]`; it is dense, or a single element
  /// if its step is 0. Outputs are dense, and may overwrite a dense input of the same element size.
  /// `program` may differ only in constants from the one for which the loop was made.
  void run(const Program& program, const void* const* in, void* const* out, std::int64_t n) const {
    if (direct_ == nullptr) return run_guarded(program, in, out, n);
    direct_(in, out, n, program.constants.data());
  }

  /// For a loop with sums: the same of each row, so many times, in different rows. The lanes of a
  /// sum begin at its `out[i]`. Changes the pointers.
  void run_rows(const Program& program, const void** in, void** out, std::int64_t n,
                std::int64_t times) const {
    if (direct_ == nullptr) return run_rows_guarded(program, in, out, n, times);
    code_.sums_entry()(in, out, n, program.constants.data(), times);
  }

  /// Its machine code; null and 0 bytes if there is none.
  LoopEntry entry() const { return code_.entry(); }
  std::size_t code_bytes() const { return entry() == nullptr ? 0 : code_.bytes(); }
  /// Memory that it occupies.
  std::size_t held_bytes() const {
    const std::size_t words = spec_.in_step.size() + 2 * spec_.sums.row_steps.size();
    return sizeof(Loop) + words * sizeof(std::int64_t) + code_.held_bytes();
  }

 private:
  void run_guarded(const Program& program, const void* const* in, void* const* out,
                   std::int64_t n) const;
  void run_rows_guarded(const Program& program, const void** in, void** out, std::int64_t n,
                        std::int64_t times) const;

  LoopSpec spec_;
  InstructionSet set_;
  ExecutableCode code_;
  /// Null without machine code, or if the address sanitizer is to check operands.
  LoopEntry direct_;
};

}  // namespace dagrad::detail
