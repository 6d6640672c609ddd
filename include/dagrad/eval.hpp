#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "dagrad/machine.hpp"
#include "dagrad/parallel.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

/// The arguments of an op's `eval`: operands to read, results to write, scratch memory, the machine
/// and its thread pool. Views are row-major and contiguous. Results are allocated but
/// uninitialised; those that the op declares as `optional_results` are not even allocated where
/// nothing reads them.
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
  /// Whether result `i` is to be written. Only optional results may not be wanted; their data is
  /// then null.
  bool wanted(std::size_t i) const { return outs[i].data != nullptr; }
  const Shape& in_shape(std::size_t i) const { return ins[i].type.shape; }
  const Shape& out_shape(std::size_t i = 0) const { return outs[i].type.shape; }
  /// The Machine of the Runtime, to be passed to kernels.
  const Machine& machine() const { return machine_; }
  /// Scratch memory of the size that the op's `scratch` returned, aligned to 64 bytes.
  void* scratch() const { return scratch_; }
  /// The object that the op's `prepare` returned for this node.
  template <class S>
  const S& state() const {
    return *static_cast<const S*>(state_);
  }

 private:
  const Machine& machine_;
  void* scratch_;
  const void* state_;
};

/// The arguments of an op's `prepare`, `scratch`, `cost` and `flops`: the types of operands and
/// results. Their values are not known yet.
class PlanContext {
 public:
  PlanContext(std::span<const Type> operands, std::span<const Type> results, const Machine& machine)
      : in(operands), out(results), machine_(machine) {}

  std::span<const Type> in;
  std::span<const Type> out;

  /// The Machine of the Runtime on which the node will run.
  const Machine& machine() const { return machine_; }

 private:
  const Machine& machine_;
};

}  // namespace dagrad
