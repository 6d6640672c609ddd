#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dagrad/op.hpp"
#include "src/exec/runtime_data.hpp"

namespace dagrad::detail {

class Kernel;

/// Addresses of the operands and results of a step. Each worker has one frame, which it uses for
/// one step at a time.
struct StepFrame {
  void** in = nullptr;  ///< read only; null if only the type is used
  void** out = nullptr;
  void* scratch = nullptr;
  std::vector<void*> found;  ///< where `in` and `out` are if they have been looked up
  std::uint32_t step = 0;    ///< the one that the worker runs, or that has failed

  std::vector<View> in_views;  ///< the same as views, if `make_views` has been called
  std::vector<MutableView> out_views;
  void make_views(const Kernel& kernel);

 private:
  const Kernel* typed_ = nullptr;  ///< the kernel whose types the views have
};

/// The parts of a value that a step joins or divides, which lie one after the other in its memory.
struct Parts {
  bool join = false;               ///< operands to result 0; else operand 0 is divided into results
  std::vector<std::size_t> begin;  ///< of each part, in bytes, and the end of the last
};

/// Runs a step: an op on operands of known types. Steps of a plan with equal ops and types share
/// one kernel. It is immutable, so any number of threads may run it at once. A new way to run steps
/// is a class derived from Kernel, chosen in `make_kernel`.
class Kernel {
 public:
  virtual ~Kernel() = default;

  /// Reads the frame's operands and writes its results. Allocates nothing.
  virtual void run(StepFrame& frame, const Parallel& parallel) const = 0;
  /// What `Function::text` adds to the line of a step: ", 8 tasks".
  virtual std::string remark() const { return {}; }

  /// The lowered program that it runs for each element of its results; null for other kernels.
  virtual const Program* program() const { return nullptr; }
  /// What it joins or divides, if that is all it does, and it copies only what does not lie in its
  /// place already; null for other kernels.
  virtual const Parts* parts() const { return nullptr; }
  /// Records what it does as straight-line code. Returns whether it has such a form.
  virtual bool unroll(Unrolled& /*code*/) const { return false; }
  /// Whether it checks its results, and therefore tells neither of these.
  virtual bool checks() const { return false; }

  const Op& op() const { return op_; }
  const std::vector<Type>& in() const { return in_; }
  const std::vector<Type>& out() const { return out_; }
  std::size_t scratch() const { return scratch_; }  ///< bytes
  double cost() const { return cost_; }             ///< rough estimate in nanoseconds on one thread
  bool divides() const { return divides_; }         ///< whether several threads can share one step
  bool overwrites() const { return overwrites_; }   ///< whether results may overwrite operands
  /// Whether it leaves out optional results whose address is null.
  bool leaves_out() const { return leaves_out_; }
  /// Bytes of memory that it works in besides its scratch memory, for all runs together.
  std::size_t held() const { return held_; }
  /// Number of slots that a step names: operands, results and scratch memory.
  std::size_t wires() const { return in_.size() + out_.size() + (scratch_ > 0 ? 1 : 0); }

 protected:
  Kernel(Op op, std::vector<Type> in, std::vector<Type> out)
      : op_(std::move(op)), in_(std::move(in)), out_(std::move(out)) {}

  std::size_t scratch_ = 0, held_ = 0;
  double cost_ = 0;
  bool divides_ = false;
  bool overwrites_ = true;
  bool leaves_out_ = false;

 private:
  const Op op_;
  const std::vector<Type> in_, out_;
};

/// Makes a kernel that runs a loop if the op has a program, else the op's `eval`. Either way, the
/// op's `validate` is called first, if it has one.
std::unique_ptr<const Kernel> make_kernel(const Op& op, std::vector<Type> in, std::vector<Type> out,
                                          RuntimeData& runtime);

}  // namespace dagrad::detail
