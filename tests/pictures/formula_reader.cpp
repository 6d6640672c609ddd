#include "tests/pictures/formula_reader.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <vector>

namespace dagrad::test {
namespace {

using Function = std::function<double(const std::vector<double>&)>;

/// By the recurrence ψ(x + 1) = ψ(x) + 1 / x and the asymptotic series (DLMF 5.11.2).
double digamma(double x) {
  double value = 0;
  for (; x < 20; ++x) value -= 1 / x;
  const double square = 1 / (x * x);
  return value + std::log(x) - 1 / (2 * x) -
         square * (1.0 / 12 - square * (1.0 / 120 - square * (1.0 / 252 - square / 240)));
}

const std::map<std::string, Function, std::less<>>& functions() {
  using V = const std::vector<double>&;
  static const std::map<std::string, Function, std::less<>> all{
      {"exp", [](V x) { return std::exp(x[0]); }},
      {"log", [](V x) { return std::log(x[0]); }},
      {"log₂", [](V x) { return std::log2(x[0]); }},
      {"log₁₀", [](V x) { return std::log10(x[0]); }},
      {"sin", [](V x) { return std::sin(x[0]); }},
      {"cos", [](V x) { return std::cos(x[0]); }},
      {"tan", [](V x) { return std::tan(x[0]); }},
      {"asin", [](V x) { return std::asin(x[0]); }},
      {"acos", [](V x) { return std::acos(x[0]); }},
      {"atan", [](V x) { return std::atan(x[0]); }},
      {"sinh", [](V x) { return std::sinh(x[0]); }},
      {"cosh", [](V x) { return std::cosh(x[0]); }},
      {"tanh", [](V x) { return std::tanh(x[0]); }},
      {"asinh", [](V x) { return std::asinh(x[0]); }},
      {"acosh", [](V x) { return std::acosh(x[0]); }},
      {"atanh", [](V x) { return std::atanh(x[0]); }},
      {"cbrt", [](V x) { return std::cbrt(x[0]); }},
      {"lgamma", [](V x) { return std::lgamma(x[0]); }},
      {"erf", [](V x) { return std::erf(x[0]); }},
      {"erfc", [](V x) { return std::erfc(x[0]); }},
      {"σ", [](V x) { return 1 / (1 + std::exp(-x[0])); }},
      {"ψ", [](V x) { return digamma(x[0]); }},
      {"softplus", [](V x) { return std::log1p(std::exp(x[0])); }},
      {"sign", [](V x) { return static_cast<double>((x[0] > 0) - (x[0] < 0)); }},
      {"round", [](V x) { return std::nearbyint(x[0]); }},
      {"trunc", [](V x) { return std::trunc(x[0]); }},
      {"max", [](V x) { return std::max(x[0], x[1]); }},
      {"min", [](V x) { return std::min(x[0], x[1]); }},
      {"copysign", [](V x) { return std::copysign(x[0], x[1]); }},
      {"atan2", [](V x) { return std::atan2(x[0], x[1]); }},
      {"hypot", [](V x) { return std::hypot(x[0], x[1]); }},
      {"logaddexp", [](V x) { return std::log(std::exp(x[0]) + std::exp(x[1])); }},
      {"where", [](V x) { return x[0] != 0 ? x[1] : x[2]; }},
      {"xor", [](V x) { return static_cast<double>((x[0] != 0) != (x[1] != 0)); }},
      {"is_nan", [](V x) { return static_cast<double>(std::isnan(x[0])); }},
      {"is_finite", [](V x) { return static_cast<double>(std::isfinite(x[0])); }},
  };
  return all;
}

class Reader {
 public:
  Reader(std::string_view text, const std::map<std::string, double>& names)
      : text_(text), names_(names) {}

  double all() {
    const double value = either();
    if (!text_.empty()) fail("unexpected");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(what + ": " + std::string(text_));
  }
  bool take(std::string_view token) {
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }
  double either() {
    double value = both();
    while (take(" ∨ ")) {
      const double other = both();
      value = value != 0 || other != 0;
    }
    return value;
  }
  double both() {
    double value = comparison();
    while (take(" ∧ ")) {
      const double other = comparison();
      value = value != 0 && other != 0;
    }
    return value;
  }
  double comparison() {
    const double value = sum();
    if (take(" = ")) return value == sum();
    if (take(" ≠ ")) return value != sum();
    if (take(" < ")) return value < sum();
    if (take(" ≤ ")) return value <= sum();
    if (take(" > ")) return value > sum();
    if (take(" ≥ ")) return value >= sum();
    return value;
  }
  double sum() {
    double value = take("−") ? -product() : product();
    while (true) {
      if (take(" + "))
        value += product();
      else if (take(" − "))
        value -= product();
      else
        return value;
    }
  }
  double product() {
    double value = power();
    while (true) {
      if (take(" ⊙ ") || take(" · "))
        value *= power();
      else if (take(" / "))
        value /= power();
      else
        return value;
    }
  }
  double power() {
    if (take("¬")) return power() == 0;
    if (take("√")) return std::sqrt(power());
    const double base = whole();
    if (take("^")) return std::pow(base, whole());
    std::string exponent;
    static const std::vector<std::string> digits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    if (take("⁻")) exponent = "-";
    for (bool more = true; more;) {
      more = false;
      for (std::size_t d = 0; d < digits.size(); ++d)
        if (take(digits[d])) {
          exponent += static_cast<char>('0' + d);
          more = true;
        }
    }
    return exponent.empty() ? base : std::pow(base, std::stod(exponent));
  }
  double within(std::string_view close) {
    const double value = either();
    if (!take(close)) fail("no " + std::string(close));
    return value;
  }
  double whole() {
    if (take("(")) return within(")");
    if (take("[")) return within("]");
    if (take("|")) return std::abs(within("|"));
    if (take("⌊")) return std::floor(within("⌋"));
    if (take("⌈")) return std::ceil(within("⌉"));
    if (take("½")) return 0.5;
    if (take("∞")) return std::numeric_limits<double>::infinity();
    if (!text_.empty() && text_[0] >= '0' && text_[0] <= '9') return number();
    return named();
  }
  double number() {
    std::size_t used = 0;
    const double value = std::stod(std::string(text_), &used);
    text_.remove_prefix(used);
    return value;
  }
  double named() {
    std::size_t end = 0;
    while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) ||
                                  text_[end] == '_' || is_letter(end)))
      ++end;
    const std::string name(text_.substr(0, end));
    text_.remove_prefix(end);
    if (name == "true" || name == "false") return name == "true";
    if (!take("(")) {
      const auto at = names_.find(name);
      if (at == names_.end()) fail("unknown name '" + name + "' before");
      return at->second;
    }
    std::vector<double> arguments{either()};
    while (take(", ")) arguments.push_back(either());
    if (!take(")")) fail("no )");
    const auto at = functions().find(name);
    if (at == functions().end()) fail("unknown function '" + name + "' before");
    return at->second(arguments);
  }
  /// Whether the byte belongs to σ or a lowered digit.
  bool is_letter(std::size_t at) const {
    const auto in = [&](std::string_view c) {
      for (std::size_t back = 0; back < c.size() && back <= at; ++back)
        if (text_.substr(at - back).starts_with(c)) return true;
      return false;
    };
    for (const char* c : {"σ", "ψ", "₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"})
      if (in(c)) return true;
    return false;
  }

  std::string_view text_;
  const std::map<std::string, double>& names_;
};

}  // namespace

double value_of(std::string_view formula, const std::map<std::string, double>& names) {
  return Reader(formula, names).all();
}

bool is_balanced(std::string_view formula) {
  std::string open;
  for (std::size_t at = 0; at < formula.size(); ++at) {
    const char c = formula[at];
    if (c == '\\' && at + 1 < formula.size() &&
        (formula[at + 1] == '{' || formula[at + 1] == '}')) {
      ++at;
      continue;
    }
    if (c == '(' || c == '[' || c == '{') open += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (c == ')' || c == ']' || c == '}') {
      if (open.empty() || open.back() != c) return false;
      open.pop_back();
    }
  }
  const auto count = [&](std::string_view token) {
    std::size_t n = 0;
    for (std::size_t at = formula.find(token); at != formula.npos; at = formula.find(token, at + 1))
      ++n;
    return n;
  };
  return open.empty() && count("\\left") - count("\\leftarrow") == count("\\right");
}

}  // namespace dagrad::test
