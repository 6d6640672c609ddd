// A narrow ResNet-18 memorises a few handwritten digits, enlarged to 32 × 32.
#include "docs/examples/resnet18.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <numeric>

#include "docs/examples/digits.hpp"

namespace {

using namespace dagrad;

constexpr int images = 20, steps = 40;

}  // namespace

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path data = argc > 2 ? argv[2] : "docs/examples/data/digits.csv";
  std::filesystem::create_directories(folder);
  std::vector<std::int64_t> rows(images);
  std::iota(rows.begin(), rows.end(), 0);
  const digits::Digits few = digits::enlarged(digits::pick(digits::read(data), rows), 4, 32);

  float last = 0;
  // [train]
  const ResNet18Sizes sizes{.width = 16, .classes = digits::classes};
  Graph graph;
  const Value x = graph.input("images", few.images.type());
  const Value y = graph.input("labels", few.labels.type());
  const ResNet18 model(graph, x, sizes, Rng(1));
  const Value loss = cross_entropy(model.logits, y).named("loss");
  const auto updates = sgd(model.weights, gradient(loss, model.weights), 0.05, {.momentum = 0.9});
  const Function train = compile({loss}, {.update = join({updates, model.running})});

  State state(graph);
  for (int step = 0; step < steps; ++step) {
    last = train(state, {{x, few.images}, {y, few.labels}})[0].item<float>();
    if (step % 5 == 0) fmt::print("step {}: loss {:.3f}\n", step, last);
  }
  // [/train]

  // [evaluate]
  Graph evaluation;
  const Value seen = evaluation.input("images", few.images.type());
  const ResNet18 trained(evaluation, seen, sizes, Rng(1), Statistics::running);
  const Tensor read =
      compile({argmax(trained.logits, 1)})(std::as_const(state), {{seen, few.images}})[0];
  // [/evaluate]
  int right = 0;
  for (std::int64_t i = 0; i < images; ++i) right += read.at(i) == few.labels.at(i);
  fmt::print("with the running statistics, {} of {} images are correct\n", right, images);
  const PictureOptions picture{
      .title = "ResNet-18", .fetches = {loss}, .only_needed = true, .open_scopes = 2};
  write_dot(folder / "resnet18_graph.dot", graph, picture);
  draw(folder / "resnet18_graph.svg", graph, picture);
  return last < 0.01 && right == images ? 0 : 1;
} catch (const dagrad::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
