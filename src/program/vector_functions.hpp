// The library functions of one instruction set, as libmvec implements them. The including source
// defines DAGRAD_BYTES (size of a register), DAGRAD_REGISTER (letter of its name), and DAGRAD_FLOAT
// and DAGRAD_DOUBLE (libmvec's names). libmvec computes lanes independently and is right at zeros,
// subnormals, infinities and NaN.

#include <algorithm>

#include "src/program/function_table.hpp"

namespace dagrad::detail {
namespace {

#define DAGRAD_UNARY_FUNCTIONS(use)                                                            \
  use(exp) use(exp2) use(expm1) use(log) use(log2) use(log10) use(log1p) use(cbrt) use(sin)    \
      use(cos) use(tan) use(asin) use(acos) use(atan) use(sinh) use(cosh) use(tanh) use(asinh) \
          use(acosh) use(atanh) use(erf) use(erfc)
#define DAGRAD_BINARY_FUNCTIONS(use) use(pow) use(atan2) use(hypot)

// Only names are declared: how C++ types are passed depends on the compiler, and clang 14 passes
// vectors on the stack in code that is not compiled for them.
extern "C" {
#define DAGRAD_DECLARE(word)             \
  void DAGRAD_FLOAT(v, word)() noexcept; \
  void DAGRAD_DOUBLE(v, word)() noexcept;
DAGRAD_UNARY_FUNCTIONS(DAGRAD_DECLARE)
#undef DAGRAD_DECLARE
#define DAGRAD_DECLARE(word)              \
  void DAGRAD_FLOAT(vv, word)() noexcept; \
  void DAGRAD_DOUBLE(vv, word)() noexcept;
DAGRAD_BINARY_FUNCTIONS(DAGRAD_DECLARE)
#undef DAGRAD_DECLARE
}

/// Calls a function of libmvec for one register of each operand.
void call(void (*function)(), const void* a, const void* b, void* out) {
  asm volatile(
      "movq %%rsp, %%rbx\n\t"
      "subq $128, %%rsp\n\t"  // the red zone
      "andq $-64, %%rsp\n\t"
      "vmovups (%[a]), %%" DAGRAD_REGISTER
      "mm0\n\t"
      "vmovups (%[b]), %%" DAGRAD_REGISTER
      "mm1\n\t"
      "call *%[function]\n\t"
      "vmovups %%" DAGRAD_REGISTER
      "mm0, (%[out])\n\t"
      "vzeroupper\n\t"
      "movq %%rbx, %%rsp"
      :
      : [function] "r"(function), [a] "r"(a), [b] "r"(b), [out] "r"(out)
      : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2",
        "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
        "xmm14", "xmm15", "cc", "memory");
}

/// Clamps a sine or cosine, for which libmvec sometimes gives 1.0000000000000002. NaN stays NaN.
template <class T>
T clamped(T y) {
  return y > 1 ? T(1) : y < -1 ? T(-1) : y;
}

/// Fills unused lanes with the first element.
template <void (*F)(), Primitive P, class T>
void apply(const T* a, const T* b, T* out, std::int64_t n) {
  constexpr std::int64_t lanes = DAGRAD_BYTES / sizeof(T);
  constexpr bool binary = arity_of(P) == 2, clamps = P == Primitive::sin || P == Primitive::cos;
  T x[lanes], y[lanes];
  for (std::int64_t i = 0; i < n; i += lanes) {
    const std::int64_t count = std::min(lanes, n - i);
    for (std::int64_t k = 0; k < lanes; ++k) {
      x[k] = a[i + (k < count ? k : 0)];
      if constexpr (binary) y[k] = b[i + (k < count ? k : 0)];
    }
    call(F, x, binary ? y : x, x);
    for (std::int64_t k = 0; k < count; ++k) out[i + k] = clamps ? clamped(x[k]) : x[k];
  }
}

template <void (*F)(), Primitive P, class T>
void set(Functions<T>& functions) {
  functions[static_cast<std::size_t>(P)] = {apply<F, P, T>, reinterpret_cast<const void*>(F)};
}

FunctionTable make_table(InstructionSet instruction_set) {
  FunctionTable table{instruction_set, {}, {}};
#define DAGRAD_SET(word)                                              \
  set<DAGRAD_FLOAT(v, word), Primitive::word, float>(table.of_float); \
  set<DAGRAD_DOUBLE(v, word), Primitive::word, double>(table.of_double);
  DAGRAD_UNARY_FUNCTIONS(DAGRAD_SET)
#undef DAGRAD_SET
#define DAGRAD_SET(word)                                               \
  set<DAGRAD_FLOAT(vv, word), Primitive::word, float>(table.of_float); \
  set<DAGRAD_DOUBLE(vv, word), Primitive::word, double>(table.of_double);
  DAGRAD_BINARY_FUNCTIONS(DAGRAD_SET)
#undef DAGRAD_SET
  set_own_functions(table.of_float);
  set_own_functions(table.of_double);
  return table;
}

}  // namespace
}  // namespace dagrad::detail
