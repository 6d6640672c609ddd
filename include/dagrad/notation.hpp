#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dagrad/config.hpp"

namespace dagrad {

struct Type;

/// How tightly the outermost operator of a formula binds its operands, from loose to tight.
enum class Precedence : std::uint8_t {
  either,      ///< a ∨ b
  both,        ///< a ∧ b
  comparison,  ///< a < b
  sum,         ///< a + b, −a
  series,      ///< Σ a, which extends over a product
  product,     ///< a ⊙ b, a / b
  matrix,      ///< the matrix product a·b
  power,       ///< a², aᵀ
  whole        ///< a name, a number, f(a): needs no brackets
};

/// A formula as mathematicians write it, as Unicode text and as LaTeX (for math mode, with amsmath
/// and amssymb). Formulas are combined by operators and by the functions here, which write
/// brackets where they are needed and nowhere else. Products of two tensors element by element are
/// a ⊙ b, products with a scalar a · b, matrix products a·b or, after a transposed matrix, aᵀb.
///
/// An op that is written in another way than `name(a, b)` has the member
///
///     Notation notation(std::span<const Notation> in, std::span<const Type> types) const
///
/// which gets the formulas of its operands and their types, and returns that of its first result.
class Notation {
 public:
  struct Written {
    std::string formula;
    Precedence precedence = Precedence::whole;
  };

  Notation() = default;
  /// A name; in LaTeX, names of several letters are upright, and digits at the end an index.
  static Notation name(std::string_view name);
  /// A number in its shortest decimal form, which is a scalar.
  static Notation number(double value);
  static Notation number(float value);
  static Notation number(std::int64_t value);
  /// Text and LaTeX as they are given.
  static Notation of(std::string text, std::string latex,
                     Precedence precedence = Precedence::whole);
  static Notation of(Written text, Written latex);

  static Notation matmul(const Notation& a, const Notation& b);
  static Notation transposed(const Notation& a);
  static Notation power(const Notation& base, const Notation& exponent);
  /// An infix operator that does not chain, such as a < b.
  static Notation infix(const Notation& a, std::string_view text, std::string_view latex,
                        const Notation& b, Precedence precedence);
  /// f(a, b), where the function's name may have an index, such as axes.
  static Notation call(std::string_view function, std::span<const Notation> arguments,
                       std::string_view index = {});
  static Notation call(std::string_view function, const Notation& argument,
                       std::string_view index = {});
  /// An operator such as Σ before a product, with an index below.
  static Notation series(std::string_view text, std::string_view latex, const Notation& terms,
                         std::string_view index = {});
  /// Between two delimiters, such as |a| and ‖a‖.
  static Notation delimited(std::string_view left, std::string_view right,
                            std::string_view latex_left, std::string_view latex_right,
                            const Notation& inner);
  /// Axes as an index: "0" or "0,1".
  static std::string axes(std::span<const std::int64_t> axes);

  const std::string& text() const { return text_.formula; }
  const std::string& latex() const { return latex_.formula; }
  Precedence precedence() const { return text_.precedence; }
  bool empty() const { return text_.formula.empty(); }
  /// Whether it stands for a single element.
  bool scalar() const { return scalar_; }
  Notation& set_scalar(bool scalar);
  /// Whether it is this number, such as the factor 1, which products leave out.
  bool is(std::string_view number) const { return text_.formula == number; }
  /// The formula in brackets, unless its operator binds at least as tightly as `least`.
  Written text_within(Precedence least) const;
  Written latex_within(Precedence least) const;

  friend Notation operator+(const Notation& a, const Notation& b);
  friend Notation operator-(const Notation& a, const Notation& b);
  friend Notation operator*(const Notation& a, const Notation& b);  ///< element by element
  friend Notation operator/(const Notation& a, const Notation& b);
  friend Notation operator-(const Notation& a);

 private:
  /// Whether it is a lone negative term, such as −a ⊙ b, and not a sum.
  bool is_negated() const { return negated_; }
  Notation without_minus() const;

  Written text_, latex_;
  bool scalar_ = false;
  bool negated_ = false;
  Precedence after_minus_ = Precedence::whole;  ///< of what follows the minus of a negated term
};

}  // namespace dagrad
