#include "src/pictures/program_notation.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

constexpr std::size_t longest_formula = 400;  // bytes of text, of any part

bool is_arithmetic(Primitive p) {
  switch (p) {
    case Primitive::neg:
    case Primitive::abs:
    case Primitive::sqrt:
    case Primitive::rsqrt:
    case Primitive::add:
    case Primitive::sub:
    case Primitive::mul:
    case Primitive::div:
    case Primitive::power:
    case Primitive::pow:
    case Primitive::equal:
    case Primitive::not_equal:
    case Primitive::less:
    case Primitive::less_equal:
    case Primitive::greater:
    case Primitive::greater_equal:
    case Primitive::logical_not:
    case Primitive::logical_and:
    case Primitive::logical_or:
    case Primitive::pull:
    case Primitive::joint:
      return true;
    default:
      return false;
  }
}

/// An infix operator of logic, if the primitive is one.
std::optional<Notation> logical(Primitive p, const Notation& a, const Notation& b) {
  const auto compared = [&](std::string_view text, std::string_view latex) {
    return Notation::infix(a, text, latex, b, Precedence::comparison);
  };
  switch (p) {
    case Primitive::equal:
      return compared("=", "=");
    case Primitive::not_equal:
      return compared("≠", "\\neq");
    case Primitive::less:
      return compared("<", "<");
    case Primitive::less_equal:
      return compared("≤", "\\leq");
    case Primitive::greater:
      return compared(">", ">");
    case Primitive::greater_equal:
      return compared("≥", "\\geq");
    case Primitive::logical_and:
      return Notation::infix(a, "∧", "\\land", b, Precedence::both);
    case Primitive::logical_or:
      return Notation::infix(a, "∨", "\\lor", b, Precedence::either);
    default:
      return std::nullopt;
  }
}

/// 1 where the condition holds, else 0: the bracket of Iverson.
Notation iverson(const Notation& condition) {
  return Notation::delimited("[", "]", "[", "]", condition).set_scalar(condition.scalar());
}

/// The comparison that holds where this one does not; other primitives give nothing.
std::optional<Primitive> opposite(Primitive p) {
  switch (p) {
    case Primitive::equal:
      return Primitive::not_equal;
    case Primitive::not_equal:
      return Primitive::equal;
    case Primitive::less:
      return Primitive::greater_equal;
    case Primitive::less_equal:
      return Primitive::greater;
    case Primitive::greater:
      return Primitive::less_equal;
    case Primitive::greater_equal:
      return Primitive::less;
    default:
      return std::nullopt;
  }
}

Notation negation(const Notation& a) {
  return Notation::of("¬" + a.text_within(Precedence::power).formula,
                      "\\lnot " + a.latex_within(Precedence::power).formula, Precedence::power)
      .set_scalar(a.scalar());
}

Notation chosen(const Notation& condition, const Notation& a, const Notation& b) {
  if (b.is("0")) return iverson(condition) * a;
  const std::array arguments{condition, a, b};
  const Notation text = Notation::call("where", arguments);
  const std::string latex = "\\begin{cases}" + a.latex() + " & \\text{if } " + condition.latex() +
                            "\\\\" + b.latex() + " & \\text{otherwise}\\end{cases}";
  return Notation::of({text.text(), Precedence::whole}, {latex, Precedence::series})
      .set_scalar(text.scalar());
}

/// Writes the steps of a program one after the other.
class Writer {
 public:
  Writer(const Program& program, std::span<const Notation> in, const KnownInput& known)
      : program_(program), in_(in), known_(known) {}

  bool write() {
    for (const Instruction& step : program_.steps) {
      steps_.push_back({});
      steps_.back() = written(step);
      if (steps_.back().text().size() > longest_formula) return false;
    }
    return true;
  }
  const Notation& operator[](std::uint32_t step) const { return steps_[step]; }

 private:
  Notation written(const Instruction& step) {
    switch (arity_of(step.primitive)) {
      case 0:
        return step.primitive == Primitive::input ? in_[step.data] : constant(step);
      case 1:
        return unary(step, steps_[step.a]);
      case 2:
        return binary(step, steps_[step.a], steps_[step.b]);
      default:
        if (steps_[step.b].is("0")) return iverson(unless(step.a)) * steps_[step.c];
        return chosen(steps_[step.a], steps_[step.b], steps_[step.c]);
    }
  }

  /// The opposite of a condition.
  Notation unless(std::uint32_t condition) const {
    const Instruction& step = program_.steps[condition];
    if (step.primitive == Primitive::logical_not) return steps_[step.a];
    if (const auto other = opposite(step.primitive))
      return *logical(*other, steps_[step.a], steps_[step.b]);
    return negation(steps_[condition]);
  }

  Notation constant(const Instruction& step) const {
    const std::uint64_t bits = program_.constants[step.data];
    if (step.dtype == f32) return Notation::number(element<float>(bits));
    if (step.dtype == i64) return Notation::number(element<std::int64_t>(bits));
    if (step.dtype == b8) {
      const std::string_view name = bits ? "true" : "false";
      return Notation::name(name).set_scalar(true);
    }
    return Notation::number(constant_value(program_, step));
  }

  Notation converted(const Instruction& step, const Notation& a) const {
    const DType from = operand_dtype(program_, step);
    if (from == b8 && step.dtype != b8) return iverson(a);
    if (is_float(step.dtype) || (step.dtype == i64 && from == i32)) return a;
    return Notation::call(name(step.dtype), a);
  }

  Notation unary(const Instruction& step, const Notation& a) const;
  Notation sigmoid_of(const Instruction& step) const;
  Notation function_of(Primitive function, std::uint32_t argument) const;
  std::optional<std::uint32_t> slope_of_tanh(const Instruction& product) const;
  Notation binary(const Instruction& step, const Notation& a, const Notation& b) const;
  Notation quotient(const Instruction& step, const Notation& a, const Notation& b) const;
  static Notation sum(const Notation& a, const Notation& b);
  static Notation product(const Notation& a, const Notation& b);

  const Program& program_;
  std::span<const Notation> in_;
  const KnownInput& known_;
  std::vector<Notation> steps_;
};

Notation root_of(const Notation& a) {
  return Notation::of({"√" + a.text_within(Precedence::whole).formula, Precedence::power},
                      {"\\sqrt{" + a.latex() + "}", Precedence::whole})
      .set_scalar(a.scalar());
}

/// A function of a step, or the operand that is known to be its value.
Notation Writer::function_of(Primitive function, std::uint32_t argument) const {
  if (const Instruction& leaf = program_.steps[argument];
      known_ && leaf.primitive == Primitive::input)
    if (const int same = known_(function, leaf.data); same >= 0)
      return in_[static_cast<std::size_t>(same)];
  return Notation::call(function == Primitive::sigmoid ? "σ" : name(function), steps_[argument]);
}

/// 1 − σ(x) for σ(−x), which is how textbooks write the slope of the sigmoid.
Notation Writer::sigmoid_of(const Instruction& step) const {
  const Instruction& inner = program_.steps[step.a];
  if (inner.primitive != Primitive::neg) return function_of(Primitive::sigmoid, step.a);
  return Notation::number(std::int64_t{1}) - function_of(Primitive::sigmoid, inner.a);
}

/// The step x if the product is 4 · σ(2x) · σ(−2x), which is 1 − tanh(x)².
std::optional<std::uint32_t> Writer::slope_of_tanh(const Instruction& product) const {
  const auto at = [&](std::uint32_t step, Primitive primitive) {
    return step != Instruction::none && program_.steps[step].primitive == primitive
               ? &program_.steps[step]
               : nullptr;
  };
  const Instruction* const four = at(product.a, Primitive::mul);
  const Instruction* const right = at(product.b, Primitive::sigmoid);
  const Instruction* const negated = right ? at(right->a, Primitive::neg) : nullptr;
  const Instruction* const left = four ? at(four->b, Primitive::sigmoid) : nullptr;
  if (!negated || !left || left->a != negated->a || !steps_[four->a].is("4")) return {};
  const Instruction* const twice = at(left->a, Primitive::mul);
  if (!twice || !steps_[twice->a].is("2")) return {};
  return twice->b;
}

Notation Writer::unary(const Instruction& step, const Notation& a) const {
  const auto one = Notation::number(std::int64_t{1});
  switch (step.primitive) {
    case Primitive::cast:
      return converted(step, a);
    case Primitive::neg:
      return -a;
    case Primitive::logical_not:
      return negation(a);
    case Primitive::abs:
      return Notation::delimited("|", "|", "\\lvert ", "\\rvert", a);
    case Primitive::floor:
      return Notation::delimited("⌊", "⌋", "\\lfloor ", "\\rfloor", a);
    case Primitive::ceil:
      return Notation::delimited("⌈", "⌉", "\\lceil ", "\\rceil", a);
    case Primitive::sqrt:
      return root_of(a);
    case Primitive::rsqrt:
      return one / root_of(a);
    case Primitive::exp2:
      return Notation::power(Notation::number(std::int64_t{2}), a);
    case Primitive::expm1:
      return Notation::call("exp", a) - one;
    case Primitive::log1p:
      return Notation::call("log", one + a);
    case Primitive::log2:
      return Notation::call("log", a, "2");
    case Primitive::log10:
      return Notation::call("log", a, "10");
    case Primitive::sigmoid:
      return sigmoid_of(step);
    default:
      return Notation::call(name(step.primitive), a);
  }
}

/// A square for the product of a formula with itself.
Notation Writer::product(const Notation& a, const Notation& b) {
  if (a.text() != b.text() || a.is("1")) return a * b;
  return Notation::power(a, Notation::number(std::int64_t{2})).set_scalar(a.scalar());
}

Notation Writer::sum(const Notation& a, const Notation& b) {
  return a.text() == b.text() ? Notation::number(std::int64_t{2}) * a : a + b;
}

/// Half of a sum of two equal terms is one of them.
Notation Writer::quotient(const Instruction& step, const Notation& a, const Notation& b) const {
  const Instruction& above = program_.steps[step.a];
  const bool twice = above.primitive == Primitive::add && above.a == above.b;
  return twice && b.is("2") ? steps_[above.a] : a / b;
}

Notation Writer::binary(const Instruction& step, const Notation& a, const Notation& b) const {
  if (const auto logic = logical(step.primitive, a, b)) return *logic;
  const std::array both{a, b};
  switch (step.primitive) {
    case Primitive::add:
      return sum(a, b);
    case Primitive::sub:
      return a - b;
    case Primitive::mul:
      if (const auto x = slope_of_tanh(step))
        return Notation::number(std::int64_t{1}) -
               Notation::power(function_of(Primitive::tanh, *x), Notation::number(std::int64_t{2}));
      return product(a, b);
    case Primitive::pull:
    case Primitive::joint:
      return product(a, b);
    case Primitive::div:
      return quotient(step, a, b);
    case Primitive::pow:
    case Primitive::power:
      return b.is("½") ? root_of(a) : Notation::power(a, b);
    case Primitive::maximum:
      return Notation::call("max", both);
    case Primitive::minimum:
      return Notation::call("min", both);
    case Primitive::polygamma:
      return a.is("0") ? Notation::call("ψ", b) : Notation::call("polygamma", both);
    case Primitive::logical_xor:
      return Notation::call("xor", both);
    default:
      return Notation::call(name(step.primitive), both);
  }
}

}  // namespace

Notation notation_of(const Program& program, std::size_t output, std::span<const Notation> in,
                     const KnownInput& known) {
  Writer writer(program, in, known);
  return writer.write() ? writer[program.outputs[output]] : Notation();
}

std::size_t operation_count(const Program& program) {
  return static_cast<std::size_t>(std::ranges::count_if(program.steps, [](const auto& step) {
    return arity_of(step.primitive) > 0 && step.primitive != Primitive::cast;
  }));
}

bool is_arithmetic(const Program& program) {
  return std::ranges::all_of(program.steps, [](const Instruction& step) {
    return arity_of(step.primitive) == 0 || step.primitive == Primitive::cast ||
           step.primitive == Primitive::log || step.primitive == Primitive::log1p ||
           is_arithmetic(step.primitive);
  });
}

}  // namespace dagrad::detail
