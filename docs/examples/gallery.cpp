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

struct Extent {
  double width, height;  ///< in millimetres
};

Extent extent_of(const std::string& name) {
  std::ifstream file(name + ".svg");
  const std::string svg{std::istreambuf_iterator<char>(file), {}};
  const auto length = [&](const std::string& attribute) {
    constexpr double millimetres = 25.4 / 72;  // of a point
    return std::stod(svg.substr(svg.find(attribute) + attribute.size())) * millimetres;
  };
  return {length("<svg width=\""), length("height=\"")};
}

/// Saves a picture for a page, upright or sideways. Where the fonts of this system are a little
/// wider than others, it is scaled down; more than that would make its texts too small to read.
void save_for_page(const std::string& name, const Graph& graph, PictureOptions options) {
  save(name, graph, options);
  const Extent extent = extent_of(name);
  const bool upright = extent.width <= extent.height;
  options.width = upright ? page_width : page_height;
  options.height = upright ? page_height : page_width;
  const double scale = std::min(*options.width / extent.width, *options.height / extent.height);
  if (scale < 0.95) throw std::runtime_error(name + " does not fit on a page");
  if (scale < 1) write_svg(name + ".svg", graph, options);
}

/// In all three themes.
void save_themes(const std::string& name, const Graph& graph, PictureOptions options) {
  options.theme = for_paper(Theme::light());
  save_for_page(name, graph, options);
  options.theme = for_paper(Theme::dark());
  save_for_page(name + "_dark", graph, options);
  options.theme = for_paper(Theme::print());
  save_for_page(name + "_print", graph, options);
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
  const Value head = slice(x, 0, {.end = -1}), tail = slice(x, 0, {.begin = 1});
  const Value y = sum(100 * square(tail - square(head)) + square(1 - head)).named("y");
  const Value slope = gradient(y, x), curvature = hessian(y, x);
  const Value size = norm(slope), next = x - solve(curvature, slope);
  // [newton]
  const Optimized simple = optimize(graph, {y, size, x, next});
  const auto now = [&](const Value& value) { return simple.mapping(value); };
  const PictureOptions options{.title = "A step of Newton's method on Rosenbrock's function",
                               .fetches = {now(y), now(size)},
                               .updates = {{now(x), now(next)}},
                               .only_needed = true,
                               .detail = Detail::equations};
  // [/newton]
  save_themes("newton_step", simple.graph, options);
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
  const auto updates = sgd(model.weights, gradient(loss, model.weights), 0.1, {.momentum = 0.9});
  // [resnet]
  const PictureOptions options{.title = "ResNet-18, its gradient and its update",
                               .fetches = {loss},
                               .updates = updates,
                               .only_needed = true,
                               .detail = Detail::blocks,
                               .join_repeats = true};
  // [/resnet]
  save_themes("resnet18_step", graph, options);
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
  PictureOptions options{.title = "One training step of an LSTM that reads twelve letters",
                         .fetches = {loss},
                         .updates = updates,
                         .only_needed = true,
                         .detail = Detail::blocks,
                         .join_repeats = true};
  // [/lstm]
  save_themes("lstm_step", graph, options);
  // [steps]
  options = {.title = "The cell of an LSTM",
             .fetches = {lstm.logits},
             .only_needed = true,
             .detail = Detail::blocks,
             .scopes = {{"layer0", Detail::equations}},
             .join_repeats = true};
  // [/steps]
  save_themes("lstm_cell", graph, options);
}

// [small]
/// A small network with its gradient, for one picture of each option.
struct Small {
  Graph graph;
  Value x = graph.input("x", {f32, {8, 3}});
  Value loss;
  std::vector<Value> weights, gradients;
  std::vector<Update> updates;

  Small() {
    Value h = x;
    for (int i = 0; i < 3; ++i) {
      const Scope scope = graph.scope("layer" + std::to_string(i));
      const Value w = graph.parameter("w", Tensor({f32, {3, 3}}));
      h = tanh(matmul(h, w));
      weights.push_back(w);
    }
    loss = mean(pow(softmax(h, 0), 4)).named("loss");
    gradients = gradient(loss, weights);
    updates = sgd(weights, gradients, 0.1);
  }
};
// [/small]

class Options {
 public:
  void draw() {
    draw_levels();
    draw_folding();
    draw_texts();
    draw_looks();
  }

 private:
  // [with]
  template <class Change>
  void with(const std::string& name, const Change& change) const {
    PictureOptions changed{
        .fetches = {small_.loss}, .only_needed = true, .theme = for_paper(Theme::light())};
    change(changed);
    save("gallery_" + name, small_.graph, changed);
  }
  // [/with]

  void draw_levels() const {
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
    // [updates]
    with("updates", [&](PictureOptions& o) {
      o.title = "A step of gradient descent";
      o.fetches = {small_.loss};
      o.updates = small_.updates;
      o.only_needed = true;
      o.detail = Detail::equations;
      o.join_repeats = true;
    });
    // [/updates]
  }

  void draw_folding() const {
    // [open]
    with("open", [](PictureOptions& o) { o.open_scopes = 0; });
    // [/open]
    // [most]
    with("most", [](PictureOptions& o) { o.most_nodes = 10; });
    // [/most]
    // [repeats]
    with("repeats", [](PictureOptions& o) {
      o.detail = Detail::equations;
      o.join_repeats = true;
    });
    // [/repeats]
    // [left_out]
    with("left_out", [](PictureOptions& o) { o.left_out = {"layer0"}; });
    // [/left_out]
    // [groups]
    with("groups", [](PictureOptions& o) {
      o.groups = {{"the loss", {"softmax", "power", "loss"}}};
    });
    // [/groups]
    // [everything]
    with("everything", [](PictureOptions& o) {
      o.fold_shapes = false;
      o.constants = Constants::shared;
      o.types = ShownTypes::full;
    });
    // [/everything]
    // [constants]
    with("constants", [](PictureOptions& o) { o.constants = Constants::per_use; });
    // [/constants]
  }

  void draw_texts() const {
    // [bare]
    with("bare", [](PictureOptions& o) {
      o.types = ShownTypes::none;
      o.attributes = false;
    });
    // [/bare]
    // [marks]
    with("marks", [](PictureOptions& o) {
      o.marks = {{"layer0/w", {"#b7d7ef", "0.2"}}, {"layer2/w", {"#f3c1b8", "3.1"}}};
      o.scale = {"size of the weights", {{"#b7d7ef", "0.1 to 1"}, {"#f3c1b8", "1 to 10"}}};
    });
    // [/marks]
    // [tooltips]
    with("tooltips", [](PictureOptions& o) {
      o.detail = Detail::equations;
      o.tooltips = true;
      o.link = "../../{file}#L{line}";
    });
    // [/tooltips]
    // [before]
    with("before", [&](PictureOptions& o) {
      o.fetches = {small_.loss, small_.gradients[0]};
      o.fold_shapes = false;
      o.constants = Constants::shared;
      o.types = ShownTypes::full;
    });
    // [/before]
    // [gradient]
    with("gradient", [&](PictureOptions& o) {
      o.fetches = {small_.loss, small_.gradients[0]};
      o.detail = Detail::equations;
      o.join_repeats = true;
      o.ties = false;
      o.legend = false;
    });
    // [/gradient]
  }

  void draw_looks() const {
    // [sideways]
    with("sideways", [](PictureOptions& o) { o.left_to_right = true; });
    // [/sideways]
    // [theme]
    with("theme", [](PictureOptions& o) {
      o.theme.font = "Times New Roman,Times,serif";
      o.theme.background = "#fbf8f1";
      o.theme.forward = {"#fbf8f1", "#7a5c3e", "#5b4024"};
      o.theme.line_styles = true;
    });
    // [/theme]
    // [size]
    with("size", [](PictureOptions& o) {
      o.width = 80;  // in millimetres
      o.height = 60;
    });
    // [/size]
  }

  Small small_;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1) std::filesystem::current_path(argv[1]);
  draw_xor();
  draw_newton();
  draw_gpt();
  draw_resnet();
  draw_lstm();
  Options().draw();
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
