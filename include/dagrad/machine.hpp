#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "dagrad/instruction_set.hpp"
#include "dagrad/program.hpp"

namespace dagrad {

class Function;
class Value;
struct CompileOptions;

namespace detail {
class Loop;
class RuntimeData;
}  // namespace detail

/// A program made ready to run over arrays: machine code where the machine has an assembler, else
/// the interpreter. Immutable, so that any number of threads may run it at once. It outlives the
/// machine that made it.
class ProgramLoop {
 public:
  ProgramLoop() = default;

  /// Computes elements [0, n). Input i begins at `in[i]`, and is dense or a single element, as the
  /// loop was made for; results are dense. A result may be the memory of a dense input of the same
  /// element size. Allocates nothing.
  void operator()(std::span<const void* const> in, std::span<void* const> out,
                  std::int64_t n) const;

 private:
  friend class Machine;
  ProgramPtr program_;  ///< lowered
  std::shared_ptr<const detail::Loop> loop_;
};

/// What a Runtime computes with: its instruction set, its code cache, its threads. Ops are handed
/// it, to plan (`PlanContext::machine`) and to run (`EvalContext::machine`), and hand it on to the
/// kernels in `dagrad/kernels/`; whoever calls those from elsewhere takes `Runtime::machine`.
class Machine {
 public:
  explicit Machine(detail::RuntimeData& runtime);

  InstructionSet instruction_set() const { return instruction_set_; }
  /// Whether no better instruction set is available here. Libraries that look for the best one
  /// themselves are asked by such machines alone.
  bool is_best() const { return is_best_; }
  /// Size of the pool. Results must not depend on it.
  int threads() const;

  /// The loop of a program whose input i is dense (`in_step[i]` is 1) or a single element (0).
  /// Programs that differ in constants alone share machine code. It takes memory and perhaps the
  /// assembler: for an op's `prepare`.
  ProgramLoop loop(const ProgramPtr& program, std::span<const std::int64_t> in_step) const;

  /// A library function (`exp`, `pow`, …) over dense arrays, the same bits as in loops. `b` is not
  /// read for functions of one operand; `out` may be an operand.
  void apply(Primitive function, const float* a, const float* b, float* out, std::int64_t n) const;
  void apply(Primitive function, const double* a, const double* b, double* out,
             std::int64_t n) const;

  /// `dagrad::compile` for this machine, whatever `options.runtime` says: for the `prepare` of an
  /// op that holds a graph.
  Function compile(std::span<const Value> fetches, const CompileOptions& options) const;

 private:
  detail::RuntimeData& runtime_;
  InstructionSet instruction_set_;
  bool is_best_;
};

}  // namespace dagrad
