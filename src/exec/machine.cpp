#include "dagrad/machine.hpp"

#include <fmt/format.h>

#include "dagrad/compile.hpp"
#include "dagrad/error.hpp"
#include "src/exec/runtime_data.hpp"
#include "src/loops/loop.hpp"
#include "src/program/functions.hpp"
#include "src/program/lower.hpp"
#include "src/program/primitives.hpp"

namespace dagrad {

namespace {

bool best(InstructionSet set) {
  return (set >= InstructionSet::avx512 || !available(InstructionSet::avx512)) &&
         (set >= InstructionSet::avx2 || !available(InstructionSet::avx2));
}

void require_function(Primitive primitive, const void* b) {
  if (!detail::is_function(primitive))
    throw ArgumentError(fmt::format(
        "Machine::apply: {} is not a library function; use Machine::loop", name(primitive)));
  if (detail::arity_of(primitive) == 2 && b == nullptr)
    throw ArgumentError(
        fmt::format("Machine::apply: {} has two operands, got one", name(primitive)));
}

}  // namespace

void ProgramLoop::operator()(std::span<const void* const> in, std::span<void* const> out,
                             std::int64_t n) const {
  if (n > 0) loop_->run(*program_, in.data(), out.data(), n);
}

void ProgramLoop::operator()(std::span<const void*> in, std::span<void*> out, std::int64_t n,
                             std::int64_t times) const {
  if (n > 0 && times > 0) loop_->run_rows(*program_, in.data(), out.data(), n, times);
}

Machine::Machine(detail::RuntimeData& runtime)
    : runtime_(runtime),
      instruction_set_(runtime.loops.instruction_set()),
      is_best_(best(instruction_set_)) {}

int Machine::threads() const { return runtime_.pool.threads(); }

ProgramLoop Machine::loop(const ProgramPtr& program, std::span<const std::int64_t> in_step) const {
  ProgramLoop loop;
  loop.program_ = detail::lowered(program);
  loop.loop_ = runtime_.loops.get(*loop.program_, in_step);
  return loop;
}

ProgramLoop Machine::loop(const ProgramPtr& program, std::span<const std::int64_t> in_step,
                          const kernels::LoopSums& sums) const {
  ProgramLoop loop;
  loop.program_ = detail::lowered(program);
  loop.loop_ = runtime_.loops.get(*loop.program_, in_step, sums);
  return loop;
}

void Machine::apply(Primitive function, const float* a, const float* b, float* out,
                    std::int64_t n) const {
  require_function(function, b);
  detail::apply_function(instruction_set_, function, a, b, out, n);
}
void Machine::apply(Primitive function, const double* a, const double* b, double* out,
                    std::int64_t n) const {
  require_function(function, b);
  detail::apply_function(instruction_set_, function, a, b, out, n);
}

Function Machine::compile(std::span<const Value> fetches, const CompileOptions& options) const {
  Runtime runtime(runtime_.shared_from_this());
  CompileOptions here = options;
  here.runtime = &runtime;
  return dagrad::compile(fetches, here);
}

}  // namespace dagrad
