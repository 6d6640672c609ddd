// Guide: what pictures can look like.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "dagrad/train.hpp"
#include "docs/examples/lstm.hpp"
#include "docs/examples/nanogpt.hpp"
#include "docs/examples/resnet18.hpp"
#include "docs/examples/xor_network.hpp"

namespace {

using namespace dagrad;

// [page]
constexpr double page_width = 170, page_height = 257;  // of A4 without its margins, in millimetres

/// A theme whose texts are as small as they can be read on paper.
Theme for_paper(Theme theme) {
  theme.title_size = 9;
  theme.text_size = theme.small_size = 7;
  return theme;
}
// [/page]

void save(const std::string& name, const Graph& graph, const PictureOptions& options) {
  write_dot(name + ".dot", graph, options);
  write_svg(name + ".svg", graph, options);
}

/// Whether a picture fits on the page, upright or sideways.
bool fits_page(const std::string& name) {
  std::ifstream file(name + ".svg");
  const std::string svg{std::istreambuf_iterator<char>(file), {}};
  const auto length = [&](const std::string& attribute) {
    constexpr double millimetres = 25.4 / 72;  // of a point
    return std::stod(svg.substr(svg.find(attribute) + attribute.size())) * millimetres;
  };
  const double width = length("<svg width=\""), height = length("height=\"");
  return std::min(width, height) <= page_width && std::max(width, height) <= page_height;
}

/// In all three themes.
void save_themes(const std::string& name, const Graph& graph, PictureOptions options) {
  options.theme = for_paper(Theme::light());
  save(name, graph, options);
  options.theme = for_paper(Theme::dark());
  save(name + "_dark", graph, options);
  options.theme = for_paper(Theme::print());
  save(name + "_print", graph, options);
  if (!fits_page(name)) throw std::runtime_error(name + " does not fit on a page");
}

void draw_xor() {
  Rng rng(7);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  const XorNetwork network(weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1}));
  // [xor]
  const PictureOptions options{.title = "One training step of the XOR network",
                               .fetches = {network.cost, network.out},
                               .updates = network.update,
                               .only_needed = true,
                               .detail = Detail::equations,
                               .join_repeats = true};
  // [/xor]
  save_themes("xor_step", network.graph, options);
}

void draw_newton() {
  Graph graph;
  const Value x = graph.parameter("x", Tensor::of({-1.2, 1.0}));
  const auto rosenbrock = [&] {
    const Scope scope = graph.scope("rosenbrock");
    const Value head = slice(x, 0, {.end = -1}), tail = slice(x, 0, {.begin = 1});
    return sum(100 * square(tail - square(head)) + square(1 - head)).named("y");
  };
  const Value y = rosenbrock();
  const Value slope = gradient(y, x);
  std::vector<Value> rows;
  for (std::int64_t i = 0; i < x.size(); ++i)
    rows.push_back(gradient(sum(slice(slope, 0, {i, i + 1})), x));
  // [newton]
  const PictureOptions options{.title = "A step of Newton's method on Rosenbrock's function",
                               .fetches = {y, norm(slope)},
                               .updates = {{x, x - solve(stack(rows), slope)}},
                               .only_needed = true,
                               .detail = Detail::equations,
                               .scopes = {{"rosenbrock", Detail::blocks}}};
  // [/newton]
  save_themes("newton_step", graph, options);
}

void draw_gpt() {
  const GptSizes sizes{.layers = 4, .heads = 4, .width = 128, .context = 64, .vocabulary = 65};
  Graph graph;
  const Value tokens = graph.input("tokens", {i64, {12, sizes.context}});
  const Value next = graph.input("next", {i64, {12, sizes.context}});
  const Gpt gpt(graph, tokens, sizes, Rng(1));
  const Value loss = cross_entropy(gpt.logits, next).named("loss");
  const auto updates = adamw(gpt.weights, gradient(loss, gpt.weights), 1e-4);
  // [gpt]
  const PictureOptions options{
      .title = "One training step of a GPT with four layers",
      .fetches = {loss},
      .updates = updates,
      .only_needed = true,
      .detail = Detail::blocks,
      .scopes = {{"block*", Detail::equations}, {"block*/*", Detail::blocks}},
      .join_repeats = true};
  // [/gpt]
  save_themes("gpt_step", graph, options);
}

void draw_resnet() {
  const ResNet18Sizes sizes{.width = 64, .classes = 10};
  Graph graph;
  const Value x = graph.input("images", {f32, {32, 3, 32, 32}});
  const Value y = graph.input("labels", {i64, {32}});
  const ResNet18 model(graph, x, sizes, Rng(1));
  const Value loss = cross_entropy(model.logits, y).named("loss");
  const auto gradients = gradient(loss, model.weights);
  // [resnet]
  const PictureOptions options{
      .title = "ResNet-18 and its gradient",
      .fetches = gradients,
      .only_needed = true,
      .detail = Detail::blocks,
      .scopes = {{"stage*", Detail::equations}, {"stage*/*", Detail::blocks}},
      .join_repeats = true};
  // [/resnet]
  save_themes("resnet18_gradient", graph, options);
}

void draw_lstm() {
  const LstmSizes sizes{.layers = 1, .width = 64, .vocabulary = 65};
  Graph graph;
  const Value tokens = graph.input("tokens", {i64, {16, 12}});
  const Value next = graph.input("next", {i64, {16, 12}});
  const Lstm lstm(graph, tokens, sizes, Rng(1));
  const Value loss = cross_entropy(lstm.logits, next).named("loss");
  const auto updates = adam(lstm.weights, gradient(loss, lstm.weights), 8e-3);
  // [lstm]
  const PictureOptions options{.title = "One training step of an LSTM that reads twelve letters",
                               .fetches = {loss},
                               .updates = updates,
                               .only_needed = true,
                               .detail = Detail::blocks,
                               .join_repeats = true};
  // [/lstm]
  save_themes("lstm_step", graph, options);
}

// [small]
/// A small network with its gradient, for one picture of each option.
struct Small {
  Graph graph;
  Value x = graph.input("x", {f32, {8, 3}});
  Value loss;
  std::vector<Value> weights;
  std::vector<Update> updates;

  Small() {
    Value h = x;
    for (int i = 0; i < 3; ++i) {
      const Scope scope = graph.scope("layer" + std::to_string(i));
      const Value w = graph.parameter("w", Tensor({f32, {3, 3}}));
      h = tanh(matmul(h, w));
      weights.push_back(w);
    }
    loss = mean(pow(h, 4)).named("loss");
    updates = sgd(weights, gradient(loss, weights), 0.1);
  }
};
// [/small]

void draw_options() {
  const Small small;
  PictureOptions options{.fetches = {small.loss}, .theme = for_paper(Theme::light())};
  const auto with = [&](const std::string& name, auto&& change) {
    PictureOptions changed = options;
    change(changed);
    save("gallery_" + name, small.graph, changed);
  };
  options.only_needed = true;
  // [ops]
  with("ops", [](PictureOptions& o) { o.detail = Detail::ops; });
  // [/ops]
  // [equations]
  with("equations", [](PictureOptions& o) { o.detail = Detail::equations; });
  // [/equations]
  // [blocks]
  with("blocks", [](PictureOptions& o) { o.detail = Detail::blocks; });
  // [/blocks]
  // [mixed]
  with("mixed", [](PictureOptions& o) {
    o.detail = Detail::blocks;
    o.scopes = {{"layer1", Detail::ops}};
  });
  // [/mixed]
  // [repeats]
  with("repeats", [](PictureOptions& o) {
    o.detail = Detail::equations;
    o.join_repeats = true;
  });
  // [/repeats]
  // [left_out]
  with("left_out", [](PictureOptions& o) { o.left_out = {"layer0"}; });
  // [/left_out]
  // [everything]
  with("everything", [](PictureOptions& o) {
    o.fold_shapes = false;
    o.constants = Constants::shared;
    o.types = ShownTypes::full;
  });
  // [/everything]
  // [sideways]
  with("sideways", [](PictureOptions& o) { o.left_to_right = true; });
  // [/sideways]
  // [marks]
  with("marks", [](PictureOptions& o) {
    o.marks = {{"layer0/w", {"#b7d7ef", "0.2"}}, {"layer2/w", {"#f3c1b8", "3.1"}}};
    o.scale = {"size of the weights", {{"#b7d7ef", "0.1 to 1"}, {"#f3c1b8", "1 to 10"}}};
  });
  // [/marks]
  options.updates = small.updates;
  options.fetches.push_back(small.updates[0].next);
  // [gradient]
  with("gradient", [](PictureOptions& o) {
    o.detail = Detail::equations;
    o.join_repeats = true;
    o.ties = false;
    o.legend = false;
  });
  // [/gradient]
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1) std::filesystem::current_path(argv[1]);
  draw_xor();
  draw_newton();
  draw_gpt();
  draw_resnet();
  draw_lstm();
  draw_options();
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
