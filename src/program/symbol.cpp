#include <array>
#include <bit>
#include <string>

#include "dagrad/error.hpp"
#include "dagrad/number.hpp"
#include "src/program/primitives.hpp"

namespace dagrad {
namespace {

using Operands = std::span<Symbol>;

[[noreturn]] void refuse(Primitive p, DType got) {
  const DTypes takes = detail::operand_dtypes(p);
  const char* wanted = takes.contains(b8) ? "bool" : takes.contains(i32) ? "numbers" : "floats";
  const char* advice = takes.contains(b8) ? "compare it first" : "cast it first";
  throw TypeError(std::string(name(p)) + " takes " + wanted + ", got " + std::string(name(got)) +
                  ": " + advice);
}

/// If both sides of a select are literals, they take the dtype that its condition compares.
DType compared_dtype(const Symbol& condition, std::span<const Symbol> sides) {
  const std::vector<Instruction>& steps = condition.recorder()->program().steps;
  Instruction step = steps[condition.step()];
  while (step.dtype == b8 && step.a != Instruction::none) step = steps[step.a];
  return step.dtype == b8 ? promote(sides[0].dtype(), sides[1].dtype()) : step.dtype;
}

DType common_dtype(Primitive p, std::span<const Symbol> values, const Symbol* condition) {
  const Symbol* first = nullptr;
  DType dtype = b8;
  for (const Symbol& s : values) {
    if (s.is_literal()) continue;
    dtype = first == nullptr ? s.dtype() : promote(dtype, s.dtype());
    first = &s;
  }
  if (first == nullptr) dtype = compared_dtype(*condition, values);
  if (!detail::operand_dtypes(p).contains(dtype)) refuse(p, dtype);
  return dtype;
}

Symbol adopt(Recorder& recorder, const Symbol& s, DType dtype) {
  if (s.is_literal()) return recorder.constant(s.literal().bits(dtype), dtype);
  return Symbol::cast(s, dtype);
}

Symbol record(Primitive p, Operands x, Recorder& recorder) {
  for (const Symbol& s : x) {
    if (!s.is_literal() && s.recorder() != &recorder)
      throw ArgumentError(std::string(name(p)) +
                          ": the operands belong to different calls of a functor");
  }
  const bool selects = p == Primitive::select;
  if (selects) {
    if (!x[0].is_literal() && x[0].dtype() != b8)
      throw TypeError("select's condition must be bool, got " + std::string(name(x[0].dtype())));
    x[0] = adopt(recorder, x[0], b8);
  }
  const Operands values = x.subspan(selects ? 1 : 0);
  const DType dtype = common_dtype(p, values, &x[0]);
  for (Symbol& s : values) s = adopt(recorder, s, dtype);

  if (!is_float(dtype)) {  // an integer is whole and finite
    if (p >= Primitive::floor && p <= Primitive::trunc) return x[0];
    const std::uint32_t a = x[0].step();
    if (p == Primitive::is_nan) return recorder.step({Primitive::not_equal, b8, a, a});
    if (p == Primitive::is_finite) return recorder.step({Primitive::equal, b8, a, a});
  }
  Instruction step{.primitive = p, .dtype = detail::is_test(p) ? b8 : dtype};
  step.a = x[0].step();
  if (x.size() > 1) step.b = x[1].step();
  if (x.size() > 2) step.c = x[2].step();
  return recorder.step(step);
}

/// Computes with literals only: integers stay integers if the primitive takes them, everything else
/// is float64.
Symbol compute_literal(Primitive p, Operands x) {
  const DTypes takes = detail::operand_dtypes(p);
  bool whole = takes.contains(i64);
  for (const Symbol& s : x.subspan(p == Primitive::select ? 1 : 0))
    whole = whole && s.literal().integral();
  const DType dtype = whole ? i64 : takes.contains(f64) ? f64 : b8;
  Recorder recorder;
  for (Symbol& s : x) {
    const DType adopted = p == Primitive::select && &s == &x[0] ? b8 : dtype;
    s = recorder.constant(s.literal().bits(adopted), adopted);
  }
  const Symbol result = record(p, x, recorder);
  const Program& program = recorder.program();
  const std::uint64_t bits = program.constants[program.steps[result.step()].data];
  if (result.dtype() == b8) return bits != 0;
  if (result.dtype() == i64) return static_cast<std::int64_t>(bits);
  return std::bit_cast<double>(bits);
}

/// The text of an error about a primitive's operands, with the primitive's name in front.
std::string named(Primitive p, const Error& error) {
  const std::string text = error.what(), word(name(p));
  return text.starts_with(word) ? text : word + ": " + text;
}

/// `power` if the exponent has a formula, else `pow`.
Primitive power_word(const Symbol& exponent) {
  const bool has = exponent.is_literal() && formulas::has_power(exponent.literal().real());
  return has ? Primitive::power : Primitive::pow;
}

Symbol call(Primitive p, Operands x) try {
  if (x.size() == 2 && (p == Primitive::pow || p == Primitive::power)) p = power_word(x[1]);
  for (const Symbol& s : x)
    if (!s.is_literal()) return record(p, x, *s.recorder());
  return compute_literal(p, x);
} catch (const TypeError& error) {
  throw TypeError(named(p, error));
} catch (const ArgumentError& error) {
  throw ArgumentError(named(p, error));
}

}  // namespace

Symbol Symbol::call(Primitive primitive, const Symbol& a) {
  std::array x{a};
  return dagrad::call(primitive, x);
}
Symbol Symbol::call(Primitive primitive, const Symbol& a, const Symbol& b) {
  std::array x{a, b};
  return dagrad::call(primitive, x);
}
Symbol Symbol::call(Primitive primitive, const Symbol& a, const Symbol& b, const Symbol& c) {
  std::array x{a, b, c};
  return dagrad::call(primitive, x);
}

Symbol Symbol::cast(const Symbol& a, DType to) {
  if (a.is_literal() || a.dtype() == to) return a;
  return a.recorder()->step({Primitive::cast, to, a.step()});
}

DType Symbol::dtype() const {
  if (is_literal()) return literal_.integral() ? i64 : f64;
  return recorder_->program().steps[step_].dtype;
}

}  // namespace dagrad
