// Loops preserve the caller's registers and rounding mode.

#include <gtest/gtest.h>

#include <cfenv>

#include "tests/loops/support.hpp"

namespace dagrad::loops {
namespace {

/// A program with seven operands and results, more than there are registers for pointers, with
/// `spills` live values, and with or without a call.
Program busy(int spills, bool call) {
  Recorder recorder;
  std::vector<Symbol> in, values, out;
  for (int i = 0; i < 7; ++i) in.push_back(recorder.input(f64));
  values.push_back(in[0]);
  for (int i = 0; i < spills; ++i)
    values.push_back(values.back() * in[static_cast<std::size_t>(i % 7)]);
  Symbol sum = call ? exp(values.back()) : values.back();
  for (const Symbol& value : values) sum = sum - value;
  for (const Symbol& x : in) out.push_back(sum / x);
  return *std::move(recorder).finish(out, f64);
}

#if defined(__x86_64__)
/// Runs the code and returns 0 if it preserves rbx, rbp and r12 to r15.
std::uint64_t changed_registers(detail::LoopEntry code, const void* const* in, void* const* out,
                                std::int64_t n, const std::uint64_t* constants) {
  std::uint64_t changed = 0;
  asm volatile(
      "movq %%rsp, %%r8\n\t"
      "subq $128, %%rsp\n\t"
      "andq $-64, %%rsp\n\t"
      "pushq %%r8\n\t"
      "pushq %%rbp\n\t"
      "movq $1, %%rbx\n\t"
      "movq $2, %%rbp\n\t"
      "movq $4, %%r12\n\t"
      "movq $8, %%r13\n\t"
      "movq $16, %%r14\n\t"
      "movq $32, %%r15\n\t"
      "call *%%rax\n\t"
      "movq %%rbp, %%rax\n\t"
      "popq %%rbp\n\t"
      "popq %%rsp\n\t"
      "xorq $2, %%rax\n\t"
      "xorq $1, %%rbx\n\t"
      "orq %%rbx, %%rax\n\t"
      "xorq $4, %%r12\n\t"
      "orq %%r12, %%rax\n\t"
      "xorq $8, %%r13\n\t"
      "orq %%r13, %%rax\n\t"
      "xorq $16, %%r14\n\t"
      "orq %%r14, %%rax\n\t"
      "xorq $32, %%r15\n\t"
      "orq %%r15, %%rax"
      : "=a"(changed), "+D"(in), "+S"(out), "+d"(n), "+c"(constants)
      : "a"(code)
      : "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3",
        "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
        "xmm15", "cc", "memory");
  return changed;
}

TEST(Calling, RegistersOfTheCallerAreKept) {
  std::vector<double> x(100, 1.25), y(100);
  const std::vector<const void*> in(7, x.data());
  const std::vector<void*> out(7, y.data());
  const std::vector<std::int64_t> dense(7, 1);
  for (InstructionSet set : assembled_sets()) {
    for (int spills : {0, 60}) {
      for (bool call : {false, true}) {
        const Program program = busy(spills, call);
        for (std::int64_t n : {1, 8, 13, 100}) {
          const detail::Loop loop(program, dense, set, n);
          EXPECT_EQ(
              changed_registers(loop.entry(), in.data(), out.data(), n, program.constants.data()),
              0U)
              << name(set) << " spills " << spills << " call " << call;
        }
      }
    }
  }
}
#endif

TEST(Calling, TheCallersRoundingIsUsedAndKept) {
  const Program program = busy(3, false);
  const std::vector<Array> in(7, Array::of<double>(std::vector<double>(21, 1.1)));
  const std::vector<std::int64_t> dense(7, 1);
  const auto nearest = run_interpreted(program, in, dense, 21);
  for (InstructionSet set : assembled_sets()) {
    std::fesetround(FE_UPWARD);
    const auto plain = run_interpreted(program, in, dense, 21);
    const auto assembled = run_assembled(program, in, dense, 21, set);
    EXPECT_EQ(std::fegetround(), FE_UPWARD);
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(difference(assembled[0], plain[0]), "") << name(set);
    EXPECT_NE(difference(assembled[0], nearest[0]), "") << name(set);
  }
}

}  // namespace
}  // namespace dagrad::loops
