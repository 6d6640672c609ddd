#include "dagrad/ops/order.hpp"

#include <limits>
#include <string>

#include "dagrad/ops/index.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/infinity.hpp"
#include "ops/sorting.hpp"

namespace dagrad {

namespace {

/// The gradient of the values goes to the positions that they came from.
Grads sent_back(const GradContext& g, std::int64_t axis) {
  return {add_along_axis(zeros_like(g.in[0]), g.outs[1], g.dout_or_zeros(0), axis)};
}

void tell_order(std::span<const View> out, const DecisionSink& sink) {
  for (const std::int64_t position : out[1].as<std::int64_t>()) sink(position);
}

Tensor int64s(const Shape& shape, const std::vector<std::int64_t>& values) {
  return Tensor(shape, values);
}

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::vector<Type> Sort::infer(std::span<const Type> in) const {
  normalize_axis(axis, in[0].shape.rank());
  return {in[0], {i64, in[0].shape}};
}
std::size_t Sort::scratch(const PlanContext& plan) const { return sorting_scratch(plan, axis); }
void Sort::decisions(std::span<const View> /*in*/, std::span<const View> out,
                     const DecisionSink& sink) const {
  tell_order(out, sink);
}
void Sort::eval(const EvalContext& c) const { sort_lines(c, axis, descending); }
double Sort::cost(const PlanContext& plan) const { return sorting_cost(plan, axis); }
Grads Sort::grad(const GradContext& g) const { return sent_back(g, axis); }

Samples Sort::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{Sort{}, {x({5})}},
          {Sort{0, true}, {x({4, 3})}},
          {Sort{-2, false}, {x({2, 4, 3})}},
          {Sort{1, true}, {x({2, 1})}},
          {Sort{0, false}, {x({0, 3})}},
          {Sort{-1, true}, {x({0, 3})}},
          {.op = Sort{},
           .in = {Tensor::of<double>({2, 1, 2, -3, 1})},
           .out = {Tensor::of<double>({-3, 1, 1, 2, 2}), int64s({5}, {3, 1, 4, 0, 2})},
           .dout = {Tensor::of<double>({1, 2, 3, 4, 5})},
           .grads = {Tensor::of<double>({4, 2, 5, 1, 3})},
           .ties = true},
          {.op = Sort{-1, true},
           .in = {Tensor::of({1.0, nan, infinity, 1.0, -infinity, nan})},
           .out = {Tensor::of({nan, nan, infinity, 1.0, 1.0, -infinity}),
                   int64s({6}, {1, 5, 2, 0, 3, 4})},
           .ties = true}};
}

std::vector<Type> TopK::infer(std::span<const Type> in) const {
  const Shape& shape = in[0].shape;
  const int along = normalize_axis(axis, shape.rank());
  if (k < 0 || k > shape[along]) {
    throw ArgumentError("k must be in [0, " + std::to_string(shape[along]) +
                        "], the size of axis " + std::to_string(along) + " of " + to_string(shape) +
                        ", got " + std::to_string(k));
  }
  std::vector<std::int64_t> dims(shape.begin(), shape.end());
  dims[static_cast<std::size_t>(along)] = k;
  return {{in[0].dtype, Shape(dims)}, {i64, Shape(dims)}};
}
std::size_t TopK::scratch(const PlanContext& plan) const { return sorting_scratch(plan, axis); }
void TopK::decisions(std::span<const View> /*in*/, std::span<const View> out,
                     const DecisionSink& sink) const {
  tell_order(out, sink);
}
void TopK::eval(const EvalContext& c) const { sort_lines(c, axis, largest); }
double TopK::cost(const PlanContext& plan) const { return sorting_cost(plan, axis); }
Grads TopK::grad(const GradContext& g) const { return sent_back(g, axis); }

Samples TopK::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{TopK{2, -1, true}, {x({5})}},
          {TopK{2, 0, false}, {x({4, 3})}},
          {TopK{4, -2, true}, {x({2, 4, 3})}},
          {TopK{0, 1, true}, {x({2, 3})}},
          {TopK{0, 0, false}, {x({0, 3})}},
          {TopK{1, 1, false}, {x({0, 3})}},
          {.op = TopK{3, -1, true},
           .in = {Tensor::of<double>({1, 2, -3, 2, 1})},
           .out = {Tensor::of<double>({2, 2, 1}), int64s({3}, {1, 3, 0})},
           .dout = {Tensor::of<double>({1, 2, 3})},
           .grads = {Tensor::of<double>({3, 1, 0, 2, 0})},
           .ties = true}};
}

Value sort(const Operand& x, std::int64_t axis, const SortOptions& options) {
  return apply(Sort{axis, options.descending}, {x})[0];
}
Value argsort(const Operand& x, std::int64_t axis, const SortOptions& options) {
  return apply(Sort{axis, options.descending}, {x})[1];
}
ValuesAndIndices topk(const Operand& x, std::int64_t k, std::int64_t axis,
                      const TopKOptions& options) {
  const auto results = apply(TopK{k, axis, options.largest}, {x});
  return {results[0], results[1]};
}

void list_order(Catalog& catalog) { catalog.add<Sort, TopK>("order"); }

}  // namespace dagrad
