#include "dagrad/notation.hpp"

#include <cmath>

#include "dagrad/ops/create.hpp"
#include "dagrad/ops/factorizations.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/norm.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"

/// How built-in ops are written in formulas. Elementwise ops are written as their program, and all
/// others by name.
namespace dagrad {

namespace {

/// Axes as an index below an operator; none if they are all axes of an operand of this type.
std::string index_of(const OverAxes& op, const Type& type) {
  const bool all = op.axes.size() == static_cast<std::size_t>(type.shape.rank());
  return all ? std::string() : Notation::axes(op.axes);
}

/// Whether an op combines single elements, and so does nothing to them.
bool combines_nothing(const OverAxes& op, const Type& type) {
  return op.axes.empty() && type.shape.rank() > 0;
}

/// A function over axes, which is the identity over none.
Notation over_axes(std::string_view function, const OverAxes& op, const Notation& in,
                   const Type& type) {
  return combines_nothing(op, type) ? in : Notation::call(function, in, index_of(op, type));
}

Notation inverted(const Notation& a) { return Notation::power(a, Notation::of("-1", "-1")); }

}  // namespace

Notation Matmul::notation(std::span<const Notation> in, std::span<const Type>) const {
  return Notation::matmul(transpose_left ? Notation::transposed(in[0]) : in[0],
                          transpose_right ? Notation::transposed(in[1]) : in[1]);
}

template <>
Notation Max::notation(std::span<const Notation> in, std::span<const Type> types) const {
  return over_axes("max", *this, in[0], types[0]);
}
template <>
Notation Min::notation(std::span<const Notation> in, std::span<const Type> types) const {
  return over_axes("min", *this, in[0], types[0]);
}
Notation Sum::notation(std::span<const Notation> in, std::span<const Type> types) const {
  if (combines_nothing(*this, types[0])) return in[0];
  return Notation::series("Σ", "\\sum", in[0], index_of(*this, types[0]));
}
Notation Prod::notation(std::span<const Notation> in, std::span<const Type> types) const {
  if (combines_nothing(*this, types[0])) return in[0];
  return Notation::series("Π", "\\prod", in[0], index_of(*this, types[0]));
}
Notation Mean::notation(std::span<const Notation> in, std::span<const Type> types) const {
  return over_axes("mean", *this, in[0], types[0]);
}
Notation CountLike::notation(std::span<const Notation>, std::span<const Type> types) const {
  return Notation::number(count(types[0].shape) - less);
}

Notation Norm::notation(std::span<const Notation> in, std::span<const Type> types) const {
  if (combines_nothing(*this, types[0]))
    return Notation::delimited("|", "|", "\\lvert ", "\\rvert", in[0]);
  const std::string index = index_of(*this, types[0]);
  const std::string kind = order == 2 ? "" : std::isinf(order) ? "∞" : "1";
  if (!index.empty()) return Notation::call("norm" + kind, in[0], index);
  const std::string below = kind.empty() ? "" : kind == "1" ? "₁" : "_∞";
  const std::string latex = kind.empty() ? "" : kind == "1" ? "_{1}" : "_{\\infty}";
  return Notation::delimited("‖", "‖" + below, "\\lVert ", "\\rVert" + latex, in[0]);
}

/// Axes that `like` lacks or has with size 1.
Notation SumToLike::notation(std::span<const Notation> in, std::span<const Type> types) const {
  const Shape &from = types[0].shape, &to = types[1].shape;
  std::vector<std::int64_t> summed;
  for (int axis = 0; axis < from.rank(); ++axis) {
    const int at = axis - (from.rank() - to.rank());
    if (at < 0 || (to[at] == 1 && from[axis] != 1)) summed.push_back(axis);
  }
  if (summed.empty()) return in[0];
  const bool all =
      summed.size() == static_cast<std::size_t>(from.rank()) || types[1].elements() == 1;
  return Notation::series("Σ", "\\sum", in[0], all ? "" : Notation::axes(summed));
}

Notation AddN::notation(std::span<const Notation> in, std::span<const Type>) const {
  Notation sum = in[0];
  for (const Notation& term : in.subspan(1)) sum = sum + term;
  return sum;
}

Notation Transpose::notation(std::span<const Notation> in, std::span<const Type> types) const {
  const auto rank = static_cast<std::size_t>(types[0].shape.rank());
  bool last_two = rank >= 2 && axes.size() == rank;
  for (std::size_t i = 0; last_two && i + 2 < rank; ++i)
    last_two = axes[i] == static_cast<std::int64_t>(i);
  last_two = last_two && axes[rank - 1] == static_cast<std::int64_t>(rank - 2);
  return last_two || rank < 2 ? Notation::transposed(in[0])
                              : Notation::call("transpose", in[0], Notation::axes(axes));
}

Notation Slice::notation(std::span<const Notation> in, std::span<const Type>) const {
  const std::string index = to_string(ranges);
  return Notation::of(in[0].text_within(Precedence::whole).formula + index,
                      in[0].latex_within(Precedence::whole).formula + "_{" + index + "}");
}

Notation Reshape::notation(std::span<const Notation> in, std::span<const Type>) const {
  std::string sizes;
  for (const std::int64_t size : shape) sizes += (sizes.empty() ? "" : "×") + std::to_string(size);
  const std::array arguments{in[0], Notation::of(sizes, "\\text{" + sizes + "}")};
  return Notation::call("reshape", arguments);
}
/// It has no more to say than that the elements are the same.
Notation ReshapeLike::notation(std::span<const Notation> in, std::span<const Type>) const {
  return in[0];
}

Notation Inverse::notation(std::span<const Notation> in, std::span<const Type>) const {
  return inverted(in[0]);
}
Notation Solve::notation(std::span<const Notation> in, std::span<const Type>) const {
  return Notation::matmul(inverted(transposed ? Notation::transposed(in[0]) : in[0]), in[1]);
}
Notation Det::notation(std::span<const Notation> in, std::span<const Type>) const {
  return Notation::call("det", in[0]);
}
Notation Full::notation(std::span<const Notation>, std::span<const Type>) const {
  return Notation::number(value.cast(f64).item<double>());
}

}  // namespace dagrad
