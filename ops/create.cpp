#include "dagrad/ops/create.hpp"
#include "ops/families.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "ops/moving.hpp"

namespace dagrad {

namespace {

constexpr std::int64_t task_grain = 1 << 15;  // elements per task

/// The largest integer such that the dtype holds all integers up to it.
std::int64_t last_exact(DType dtype) {
  if (dtype == i64) return std::numeric_limits<std::int64_t>::max();
  const std::int64_t beyond = std::int64_t{1} << digits(dtype);
  return is_float(dtype) ? beyond : beyond - 1;
}

Tensor scalar(DType dtype, Literal value) {
  Tensor tensor(Type{dtype, {}});
  const std::uint64_t bits = value.bits(dtype);
  std::memcpy(tensor.mutable_view().data, &bits, size_of(dtype));
  return tensor;
}

}  // namespace

Type Full::infer(std::span<const Type>) const { return {value.dtype(), shape}; }

void Full::eval(const EvalContext& c) const {
  std::uint64_t bits = 0;
  std::memcpy(&bits, value.data(), size_of(value.dtype()));
  fill_bits(c.parallel, c.outs[0], bits);
}

Samples Full::samples(Rng&) {
  return {{.op = Full{{2, 3}, Tensor(1.5)}, .in = {}, .out = {Tensor::full({f64, {2, 3}}, 1.5)}},
          {.op = Full{{0, 2}, Tensor(std::int32_t{7})}, .in = {}, .out = {Tensor({i32, {0, 2}})}}};
}

Type Iota::infer(std::span<const Type>) const {
  if (dtype == b8) throw TypeError("takes ints and floats, got bool");
  const Shape shape{size};
  if (size - 1 > last_exact(dtype))
    throw ArgumentError(std::string(dagrad::name(dtype)) + " does not hold all integers up to " +
                        std::to_string(size - 1));
  return {dtype, shape};
}

void Iota::eval(const EvalContext& c) const {
  dispatch_stored(dtype, [&](auto type) {
    using T = typename decltype(type)::type;
    const auto out = c.out<T>();
    c.parallel.ranges(size, task_grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        out[static_cast<std::size_t>(i)] = static_cast<T>(i);
    });
  });
}

Samples Iota::samples(Rng&) {
  return {{.op = Iota{3, f64}, .in = {}, .out = {Tensor::of({0.0, 1.0, 2.0})}},
          {.op = Iota{0, i32}, .in = {}, .out = {Tensor({i32, {0}})}}};
}

Value full(const Graph& graph, const Type& type, Literal value, Location where) {
  return apply(graph, Full{type.shape, scalar(type.dtype, value)}, where);
}
Value zeros(const Graph& graph, const Type& type, Location where) {
  return full(graph, type, 0, where);
}
Value ones(const Graph& graph, const Type& type, Location where) {
  return full(graph, type, 1, where);
}
Value iota(const Graph& graph, std::int64_t size, DType dtype, Location where) {
  return apply(graph, Iota{size, dtype}, where);
}

void list_create(Catalog& catalog) { catalog.add<Full, Iota>("create"); }

}  // namespace dagrad
