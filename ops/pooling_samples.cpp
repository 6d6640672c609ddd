#include "dagrad/ops/pooling.hpp"

#include <array>

#include "dagrad/random.hpp"

namespace dagrad {

namespace {

/// Shapes that distinguish the axes, and windows that overlap, leave a remainder or reach into the
/// padding.
struct Case {
  Shape in;
  Pooling options;
};
std::vector<Case> sample_cases() {
  return {{{2, 3, 4, 6}, {.window = {2}}},
          {{1, 2, 5, 7}, {.window = {2, 3}}},
          {{2, 1, 6, 5}, {.window = {3, 2}, .stride = {2, 1}, .padding = {1, 0}}},
          {{1, 2, 5, 4}, {.window = {3}, .stride = {1}, .padding = {1}}},
          {{1, 1, 4, 8}, {.window = {1, 2}, .stride = {3}}},
          {{2, 1, 1, 1}, {.window = {3}, .padding = {1}}},
          {{0, 2, 3, 3}, {.window = {2}}}};
}
template <class Make>
Samples samples_of(Make make) {
  Samples samples;
  for (const Case& c : sample_cases()) samples.push_back(make(c.in, c.options));
  return samples;
}
Shape pooled_shape(const Pooling& options, const Shape& in) {
  return MaxPool{options}.infer(std::array{Type{f64, in}}).shape;
}
Tensor pooled_tensor(const Shape& shape, const std::vector<double>& elements) {
  return {shape, elements};
}
Pooling pairs() { return {.window = {1, 2}, .stride = {1}}; }

}  // namespace

Samples MaxPool::samples(Rng& rng) {
  Samples samples = samples_of([&](const Shape& in, const Pooling& options) {
    return Sample{MaxPool{options}, {rng.uniform(in, -2, 2)}};
  });
  samples.push_back({.op = MaxPool{pairs()},
                     .in = {pooled_tensor({1, 1, 1, 4}, {-1, -3, 2, 2})},
                     .out = {pooled_tensor({1, 1, 1, 3}, {-1, 2, 2})},
                     .dout = {pooled_tensor({1, 1, 1, 3}, {1, 10, 100})},
                     .grads = {pooled_tensor({1, 1, 1, 4}, {1, 0, 110, 0})},
                     .ties = true});
  return samples;
}
Samples MaxPoolGradient::samples(Rng& rng) {
  Samples samples = samples_of([&](const Shape& in, const Pooling& options) {
    return Sample{MaxPoolGradient{options},
                  {rng.uniform(pooled_shape(options, in), -2, 2), rng.uniform(in, -2, 2)}};
  });
  samples.push_back({.op = MaxPoolGradient{pairs()},
                     .in = {pooled_tensor({1, 1, 1, 3}, {1, 10, 100}),
                            pooled_tensor({1, 1, 1, 4}, {-1, -3, 2, 1})},
                     .out = {pooled_tensor({1, 1, 1, 4}, {1, 0, 110, 0})}});
  return samples;
}
Samples MaxPoolPick::samples(Rng& rng) {
  Samples samples = samples_of([&](const Shape& in, const Pooling& options) {
    return Sample{MaxPoolPick{options}, {rng.uniform(in, -2, 2), rng.uniform(in, -2, 2)}};
  });
  samples.push_back({.op = MaxPoolPick{pairs()},
                     .in = {pooled_tensor({1, 1, 1, 4}, {5, 6, 7, 8}),
                            pooled_tensor({1, 1, 1, 4}, {-1, -3, 2, 1})},
                     .out = {pooled_tensor({1, 1, 1, 3}, {5, 7, 7})}});
  return samples;
}
Samples AvgPool::samples(Rng& rng) {
  Samples samples = samples_of([&](const Shape& in, const Pooling& options) {
    return Sample{AvgPool{options}, {rng.uniform(in, -2, 2)}};
  });
  samples.push_back({.op = AvgPool{{.window = {1, 2}, .padding = {0, 1}}},
                     .in = {pooled_tensor({1, 1, 1, 3}, {1, 2, 5})},
                     .out = {pooled_tensor({1, 1, 1, 2}, {0.5, 3.5})}});
  return samples;
}
Samples AvgPoolGradient::samples(Rng& rng) {
  Samples samples = samples_of([&](const Shape& in, const Pooling& options) {
    return Sample{AvgPoolGradient{options},
                  {rng.uniform(pooled_shape(options, in), -2, 2), rng.uniform(in)}};
  });
  samples.push_back({.op = AvgPoolGradient{pairs()},
                     .in = {pooled_tensor({1, 1, 1, 3}, {1, 10, 100}), Tensor({f64, {1, 1, 1, 4}})},
                     .out = {pooled_tensor({1, 1, 1, 4}, {0.5, 5.5, 55, 50})}});
  return samples;
}

}  // namespace dagrad
