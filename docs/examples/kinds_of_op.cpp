// Guide: one op of each kind, all checked by the sweep.
#include <dagrad/catalog.hpp>
#include <dagrad/check.hpp>
#include <dagrad/dagrad.hpp>

#include <cmath>
#include <cstring>
#include <iostream>
#include <numbers>

using namespace dagrad;

// [results]
/// An elementwise op with several results returns an array.
struct Polar {
  static constexpr auto name = "polar";
  template <class T>
  std::array<T, 2> operator()(T x, T y) const {
    return {hypot(x, y), atan2(y, x)};
  }
};
// [/results]

// [like]
void check_index(std::int64_t index, std::size_t size) {
  if (index < 0 || index >= static_cast<std::int64_t>(size))
    throw ArgumentError("index " + std::to_string(index) + " is outside [0, " +
                        std::to_string(size) + ")");
}

void check_types(const Type& x, const Type& index) {
  if (x.dtype != f64) throw TypeError("takes float64, got " + to_string(x));
  if (index.dtype != i64) throw TypeError("takes int64 indices, got " + to_string(index));
}

/// out[index[i]] += x[i], starting from zeros of the type of `like`, whose elements are not read.
struct Place {
  static constexpr auto name = "place";
  static constexpr std::size_t operands = 3;  // x, index, like
  static constexpr std::array type_only{2};
  Type infer(std::span<const Type> in) const {
    check_types(in[0], in[1]);
    return in[2];
  }
  void eval(const EvalContext& c) const {
    const auto x = c.in<double>(0);
    const auto index = c.in<std::int64_t>(1);
    const auto out = c.out<double>();
    std::fill(out.begin(), out.end(), 0.0);
    for (std::size_t i = 0; i < x.size(); ++i) {
      check_index(index[i], out.size());
      out[static_cast<std::size_t>(index[i])] += x[i];
    }
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng) {
    return {{Place{}, {rng.normal({3}), rng.integers({3}, 0, 5), rng.normal({5})}}};
  }
};

/// out[i] = x[index[i]]. The gradient of an int is `zero`.
struct Pick {
  static constexpr auto name = "pick";
  static constexpr std::size_t operands = 2;  // x, index
  Type infer(std::span<const Type> in) const {
    check_types(in[0], in[1]);
    return {f64, in[1].shape};
  }
  void eval(const EvalContext& c) const {
    const auto x = c.in<double>(0);
    const auto index = c.in<std::int64_t>(1);
    for (std::size_t i = 0; i < index.size(); ++i) {
      check_index(index[i], x.size());
      c.out<double>()[i] = x[static_cast<std::size_t>(index[i])];
    }
  }
  Grads grad(const GradContext& g) const {
    return {apply(Place{}, {g.dout, g.in[1], g.in[0]}), zero};
  }
  static Samples samples(Rng& rng) {
    return {{Pick{}, {rng.normal({5}), rng.integers({4}, 0, 5)}}};
  }
};
Grads Place::grad(const GradContext& g) const {
  return {apply(Pick{}, {g.dout, g.in[1]}), zero, zero};
}
// [/like]

// [kinks]
/// The largest element so far, and its position. `decisions` tells the checker which branch was
/// taken, so that it takes no differences across a kink.
struct RunningMaximum {
  static constexpr auto name = "running_maximum";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = f64;
  std::array<Type, 2> infer(std::span<const Type> in) const {
    return {in[0], Type{i64, in[0].shape}};
  }
  void eval(const EvalContext& c) const {
    const auto x = c.in<double>(0);
    std::size_t best = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!(x[i] <= x[best])) best = i;
      c.out<double>(0)[i] = x[best];
      c.out<std::int64_t>(1)[i] = static_cast<std::int64_t>(best);
    }
  }
  void decisions(std::span<const View>, std::span<const View> out, const DecisionSink& sink) const {
    for (const std::int64_t at : out[1].as<std::int64_t>()) sink(at);
  }
  Grads grad(const GradContext& g) const {  // the second result is an int
    return {apply(Place{}, {g.dout_or_zeros(0), g.outs[1], g.in[0]})};
  }
  static Samples samples(Rng& rng) { return {{RunningMaximum{}, {rng.normal({6})}}}; }
};
// [/kinks]

// [prepare]
/// The cosine transform (DCT-II), or its transpose. The table of cosines is made once per plan and
/// read by all its runs.
struct CosineTransform {
  bool transposed = false;
  using attributes = dagrad::attributes<&CosineTransform::transposed>;
  static constexpr auto name = "cosine_transform";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = f64;
  using Table = std::vector<double>;
  Type infer(std::span<const Type> in) const { return in[0]; }
  std::shared_ptr<const void> prepare(const PlanContext& plan) const {
    const auto n = static_cast<std::size_t>(plan.in[0].elements());
    Table table;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        const auto row = static_cast<double>(transposed ? j : i);
        const auto column = static_cast<double>(transposed ? i : j);
        table.push_back(
            std::cos(std::numbers::pi * row * (2 * column + 1) / (2 * static_cast<double>(n))));
      }
    return std::make_shared<const Table>(std::move(table));
  }
  void eval(const EvalContext& c) const {
    const auto x = c.in<double>(0);
    const Table& table = c.state<Table>();
    c.parallel.ranges(c.outs[0].type.elements(), 16, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < x.size(); ++j) sum += table[i * x.size() + j] * x[j];
        c.out<double>()[i] = sum;
      }
    });
  }
  Grads grad(const GradContext& g) const { return {apply(CosineTransform{!transposed}, {g.dout})}; }
  static Samples samples(Rng& rng) { return {{CosineTransform{}, {rng.normal({5})}}}; }
};
// [/prepare]

// [many]
/// An attribute sets the number of results. The cotangent of an unused result is zero.
struct Deal {
  std::int64_t hands = 2;
  using attributes = dagrad::attributes<&Deal::hands>;
  static constexpr auto name = "deal";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = f64;
  std::vector<Type> infer(std::span<const Type> in) const {
    if (in[0].shape.rank() != 1 || in[0].shape[0] % hands != 0)
      throw ShapeError("cannot deal " + to_string(in[0]) + " to " + std::to_string(hands));
    return std::vector(static_cast<std::size_t>(hands),
                       Type{in[0].dtype, {in[0].shape[0] / hands}});
  }
  void eval(const EvalContext& c) const {
    const auto x = c.in<double>(0);
    const auto n = static_cast<std::size_t>(hands);
    for (std::size_t i = 0; i < x.size(); ++i) c.out<double>(i % n)[i / n] = x[i];
  }
  Grads grad(const GradContext& g) const {
    std::vector<Value> hands_back;
    for (std::size_t i = 0; i < g.outs.size(); ++i) hands_back.push_back(g.dout_or_zeros(i));
    return {reshape_like(stack(hands_back, 1), g.in[0])};
  }
  static Samples samples(Rng& rng) { return {{Deal{2}, {rng.normal({6})}}}; }
};
// [/many]

// [alias]
/// The same memory with another shape: there is nothing to do unless the plan had to copy.
struct AsRow {
  static constexpr auto name = "as_row";
  static constexpr std::size_t operands = 1;
  static constexpr int alias = 0;
  Type infer(std::span<const Type> in) const { return {in[0].dtype, {1, in[0].shape.elements()}}; }
  void eval(const EvalContext& c) const {
    if (c.ins[0].data != c.outs[0].data)
      std::memcpy(c.outs[0].data, c.ins[0].data, c.outs[0].type.bytes());
  }
  Grads grad(const GradContext& g) const { return {reshape_like(g.dout, g.in[0])}; }
  static Samples samples(Rng& rng) { return {{AsRow{}, {rng.normal({4})}}}; }
};
// [/alias]

// [builder]
/// A builder of several nodes is a function. All nodes get the line of its call, errors begin with
/// its name, and if one node is refused, none of them stays.
Value noisy_mean(const Operand& x, const Operand& key, double deviation) {
  const Building building("noisy_mean", {x, key});
  return mean(x + normal(key, x.type(), 0, deviation));
}
// [/builder]

int main() {
  // [sweep]
  Catalog mine;
  mine.add<Polar, Place, Pick, RunningMaximum, CosineTransform, Deal, AsRow>("mine");
  bool passed = true;
  for (const Catalog::Entry& entry : mine) {
    const OpReport report = check_op(entry.op);
    std::cout << report.text() << "\n";
    passed = passed && report.passed();
  }
  // [/sweep]

  Graph graph;
  const Value x = graph.input("x", {f64, {1000}}),
              key = graph.parameter("key", Tensor(Rng(1).key()));
  // [refused]
  try {
    noisy_mean(x, key, -1);
  } catch (const ArgumentError& error) {
    std::cout << error.what() << "\nnodes: " << graph.size() << "\n";
  }
  // [/refused]
  return passed && graph.size() == 2 ? 0 : 1;
}
