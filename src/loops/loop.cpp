#include "src/loops/loop.hpp"

#include "dagrad/number.hpp"
#include "src/loops/address_sanitizer.hpp"

#if DAGRAD_XBYAK && defined(__x86_64__)
#define DAGRAD_ASSEMBLER 1
#include "src/loops/assembler.hpp"
#endif

namespace dagrad::detail {

namespace {

std::vector<std::uint8_t> machine_code([[maybe_unused]] const Program& lowered,
                                       [[maybe_unused]] std::span<const std::int64_t> in_step,
                                       [[maybe_unused]] InstructionSet set,
                                       [[maybe_unused]] std::int64_t elements) {
#if DAGRAD_ASSEMBLER
  if (set != InstructionSet::plain) return assemble(lowered, in_step, set, elements);
#endif
  return {};
}

/// Reads the ends of operands and results, so that the address sanitizer detects bad ones, since
/// machine code is not instrumented.
void touch(const Program& program, std::span<const std::int64_t> in_step, const void* const* in,
           void* const* out, std::int64_t n) {
  const auto at = [](const void* data, std::int64_t last) {
    static_cast<void>(static_cast<const volatile char*>(data)[last]);
  };
  for (std::size_t i = 0; i < in_step.size(); ++i) {
    const auto size = static_cast<std::int64_t>(size_of(program.inputs[i]));
    at(in[i], 0);
    at(in[i], (in_step[i] * (n - 1) + 1) * size - 1);
  }
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    at(out[i], 0);
    at(out[i], n * static_cast<std::int64_t>(size_of(program.output_dtype(i))) - 1);
  }
}

}  // namespace

Loop::Loop(const Program& lowered, std::span<const std::int64_t> in_step, InstructionSet set,
           std::int64_t elements)
    : in_step_(in_step.begin(), in_step.end()),
      set_(set),
      code_(machine_code(lowered, in_step, set, elements)),
      direct_(address_sanitizer ? nullptr : code_.entry()) {}

void Loop::run_guarded(const Program& program, const void* const* in, void* const* out,
                       std::int64_t n) const {
  if (code_.entry() == nullptr) {
    const UseFunctions functions(set_);
    interpret(program, {in, in_step_.size()}, in_step_, {out, program.outputs.size()}, n);
  } else {
    touch(program, in_step_, in, out, n);
    code_.entry()(in, out, n, program.constants.data());
  }
}

}  // namespace dagrad::detail
