#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <string>

#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/joins.hpp"
#include "ops/moving.hpp"
#include "ops/unrolling.hpp"

namespace dagrad {

namespace {

/// The walk over `count` blocks of `size` elements, with strides from block to block.
Walk over_blocks(std::int64_t count, std::int64_t size, std::int64_t from, std::int64_t to) {
  Walk walk;
  walk.add(count, {from, to});
  walk.add(size, {1, 1});
  return walk;
}

Shape with_size(const Shape& shape, int axis, std::int64_t size) {
  std::array<std::int64_t, max_rank> dims{};
  std::ranges::copy(shape, dims.begin());
  dims[static_cast<std::size_t>(axis)] = size;
  return Shape(std::span(dims).first(static_cast<std::size_t>(shape.rank())));
}

/// Cuts operand 0 along an axis into the results. Its blocks, from that axis inwards, consist of a
/// block of every result.
void cut(const EvalContext& c, std::int64_t axis) {
  const AlongAxis whole(c.in_shape(0), axis);
  const auto* from = static_cast<const std::byte*>(c.ins[0].data);
  for (const MutableView& out : c.outs) {
    const std::int64_t part = out.type.shape[axis] * whole.inner;
    move(c.parallel, over_blocks(whole.outer, part, whole.length * whole.inner, part),
         out.type.dtype, from, out.data);
    from += part * static_cast<std::int64_t>(size_of(out.type.dtype));
  }
}

/// The parts into which a split cuts an axis. Throws as its `infer` does.
class Parts {
 public:
  Parts(const Split& split, const Shape& shape)
      : axis(normalize_axis(split.axis, shape.rank())), sizes_(split.sizes) {
    if (sizes_.empty()) {
      cut_equally(split.parts, shape);
      return;
    }
    count = static_cast<std::int64_t>(sizes_.size());
    const std::int64_t sum = std::accumulate(sizes_.begin(), sizes_.end(), std::int64_t{0});
    if (sum != shape[axis])
      throw ShapeError("sizes add up to " + std::to_string(sum) + ", but axis " +
                       std::to_string(axis) + " of " + to_string(shape) + " has size " +
                       std::to_string(shape[axis]));
  }
  std::int64_t size(std::int64_t part) const {
    return sizes_.empty() ? equal_ : sizes_[static_cast<std::size_t>(part)];
  }
  std::int64_t begin(std::int64_t part) const {
    return sizes_.empty() ? part * equal_
                          : std::accumulate(sizes_.begin(), sizes_.begin() + part, std::int64_t{0});
  }

  int axis;
  std::int64_t count = 0;

 private:
  void cut_equally(std::int64_t parts, const Shape& shape) {
    if (parts < 1) throw ArgumentError("needs at least one part, got " + std::to_string(parts));
    if (shape[axis] % parts != 0)
      throw ShapeError("axis " + std::to_string(axis) + " of " + to_string(shape) +
                       " cannot be cut into " + std::to_string(parts) + " equal parts");
    count = parts;
    equal_ = shape[axis] / parts;
  }

  const std::vector<std::int64_t>& sizes_;
  std::int64_t equal_ = 0;
};

std::vector<Operand> at(std::span<const Value> values, Location where) {
  std::vector<Operand> operands;
  for (const Value& value : values) operands.emplace_back(value, where);
  return operands;
}

Value concat_all(std::span<const Operand> values, std::int64_t axis) {
  return dagrad::apply(Concat{axis}, values);
}

Value stack_all(std::span<const Operand> values, std::int64_t axis) {
  const Building building("stack", values);
  const int along = building.checked([&] {
    std::vector<Type> types;
    for (const Operand& value : values) types.push_back(value.type());
    return stacked_axis(types, axis);
  });
  std::vector<Operand> parts;
  for (const Operand& value : values) parts.push_back(unsqueeze(value, along));
  return concat_all(parts, along);
}

}  // namespace

int stacked_axis(std::span<const Type> types, std::int64_t axis) {
  if (types.empty()) throw ArgumentError("needs at least one operand");
  const Type& first = types[0];
  for (const Type& type : types) {
    if (type.dtype != first.dtype)
      throw TypeError("operands must have the same dtype, got " +
                      std::string(dagrad::name(first.dtype)) + " and " +
                      std::string(dagrad::name(type.dtype)) + "; convert with cast");
    if (type.shape != first.shape)
      throw ShapeError("operands must have the same shape, got " + to_string(first.shape) +
                       " and " + to_string(type.shape));
  }
  return normalize_axis(axis, first.shape.rank() + 1);
}

Type Concat::infer(std::span<const Type> in) const {
  if (in.empty()) throw ArgumentError("needs at least one operand");
  const Type& first = in[0];
  const int along = normalize_axis(axis, first.shape.rank());
  std::int64_t size = 0;
  for (const Type& type : in) {
    if (type.dtype != first.dtype) {
      throw TypeError("operands must have the same dtype, got " +
                      std::string(dagrad::name(first.dtype)) + " and " +
                      std::string(dagrad::name(type.dtype)) + "; convert with cast");
    }
    if (type.shape.rank() != first.shape.rank() ||
        with_size(type.shape, along, 0) != with_size(first.shape, along, 0)) {
      throw ShapeError("operands must have the same sizes in all axes but " +
                       std::to_string(along) + ", got " + to_string(first.shape) + " and " +
                       to_string(type.shape));
    }
    size += type.shape[along];
  }
  return {first.dtype, with_size(first.shape, along, size)};
}

void Concat::eval(const EvalContext& c) const {
  const AlongAxis whole(c.out_shape(), axis);
  auto* to = static_cast<std::byte*>(c.outs[0].data);
  for (const View& in : c.ins) {
    const std::int64_t part = in.type.shape[axis] * whole.inner;
    move(c.parallel, over_blocks(whole.outer, part, part, whole.length * whole.inner),
         in.type.dtype, in.data, to);
    to += part * static_cast<std::int64_t>(size_of(in.type.dtype));
  }
}

bool Concat::unroll(Unrolled& code) const {
  if (code.out[0].elements() == 0 || code.out[0].elements() > most_unrolled) return false;
  std::vector<Unrolled::Element> elements;
  const std::int64_t outer = AlongAxis(code.out[0].shape, axis).outer;
  for (std::int64_t block = 0; block < outer; ++block) {
    for (std::uint32_t operand = 0; operand < code.in.size(); ++operand) {
      const auto part = static_cast<std::uint32_t>(code.in[operand].elements() / outer);
      for (std::uint32_t i = 0; i < part; ++i)
        elements.push_back({operand, static_cast<std::uint32_t>(block) * part + i});
    }
  }
  code.write(0, code.read(std::move(elements)));
  return true;
}

Grads Concat::grad(const GradContext& g) const {
  std::vector<Operand> operands{g.dout};
  operands.insert(operands.end(), g.in.begin(), g.in.end());
  const std::vector<Value> parts = dagrad::apply(SplitLike{axis}, operands);
  return {parts.begin(), parts.end()};
}

Samples Concat::samples(Rng& rng) {
  return {{Concat{1}, {rng.uniform({2, 3}), rng.uniform({2, 1}), rng.uniform({2, 4})}},
          {Concat{0}, {rng.uniform({2, 3}), rng.uniform({0, 3}), rng.uniform({1, 3})}},
          {Concat{-2}, {rng.uniform({2, 2, 2}), rng.uniform({2, 1, 2})}},
          {Concat{0}, {rng.uniform({3})}}};
}

std::vector<Type> Split::infer(std::span<const Type> in) const {
  const Parts cuts(*this, in[0].shape);
  std::vector<Type> out;
  out.reserve(static_cast<std::size_t>(cuts.count));
  for (std::int64_t i = 0; i < cuts.count; ++i)
    out.push_back({in[0].dtype, with_size(in[0].shape, cuts.axis, cuts.size(i))});
  return out;
}

void Split::eval(const EvalContext& c) const { cut(c, axis); }

Grads Split::grad(const GradContext& g) const {
  UnsplitLike some{axis, parts, sizes, {}};
  std::vector<Operand> pieces{g.in[0]};
  for (std::size_t i = 0; i < g.douts.size(); ++i) {
    if (g.douts[i].is_zero()) continue;
    some.live.push_back(static_cast<std::int64_t>(i));
    pieces.emplace_back(*g.douts[i].value());
  }
  if (some.live.size() == g.douts.size()) return {concat_all(std::span(pieces).subspan(1), axis)};
  return {dagrad::apply(std::move(some), pieces)};
}

Samples Split::samples(Rng& rng) {
  return {{Split{1, 0, {1, 2, 3}}, {rng.uniform({2, 6})}},
          {Split{-2, 2, {}}, {rng.uniform({4, 3})}},
          {Split{0, 0, {1, 0, 2}}, {rng.uniform({3, 2})}},
          {Split{0, 1, {}}, {rng.uniform({0, 2})}}};
}

std::vector<Type> SplitLike::infer(std::span<const Type> in) const {
  if (in.size() < 2) throw ArgumentError("needs x and at least one part");
  const int along = normalize_axis(axis, in[0].shape.rank());
  std::vector<Type> out;
  out.reserve(in.size() - 1);
  std::int64_t sum = 0;
  for (const Type& like : in.subspan(1)) {
    if (like.shape.rank() != in[0].shape.rank() ||
        with_size(like.shape, along, 0) != with_size(in[0].shape, along, 0)) {
      throw ShapeError("a part must match " + to_string(in[0].shape) + " in all axes but " +
                       std::to_string(along) + ", got " + to_string(like.shape));
    }
    sum += like.shape[along];
    out.push_back({in[0].dtype, like.shape});
  }
  if (sum != in[0].shape[along]) {
    throw ShapeError("parts add up to " + std::to_string(sum) + ", but axis " +
                     std::to_string(along) + " of " + to_string(in[0].shape) + " has size " +
                     std::to_string(in[0].shape[along]));
  }
  return out;
}

void SplitLike::eval(const EvalContext& c) const { cut(c, axis); }

Grads SplitLike::grad(const GradContext& g) const {
  std::vector<Operand> pieces;  // neighbouring parts without a cotangent become one piece of zeros
  for (std::size_t i = 0, end = 0; i < g.douts.size(); i = end) {
    end = i + 1;
    if (!g.douts[i].is_zero()) {
      pieces.emplace_back(*g.douts[i].value());
      continue;
    }
    while (end < g.douts.size() && g.douts[end].is_zero()) ++end;
    const auto gap = g.outs.subspan(i, end - i);
    pieces.emplace_back(zeros_like(gap.size() == 1 ? gap[0] : concat(gap, axis)));
  }
  Grads grads(g.in.size(), Gradient(zero));
  grads[0] = concat_all(pieces, axis);
  return grads;
}

Samples SplitLike::samples(Rng& rng) {
  return {{SplitLike{1}, {rng.uniform({2, 5}), rng.uniform({2, 3}), rng.uniform({2, 2})}},
          {SplitLike{-2}, {rng.uniform({3, 2}), rng.uniform({0, 2}), rng.uniform({3, 2})}},
          {.op = SplitLike{0},
           .in = {Tensor::of<double>({1, 2, 3}), rng.uniform({1}), rng.uniform({2})},
           .out = {Tensor::of({1.0}), Tensor::of({2.0, 3.0})}}};
}

Type UnsplitLike::infer(std::span<const Type> in) const {
  if (in.size() != live.size() + 1 || live.empty())
    throw ArgumentError("needs `like` and the " + std::to_string(live.size()) +
                        " live parts, got " + std::to_string(in.size()) + " operands");
  const Split split{axis, parts, sizes};
  const Parts cuts(split, in[0].shape);
  for (std::size_t i = 0; i < live.size(); ++i) {
    if (live[i] < 0 || live[i] >= cuts.count || (i > 0 && live[i] <= live[i - 1]))
      throw ArgumentError("live parts must ascend within [0, " + std::to_string(cuts.count) + ")");
    const Type wanted{in[1].dtype, with_size(in[0].shape, cuts.axis, cuts.size(live[i]))};
    if (in[i + 1] != wanted)
      throw ShapeError("part " + std::to_string(live[i]) + " of " + to_string(in[0].shape) +
                       " must be " + to_string(wanted) + ", got " + to_string(in[i + 1]));
  }
  return {in[1].dtype, in[0].shape};
}

void UnsplitLike::eval(const EvalContext& c) const {
  const Split split{axis, parts, sizes};
  const Parts cuts(split, c.out_shape());
  const AlongAxis whole(c.out_shape(), axis);
  const DType dtype = c.outs[0].type.dtype;
  fill(c.parallel, c.outs[0], 0);
  for (std::size_t i = 0; i < live.size(); ++i) {
    const std::int64_t part = c.in_shape(i + 1)[axis] * whole.inner;
    move(c.parallel, over_blocks(whole.outer, part, part, whole.length * whole.inner), dtype,
         c.ins[i + 1].data,
         static_cast<std::byte*>(c.outs[0].data) +
             cuts.begin(live[i]) * whole.inner * static_cast<std::int64_t>(size_of(dtype)));
  }
}

Grads UnsplitLike::grad(const GradContext& g) const {
  const std::vector<Value> all = dagrad::apply(Split{axis, parts, sizes}, {g.dout});
  Grads grads{zero};
  for (const std::int64_t part : live) grads.emplace_back(all[static_cast<std::size_t>(part)]);
  return grads;
}

Samples UnsplitLike::samples(Rng& rng) {
  return {{UnsplitLike{1, 0, {1, 2, 3}, {1}}, {rng.uniform({2, 6}), rng.uniform({2, 2})}},
          {UnsplitLike{-2, 4, {}, {0, 3}},
           {rng.uniform({8, 3}), rng.uniform({2, 3}), rng.uniform({2, 3})}},
          {UnsplitLike{0, 2, {}, {1}}, {rng.uniform({0, 2}), rng.uniform({0, 2})}},
          {.op = UnsplitLike{0, 3, {}, {1}},
           .in = {rng.uniform({3}), Tensor::of({7.0})},
           .out = {Tensor::of({0.0, 7.0, 0.0})}}};
}

Value concat(std::initializer_list<Operand> values, std::int64_t axis) {
  return concat_all({values.begin(), values.size()}, axis);
}
Value concat(std::span<const Value> values, std::int64_t axis, Location where) {
  return concat_all(at(values, where), axis);
}
Value stack(std::initializer_list<Operand> values, std::int64_t axis) {
  return stack_all({values.begin(), values.size()}, axis);
}
Value stack(std::span<const Value> values, std::int64_t axis, Location where) {
  return stack_all(at(values, where), axis);
}
std::vector<Value> unstack(const Operand& x, std::int64_t axis) {
  const Building building("unstack", {x});
  const int along = building.checked([&] { return normalize_axis(axis, x.rank()); });
  const std::int64_t parts = x.shape()[along];
  if (parts == 0) return {};
  std::vector<Value> values = split(x, parts, along);
  for (Value& value : values) value = squeeze(value, along);
  return values;
}
std::vector<Value> split(const Operand& x, std::int64_t parts, std::int64_t axis) {
  return apply(Split{axis, parts, {}}, {x});
}
std::vector<Value> split(const Operand& x, const std::vector<std::int64_t>& sizes,
                         std::int64_t axis) {
  return apply(Split{axis, 0, sizes}, {x});
}

void list_shape_joins(Catalog& catalog) {
  catalog.add<Concat, Split>("shape");
  catalog.add<SplitLike, UnsplitLike>("structural");
}

}  // namespace dagrad
