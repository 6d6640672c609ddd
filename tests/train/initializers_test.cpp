#include "dagrad/train/initializers.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "src/train/normal_quantile.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using Named = std::vector<std::pair<std::string, Initializer>>;

Named all_that_scale() {
  using namespace initializers;
  return {{"glorot_uniform", glorot_uniform()}, {"glorot_normal", glorot_normal()},
          {"he_uniform", he_uniform()},         {"he_normal", he_normal()},
          {"lecun_uniform", lecun_uniform()},   {"lecun_normal", lecun_normal()}};
}
Named all() {
  using namespace initializers;
  Named named = all_that_scale();
  named.insert(named.end(), {{"constant", constant(0.5)},
                             {"uniform", uniform(-1, 2)},
                             {"normal", normal(1, 2)},
                             {"truncated_normal", truncated_normal(1, 2)},
                             {"orthogonal", orthogonal()}});
  return named;
}

struct Moments {
  double mean = 0, square = 0, variance = 0, least = INFINITY, most = -INFINITY;
};
Moments moments(const Tensor& tensor) {
  Moments m;
  const auto n = static_cast<double>(tensor.size());
  const Tensor wide = tensor.cast(f64);
  for (const double x : wide.values<double>()) {
    m.mean += x / n;
    m.square += x * x / n;
    m.least = std::min(m.least, x);
    m.most = std::max(m.most, x);
  }
  m.variance = m.square - m.mean * m.mean;
  return m;
}

TEST(NormalQuantile, IsAccurate) {
  // scipy.special.ndtri and mpmath
  EXPECT_EQ(detail::normal_quantile(0.5), 0);
  EXPECT_NEAR(detail::normal_quantile(0.975), 1.959963984540054, 1e-15);
  EXPECT_NEAR(detail::normal_quantile(0.25), -0.6744897501960817, 1e-15);
  EXPECT_NEAR(detail::normal_quantile(0.001), -3.0902323061678132, 2e-15);
  EXPECT_NEAR(detail::normal_quantile(1e-10), -6.361340902404056, 4e-15);
  EXPECT_NEAR(detail::normal_quantile(1e-15), -7.941345326170997, 4e-15);
  for (double p = 0x1p-53; p < 0.5; p *= 1.37) {  // Φ(quantile(p)) = p
    const double q = detail::normal_quantile(p);
    EXPECT_NEAR(std::erfc(-q / std::sqrt(2.0)) / 2 / p, 1, 1e-13) << p;
  }
}

TEST(Initializers, DependOnTheKeyAndTheShapeAlone) {
  const Type type{f64, {6, 5}};
  for (const auto& [name, draw] : all()) {
    EXPECT_TRUE(same_bits(draw(type, 7), draw(type, 7))) << name;
    EXPECT_EQ(same_bits(draw(type, 7), draw(type, 8)), name == "constant") << name;
    const Tensor narrow = draw({f32, {6, 5}}, 7);
    EXPECT_TRUE(same_bits(narrow, draw(type, 7).cast(f32))) << name << " is rounded";
  }
}

/// A number that depends on every bit of the elements: FNV-1a.
std::uint64_t hash_of_bits(const Tensor& tensor) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const double number : tensor.cast(f64).to_vector<double>())
    for (std::uint64_t bits = std::bit_cast<std::uint64_t>(number), i = 0; i < 8; ++i, bits >>= 8)
      hash = (hash ^ (bits & 0xff)) * 0x100000001b3U;
  return hash;
}

TEST(Initializers, DrawTheSameBitsOnEveryMachine) {
  const std::pair<std::uint64_t, std::uint64_t> hashes[] = {
      {0x00225c5f309e2a3fU, 0x58462614e8bda0efU}, {0x1b23904d7e8c3555U, 0x076f8f7c325ef7fcU},
      {0xd2f9ccbbc5a2b8a1U, 0x0260fc442ab68fa3U}, {0x5f73a81dcab06b09U, 0x19a13c90628daac1U},
      {0xa8cf51a54de0e3a2U, 0xf7ee860d9f274fa4U}, {0x0608221434956e7fU, 0x61f896c81d7cc435U},
      {0xcdc011655b8e8225U, 0xcdc011655b8e8225U}, {0x88047c62cbe56660U, 0xf584e307ff2c6ab5U},
      {0xfe1d7f5b0aa6a657U, 0x2ad9f6a765acbe08U}, {0x3553492ff586346dU, 0x7e5f265f21bbbbd0U},
      {0xdd5ff9cc96f7463fU, 0x441abbd19c5bc5afU},
  };
  const Named named = all();
  ASSERT_EQ(named.size(), std::size(hashes));
  for (std::size_t i = 0; i < named.size(); ++i) {
    const auto& [name, draw] = named[i];
    EXPECT_EQ(hash_of_bits(draw({f64, {40, 30}}, 7)), hashes[i].first) << name;
    EXPECT_EQ(hash_of_bits(draw({f32, {40, 30}}, 7)), hashes[i].second) << name;
  }
}

TEST(Initializers, DrawTheSameBitsOnManyThreads) {
  const Type type{f32, {40, 30}};
  for (const auto& [name, draw] : all()) {
    std::vector<Tensor> drawn(4, Tensor(type));
    std::vector<std::thread> threads;
    for (Tensor& tensor : drawn)
      threads.emplace_back([&tensor, &type, &draw = draw] { tensor = draw(type, 7); });
    for (std::thread& thread : threads) thread.join();
    for (const Tensor& tensor : drawn) EXPECT_TRUE(same_bits(tensor, draw(type, 7))) << name;
  }
}

TEST(Initializers, HaveTheMomentsOfTheirDistributions) {
  const Type type{f64, {200, 500}};
  const auto expect = [&](const Initializer& draw, double mean, double variance) {
    const Moments m = moments(draw(type, 3));
    EXPECT_NEAR(m.mean, mean, 4 * std::sqrt(variance / 1e5));
    EXPECT_NEAR(m.variance / variance, 1, 0.02);
    return m;
  };
  const Moments uniform = expect(initializers::uniform(-1, 2), 0.5, 0.75);
  EXPECT_GE(uniform.least, -1);
  EXPECT_LT(uniform.most, 2);
  expect(initializers::normal(1, 2), 1, 4);
  const Moments cut = expect(initializers::truncated_normal(1, 2), 1, 4 * 0.7737413);  // 0.8796²
  EXPECT_GT(cut.least, 1 - 2 * 2);
  EXPECT_LT(cut.most, 1 + 2 * 2);
  expect(initializers::glorot_uniform(), 0, 2.0 / 700);
  expect(initializers::glorot_normal(2), 0, 4 * 2.0 / 700);
  expect(initializers::he_uniform(), 0, 2.0 / 200);
  expect(initializers::he_normal(1), 0, 1.0 / 200);
  expect(initializers::lecun_uniform(), 0, 1.0 / 200);
  expect(initializers::lecun_normal(), 0, 1.0 / 200);
}

TEST(Initializers, CountTheFans) {
  const auto expect = [](const Shape& shape, double in, double out) {
    EXPECT_EQ(fans(shape).in, in) << shape;
    EXPECT_EQ(fans(shape).out, out) << shape;
  };
  expect({3, 5}, 3, 5);
  expect({16, 8, 3}, 24, 48);
  expect({16, 8, 3, 5}, 120, 240);
  expect({0, 5}, 0, 5);
  EXPECT_THROWS(fans({3}), ShapeError,
                "fans: weights must have at least two axes, such as [in, out], got [3]");
}

TEST(Initializers, OrthogonalHasOrthonormalRowsOrColumns) {
  for (const Shape& shape :
       {Shape{1, 1}, Shape{64, 64}, Shape{64, 20}, Shape{20, 64}, Shape{8, 4, 3, 3}}) {
    const Tensor w = initializers::orthogonal(3)({f64, shape}, 5);
    const std::int64_t rows = shape[0], columns = shape.elements() / rows;
    Graph graph;
    const Value q = graph.constant(w.reshaped({rows, columns}));
    const Value product = rows <= columns ? matmul(q, transpose(q)) : matmul(transpose(q), q);
    const std::int64_t n = std::min(rows, columns);
    Tensor nine({f64, {n, n}});
    for (std::int64_t i = 0; i < n; ++i)
      nine.mutate<double>()[static_cast<std::size_t>(i * n + i)] = 9;
    EXPECT_TRUE(compare(evaluate(product), nine, 0, 1e-13).close) << shape;
  }
}

TEST(Initializers, TakeEdges) {
  for (const auto& [name, draw] : all()) {
    for (const Shape& shape : {Shape{0, 3}, Shape{3, 0}, Shape{0, 0}})
      EXPECT_EQ(draw({f32, shape}, 1).type(), (Type{f32, shape})) << name;
    EXPECT_EQ(draw({f64, {1, 1}}, 1).size(), 1) << name;
  }
  EXPECT_EQ(initializers::normal(3, 0)({f64, {}}, 1).item<double>(), 3);
  EXPECT_EQ(initializers::constant(0.1)({f32, {}}, 1).item<float>(), 0.1F);
  const double above = std::nextafter(1.0, 2.0);
  const Tensor tight = initializers::uniform(1, above)({f64, {1000}}, 1);
  EXPECT_EQ(moments(tight).most, 1) << "below the upper bound";
  const Tensor rounded = initializers::uniform(0, 1)({f32, {100000}}, 1);
  EXPECT_LT(moments(rounded).most, 1);
}

TEST(Initializers, RefuseBadArguments) {
  using namespace initializers;
  const auto refused = [](auto&& f) { return mistake<ArgumentError>(f, __FILE__); };
  EXPECT_EQ(refused([] { uniform(1, 1); }),
            "uniform: needs low < high, both finite and at a finite distance, got [1, 1)");
  EXPECT_EQ(refused([] { uniform(-1e308, 1e308); }),
            "uniform: needs low < high, both finite and at a finite distance, got [-1e+308, "
            "1e+308)");
  EXPECT_EQ(refused([] { normal(0, -1); }),
            "normal: deviation must be finite and at least 0, got -1");
  EXPECT_EQ(refused([] { truncated_normal(NAN, 1); }),
            "truncated_normal: mean must be finite, got nan");
  EXPECT_EQ(refused([] { glorot_uniform(0); }),
            "glorot_uniform: gain must be positive and finite, got 0");
  EXPECT_EQ(refused([] { he_normal(INFINITY); }), "he_normal: slope must be finite, got inf");
  EXPECT_EQ(refused([] { orthogonal(-1); }),
            "orthogonal: gain must be positive and finite, got -1");
  EXPECT_EQ(refused([] { constant(NAN); }), "constant: value must be finite, got nan");
  EXPECT_EQ(refused([] {
              constant(1e39)({f32, {1}}, 1);
            }),
            "constant: an element is beyond the range of float32: 1e+39");
  EXPECT_EQ(mistake<ShapeError>([] {
              he_normal()({f32, {3}}, 1);
            }),
            "he_normal: weights must have at least two axes, such as [in, out], got float32[3]; "
            "use uniform, normal or constant");
  for (const auto& [name, draw] : all())
    EXPECT_EQ(mistake<TypeError>([&draw = draw] {
                draw({i64, {2, 2}}, 1);
              }),
              name + ": the dtype must be float32 or float64, got int64[2,2]");
}

// ---- through 20 layers

/// The logarithms of the mean square of the activations after 20 layers, as a share of that of the
/// input, and of the mean square of the gradient for the input, as a share of that for the output.
struct Shares {
  double activations = 0, gradients = 0;
};

constexpr std::int64_t width = 128, depth = 20, keys = 4;

template <class Activation>
Shares through_layers(const Initializer& draw, Activation activation) {
  const auto log_share = [](const Tensor& after, const Tensor& before) {
    return std::log(moments(after).square / moments(before).square);
  };
  Shares mean;
  for (std::int64_t key = 0; key < keys; ++key) {
    Graph graph;
    Rng rng(key);
    const Value x = graph.parameter("x", rng.normal({1, width}));
    const Tensor cotangent = rng.normal({1, width});
    Value y = x;
    for (std::int64_t i = 0; i < depth; ++i)
      y = activation(matmul(y, graph.constant(draw({f64, {width, width}}, fold_in(key, i)))));
    const auto results = evaluate({y, gradient(sum(y * graph.constant(cotangent)), x)});
    mean.activations += log_share(results[0], x.node().tensor()) / keys;
    mean.gradients += log_share(results[1], cotangent) / keys;
  }
  return mean;
}

/// In each layer, the mean square is multiplied by the mean of `width` numbers, which are nearly
/// independent and have the mean `factor` and the variance `relative_variance` · factor². The
/// logarithm of the product of all layers is therefore nearly normal, with the mean and the
/// variance below, of which the keys average `keys` samples.
void expect_share(double log_share, double factor, double relative_variance) {
  const double variance = relative_variance / width;
  const double mean = depth * (std::log(factor) - variance / 2);
  EXPECT_NEAR(log_share, mean, 4 * std::sqrt(depth * variance / keys));
}

Value identity(const Value& x) { return x; }
Value rectified(const Value& x) { return relu(x); }
Value leaky(const Value& x) { return leaky_relu(x, 0.5); }
Value self_normalizing(const Value& x) { return selu(x); }

TEST(Initializers, KeepTheVarianceThroughLinearLayers) {
  // With g standard normal: the mean of g² is 1, its variance 2.
  for (const auto& [name, draw] : all_that_scale()) {
    SCOPED_TRACE(name);
    const Shares shares = through_layers(draw, identity);
    const double factor = name.starts_with("he") ? 2 : 1;
    expect_share(shares.activations, factor, 2);
    expect_share(shares.gradients, factor, 2);
  }
}

TEST(Initializers, KeepOrHalveTheVarianceThroughRectifiers) {
  // Of the g² of the weighted sums, relu keeps those with g > 0: the mean is 1/2 and the variance
  // 3/2 - 1/4, which is 5 times the mean squared. On the way back, relu keeps half of the squares
  // of the cotangents, of mean 1/2 and again variance 5/4 with those of the weights.
  for (const auto& [name, draw] : all_that_scale()) {
    SCOPED_TRACE(name);
    const Shares shares = through_layers(draw, rectified);
    const double factor = name.starts_with("he") ? 1 : 0.5;
    expect_share(shares.activations, factor, 5);
    expect_share(shares.gradients, factor, 5);
  }
  // A slope a left of 0: the mean of the squares is (1 + a²) / 2, that of their squares 3 (1 + a⁴)
  // / 2.
  const Shares shares = through_layers(initializers::he_normal(0.5), leaky);
  const double relative_variance = 6 * (1 + 0.0625) / (1.25 * 1.25) - 1;
  expect_share(shares.activations, 1, relative_variance);
  expect_share(shares.gradients, 1, relative_variance);
}

TEST(Initializers, KeepTheVarianceThroughSelfNormalizingUnits) {
  // selu pulls the mean square back to 1 (Klambauer et al. 2017): a deviation shrinks by 0.78 in
  // each layer, and each adds a variance of 1.5 / width.
  const Shares shares = through_layers(initializers::lecun_normal(), self_normalizing);
  EXPECT_NEAR(shares.activations, 0, 4 * std::sqrt(1.5 / (1 - 0.78 * 0.78) / width / keys));
  // With scale s and alpha a, the mean square of the slope is s² (1/2 + a² e² Φ(-2)) = 1.0716, and
  // that of its square s⁴ (1/2 + a⁴ e⁸ Φ(-4)) = 1.511.
  expect_share(shares.gradients, 1.0716, 2 + 3 * 1.511 / (1.0716 * 1.0716) - 1);
}

TEST(Initializers, OrthogonalWeightsKeepLengths) {
  const Shares shares = through_layers(initializers::orthogonal(), identity);
  EXPECT_NEAR(shares.activations, 0, 1e-13);
  EXPECT_NEAR(shares.gradients, 0, 1e-13);
}

}  // namespace
}  // namespace dagrad
