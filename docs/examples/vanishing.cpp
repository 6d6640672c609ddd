// Guide: gradients that vanish in a deep network, and what helps.
#include <dagrad/train.hpp>

#include <cmath>
#include <functional>
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>

using namespace dagrad;

namespace {

constexpr std::int64_t rows = 64, width = 32;
constexpr int depth = 20, steps = 300;

// [layers]
/// Makes layers in the scopes that are open.
struct Builder {
  Graph& graph;
  Rng rng = Rng(1);
  std::vector<Value> weights = {};

  Value weight(std::string_view name, const Tensor& initial) {
    weights.push_back(graph.parameter(name, initial));
    return weights.back();
  }
  /// The weights have the variance gain² / in.
  Value linear(const Value& x, std::int64_t out, double gain) {
    const std::int64_t in = x.shape()[1];
    const double deviation = gain / std::sqrt(static_cast<double>(in));
    const Value w = weight("w", rng.normal({in, out}, 0, deviation, f32));
    return matmul(x, w) + weight("b", Tensor(Type{f32, {out}}));
  }
  Value norm(const Value& x) {
    const Value scale = weight("scale", Tensor::full({f32, {x.shape()[1]}}, 1));
    return layer_norm(x, scale, weight("shift", Tensor(Type{f32, scale.shape()})));
  }
};
// [/layers]

// [kinds]
using Layer = std::function<Value(Builder&, const Value&)>;

Value plain(Builder& b, const Value& x) { return sigmoid(b.linear(x, width, 1)); }
Value larger(Builder& b, const Value& x) { return sigmoid(b.linear(x, width, 4)); }
Value with_tanh(Builder& b, const Value& x) { return tanh(b.linear(x, width, 1)); }
Value with_relu(Builder& b, const Value& x) { return relu(b.linear(x, width, std::sqrt(2.0))); }
Value normalised(Builder& b, const Value& x) { return b.norm(sigmoid(b.linear(x, width, 1))); }
Value residual(Builder& b, const Value& x) { return x + sigmoid(b.linear(x, width, 1)); }
// [/kinds]

// [train]
struct Trained {
  Graph graph;
  Value loss;
  GradientReport report;
  double accuracy = 0;  ///< the mean of the last 50 batches
};

/// Trains a network of 20 such layers to read digits.
Trained train(const Layer& layer, const Csv& digits, bool clip = false) {
  Graph graph;
  const Value x = graph.input("x", {f32, {rows, 64}}), y = graph.input("y", {i64, {rows}});
  Builder builder{graph};
  const auto in_scope = [&](const std::string& name, const std::function<Value()>& make) {
    const Scope scope = graph.scope(name);
    return make();
  };
  Value hidden = in_scope("in", [&] { return builder.linear(x / 16, width, 1); });
  for (int i = 1; i <= depth; ++i)
    hidden = in_scope("layer" + std::to_string(i), [&] { return layer(builder, hidden); });
  const Value logits = in_scope("out", [&] { return builder.linear(hidden, 10, 1); });
  const Value loss = cross_entropy(logits, y);
  const Value right = mean(cast(equal(argmax(logits, -1), y), f32));

  std::vector<Value> gradients = gradient(loss, builder.weights);
  if (clip) gradients = clip_by_global_norm(gradients, 1.0).gradients;
  const auto updates = sgd(builder.weights, gradients, 0.02, {.momentum = 0.9});
  // [report]
  GradientReport report = gradient_report(loss, builder.weights, gradients, updates);
  const Function step = compile(right, {.update = updates});
  const Function recorded = compile({right, report.statistics()}, {.update = updates});

  State state(graph);
  double accuracy = 0;
  for (int i = 0; i < steps; ++i) {
    const Tensor batch =
        take(digits.values, Rng(i).integers({rows}, 0, digits.values.shape()[0]), 0);
    const Feeds feeds{{x, batch[{{}, {0, 64}}]}, {y, batch[{{}, 64}].cast(i64)}};
    const std::vector<Tensor> results = (i % 10 == 0 ? recorded : step)(state, feeds);
    if (i % 10 == 0) report.record(i, results[1]);
    if (i >= steps - 50) accuracy += results[0].item<double>() / 50;
  }
  // [/report]
  return {std::move(graph), loss, std::move(report), accuracy};
}
// [/train]

/// How many times larger the gradients of the last layer are than those of the first, at the first
/// step.
double shrinking(const GradientReport& report) {
  const std::vector<LayerSeries>& layers = report.layers();
  return layers[depth].gradient_size()[0] / layers[1].gradient_size()[0];
}

void heading(const std::string& part) { std::cout << "== " << part << " ==\n"; }

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const Csv digits = read_csv(argv[1], f32);  // 64 pixels, 0 to 16, and the digit that they show

  Trained vanished = train(plain, digits);
  heading("text");
  // [text]
  std::cout << vanished.report.text(false);
  // [/text]

  heading("warnings");
  // [warnings]
  for (const GradientWarning& warning : vanished.report.warnings())
    std::cout << warning.text << "\n";
  // [/warnings]

  // [pictures]
  vanished.report.draw("vanishing_map.svg");
  vanished.report.write_csv("vanishing.csv");
  const DotOptions picture{.title = "Gradients after 290 steps",
                           .fetches = {vanished.loss},
                           .only_needed = true,
                           .open_scopes = 0,
                           .legend = false,
                           .marks = vanished.report.marks()};
  write_dot("vanishing_graph.dot", vanished.graph, picture);
  write_svg("vanishing_graph.svg", vanished.graph, picture);
  // [/pictures]

  heading("cures");
  std::cout << "                              layer20 / layer1   right   warnings\n"
            << std::setprecision(2);
  // [cures]
  const auto show = [](const std::string& name, const Trained& trained) {
    std::cout << std::left << std::setw(28) << name << std::right << std::setw(18)
              << shrinking(trained.report) << std::setw(6) << 100 * trained.accuracy << " %  ";
    for (const GradientWarning& warning : trained.report.warnings())
      std::cout << " " << to_string(warning.fault);
    std::cout << "\n";
    return trained.accuracy;
  };
  const double broken = show("sigmoid, Glorot", vanished);
  show("sigmoid, four times as large", train(larger, digits));
  show("tanh, Glorot", train(with_tanh, digits));
  show("relu, He", train(with_relu, digits));
  const double clipped = show("relu, He, clipped", train(with_relu, digits, true));
  const double normal = show("sigmoid, layer norm", train(normalised, digits));
  const double best = show("sigmoid, residual", train(residual, digits));
  // [/cures]
  const bool as_told = vanished.report.warnings()[0].fault == GradientFault::vanishing;
  return as_told && broken < 0.2 && clipped > 0.7 && normal > 0.7 && best > 0.9 ? 0 : 1;
}
