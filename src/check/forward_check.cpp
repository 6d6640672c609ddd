#include "src/check/forward_check.hpp"

#include <algorithm>
#include <cmath>

#include "dagrad/apply.hpp"
#include "dagrad/sparse.hpp"

namespace dagrad::detail {

namespace {

struct Product {
  double sum = 0, size = 0;
};

Product inner_product(std::span<const Tensor> a, std::span<const Tensor> b) {
  Product product;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::int64_t e = 0; e < a[i].size(); ++e) {
      const double term = a[i].at(e) * b[i].at(e);
      product.sum += term;
      product.size += std::abs(term);
    }
  return product;
}

}  // namespace

std::optional<std::string> tangent_fault(Subject s, double tolerance, Runtime* runtime, Rng& rng) {
  std::vector<Tensor> directions;
  std::vector<Value> tangents, cotangents;
  for (const Value& x : s.xs) {
    directions.push_back(random_seed(rng, x.type()));
    tangents.push_back(s.graph.constant(directions.back()));
  }
  for (const Tensor& seed : s.seeds) cotangents.push_back(s.graph.constant(seed));
  std::vector<Value> products = jvp(s.ys, s.xs, tangents, Unconnected::zeros);
  const std::vector<Value> slopes = vjp(s.ys, s.xs, cotangents, Unconnected::zeros);
  products.insert(products.end(), slopes.begin(), slopes.end());
  const std::vector<Tensor> found = evaluate_at(products, all_feeds(s), runtime);
  const auto forward = std::span(found).first(s.ys.size());
  const Product by_jvp = inner_product(forward, s.seeds);
  const Product by_vjp = inner_product(std::span(found).subspan(s.ys.size()), directions);
  const double size = std::max(by_jvp.size, by_vjp.size);
  if (!std::isfinite(size) || std::abs(by_jvp.sum - by_vjp.sum) <= 1e3 * tolerance * size)
    return std::nullopt;
  return "its tangents contradict its gradient: <Jv, u> is " + std::to_string(by_jvp.sum) +
         ", but <v, J'u> is " + std::to_string(by_vjp.sum);
}

namespace {

/// An op alone, with each float operand as an input and all others as constants, so that patterns
/// may depend on them.
struct OpAlone {
  Graph graph;
  std::vector<Value> xs, ys, douts, slopes;
  Feeds feeds;
  SparsityPattern pattern;

  OpAlone(const Op& op, std::span<const Tensor> in) {
    std::vector<Operand> operands;
    for (std::size_t i = 0; i < in.size(); ++i) {
      const std::string name = "operand" + std::to_string(i);
      const bool varies = is_float(in[i].dtype()) && i >= op.traits().cut;
      operands.push_back(varies ? graph.input(name, in[i].type()) : graph.constant(in[i]));
      if (varies) xs.push_back(operands.back().value());
      if (varies) feeds.emplace_back(name, in[i]);
    }
    for (const Value& out : append_all(op, operands, &graph))
      if (is_float(out.dtype())) ys.push_back(out);
    if (xs.empty() || ys.empty()) return;
    for (std::size_t i = 0; i < ys.size(); ++i)
      douts.push_back(graph.input("cotangent" + std::to_string(i), ys[i].type()));
    slopes = vjp(ys, xs, douts, Unconnected::zeros);
    pattern = jacobian_pattern(ys, xs, Unconnected::zeros);
  }

  /// The elements of the Jacobian in the row of an element of a y, with their columns.
  std::vector<double> row(std::size_t y, std::int64_t element, Runtime* runtime) const {
    Feeds all = feeds;
    for (std::size_t i = 0; i < ys.size(); ++i) {
      Tensor dout(Type{f64, ys[i].shape()});
      if (i == y) dout.mutate<double>()[static_cast<std::size_t>(element)] = 1;
      all.emplace_back("cotangent" + std::to_string(i), dout.cast(ys[i].dtype()));
    }
    std::vector<double> elements;
    for (const Tensor& slope : evaluate_at(slopes, all, runtime))
      for (std::int64_t e = 0; e < slope.size(); ++e) elements.push_back(slope.at(e));
    return elements;
  }
};

}  // namespace

std::optional<std::string> pattern_fault(const Op& op, std::span<const Tensor> in,
                                         std::int64_t elements, Runtime* runtime, Rng& rng) {
  const OpAlone alone(op, in);
  if (alone.slopes.empty()) return std::nullopt;
  std::int64_t first = 0;
  for (std::size_t y = 0; y < alone.ys.size(); first += alone.ys[y++].size()) {
    const std::int64_t size = alone.ys[y].size(), step = size / elements + 1;
    for (std::int64_t e =
             step > 1 ? static_cast<std::int64_t>(rng.number(0, 1) * static_cast<double>(step)) : 0;
         e < size; e += step) {
      const std::vector<double> row = alone.row(y, e, runtime);
      for (std::size_t column = 0; column < row.size(); ++column)
        if (row[column] != 0 && std::isfinite(row[column]) &&
            alone.pattern.find(first + e, static_cast<std::int64_t>(column)) < 0)
          return "its pattern is too small: element " + std::to_string(e) + " of result " +
                 std::to_string(y) + " depends on element " + std::to_string(column) +
                 " of the float operands, with derivative " + std::to_string(row[column]);
    }
  }
  return std::nullopt;
}

}  // namespace dagrad::detail
