#include "src/gradient/matrix_products.hpp"

#include <algorithm>

#include "dagrad/batch.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/create.hpp"
#include "dagrad/ops/logic.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "src/gradient/derive.hpp"
#include "src/graph/data.hpp"

namespace dagrad::detail {

namespace {

/// Stands for the cotangent or tangent of a value in the product that is batched.
std::vector<Value> placeholders(std::span<const Value> values) {
  std::vector<Value> zeros;
  for (const Value& value : values) zeros.push_back(zeros_like(value));
  return zeros;
}

Tensor colors_of(std::span<const std::int32_t> colors, const Shape& shape) {
  Tensor tensor({i32, shape});
  std::ranges::copy(colors, tensor.mutate<std::int32_t>().begin());
  return tensor;
}

/// For each placeholder, the batch [colours, …] of its values: 1 where an element has the colour, 0
/// elsewhere. As nodes, they need no memory where they are fused with what uses them.
std::vector<Batched> seeds(std::span<const Value> placeholders, const Coloring& coloring) {
  std::vector<Batched> batches;
  GraphData& graph = Access::data(placeholders.front());
  const std::span<const std::int32_t> colors = coloring.colors;
  std::size_t first = 0;
  for (const Value& value : placeholders) {
    const Shape shape = value.shape();
    const auto size = static_cast<std::size_t>(value.size());
    Tensor numbers({i32, {coloring.count}});
    std::int32_t next = 0;
    for (std::int32_t& number : numbers.mutate<std::int32_t>()) number = next++;
    std::vector<std::int64_t> dims(static_cast<std::size_t>(shape.rank()) + 1, 1);
    dims[0] = coloring.count;
    const Value color = add_leaf(graph, NodeKind::constant, {i32, Shape(dims)}, {},
                                 numbers.reshaped(Shape(dims)), {});
    const Value own = add_leaf(graph, NodeKind::constant, {i32, shape}, {},
                               colors_of(colors.subspan(first, size), shape), {});
    batches.push_back({value, cast(equal(color, own), value.dtype())});
    first += size;
  }
  return batches;
}

}  // namespace

MatrixProducts append_products(std::string_view function, std::span<const Value> ys,
                               std::span<const Value> xs, const Bicoloring& colors) {
  MatrixProducts products;
  if (colors.rows.count > 0) {
    const std::vector<Value> cotangents = placeholders(ys);
    std::vector<Seeded> targets;
    for (std::size_t i = 0; i < ys.size(); ++i) targets.push_back({ys[i], cotangents[i]});
    const auto slopes = reverse_mode(function, targets, xs, Unconnected::zeros, {});
    products.rows = batch(slopes, seeds(cotangents, colors.rows));
  }
  if (colors.columns.count > 0) {
    const std::vector<Value> directions = placeholders(xs);
    const auto tangents = forward_mode(function, ys, xs, directions, Unconnected::zeros, {});
    products.columns = batch(tangents, seeds(directions, colors.columns));
  }
  return products;
}

namespace {

/// The batches side by side, as one vector.
Value joined_batches(std::span<const Value> batches) {
  std::vector<Value> flat;
  for (const Value& value : batches) {
    const std::int64_t count = value.shape()[0];
    flat.push_back(value.rank() == 2
                       ? value
                       : reshape(value, {count, value.size() / std::max<std::int64_t>(count, 1)}));
  }
  return reshape(flat.size() == 1 ? flat.front() : concat(flat, 1), {-1});
}

}  // namespace

Value joined_products(const MatrixProducts& products, DType dtype) {
  const Value rows = products.rows.empty() ? Value() : joined_batches(products.rows);
  if (products.columns.empty()) return rows;
  Value columns = joined_batches(products.columns);
  if (columns.dtype() != dtype) columns = cast(columns, dtype);
  return products.rows.empty() ? columns : concat({rows, columns});
}

}  // namespace dagrad::detail
