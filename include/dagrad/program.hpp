#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "dagrad/literal.hpp"
#include "dagrad/shape.hpp"

namespace dagrad {

/// The words of an elementwise formula. Those from `sigmoid` on have a formula of their own in the
/// words before them, but keep their name so that their derivative can be exact.
enum class Primitive : std::uint8_t {
  input,
  constant,
  cast,  // leaves and conversion
  neg,
  abs,
  sqrt,
  floor,
  ceil,
  round,
  trunc,
  is_nan,
  is_finite,
  logical_not,
  exp,
  exp2,
  expm1,
  log,
  log2,
  log10,
  log1p,
  cbrt,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  lgamma,
  erf,
  erfc,
  add,
  sub,
  mul,
  div,
  maximum,
  minimum,
  copysign,
  pow,
  atan2,
  hypot,
  remainder,
  floor_divide,
  polygamma,  // polygamma(n, x): the n-th derivative of digamma
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  logical_and,
  logical_or,
  logical_xor,
  select,  // select(condition, a, b): a bitwise blend
  pull,    // pull(c, p): 0 where c == 0, else c * p
  sigmoid,
  softplus,
  rsqrt,
  sign,
  logaddexp,
  joint,  // joint(a, b): a * b of two cotangents: 0 where either is 0
  power   // pow by a literal exponent that has a formula, which is its second operand
};

std::string_view name(Primitive primitive);
/// Operands it takes: 0 to 3.
int arity(Primitive primitive);

/// One step of a program; `a`, `b`, `c` are positions of earlier steps. `data` is the number of the
/// input or of the constant.
struct Instruction {
  static constexpr std::uint32_t none = 0xffffffff;
  Primitive primitive = Primitive::input;
  DType dtype = f64;  ///< of the result
  std::uint32_t a = none, b = none, c = none;
  std::uint32_t data = 0;
  friend constexpr bool operator==(const Instruction&, const Instruction&) = default;
};

/// A straight-line formula over elements: what a functor does to one element of each operand.
/// Immutable once recorded. Equal steps are recorded once; nothing is folded but steps whose
/// operands are all constants; dead steps are gone; the others stand in the order in which the
/// results need them.
struct Program {
  std::vector<Instruction> steps;
  std::vector<std::uint64_t> constants;  ///< bits, in the low bytes; data, not identity, of a loop
  std::vector<DType> inputs;             ///< every input is declared, used or not
  std::vector<std::uint32_t> outputs;    ///< steps

  DType output_dtype(std::size_t i) const { return steps[outputs[i]].dtype; }
  friend bool operator==(const Program&, const Program&) = default;
};

using ProgramPtr = std::shared_ptr<const Program>;

class Recorder;

/// The reading of a functor as a formula: an element nobody has computed yet. Weak (a literal)
/// until it meets one that has a dtype.
class Symbol {
 public:
  using Boolean = Symbol;
  Symbol(Literal literal) : literal_(literal) {}
  template <class T>
  requires std::is_arithmetic_v<T> Symbol(T literal) : literal_(literal) {}

  /// Records `primitive` on the operands, whose dtypes are promoted and literals adopted; two
  /// literals as the sides of a select take the dtype that its condition compares. Operands that
  /// are all literals are computed: whole numbers as int64 where the word takes them, else in
  /// float64. `pow` by a literal exponent that has a formula is recorded as `power`, and `power` by
  /// anything else as `pow`. Throws TypeError, which names the word, for dtypes that it does not
  /// take.
  static Symbol call(Primitive primitive, const Symbol& a);
  static Symbol call(Primitive primitive, const Symbol& a, const Symbol& b);
  static Symbol call(Primitive primitive, const Symbol& a, const Symbol& b, const Symbol& c);
  static Symbol test(Primitive primitive, const Symbol& a) { return call(primitive, a); }
  static Symbol test(Primitive primitive, const Symbol& a, const Symbol& b) {
    return call(primitive, a, b);
  }
  static Symbol choose(const Symbol& condition, const Symbol& a, const Symbol& b) {
    return call(Primitive::select, condition, a, b);
  }
  /// Conversion to a dtype; of a literal, that literal.
  static Symbol cast(const Symbol& a, DType to);

  bool is_literal() const { return recorder_ == nullptr; }
  Literal literal() const { return literal_; }
  DType dtype() const;  ///< of a literal: int64 or float64
  std::uint32_t step() const { return step_; }
  Recorder* recorder() const { return recorder_; }

  /// Symbols have no truth value: a functor that must branch is constrained by PlainNumber.
  template <class B>
  requires std::same_as<B, bool>
  explicit operator B() const {
    static_assert(
        !std::same_as<B, bool>,
        "dagrad: a functor may not branch on its operands: use select(condition, a, b), or "
        "constrain it with template <dagrad::PlainNumber T>");
    return false;
  }

 private:
  friend class Recorder;
  Symbol(Recorder* recorder, std::uint32_t step) : recorder_(recorder), step_(step) {}
  Recorder* recorder_ = nullptr;
  std::uint32_t step_ = 0;
  Literal literal_ = 0;
};

/// Records a program. Symbols point to it: it stays where it is while they live.
class Recorder {
 public:
  Recorder() = default;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  Symbol input(DType dtype);
  Symbol constant(std::uint64_t bits, DType dtype);
  Symbol step(const Instruction& instruction);
  /// The symbol of a step that is recorded.
  Symbol at(std::uint32_t step) { return {this, step}; }
  const Program& program() const { return program_; }
  /// The recorded program with these results, dead steps dropped; a weak result takes `weak`.
  ProgramPtr finish(std::span<const Symbol> results, DType weak) &&;

 private:
  std::uint32_t remember(Instruction step, std::uint64_t bits);
  void grow();
  Program program_;
  std::vector<std::uint32_t> table_;  ///< steps by hash, open addressing
};

/// Appends the steps of `program`, its inputs being `in`, to the recorder of `in`; returns its
/// results.
std::vector<Symbol> inline_program(Recorder& recorder, const Program& program,
                                   std::span<const Symbol> in);

/// Infix text of a result, inputs named by `names` (x, y, z, w, x4, … where it is empty).
std::string formula(const Program& program, std::size_t output = 0,
                    std::span<const std::string> names = {});

/// The plain reading: runs the program on `n` elements, with the functions that Numbers of this
/// thread have. Input i begins at `in[i]` and steps by
/// `in_step[i]` elements (1, or 0 to repeat one element); outputs are dense and may be the
/// memory of a dense input of the same element size. Allocates nothing once a thread has run a
/// program as large.
void interpret(const Program& program, std::span<const void* const> in,
               std::span<const std::int64_t> in_step, std::span<void* const> out, std::int64_t n);

/// Receives the integers that name the branches a computation took.
using DecisionSink = std::function<void(std::int64_t)>;
/// Decisions (comparisons, signs, floors, sides of a maximum, integer and boolean steps) for one
/// element.
void decisions(const Program& program, std::span<const void* const> in, const DecisionSink& sink);

}  // namespace dagrad
