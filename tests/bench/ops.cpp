// Single ops of neural networks and of data processing, forward and with the gradient.
#include <functional>
#include <map>
#include <string>

#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

/// An op applied to inputs, and the inputs of which the gradient is taken.
struct Problem {
  Graph graph;
  Rng rng{0};
  std::vector<std::pair<Value, Tensor>> inputs;
  std::vector<Value> xs;
  Value y;

  Value input(const Tensor& tensor) {
    inputs.emplace_back(graph.input("x" + std::to_string(inputs.size()), tensor.type()), tensor);
    return inputs.back().first;
  }
  Value variable(const Shape& shape) {
    xs.push_back(input(rng.normal(shape, 0, 1, f32)));
    return xs.back();
  }
  Value indices(std::int64_t count, std::int64_t below) {
    return input(rng.integers({count}, 0, below));
  }
};

struct Size {
  const char* label;
  std::function<void(Problem&)> build;
};

/// Rows of a table and how many of them are read or written.
struct Table {
  std::int64_t rows, width, count;
};

const std::map<std::string, std::vector<Size>>& sizes() {
  const auto softmax = [](const Shape& shape) {
    return [shape](Problem& p) { p.y = dagrad::softmax(p.variable(shape)); };
  };
  const auto layer_norm = [](const Shape& shape) {
    return [shape](Problem& p) {
      const Value x = p.variable(shape), scale = p.variable({shape[1]});
      p.y = dagrad::layer_norm(x, scale, p.variable({shape[1]}));
    };
  };
  const auto batch_norm = [](const Shape& shape) {
    return [shape](Problem& p) {
      const Value x = p.variable(shape), scale = p.variable({shape[1]});
      const Value ones = p.graph.constant(Tensor::full({f32, {shape[1]}}, 1));
      p.y = dagrad::batch_norm(x, scale, p.variable({shape[1]}), ones, ones).out;
    };
  };
  const auto topk = [](const Shape& shape, std::int64_t k) {
    return [shape, k](Problem& p) { p.y = dagrad::topk(p.variable(shape), k).values; };
  };
  const auto sort = [](const Shape& shape) {
    return [shape](Problem& p) { p.y = dagrad::sort(p.variable(shape)); };
  };
  const auto cumsum = [](const Shape& shape) {
    return [shape](Problem& p) { p.y = dagrad::cumsum(p.variable(shape), 1); };
  };
  const auto take = [](const Table& table) {
    return [table](Problem& p) {
      const Value x = p.variable({table.rows, table.width});
      p.y = dagrad::take(x, p.indices(table.count, table.rows), 0);
    };
  };
  const auto scatter_add = [](const Table& table) {
    return [table](Problem& p) {
      const Value x = p.variable({table.rows, table.width}),
                  values = p.variable({table.count, table.width});
      p.y = dagrad::scatter_add(x, p.indices(table.count, table.rows), values, 0);
    };
  };
  const auto max_pool = [](const Shape& shape, const Pooling& pooling) {
    return [shape, pooling](Problem& p) { p.y = max_pool2d(p.variable(shape), pooling); };
  };
  const Table letters{65, 128, 768}, words{10'000, 64, 4'096}, vocabulary{50'000, 256, 16'384};
  static const std::map<std::string, std::vector<Size>> all{
      {"softmax",
       {{"64x10", softmax({64, 10})},
        {"256x1000", softmax({256, 1'000})},
        {"4096x2048", softmax({4'096, 2'048})}}},
      {"layer_norm",
       {{"32x64", layer_norm({32, 64})},
        {"768x128", layer_norm({768, 128})},
        {"8192x1024", layer_norm({8'192, 1'024})}}},
      {"batch_norm",
       {{"32x64x32x32", batch_norm({32, 64, 32, 32})},
        {"32x128x16x16", batch_norm({32, 128, 16, 16})},
        {"32x512x4x4", batch_norm({32, 512, 4, 4})}}},
      {"topk",
       {{"5 of 64x100", topk({64, 100}, 5)},
        {"10 of 256x1000", topk({256, 1'000}, 10)},
        {"50 of 256x50000", topk({256, 50'000}, 50)}}},
      {"sort",
       {{"64x100", sort({64, 100})},
        {"256x1000", sort({256, 1'000})},
        {"8x100000", sort({8, 100'000})}}},
      {"cumsum",
       {{"64x100", cumsum({64, 100})},
        {"256x4096", cumsum({256, 4'096})},
        {"2048x4096", cumsum({2'048, 4'096})}}},
      {"take",
       {{"768 of 65x128", take(letters)},
        {"4096 of 10000x64", take(words)},
        {"16384 of 50000x256", take(vocabulary)}}},
      {"scatter_add",
       {{"768 of 65x128", scatter_add(letters)},
        {"4096 of 10000x64", scatter_add(words)},
        {"16384 of 50000x256", scatter_add(vocabulary)}}},
      {"max_pool",
       {{"64x6x28x28, 2 by 2", max_pool({64, 6, 28, 28}, {.window = {2, 2}, .stride = {2, 2}})},
        {"32x64x32x32, 3 by 3",
         max_pool({32, 64, 32, 32}, {.window = {3, 3}, .stride = {2, 2}, .padding = {1, 1}})},
        {"16x64x112x112, 3 by 3",
         max_pool({16, 64, 112, 112}, {.window = {3, 3}, .stride = {2, 2}, .padding = {1, 1}})}}}};
  return all;
}

void time_fetches(const Settings& settings, const std::string& name, const std::string& what,
                  const Problem& problem, const std::vector<Value>& fetches) {
  const double begin = now();
  BoundRun run = compile(fetches, {.threads = settings.threads}).bind();
  for (const auto& [input, tensor] : problem.inputs) run.feed(input, tensor);
  const double before = now() - begin;
  print(settings, name, what, measure(settings.seconds / 6, before, [&] { run(); }));
}

}  // namespace

void single_op(const Settings& settings, const std::string& name) {
  for (const Size& size : sizes().at(name)) {
    Problem problem;
    size.build(problem);
    time_fetches(settings, name, std::string(size.label) + ", forward", problem, {problem.y});
    const Value cotangent = problem.input(problem.rng.normal(problem.y.shape(), 0, 1, f32));
    std::vector<Value> fetches = gradient(problem.y, problem.xs, {.seed = cotangent});
    fetches.push_back(problem.y);
    time_fetches(settings, name, std::string(size.label) + ", both ways", problem, fetches);
  }
}

}  // namespace dagrad::bench
