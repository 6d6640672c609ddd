#include "dagrad/ops/dropout.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/keys.hpp"

namespace dagrad {

Type DropoutMask::infer(std::span<const Type> in) const {
  if (!(p >= 0 && p <= 1))
    throw ArgumentError("the probability must be in [0, 1], got " + attribute_text(p));
  check_keys(in[0]);
  check_leading(in[0], in[1]);
  return {b8, in[1].shape};
}

void DropoutMask::eval(const EvalContext& c) const {
  constexpr std::int64_t piece = 1024;  // elements per task
  const auto out = c.out<bool>();
  for_keys(c, piece,
           [&](std::int64_t key, std::int64_t first, std::int64_t begin, std::int64_t end) {
             std::array<float, piece> drawn;
             const auto n = static_cast<std::size_t>(end - begin);
             fill_uniform(key, first, std::span(drawn.data(), n));
             std::transform(drawn.data(), drawn.data() + n, out.data() + begin,
                            [p = p](float u) { return static_cast<double>(u) >= p; });
           });
}

Grads DropoutMask::grad(const GradContext&) const { return {zero, zero}; }

Samples DropoutMask::samples(Rng& rng) {
  const auto kept = [](std::int64_t key, double dropped) {
    std::array<bool, 6> mask{};
    for (std::size_t i = 0; i < mask.size(); ++i)
      mask[i] = uniform_float(key, static_cast<std::int64_t>(i)) >= dropped;
    return Tensor::of({{mask[0], mask[1], mask[2]}, {mask[3], mask[4], mask[5]}});
  };
  return {{.op = DropoutMask{0.4},
           .in = {Tensor(std::int64_t{7}), rng.uniform({2, 3})},
           .out = {kept(7, 0.4)}},
          {DropoutMask{1}, {Tensor(rng.key()), rng.uniform({})}},
          {DropoutMask{0}, {Tensor(rng.key()), rng.uniform({0, 2})}}};
}

Grads Dropout::grad(const GradContext& g) const { return {zero, apply(*this, {g.in[0], g.dout})}; }

Samples Dropout::samples(Rng& rng) {
  const Tensor keep = Tensor::of({{true, false, true}, {false, true, false}});
  return {{Dropout{0.25}, {keep, rng.normal({2, 3})}},
          {Dropout{0.25}, {keep, rng.normal({3})}},
          {Dropout{1}, {Tensor(false), rng.normal({})}},
          {Dropout{0}, {Tensor(Type{b8, {0, 2}}), rng.normal({0, 2})}},
          {.op = Dropout{0.5},
           .in = {Tensor::of({true, false}), Tensor::of({3.0, 5.0})},
           .out = {Tensor::of({6.0, 0.0})}}};
}

Value dropout(const Operand& x, const Operand& key, double p) {
  const Building building("dropout", {x, key});
  return apply(Dropout{p}, {apply(DropoutMask{p}, {key, x}), x});
}

void list_dropout(Catalog& catalog) { catalog.add<DropoutMask, Dropout>("dropout"); }

}  // namespace dagrad
