#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "dagrad/instruction_set.hpp"
#include "dagrad/kernels/loop_sums.hpp"
#include "dagrad/program.hpp"

namespace dagrad {

class Function;
class Value;
struct CompileOptions;

namespace detail {
class Loop;
class RuntimeData;
}  // namespace detail

/// A program prepared to run over arrays, as machine code if the machine has an assembler, else
/// interpreted. It is immutable, so any number of threads may run it at once, and it may outlive
/// the machine that made it.
class ProgramLoop {
 public:
  ProgramLoop() = default;

  /// Computes elements [0, n). Input i begins at `in[i]` and is dense or a single element, as
  /// specified when the loop was made; results are dense. A result may overwrite a dense input of
  /// the same element size. Allocates nothing.
  ///
  void operator()(std::span<const void* const> in, std::span<void* const> out,
                  std::int64_t n) const;
  /// For a loop with sums: computes n elements of each row, so many times, in different rows. The
  /// lanes of a sum begin where a result would. Changes the pointers. Allocates nothing.
  void operator()(std::span<const void*> in, std::span<void*> out, std::int64_t n,
                  std::int64_t times) const;

 private:
  friend class Machine;
  ProgramPtr program_;  ///< lowered
  std::shared_ptr<const detail::Loop> loop_;
};

/// Gives access to a Runtime's instruction set, code cache and threads. Ops get it for planning
/// (`PlanContext::machine`) and for running (`EvalContext::machine`), and pass it on to the kernels
/// in `dagrad/kernels/`. To call kernels from elsewhere, use `Runtime::machine`.
class Machine {
 public:
  explicit Machine(detail::RuntimeData& runtime);

  InstructionSet instruction_set() const { return instruction_set_; }
  /// Whether this is the best instruction set available here. Libraries that choose the best one by
  /// themselves are used only by such machines.
  bool is_best() const { return is_best_; }
  /// Size of the pool. Results must not depend on it.
  int threads() const;

  /// Makes the loop of a program whose input i is dense (`in_step[i]` is 1) or a single element
  /// (0). Programs that differ only in constants share machine code. This allocates memory and may
  /// assemble code, so call it in an op's `prepare`.
  ProgramLoop loop(const ProgramPtr& program, std::span<const std::int64_t> in_step) const;
  /// The same with sums.
  ProgramLoop loop(const ProgramPtr& program, std::span<const std::int64_t> in_step,
                   const kernels::LoopSums& sums) const;

  /// Applies a library function (`exp`, `pow`, …) to n elements of dense arrays, with the same bits
  /// as in loops. `b` is not read for functions of one operand; `out` may be an operand. Throws
  /// ArgumentError for other primitives, such as `add`, for which there is `loop`, and where a
  /// function of two operands gets no `b`.
  void apply(Primitive function, const float* a, const float* b, float* out, std::int64_t n) const;
  void apply(Primitive function, const double* a, const double* b, double* out,
             std::int64_t n) const;

  /// `dagrad::compile` for this machine, regardless of `options.runtime`. For the `prepare` of an
  /// op that holds a graph.
  Function compile(std::span<const Value> fetches, const CompileOptions& options) const;

 private:
  detail::RuntimeData& runtime_;
  InstructionSet instruction_set_;
  bool is_best_;
};

}  // namespace dagrad
