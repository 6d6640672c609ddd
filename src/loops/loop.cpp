#include "src/loops/loop.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "dagrad/number.hpp"
#include "src/loops/address_sanitizer.hpp"
#include "src/loops/interpreted_sums.hpp"
#include "src/loops/pointers.hpp"

#if DAGRAD_XBYAK && defined(__x86_64__)
#define DAGRAD_ASSEMBLER 1
#include "src/loops/assembler.hpp"
#endif

namespace dagrad::detail {

namespace {

std::vector<std::uint8_t> machine_code([[maybe_unused]] const Program& lowered,
                                       [[maybe_unused]] const LoopSpec& spec,
                                       [[maybe_unused]] InstructionSet set) {
#if DAGRAD_ASSEMBLER
  if (set != InstructionSet::plain) return assemble(lowered, spec, set);
#endif
  return {};
}

/// Reads the ends of operands and results, so that the address sanitizer detects bad ones, since
/// machine code is not instrumented.
void touch(const Program& program, const LoopSpec& spec, const void* const* in, void* const* out,
           std::int64_t n) {
  const auto at = [](const void* data, std::int64_t last) {
    static_cast<void>(static_cast<const volatile char*>(data)[last]);
  };
  const std::int64_t later_rows = spec.has_rows() ? spec.sums.parts - 1 : 0;
  for (std::size_t i = 0; i < spec.in_step.size(); ++i) {
    const auto size = static_cast<std::int64_t>(size_of(program.inputs[i]));
    const std::int64_t last_row = later_rows == 0 ? 0 : later_rows * spec.sums.row_steps[i];
    at(in[i], 0);
    at(in[i], (last_row + spec.in_step[i] * (n - 1) + 1) * size - 1);
  }
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    const auto size = static_cast<std::int64_t>(size_of(program.output_dtype(i)));
    std::int64_t elements = later_rows * spec.sums.row_size + n;
    if (spec.is_summed(i)) elements = spec.sums.lanes > 0 ? spec.sums.lanes : n;
    at(out[i], 0);
    at(out[i], elements * size - 1);
  }
}

}  // namespace

Loop::Loop(const Program& lowered, std::span<const std::int64_t> in_step, InstructionSet set,
           std::int64_t elements, kernels::LoopSums sums)
    : spec_{{in_step.begin(), in_step.end()}, elements, std::move(sums)},
      set_(set),
      code_(machine_code(lowered, spec_, set)),
      direct_(address_sanitizer ? nullptr : code_.entry()) {}

void Loop::run_guarded(const Program& program, const void* const* in, void* const* out,
                       std::int64_t n) const {
  if (code_.entry() == nullptr) {
    const UseFunctions functions(set_);
    interpret(program, {in, spec_.in_step.size()}, spec_.in_step, {out, program.outputs.size()}, n);
  } else {
    touch(program, spec_, in, out, n);
    code_.entry()(in, out, n, program.constants.data());
  }
}

void Loop::run_rows_guarded(const Program& program, const void** in, void** out, std::int64_t n,
                            std::int64_t times) const {
  const auto bytes = [](std::int64_t elements, DType dtype) {
    return elements * static_cast<std::int64_t>(size_of(dtype));
  };
  Pointers<const void*> from(spec_.in_step.size());
  Pointers<void*> to(program.outputs.size());
  for (std::int64_t time = 0; time < times; ++time) {
    if (code_.entry() == nullptr) {
      const UseFunctions functions(set_);
      interpret_sums(program, spec_, in, out, n);
    } else {
      touch(program, spec_, in, out, n);
      std::copy_n(in, from.size(), from.data());
      std::copy_n(out, to.size(), to.data());
      code_.sums_entry()(from.data(), to.data(), n, program.constants.data(), 1);
    }
    for (std::size_t i = 0; i < from.size(); ++i)
      in[i] =
          static_cast<const std::byte*>(in[i]) + bytes(spec_.sums.next_steps[i], program.inputs[i]);
    for (std::size_t i = 0; i < to.size(); ++i)
      out[i] = static_cast<std::byte*>(out[i]) + bytes(spec_.next(i), program.output_dtype(i));
  }
}

}  // namespace dagrad::detail
