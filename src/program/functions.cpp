#include "src/program/functions.hpp"

#include <array>
#include <cmath>
#include <utility>

#include "src/program/function_table.hpp"

namespace dagrad {
namespace detail {
namespace {

template <class T>
T libm(Primitive primitive, T a, T b) {
  switch (primitive) {
    case Primitive::exp:
      return std::exp(a);
    case Primitive::exp2:
      return std::exp2(a);
    case Primitive::expm1:
      return std::expm1(a);
    case Primitive::log:
      return std::log(a);
    case Primitive::log2:
      return std::log2(a);
    case Primitive::log10:
      return std::log10(a);
    case Primitive::log1p:
      return std::log1p(a);
    case Primitive::cbrt:
      return std::cbrt(a);
    case Primitive::sin:
      return std::sin(a);
    case Primitive::cos:
      return std::cos(a);
    case Primitive::tan:
      return std::tan(a);
    case Primitive::asin:
      return std::asin(a);
    case Primitive::acos:
      return std::acos(a);
    case Primitive::atan:
      return std::atan(a);
    case Primitive::sinh:
      return std::sinh(a);
    case Primitive::cosh:
      return std::cosh(a);
    case Primitive::tanh:
      return std::tanh(a);
    case Primitive::asinh:
      return std::asinh(a);
    case Primitive::acosh:
      return std::acosh(a);
    case Primitive::atanh:
      return std::atanh(a);
    case Primitive::erf:
      return std::erf(a);
    case Primitive::erfc:
      return std::erfc(a);
    case Primitive::pow:
      return std::pow(a, b);
    case Primitive::atan2:
      return std::atan2(a, b);
    default:
      return std::hypot(a, b);
  }
}

template <Primitive P, class T>
void apply_libm(const T* a, const T* b, T* out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = libm(P, a[i], arity_of(P) == 2 ? b[i] : T(0));
}

template <class T>
constexpr Functions<T> libm_functions = []<std::size_t... P>(std::index_sequence<P...>) {
  Functions<T> all{};
  const auto fill = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
    constexpr auto word = static_cast<Primitive>(I);
    if constexpr (is_function(word) && !is_own(word)) all[I].apply = apply_libm<word, T>;
  };
  (fill(std::integral_constant<std::size_t, P>{}), ...);
  return all;
}
(std::make_index_sequence<words>{});

const FunctionTable& plain_functions() {
  static const FunctionTable table = [] {
    FunctionTable plain{InstructionSet::plain, libm_functions<float>, libm_functions<double>};
    set_own_functions(plain.of_float);
    set_own_functions(plain.of_double);
    return plain;
  }();
  return table;
}

const FunctionTable& table_of(InstructionSet set) {
#if defined(__x86_64__)
  if (set == InstructionSet::avx2) return avx2_functions();
  if (set == InstructionSet::avx512) return avx512_functions();
#endif
  return plain_functions();
}

thread_local const FunctionTable* table_in_force = nullptr;

const FunctionTable& table() {
  if (table_in_force == nullptr) table_in_force = &table_of(best_instruction_set());
  return *table_in_force;
}

}  // namespace

InstructionSet functions_in_force() { return table().set; }

void apply_function(InstructionSet set, Primitive p, const float* a, const float* b, float* out,
                    std::int64_t n) {
  table_of(set).of_float[static_cast<std::size_t>(p)].apply(a, b, out, n);
}
void apply_function(InstructionSet set, Primitive p, const double* a, const double* b, double* out,
                    std::int64_t n) {
  table_of(set).of_double[static_cast<std::size_t>(p)].apply(a, b, out, n);
}
void apply_function(Primitive p, const float* a, const float* b, float* out, std::int64_t n) {
  table().of_float[static_cast<std::size_t>(p)].apply(a, b, out, n);
}
void apply_function(Primitive p, const double* a, const double* b, double* out, std::int64_t n) {
  table().of_double[static_cast<std::size_t>(p)].apply(a, b, out, n);
}

float call_function(Primitive primitive, float a, float b) {
  apply_function(primitive, &a, &b, &a, 1);
  return a;
}
double call_function(Primitive primitive, double a, double b) {
  apply_function(primitive, &a, &b, &a, 1);
  return a;
}

const void* vector_function(InstructionSet set, Primitive primitive, DType dtype) {
  const FunctionTable& of = table_of(set);
  if (dtype == f32) return of.of_float[static_cast<std::size_t>(primitive)].vector;
  if (dtype == f64) return of.of_double[static_cast<std::size_t>(primitive)].vector;
  return nullptr;
}

}  // namespace detail

UseFunctions::UseFunctions(InstructionSet set)
    : previous_(std::exchange(detail::table_in_force, &detail::table_of(set))) {}
UseFunctions::~UseFunctions() {
  detail::table_in_force = static_cast<const detail::FunctionTable*>(previous_);
}

}  // namespace dagrad
