#include "dagrad/ops/control.hpp"

#include <cstring>

#include "dagrad/random.hpp"
#include "ops/families.hpp"

namespace dagrad {

Grads Identity::grad(const GradContext& g) const { return {g.dout}; }

Samples Identity::samples(Rng& rng) {
  const Tensor x = rng.normal({2, 3}), count = rng.integers({0, 2}, 0, 9);
  return {{.op = Identity{}, .in = {x}, .out = {x}},
          {.op = Identity{}, .in = {count}, .out = {count}}};
}

Grads Cast::grad(const GradContext& g) const {
  if (!is_float(g.in[0].dtype()) || !is_float(dtype)) return {zero};
  return {cast(g.dout, g.in[0].dtype())};
}

Samples Cast::samples(Rng& rng) { return {{Op(Cast{f64}), {rng.normal({2, 3})}}}; }

Grads StopGradient::grad(const GradContext&) const { return {zero}; }

Samples StopGradient::samples(Rng& rng) {
  Samples samples;
  for (const Shape& shape : {Shape{2, 3}, Shape{}, Shape{0, 2}}) {
    const Tensor x = rng.normal(shape);
    samples.push_back({.op = StopGradient{},
                       .in = {x},
                       .out = {x},
                       .dout = {x},
                       .grads = {Tensor(x.type())},
                       .ties = true});
  }
  return samples;
}

std::vector<Type> CustomGradient::infer(std::span<const Type> in) const {
  return {in.begin(), in.begin() + static_cast<std::ptrdiff_t>(cut)};
}

void CustomGradient::eval(const EvalContext& c) const {
  constexpr std::int64_t grain = 1 << 18;
  for (std::size_t i = 0; i < cut; ++i) {
    const auto* from = static_cast<const std::byte*>(c.ins[i].data);
    auto* to = static_cast<std::byte*>(c.outs[i].data);
    if (from == to) continue;
    const auto bytes = static_cast<std::int64_t>(c.outs[i].type.bytes());
    c.parallel.ranges(bytes, grain, [&](std::int64_t begin, std::int64_t end) {
      std::memcpy(to + begin, from + begin, static_cast<std::size_t>(end - begin));
    });
  }
}

Grads CustomGradient::grad(const GradContext& g) const {
  const std::vector<bool> wanted(g.wanted().begin() + static_cast<std::ptrdiff_t>(cut),
                                 g.wanted().end());
  const Grads own = rule(GradContext(g.in.subspan(cut), g.outs, g.douts, wanted));
  if (own.size() != wanted.size())
    throw GradientError("custom_gradient: its rule returned " + std::to_string(own.size()) +
                        " gradients for " + std::to_string(wanted.size()) + " inputs");
  Grads grads(cut, Gradient(zero));
  grads.insert(grads.end(), own.begin(), own.end());
  return grads;
}

Samples CustomGradient::samples(Rng& rng) {
  const Op op = CustomGradient{1, [](const GradContext& g) { return Grads{g.dout}; }};
  Samples samples;
  for (const Shape& shape : {Shape{2, 3}, Shape{}, Shape{0, 2}}) {
    const Tensor y = rng.normal(shape), x = rng.normal(shape), dout = rng.normal(shape);
    samples.push_back({.op = op,
                       .in = {y, x},
                       .out = {y},
                       .dout = {dout},
                       .grads = {Tensor(y.type()), dout},
                       .ties = true});
  }
  return samples;
}

Value identity(const Operand& x) { return apply(Identity{}, {x}); }
Value cast(const Operand& x, DType dtype) { return apply(Cast{dtype}, {x}); }
Value stop_gradient(const Operand& x) { return apply(StopGradient{}, {x}); }

std::vector<Value> custom_gradient(std::span<const Value> outputs, std::span<const Value> inputs,
                                   CustomRule rule, Location where) {
  if (outputs.empty())
    throw ArgumentError("custom_gradient: needs at least one output" + made_at(where));
  if (!rule) throw ArgumentError("custom_gradient: needs a rule" + made_at(where));
  const Building building("custom_gradient", outputs, where);
  std::vector<Operand> operands(outputs.begin(), outputs.end());
  operands.insert(operands.end(), inputs.begin(), inputs.end());
  return apply(CustomGradient{outputs.size(), std::move(rule)}, operands);
}
Value custom_gradient(const Value& output, std::span<const Value> inputs, CustomRule rule,
                      Location where) {
  return custom_gradient({&output, 1}, inputs, std::move(rule), where).front();
}
Value custom_gradient(const Value& output, std::initializer_list<Value> inputs, CustomRule rule,
                      Location where) {
  return custom_gradient(output, std::span(inputs.begin(), inputs.size()), std::move(rule), where);
}

void list_control(Catalog& catalog) {
  catalog.add<Identity, Cast, StopGradient, CustomGradient>("control");
}

}  // namespace dagrad
