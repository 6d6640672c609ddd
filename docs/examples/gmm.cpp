// Draws points from a mixture of Gaussians and recovers it by the gradient of the likelihood.
#include "docs/examples/gmm.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

namespace {

using namespace dagrad;

constexpr std::int64_t components = 3, dimensions = 2, count = 2000;
constexpr int steps = 400;

// [draw]
/// Points drawn from a mixture, [n, d]. If z is standard normal, L⁻¹ z has the precision LᵀL.
Value draw_points(const Gmm& mixture, const Value& key, std::int64_t n) {
  const std::int64_t d = mixture.means.shape()[1];
  const Value chosen = categorical(fold_in(key, 0), mixture.log_weights, -1, n);
  const Value z = normal(fold_in(key, 1), {mixture.means.dtype(), {n, d, 1}});
  const Value offsets = triangular_solve(take(mixture.factors, chosen, 0), z);
  return take(mixture.means, chosen, 0) + squeeze(offsets, {-1});
}
// [/draw]

/// The mixture and the values computed from it; the same graph serves the mixture to be found.
struct Network {
  Graph graph;
  Value key = graph.input("key", {i64, {}});
  Value points = graph.input("points", {f64, {count, dimensions}});
  Gmm mixture{graph, points, components, Rng(1)};
  Value log_density = mixture.log_likelihood / count;
  Value loss = (-(log_density + mixture.log_prior({.gamma = 0.1}) / count)).named("loss");
  Value drawn = draw_points(mixture, key, count);

  State truth() {
    State state(graph);
    const auto& weights = mixture.weights;
    state.set(weights[0], Tensor::of({std::log(0.5), std::log(0.3), std::log(0.2)}));
    state.set(weights[1], Tensor::of({{-2.0, -1.0}, {0.0, 2.0}, {2.5, -0.5}}));
    state.set(weights[2], Tensor::of({{0.0, 0.2, 0.6}, {-0.3, 0.8, 0.5}, {0.4, -0.2, -0.8}}));
    return state;
  }
};

// [start]
/// One point per component, each drawn with a probability proportional to the squared distance to
/// the nearest point drawn before (k-means++, Arthur and Vassilvitskii 2007).
Tensor spread_points(const Tensor& points, Rng rng) {
  const auto x = points.values<double>();
  Tensor means(Type{f64, {components, dimensions}});
  const auto mean = means.mutate<double>();
  std::vector<double> nearest(count, std::numeric_limits<double>::infinity()), sums(count);
  std::size_t next = 0;
  for (std::size_t k = 0; k < components; ++k) {
    const auto chosen = x.subspan(next * dimensions, dimensions);
    std::ranges::copy(chosen, mean.subspan(k * dimensions).begin());
    for (std::size_t i = 0; i < count; ++i) {
      double square = 0;
      for (std::size_t j = 0; j < dimensions; ++j)
        square += std::pow(x[i * dimensions + j] - chosen[j], 2);
      nearest[i] = std::min(nearest[i], square);
    }
    std::partial_sum(nearest.begin(), nearest.end(), sums.begin());
    const double drawn = sums.back() * rng.uniform({}, 0, 1).item<double>();
    next = static_cast<std::size_t>(std::ranges::upper_bound(sums, drawn) - sums.begin());
  }
  return means;
}
// [/start]

/// A mixture in the form in which it is printed.
struct Component {
  double weight;
  std::vector<double> mean, covariance;
};

std::vector<Component> describe(const Network& network, const State& state) {
  const Gmm& mixture = network.mixture;
  const Value precisions = matmul(transpose(mixture.factors, {0, 2, 1}), mixture.factors);
  const auto results =
      compile({exp(mixture.log_weights), mixture.means, inverse(precisions)})(state);
  std::vector<Component> all;
  for (std::int64_t k = 0; k < components; ++k) {
    const auto row = [&](const Tensor& of) {
      const auto values = of.values<double>();
      const std::size_t size = values.size() / components;
      const auto part = values.subspan(static_cast<std::size_t>(k) * size, size);
      return std::vector(part.begin(), part.end());
    };
    all.push_back({results[0].at(k), row(results[1]), row(results[2])});
  }
  std::ranges::sort(all, {}, [](const Component& one) { return one.mean[0]; });
  return all;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  std::filesystem::create_directories(folder);
  Network network;
  const State truth = network.truth();
  const Function draw_from = compile({network.drawn});
  const auto draw_with = [&](std::int64_t key) {
    return draw_from(truth, {{network.key, Tensor(key)}})[0];
  };
  const Tensor seen = draw_with(1), held_out = draw_with(2);

  // [fit]
  const auto& weights = network.mixture.weights;
  const Advancing step = step_counter(network.graph);
  const Value rate = 0.1 * (1 - cast(step.now, f64) / steps);
  const auto updates = adam(weights, gradient(network.loss, weights), rate, {.step = step});
  const Function fit = compile(network.loss, {.update = updates});

  State fitted(network.graph);
  fitted.set(weights[1], spread_points(seen, Rng(1)));
  for (int i = 0; i < steps; ++i) {
    const double loss = fit(fitted, {{network.points, seen}})[0].item<double>();
    if (i % 50 == 0) fmt::print("step {}: loss {:.3f}\n", i, loss);
  }
  // [/fit]

  // [compare]
  const Function score = compile({network.log_density});
  const auto score_of = [&](const State& state) {
    return score(state, {{network.points, held_out}})[0].item<double>();
  };
  const double got = score_of(fitted), best = score_of(truth);
  const auto found = describe(network, fitted), wanted = describe(network, truth);
  // [/compare]
  double off = 0;  // of the means
  fmt::print("\n          weight      mean         covariance\n");
  for (std::size_t k = 0; k < found.size(); ++k) {
    for (const auto& [name, one] : {std::pair("drawn", wanted[k]), std::pair("found", found[k])})
      fmt::print("{} {}    {:.2f}   ({:5.2f}, {:5.2f})  [{:5.2f} {:5.2f} {:5.2f}]\n", name, k + 1,
                 one.weight, one.mean[0], one.mean[1], one.covariance[0], one.covariance[1],
                 one.covariance[3]);
    for (std::size_t i = 0; i < dimensions; ++i)
      off = std::max(off, std::abs(found[k].mean[i] - wanted[k].mean[i]));
  }
  fmt::print(
      "\nlog density of a held-out point: {:.3f}, under the mixture it was drawn from: {:.3f}\n",
      got, best);

  const PictureOptions picture{
      .title = "A mixture of Gaussians", .fetches = {network.loss}, .only_needed = true};
  write_dot(folder / "gmm_graph.dot", network.graph, picture);
  draw(folder / "gmm_graph.svg", network.graph, picture);
  return off < 0.2 && best - got < 0.01 ? 0 : 1;
} catch (const dagrad::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
