#include "dagrad/ops/einsum.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/ops/control.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/ops/triangle.hpp"
#include "ops/einsum_equation.hpp"

namespace dagrad {

namespace {

/// The shape of an operand, where a plain number is a scalar.
Shape shape_of(const Operand& x) { return x.is_literal() ? Shape{} : x.shape(); }

void check_vectors(const std::string& name, const Operand& left, const Operand& right) {
  const Shape a = shape_of(left), b = shape_of(right);
  if (a.rank() != 1 || b.rank() != 1)
    throw ShapeError(name + ": needs two vectors, got " + to_string(a) + " and " + to_string(b) +
                     made_at(left));
}

/// An operand, or a product of several, with a label for each of its axes.
struct EinsumFactor {
  Operand value;
  Labels labels;
};

bool has(const Labels& labels, Label label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

template <class Wanted>
Labels filter(const Labels& labels, Wanted wanted) {
  Labels kept;
  std::copy_if(labels.begin(), labels.end(), std::back_inserter(kept), wanted);
  return kept;
}

Labels joined(Labels first, const Labels& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// Axes begin, begin + 1, …, as many as there are labels.
std::vector<std::int64_t> axes_from(std::size_t begin, const Labels& labels) {
  std::vector<std::int64_t> axes(labels.size());
  std::iota(axes.begin(), axes.end(), static_cast<std::int64_t>(begin));
  return axes;
}

void order(EinsumFactor& x, const Labels& labels) {
  if (x.labels == labels) return;
  std::vector<std::int64_t> axes;
  for (const Label label : labels)
    axes.push_back(std::find(x.labels.begin(), x.labels.end(), label) - x.labels.begin());
  x.value = transpose(x.value, axes);
  x.labels = labels;
}

/// Takes the diagonal of every letter that repeats.
void take_diagonals(EinsumFactor& x) {
  for (std::size_t i = 0; i < x.labels.size();) {
    const auto first = x.labels.begin() + static_cast<std::ptrdiff_t>(i);
    const auto second = std::find(first + 1, x.labels.end(), *first);
    if (second == x.labels.end()) {
      ++i;
      continue;
    }
    x.value = diagonal(x.value, 0, static_cast<std::int64_t>(i), second - x.labels.begin());
    const Label label = *first;
    x.labels.erase(second);
    x.labels.erase(x.labels.begin() + static_cast<std::ptrdiff_t>(i));
    x.labels.push_back(label);
  }
}

/// Sums over labels, in the dtype of the value.
void sum_away(EinsumFactor& x, const Labels& labels) {
  if (labels.empty()) return;
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < x.labels.size(); ++i)
    if (has(labels, x.labels[i])) axes.push_back(static_cast<std::int64_t>(i));
  const DType dtype = x.value.dtype();
  const Value total = sum(x.value, axes);
  x.value = total.dtype() == dtype ? total : cast(total, dtype);
  x.labels = filter(x.labels, [&](Label label) { return !has(labels, label); });
}

/// The labels of two factors, grouped by what becomes of them.
struct Roles {
  Labels shared, contracted, left,
      right;  ///< kept of both, summed over in both, of one factor only
  Roles(const EinsumFactor& a, const EinsumFactor& b, const Labels& needed) {
    for (const Label label : a.labels)
      (!has(b.labels, label) ? left : has(needed, label) ? shared : contracted).push_back(label);
    right = filter(b.labels, [&](Label label) { return !has(a.labels, label); });
  }
  Labels kept() const { return joined(joined(shared, left), right); }
};

/// The products of all pairs of elements with equal shared labels.
Value multiply(EinsumFactor a, EinsumFactor b, const Roles& roles) {
  order(a, joined(roles.shared, roles.left));
  order(b, joined(roles.shared, roles.right));
  const std::size_t batch = roles.shared.size();
  if (!roles.left.empty() && !b.labels.empty())
    b.value = unsqueeze(b.value, axes_from(batch, roles.left));
  if (!roles.right.empty() && !a.labels.empty())
    a.value = unsqueeze(a.value, axes_from(batch + roles.left.size(), roles.right));
  return mul(a.value, b.value);
}

/// Merges `labels`, which start at axis `first`, into one axis. If there are none, no axis is added
/// unless others come before it: `matmul` then takes a vector.
void merge(EinsumFactor& x, std::size_t first, const Labels& labels) {
  const auto axis = static_cast<std::int64_t>(first);
  if (labels.size() > 1)
    x.value = flatten(x.value, axis, axis + static_cast<std::int64_t>(labels.size()) - 1);
  else if (labels.empty() && first > 0)
    x.value = unsqueeze(x.value, {axis});
}

/// Sums over the contracted labels by a matrix product, with one axis for all labels of `left` and
/// one for all of `right`.
Value matrix_product(EinsumFactor a, EinsumFactor b, const Roles& roles) {
  const std::size_t batch = roles.shared.size();
  order(a, joined(joined(roles.shared, roles.left), roles.contracted));
  order(b, joined(roles.shared, joined(roles.contracted, roles.right)));
  merge(a, batch + roles.left.size(), roles.contracted);
  merge(a, batch, roles.left);
  if (batch > 0 || !roles.right.empty()) merge(b, batch + roles.contracted.size(), roles.right);
  merge(b, batch, roles.contracted);
  return matmul(a.value, b.value);
}

Value contract(EinsumFactor a, EinsumFactor b, const Roles& roles) {
  const Value product = matrix_product(a, b, roles);
  if (roles.left.size() <= 1 && roles.right.size() <= 1) {
    const auto axis = static_cast<std::int64_t>(roles.shared.size());
    std::vector<std::int64_t> dropped;
    if (axis > 0 && roles.left.empty()) dropped.push_back(axis);
    if (axis > 0 && roles.right.empty()) dropped.push_back(axis + 1);
    return dropped.empty() ? product : squeeze(product, dropped);
  }
  // The sizes come from a type, so they adapt when a graph is replayed; no value is computed.
  sum_away(a, roles.contracted);
  sum_away(b, roles.contracted);
  return reshape_like(product, multiply(a, b, roles));
}

EinsumFactor combine(const EinsumFactor& a, const EinsumFactor& b, const Labels& needed) {
  const Roles roles(a, b, needed);
  EinsumFactor result{a.value.is_literal() ? b.value : a.value, roles.kept()};
  result.value = roles.contracted.empty() ? multiply(a, b, roles) : contract(a, b, roles);
  return result;
}

/// The labels that the result, or a factor other than these two, needs.
Labels needed_beside(const std::vector<EinsumFactor>& factors, std::size_t i, std::size_t j,
                     const Labels& out) {
  Labels needed = out;
  for (std::size_t k = 0; k < factors.size(); ++k)
    if (k != i && k != j) needed = joined(needed, factors[k].labels);
  return needed;
}

/// Combines the two factors with the smallest product; among equal ones, the first pair.
void combine_cheapest(std::vector<EinsumFactor>& factors, const EinsumEquation& equation) {
  std::size_t left = 0, right = 1;
  double least = -1;
  for (std::size_t i = 0; i < factors.size(); ++i)
    for (std::size_t j = i + 1; j < factors.size(); ++j) {
      double elements = 1;
      const Labels needed = needed_beside(factors, i, j, equation.out);
      for (const Label label : Roles(factors[i], factors[j], needed).kept())
        elements *= static_cast<double>(equation.size.at(label));
      if (least >= 0 && elements >= least) continue;
      least = elements;
      left = i;
      right = j;
    }
  factors[left] =
      combine(factors[left], factors[right], needed_beside(factors, left, right, equation.out));
  factors.erase(factors.begin() + static_cast<std::ptrdiff_t>(right));
}

Value einsum_of(std::string_view text, std::span<const Operand> operands) {
  if (std::all_of(operands.begin(), operands.end(),
                  [](const Operand& x) { return x.is_literal(); }))
    throw ArgumentError("einsum: at least one operand must be a value of a graph");
  std::vector<Shape> shapes;
  for (const Operand& x : operands) shapes.push_back(shape_of(x));
  const EinsumEquation equation = parse_einsum(text, shapes, operands[0]);
  const Building building("einsum", operands);
  std::vector<EinsumFactor> factors;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    factors.push_back({operands[i], equation.in[i]});
    take_diagonals(factors.back());
  }
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const Labels needed = needed_beside(factors, i, i, equation.out);
    sum_away(factors[i], filter(factors[i].labels, [&](Label x) { return !has(needed, x); }));
  }
  while (factors.size() > 1) combine_cheapest(factors, equation);
  order(factors[0], equation.out);
  return factors[0].value.value();
}

}  // namespace

Value einsum(std::string_view equation, std::initializer_list<Operand> operands) {
  return einsum_of(equation, {operands.begin(), operands.size()});
}

Value einsum(std::string_view equation, std::span<const Value> operands, Location where) {
  std::vector<Operand> placed;
  for (const Value& x : operands) placed.emplace_back(x, where);
  return einsum_of(equation, placed);
}

Value dot(const Operand& left, const Operand& right) {
  check_vectors("dot", left, right);
  if (left.shape() != right.shape())
    throw ShapeError("dot: needs vectors of one size, got " + to_string(left.shape()) + " and " +
                     to_string(right.shape()) + made_at(left));
  const Building building("dot", {left, right});
  return matmul(left, right);
}

Value outer(const Operand& left, const Operand& right) {
  check_vectors("outer", left, right);
  const Building building("outer", {left, right});
  return mul(unsqueeze(left, {1}), right);
}

}  // namespace dagrad
