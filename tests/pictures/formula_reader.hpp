#pragma once

#include <map>
#include <string>
#include <string_view>

namespace dagrad::test {

/// The value of a formula as `Notation` writes it in text, with the values of its names. Knows the
/// operators and functions of elementwise formulas; ⊙ and · are products of numbers here. Throws
/// std::runtime_error at what it does not know.
double value_of(std::string_view formula, const std::map<std::string, double>& names);

/// Whether all brackets of a text are closed in the right order: (), [], {}, ⌊⌋, and in LaTeX
/// \left and \right.
bool is_balanced(std::string_view formula);

}  // namespace dagrad::test
