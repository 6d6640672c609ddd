#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "dagrad/machine.hpp"
#include "dagrad/parallel.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

/// What an op's `eval` works with: operands to read, results to fill, scratch memory, the machine
/// and its pool. Views are row-major and contiguous. Results are allocated, their contents
/// undefined.
class EvalContext {
 public:
  EvalContext(std::span<const View> operands, std::span<const MutableView> results,
              void* scratch_memory, const Machine& machine, const Parallel& pool,
              const void* prepared)
      : ins(operands),
        outs(results),
        parallel(pool),
        machine_(machine),
        scratch_(scratch_memory),
        state_(prepared) {}

  std::span<const View> ins;
  std::span<const MutableView> outs;
  const Parallel& parallel;

  template <Element T>
  std::span<const T> in(std::size_t i) const {
    return ins[i].as<T>();
  }
  template <Element T>
  std::span<T> out(std::size_t i = 0) const {
    return outs[i].as<T>();
  }
  const Shape& in_shape(std::size_t i) const { return ins[i].type.shape; }
  const Shape& out_shape(std::size_t i = 0) const { return outs[i].type.shape; }
  /// That of the Runtime: what kernels are called with.
  const Machine& machine() const { return machine_; }
  /// As many bytes, aligned to 64, as the op's `scratch(in, out)` asked for.
  void* scratch() const { return scratch_; }
  /// What the op's `prepare` returned for this node in this plan.
  template <class S>
  const S& state() const {
    return *static_cast<const S*>(state_);
  }

 private:
  const Machine& machine_;
  void* scratch_;
  const void* state_;
};

/// What an op's `prepare` may know: operand and result types are fixed, values are not there yet.
class PlanContext {
 public:
  PlanContext(std::span<const Type> operands, std::span<const Type> results, const Machine& machine)
      : in(operands), out(results), machine_(machine) {}

  std::span<const Type> in;
  std::span<const Type> out;

  /// That of the Runtime, which the node is going to run on.
  const Machine& machine() const { return machine_; }

 private:
  const Machine& machine_;
};

}  // namespace dagrad
