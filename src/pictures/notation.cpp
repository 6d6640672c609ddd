#include "dagrad/notation.hpp"

#include <charconv>
#include <cmath>
#include <iterator>

#include "src/pictures/scripts.hpp"

namespace dagrad {

namespace {

using Written = Notation::Written;

Written bracketed(const Written& part, Precedence least, std::string_view open,
                  std::string_view close) {
  if (part.precedence >= least) return part;
  return {std::string(open) + part.formula + std::string(close), Precedence::whole};
}

bool ends_with_digits(std::string_view name, std::size_t& letters) {
  letters = name.find_last_not_of("0123456789") + 1;
  return letters > 0 && letters < name.size();
}

/// Letters of other scripts are one letter each, so bytes after the first do not count.
std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

/// The command of LaTeX for a Greek letter that has one.
std::string_view greek(std::string_view letter) {
  static constexpr std::string_view commands[][2] = {
      {"α", "alpha"}, {"β", "beta"},  {"γ", "gamma"},  {"δ", "delta"}, {"ε", "varepsilon"},
      {"ζ", "zeta"},  {"η", "eta"},   {"θ", "theta"},  {"κ", "kappa"}, {"λ", "lambda"},
      {"μ", "mu"},    {"ν", "nu"},    {"ξ", "xi"},     {"π", "pi"},    {"ρ", "rho"},
      {"σ", "sigma"}, {"τ", "tau"},   {"φ", "varphi"}, {"χ", "chi"},   {"ψ", "psi"},
      {"ω", "omega"}, {"Γ", "Gamma"}, {"Δ", "Delta"},  {"Θ", "Theta"}, {"Λ", "Lambda"},
      {"Ξ", "Xi"},    {"Π", "Pi"},    {"Σ", "Sigma"},  {"Φ", "Phi"},   {"Ψ", "Psi"},
      {"Ω", "Omega"}};
  for (const auto& [each, command] : commands)
    if (each == letter) return command;
  return {};
}

std::string latex_name(std::string_view name) {
  std::size_t letters = name.size();
  const bool indexed = ends_with_digits(name, letters);
  std::string text = detail::latex_escaped(name.substr(0, letters));
  if (const std::string_view command = greek(name.substr(0, letters)); !command.empty())
    text = "\\" + std::string(command);
  else if (characters(name.substr(0, letters)) > 1)
    text = "\\mathrm{" + text + "}";
  if (indexed) text += "_{" + std::string(name.substr(letters)) + "}";
  return text;
}

/// Whether a name could be misread as part of a formula, such as "a-b".
bool needs_quotes(std::string_view name) {
  return name.empty() || (name[0] >= '0' && name[0] <= '9') ||
         name.find_first_of("+-*/|^&!<>=[]{}() '\n\t") != std::string_view::npos;
}

/// A number that is not negative, in its shortest decimal form.
template <class T>
Notation magnitude(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return Notation::of("NaN", "\\mathrm{NaN}");
    if (std::isinf(value)) return Notation::of("∞", "\\infty");
    if (value == T(0.5)) return Notation::of("½", "\\tfrac{1}{2}");
  }
  char buffer[40];
  const std::string digits(buffer, std::to_chars(std::begin(buffer), std::end(buffer), value).ptr);
  const std::size_t e = digits.find('e');
  if (e == std::string::npos) return Notation::of(digits, digits);
  std::size_t first = e + 2;
  while (first + 1 < digits.size() && digits[first] == '0') ++first;
  const std::string mantissa = digits.substr(0, e);
  const std::string exponent = (digits[e + 1] == '-' ? "-" : "") + digits.substr(first);
  const std::string factor = mantissa == "1" ? "" : mantissa + " \\cdot ";
  return Notation::of({mantissa + "e" + exponent, Precedence::whole},
                      {factor + "10^{" + exponent + "}", Precedence::product});
}

template <class T>
Notation number_of(T value) {
  return value < 0 ? -magnitude(-value) : magnitude(value);
}

}  // namespace

Notation Notation::of(std::string text, std::string latex, Precedence precedence) {
  return of(Written{std::move(text), precedence}, Written{std::move(latex), precedence});
}

Notation Notation::of(Written text, Written latex) {
  Notation result;
  result.text_ = std::move(text);
  result.latex_ = std::move(latex);
  return result;
}

Notation Notation::name(std::string_view name) {
  return of(needs_quotes(name) ? "‘" + std::string(name) + "’" : std::string(name),
            latex_name(name));
}

Notation Notation::number(double value) { return number_of(value).set_scalar(true); }
Notation Notation::number(float value) { return number_of(value).set_scalar(true); }
Notation Notation::number(std::int64_t value) { return number_of(value).set_scalar(true); }

Notation& Notation::set_scalar(bool scalar) {
  scalar_ = scalar;
  return *this;
}

Written Notation::text_within(Precedence least) const { return bracketed(text_, least, "(", ")"); }
Written Notation::latex_within(Precedence least) const {
  return bracketed(latex_, least, "\\left(", "\\right)");
}

namespace {

/// Joins two parts in both notations; the parts bind at least as tightly as given.
Notation joined(const Notation& a, Precedence left, std::string_view text, std::string_view latex,
                const Notation& b, Precedence right, Precedence precedence) {
  return Notation::of(
      a.text_within(left).formula + std::string(text) + b.text_within(right).formula,
      a.latex_within(left).formula + std::string(latex) + b.latex_within(right).formula,
      precedence);
}

}  // namespace

Notation Notation::without_minus() const {
  return of(Written{text_.formula.substr(std::string_view("−").size()), after_minus_},
            Written{latex_.formula.substr(1), after_minus_})
      .set_scalar(scalar_);
}

Notation operator+(const Notation& a, const Notation& b) {
  if (b.is_negated()) return a - b.without_minus();
  const bool minus_first = b.text().starts_with("−");
  const Precedence right = minus_first ? Precedence::series : Precedence::sum;
  return joined(a, Precedence::sum, " + ", " + ", b, right, Precedence::sum)
      .set_scalar(a.scalar() && b.scalar());
}

Notation operator-(const Notation& a, const Notation& b) {
  return joined(a, Precedence::sum, " − ", " - ", b, Precedence::series, Precedence::sum)
      .set_scalar(a.scalar() && b.scalar());
}

Notation operator-(const Notation& a) {
  if (a.is_negated()) return a.without_minus();
  const Notation::Written text = a.text_within(Precedence::series);
  Notation result = Notation::of("−" + text.formula,
                                 "-" + a.latex_within(Precedence::series).formula, Precedence::sum);
  result.negated_ = true;
  result.after_minus_ = text.precedence;
  return result.set_scalar(a.scalar());
}

Notation operator*(const Notation& a, const Notation& b) {
  if (a.is("1")) return b;
  if (b.is("1")) return a;
  if (a.is_negated()) return -(a.without_minus() * b);
  const bool dot = a.scalar() || b.scalar();
  return joined(a, Precedence::product, dot ? " · " : " ⊙ ", dot ? " \\cdot " : " \\odot ", b,
                Precedence::product, Precedence::product)
      .set_scalar(a.scalar() && b.scalar());
}

Notation operator/(const Notation& a, const Notation& b) {
  if (b.is("1")) return a;
  if (a.is_negated()) return -(a.without_minus() / b);
  return Notation::of(Written{a.text_within(Precedence::product).formula + " / " +
                                  b.text_within(Precedence::matrix).formula,
                              Precedence::product},
                      Written{"\\frac{" + a.latex() + "}{" + b.latex() + "}", Precedence::matrix})
      .set_scalar(a.scalar() && b.scalar());
}

Notation Notation::matmul(const Notation& a, const Notation& b) {
  const std::string left = a.text_within(Precedence::matrix).formula;
  const bool beside = left.ends_with("ᵀ");
  return Notation::of(left + (beside ? "" : "·") + b.text_within(Precedence::power).formula,
                      a.latex_within(Precedence::matrix).formula + "\\," +
                          b.latex_within(Precedence::power).formula,
                      Precedence::matrix);
}

Notation Notation::transposed(const Notation& a) {
  return Notation::of(a.text_within(Precedence::whole).formula + "ᵀ",
                      a.latex_within(Precedence::whole).formula + "^{\\top}", Precedence::power)
      .set_scalar(a.scalar());
}

Notation Notation::power(const Notation& base, const Notation& exponent) {
  const std::string high = detail::superscript(
      exponent.text().starts_with("−") ? "-" + exponent.text().substr(std::string_view("−").size())
                                       : exponent.text());
  return Notation::of(
             base.text_within(Precedence::whole).formula +
                 (high.empty() ? "^" + exponent.text_within(Precedence::whole).formula : high),
             base.latex_within(Precedence::whole).formula + "^{" + exponent.latex() + "}",
             Precedence::power)
      .set_scalar(base.scalar() && exponent.scalar());
}

Notation Notation::infix(const Notation& a, std::string_view text, std::string_view latex,
                         const Notation& b, Precedence precedence) {
  const auto tighter = static_cast<Precedence>(static_cast<int>(precedence) + 1);
  return joined(a, tighter, " " + std::string(text) + " ", " " + std::string(latex) + " ", b,
                tighter, precedence)
      .set_scalar(a.scalar() && b.scalar());
}

Notation Notation::call(std::string_view function, std::span<const Notation> arguments,
                        std::string_view index) {
  std::string text, latex;
  bool scalar = true;
  for (const Notation& argument : arguments) {
    text += (text.empty() ? "" : ", ") + argument.text();
    latex += (latex.empty() ? "" : ", ") + argument.latex();
    scalar = scalar && argument.scalar();
  }
  const std::string below = index.empty() ? "" : "_{" + std::string(index) + "}";
  const std::string_view command = greek(function);
  const std::string latex_function = command.empty()
                                         ? "\\operatorname{" + detail::latex_escaped(function) + "}"
                                         : "\\" + std::string(command);
  return Notation::of(std::string(function) + detail::subscript(index) + "(" + text + ")",
                      latex_function + below + "\\left(" + latex + "\\right)")
      .set_scalar(scalar);
}

Notation Notation::call(std::string_view function, const Notation& argument,
                        std::string_view index) {
  return call(function, std::span(&argument, 1), index);
}

Notation Notation::series(std::string_view text, std::string_view latex, const Notation& terms,
                          std::string_view index) {
  const std::string below = index.empty() ? " " : "_{" + std::string(index) + "} ";
  return Notation::of(std::string(text) + detail::subscript(index) + " " +
                          terms.text_within(Precedence::series).formula,
                      std::string(latex) + below + terms.latex_within(Precedence::series).formula,
                      Precedence::series);
}

Notation Notation::delimited(std::string_view left, std::string_view right,
                             std::string_view latex_left, std::string_view latex_right,
                             const Notation& inner) {
  return Notation::of(std::string(left) + inner.text() + std::string(right),
                      "\\left" + std::string(latex_left) + inner.latex() + "\\right" +
                          std::string(latex_right))
      .set_scalar(inner.scalar());
}

std::string Notation::axes(std::span<const std::int64_t> axes) {
  std::string index;
  for (const std::int64_t axis : axes) index += (index.empty() ? "" : ",") + std::to_string(axis);
  return index;
}

}  // namespace dagrad
