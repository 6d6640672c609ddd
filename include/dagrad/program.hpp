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

/// The primitives of elementwise formulas. Those from `sigmoid` on are composite: they are defined
/// by a formula of earlier primitives, but remain primitives so that their derivatives can be
/// exact.
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
/// The number of operands, 0 to 3.
int arity(Primitive primitive);

/// One step of a program. `a`, `b` and `c` are positions of earlier steps; `data` is the index of
/// the input or constant.
struct Instruction {
  static constexpr std::uint32_t none = 0xffffffff;
  Primitive primitive = Primitive::input;
  DType dtype = f64;  ///< of the result
  std::uint32_t a = none, b = none, c = none;
  std::uint32_t data = 0;
  friend constexpr bool operator==(const Instruction&, const Instruction&) = default;
};

/// A straight-line program over elements: what a functor does with one element of each operand. It
/// is immutable once recorded. Equal steps are recorded once, steps whose operands are all
/// constants are folded, `pull` by a constant becomes a product, and unused steps are removed;
/// steps are in the order in which the results need them.
struct Program {
  std::vector<Instruction> steps;
  /// Bits, in the low bytes; loops that differ only in these share code.
  std::vector<std::uint64_t> constants;
  std::vector<DType> inputs;           ///< all inputs, whether used or not
  std::vector<std::uint32_t> outputs;  ///< positions of steps

  DType output_dtype(std::size_t i) const { return steps[outputs[i]].dtype; }
  friend bool operator==(const Program&, const Program&) = default;
};

using ProgramPtr = std::shared_ptr<const Program>;

class Recorder;

/// The reading of a functor as a formula: an element that is yet to be computed. It is either a
/// step of a Recorder or a literal, which takes its dtype from the symbols beside it.
class Symbol {
 public:
  using Boolean = Symbol;
  Symbol(Literal literal) : literal_(literal) {}
  template <class T>
  requires std::is_arithmetic_v<T> Symbol(T literal) : literal_(literal) {}

  /// Records `primitive` on the operands. Their dtypes are promoted, and literals take that dtype;
  /// two literals as the sides of a select take the dtype that its condition compares. If all
  /// operands are literals, the result is computed at once: as int64 for integers if the primitive
  /// takes those, else as float64. `pow` with a literal exponent that has a formula is recorded as
  /// `power`, and `power` with any other exponent as `pow`. Throws TypeError naming the primitive
  /// if it does not take the dtypes.
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
  /// Converts to a dtype. A literal stays that literal.
  static Symbol cast(const Symbol& a, DType to);

  bool is_literal() const { return recorder_ == nullptr; }
  Literal literal() const { return literal_; }
  DType dtype() const;  ///< int64 or float64 for a literal
  std::uint32_t step() const { return step_; }
  Recorder* recorder() const { return recorder_; }

  /// Symbols have no truth value. Functors that have to branch are constrained by PlainNumber.
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

/// Records a program. Symbols point to it, so it cannot be moved.
class Recorder {
 public:
  Recorder() = default;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  Symbol input(DType dtype);
  Symbol constant(std::uint64_t bits, DType dtype);
  Symbol step(const Instruction& instruction);
  /// The symbol of a recorded step.
  Symbol at(std::uint32_t step) { return {this, step}; }
  const Program& program() const { return program_; }
  /// The recorded program with these results, without unused steps. A result that is a literal
  /// takes the dtype `weak`.
  ProgramPtr finish(std::span<const Symbol> results, DType weak) &&;

 private:
  std::uint32_t remember(Instruction step, std::uint64_t bits);
  Symbol simplified(Instruction instruction);
  void grow();
  Program program_;
  std::vector<std::uint32_t> table_;  ///< steps by hash, open addressing
};

/// Appends the steps of `program`, with `in` as its inputs, to the recorder; returns its results.
std::vector<Symbol> inline_program(Recorder& recorder, const Program& program,
                                   std::span<const Symbol> in);

/// The formula of a result in infix notation. `names` gives the names of the inputs, by default x,
/// y, z, w, x4 and so on.
std::string formula(const Program& program, std::size_t output = 0,
                    std::span<const std::string> names = {});

/// Interprets the program for `n` elements, with the functions that Numbers of this thread use.
/// Input i begins at `in[i]` and steps by `in_step[i]` elements (1, or 0 to repeat one element).
/// Outputs are dense and may overwrite a dense input of the same element size. Allocates only if
/// the program is larger than any that this thread has run before.
void interpret(const Program& program, std::span<const void* const> in,
               std::span<const std::int64_t> in_step, std::span<void* const> out, std::int64_t n);

/// Receives the integers that identify the branches which a computation took.
using DecisionSink = std::function<void(std::int64_t)>;
/// Reports the decisions of a program for one element: comparisons, signs, roundings, sides of
/// maxima, and integer and boolean steps.
void decisions(const Program& program, std::span<const void* const> in, const DecisionSink& sink);

}  // namespace dagrad
