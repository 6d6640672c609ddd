// Guide: measurements, verdicts and changes drawn over a graph, and figures of a plan and a run.
#include <dagrad/train.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

using namespace dagrad;

namespace {

// [model]
/// Three layers that end in a loss, with its gradient.
struct Classifier {
  Graph graph;
  Value x = graph.input("x", {f32, {32, 8}});
  Value target = graph.input("target", {f32, {32, 4}});
  Value loss;
  std::vector<Value> gradients;

  explicit Classifier(double size = 1) {
    layers::Network network(graph, 1);
    Value h = x;
    for (const char* const name : {"first", "second"})
      h = tanh(layers::linear(network, name, h, 16) * size);
    const Value p = softmax(layers::linear(network, "out", h, 4) * size);
    loss = -mean(sum(target * log(p), {1})).named("loss");
    gradients = gradient(loss, network.weights());
  }
  std::vector<Value> values() const {
    std::vector<Value> all = gradients;
    all.insert(all.begin(), loss);
    return all;
  }
  Feeds feeds() const {
    return {{x, Rng(2).uniform({32, 8}, -1, 1, f32)}, {target, Rng(3).uniform({32, 4}, 0, 1, f32)}};
  }
};
// [/model]

/// A theme whose texts are as small as they can be read on paper.
Theme for_paper() {
  Theme theme = Theme::light();
  theme.title_size = 9;
  theme.text_size = theme.small_size = 7;
  return theme;
}

void save(const std::string& name, const Graph& graph, PictureOptions options) {
  options.theme = for_paper();
  write_dot("overlay_" + name + ".dot", graph, options);
  write_svg("overlay_" + name + ".svg", graph, options);
}

void draw_profile(const Classifier& model) {
  const auto draw_over = [&](const std::string& name, const Overlay& overlay) {
    save(name, model.graph,
         {.fetches = model.values(),
          .only_needed = true,
          .detail = Detail::equations,
          .overlay = overlay});
  };
  // [profile]
  const Function function = compile(model.values(), {.passes = {}});
  const Profile measured = profile(function, model.feeds());
  draw_over("time", overlay_of(measured));
  draw_over("bytes", overlay_of(measured, Profiled::bytes));
  draw_over("flops", overlay_of(measured, Profiled::flops));
  // [/profile]
  // [lifetimes]
  const PlanExplanation plan = explain_plan(compile(model.values(), {.threads = 1, .passes = {}}));
  draw_over("lifetimes", lifetime_overlay(plan));
  // [/lifetimes]
  // [ranges]
  const std::vector<ValueRange> ranges = value_ranges(model.values(), model.feeds());
  draw_over("values", value_overlay(ranges));
  draw_over("gradients", gradient_overlay(model.graph, ranges));
  // [/ranges]
}

void draw_figures(const Classifier& model) {
  const FigureOptions options{.theme = for_paper()};
  // [memory]
  const PlanExplanation plan = explain_plan(compile(model.values(), {.threads = 1, .passes = {}}));
  write_memory_svg("overlay_memory.svg", plan, options);
  // [/memory]
  // [timeline]
  Graph graph;
  const Value x = graph.parameter("x", Rng(1).uniform({256, 256}, -1, 1, f32));
  std::vector<Value> powers;
  for (int i = 0; i < 6; ++i) powers.push_back(tanh(matmul(x, x * (0.1 * i))));
  const Value y = mean(add_n(powers));
  const Profile measured = profile(compile({y, gradient(y, x)}));
  write_timeline_svg("overlay_timeline.svg", measured, options);
  // [/timeline]
}

void draw_not_finite() {
  // [not_finite]
  const Classifier large(200);  // softmax gives zeros, whose logarithms are infinite
  const auto ranges = value_ranges(large.loss, large.feeds());
  save("not_finite", large.graph, {.fetches = {large.loss}, .overlay = not_finite_overlay(ranges)});
  // [/not_finite]
}

// [wrong]
/// x² with a rule that forgets the factor 2.
struct Square {
  static constexpr auto name = "my_square", doc = "x², with a wrong rule.";
  template <class T>
  T operator()(T x) const {
    return x * x;
  }
  Grads grad(const GradContext& g) const { return {pull(g.dout, g.in[0])}; }
};
// [/wrong]

bool draw_verdicts() {
  Graph graph;
  const Value a = graph.input("a", {f64, {3}}), b = graph.input("b", {f64, {3}});
  const Value y = sum(apply(Square{}, {tanh(a)}) + sin(b)).named("y");
  // [check]
  const Tensor point = Tensor::of({0.5, 1.0, 1.5});
  const CheckReport report = check_gradient(y, {a, b}, {{a, point}, {b, point}});
  save("check", graph, {.fetches = {y}, .only_needed = true, .overlay = overlay_of(report)});
  // [/check]
  // [ops]
  std::vector<OpReport> reports;
  for (const Node& node : graph.nodes())
    if (node.kind() == NodeKind::op) reports.push_back(check_op(node.op()));
  save("ops", graph, {.fetches = {y}, .only_needed = true, .overlay = overlay_of(graph, reports)});
  // [/ops]
  return !report.passed();
}

void draw_passes(const Classifier& model) {
  // [passes]
  const Optimized better = optimize(model.graph, model.loss, compile_passes());
  const PassChanges changes = pass_changes(model.graph, model.loss, better.graph, better.mapping);
  save("passes", changes.graph, changes.options);
  // [/passes]
  std::cout << changes.count(PassChange::removed) << " nodes removed\n";
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1) std::filesystem::current_path(argv[1]);
  const Classifier model;
  draw_profile(model);
  draw_figures(model);
  draw_not_finite();
  draw_passes(model);
  return draw_verdicts() ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
