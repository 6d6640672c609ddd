#include "src/program/primitives.hpp"

#include <iterator>

namespace dagrad {

std::string_view name(Primitive primitive) {
  static constexpr std::string_view names[] = {
      "input",       "constant",   "cast",         "neg",       "abs",
      "sqrt",        "floor",      "ceil",         "round",     "trunc",
      "is_nan",      "is_finite",  "logical_not",  "exp",       "exp2",
      "expm1",       "log",        "log2",         "log10",     "log1p",
      "cbrt",        "sin",        "cos",          "tan",       "asin",
      "acos",        "atan",       "sinh",         "cosh",      "tanh",
      "asinh",       "acosh",      "atanh",        "lgamma",    "erf",
      "erfc",        "add",        "sub",          "mul",       "div",
      "maximum",     "minimum",    "copysign",     "pow",       "atan2",
      "hypot",       "remainder",  "floor_divide", "polygamma", "equal",
      "not_equal",   "less",       "less_equal",   "greater",   "greater_equal",
      "logical_and", "logical_or", "logical_xor",  "select",    "pull",
      "sigmoid",     "softplus",   "rsqrt",        "sign",      "logaddexp",
      "joint",       "pow"};
  static_assert(std::size(names) == detail::words);
  return names[static_cast<std::size_t>(primitive)];
}

int arity(Primitive primitive) { return detail::arity_of(primitive); }

}  // namespace dagrad
