// Training steps and gradients of complete models.
#include <memory>
#include <stdexcept>

#include "dagrad/train.hpp"
#include "docs/examples/lenet5.hpp"
#include "docs/examples/nanogpt.hpp"
#include "docs/examples/resnet18.hpp"
#include "docs/examples/xor_network.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/copies.hpp"
#include "tests/bench/limit.hpp"
#include "tests/bench/xor_by_hand.hpp"
#include "tests/models/adbench_gmm.hpp"
#include "tests/models/adbench_lstm.hpp"

namespace dagrad::bench {

void xor_step(const Settings& settings) {
  const double begin = now();
  Rng rng(0);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  const XorNetwork network(weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1}));
  State state(network.graph);
  BoundRun run = network.train.bind(state);
  const Tensor x = XorNetwork::inputs(), y = XorNetwork::targets();
  run.feed(network.x, x);
  run.feed(network.y, y);
  const double before = now() - begin;
  print(settings, "xor", measure(settings.seconds, before, [&] { run(); }));
  print(settings, "xor", "called with feeds", measure(settings.seconds / 3, 0, [&] {
          (void)network.train(state, {{network.x, x}, {network.y, y}});
        }));
  if (Runtime::shared().instruction_set() == InstructionSet::plain) return;  // compiled for AVX2
  XorByHand by_hand({0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, 0.1, -0.1, 0.2, -0.3, 0.4, 0.5});
  const Times least = measure(settings.seconds / 3, 0, [&] { by_hand.step(); });
  if (!(by_hand.error() < 0.5)) throw std::runtime_error("xor: the network by hand did not learn");
  print(settings, "xor", "", least, "by hand");
  print(settings, "xor", "called with feeds", least, "by hand");
}

void chain(const Settings& settings) {
  constexpr int length = 1000;
  Graph graph;
  const Value x = graph.input("x", {f32, {1}});
  Value y = x;
  for (int i = 0; i < length; ++i) y = tanh(y) * 1.001;
  const Value total = sum(y);
  const double begin = now();
  const Function f = compile({total, gradient(total, x)}, {.threads = settings.threads});
  BoundRun run = f.bind();
  run.feed(x, Tensor(Shape{1}, {0.3F}));
  const double before = now() - begin;
  print(settings, "chain", measure(settings.seconds, before, [&] { run(); }));
  print(settings, "chain", "one y = tanh(y) * 1.001, forward and backward", "ns",
        1e9 / length * fastest(20, 20, [&] { run(); }));
}

namespace {

/// What is trained by a step, and how.
struct Training {
  Graph& graph;
  Value loss;
  std::vector<Value> weights, gradients;
  std::vector<Update> update;
};

/// Times a training step that is compiled now; or, where the settings ask for it, compares it with
/// one that checks that its values are finite, or ten of them with ten of which one is recorded.
void time_step(const Settings& settings, const std::string& name, const Training& training,
               const Feeds& feeds, double begin) {
  CompileOptions options{.update = training.update, .threads = settings.threads};
  State state(training.graph);
  const auto bound = [&](const std::vector<Value>& fetches) {
    BoundRun run = compile(fetches, options).bind(state);
    for (const Feed& feed : feeds) run.feed(feed.value, feed.tensor);
    return run;
  };
  BoundRun run = bound({training.loss});
  const double before = now() - begin;
  if (settings.check_finite) {
    options.check_finite = true;
    BoundRun checked = bound({training.loss});
    print(settings, name, "with check_finite, times as long", "ratio",
          ratio([&] { run(); }, [&] { checked(); }));
  } else if (settings.gradient_report) {
    GradientReport report =
        gradient_report(training.loss, training.weights, training.gradients, training.update);
    BoundRun recorded = bound({training.loss, report.statistics()});
    std::int64_t step = 0;
    const auto steps = [&](bool record) {
      for (int i = 0; i < 9; ++i) run();
      if (!record) return run();
      recorded();
      report.record(++step, recorded.fetch(1));
    };
    print(settings, name, "with gradient_report on every tenth step, times as long", "ratio",
          ratio([&] { steps(false); }, [&] { steps(true); }));
  } else {
    print(settings, name, measure(settings.seconds, before, [&] { run(); }));
  }
}

void train_mlp(const Settings& settings, const std::string& name,
               const std::vector<std::int64_t>& sizes, std::int64_t batch) {
  Rng rng(0);
  const Tensor images = rng.normal({batch, sizes.front()}, 0, 1, f32),
               labels = rng.integers({batch}, 0, 10);
  std::vector<Tensor> initial;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    initial.push_back(rng.normal({sizes[i], sizes[i + 1]}, 0, 0.05, f32));
    initial.push_back(rng.normal({sizes[i + 1]}, 0, 0.05, f32));
  }
  Graph graph;
  const Value x = graph.input("x", {f32, {batch, sizes.front()}}),
              y = graph.input("y", {i64, {batch}});
  std::vector<Value> weights;
  Value h = x;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    const Scope scope = graph.scope("layer" + std::to_string(i));
    weights.push_back(graph.parameter("w", initial[2 * i]));
    weights.push_back(graph.parameter("b", initial[2 * i + 1]));
    h = matmul(h, weights[2 * i]) + weights[2 * i + 1];
    if (i + 2 < sizes.size()) h = relu(h);
  }
  const Value loss = cross_entropy(h, y);
  const double begin = now();
  const auto gradients = gradient(loss, weights);
  const auto update = sgd(weights, gradients, 1e-3);
  time_step(settings, name, {graph, loss, weights, gradients, update}, {{x, images}, {y, labels}},
            begin);
  if (settings.check_finite || settings.gradient_report) return;
  std::vector<Value> results{loss};
  for (const Update& u : update) results.push_back(u.next);
  print(settings, name, "", limit(settings, graph, results, weights), "limit");
  if (settings.threads == 1) return;
  const Function on_one = compile({loss}, {.update = update, .threads = 1});
  const auto copy = [&]() -> std::function<void()> {
    const auto state = std::make_shared<State>(graph);
    const auto run = std::make_shared<BoundRun>(on_one.bind(*state));
    run->feed(x, images);
    run->feed(y, labels);
    return [state, run] { (*run)(); };
  };
  print(settings, name, "", copies_at_once(settings, copy), "two copies");
}

}  // namespace

void mlp_small(const Settings& settings) { train_mlp(settings, "mlp_small", {784, 128, 10}, 32); }
void mlp(const Settings& settings) { train_mlp(settings, "mlp", {784, 512, 512, 10}, 64); }
void mlp_wide(const Settings& settings) {
  train_mlp(settings, "mlp_wide", {1024, 1024, 1024, 1024, 1024, 10}, 256);
}

namespace {

/// SGD on images [n, channels, height, width]; also updates running statistics if the model has
/// them.
template <class Model, class Sizes>
void train_images(const Settings& settings, const std::string& name, const Shape& shape,
                  const Sizes& sizes) {
  Rng rng(0);
  const Tensor images = rng.normal(shape, 0, 1, f32),
               labels = rng.integers({shape[0]}, 0, sizes.classes);
  Graph graph;
  const Value x = graph.input("x", {f32, shape}), y = graph.input("y", {i64, {shape[0]}});
  const Model model(graph, x, sizes, rng);
  const Value loss = cross_entropy(model.logits, y);
  const double begin = now();
  const auto gradients = gradient(loss, model.weights);
  auto updates = sgd(model.weights, gradients, 1e-3);
  if constexpr (requires { model.running; }) updates = join({updates, model.running});
  time_step(settings, name, {graph, loss, model.weights, gradients, updates},
            {{x, images}, {y, labels}}, begin);
}

}  // namespace

void lenet5(const Settings& settings) {
  train_images<LeNet5>(settings, "lenet5", {64, 1, 28, 28}, LeNet5Sizes());
}
void resnet18(const Settings& settings) {
  train_images<ResNet18>(settings, "resnet18", {32, 3, 32, 32}, ResNet18Sizes());
}

void nanogpt(const Settings& settings) {
  constexpr GptSizes sizes{.layers = 4, .heads = 4, .width = 128, .context = 64, .vocabulary = 65};
  const Type tokens{i64, {12, sizes.context}};
  Rng rng(0);
  const Tensor text = rng.integers(tokens.shape, 0, sizes.vocabulary),
               following = rng.integers(tokens.shape, 0, sizes.vocabulary);
  Graph graph;
  const Value x = graph.input("x", tokens), y = graph.input("y", tokens);
  const Gpt gpt(graph, x, sizes, rng);
  const Value loss = cross_entropy(gpt.logits, y);
  const double begin = now();
  const auto gradients = gradient(loss, gpt.weights);
  time_step(settings, "nanogpt",
            {graph, loss, gpt.weights, gradients, adamw(gpt.weights, gradients, 1e-4)},
            {{x, text}, {y, following}}, begin);
}

namespace {

/// Throws unless the first `count` fetches of a run are the golden gradients.
void hold_to(const adbench::Golden& golden, const BoundRun& run, std::size_t count) {
  std::vector<Tensor> gradients;
  for (std::size_t i = 0; i < count; ++i)
    gradients.emplace_back(run.fetch(i).type.shape, run.fetch(i).as<double>());
  if (!(golden.error_of(gradients) <= 1e-11))
    throw std::runtime_error("the gradients are not the golden ones");
}

/// Measures the gradient of an input after comparing it with the golden one: in full for the input
/// that the peers have, as a single figure for others.
void time_gradient(const Settings& settings, const std::string& name, const std::string& of_peers,
                   const std::filesystem::path& file, BoundRun& run, std::size_t gradients,
                   double begin) {
  const double before = now() - begin;
  const adbench::Golden golden = adbench::read_golden(file);
  const auto step = [&] { run(); };
  const auto verify = [&] { hold_to(golden, run, gradients); };
  if (file.stem() == of_peers)
    return print(settings, name, measure(settings.seconds, before, step, verify));
  step();
  verify();
  print(settings, name, file.stem().string(), "ms", 1e3 * fastest(20, 1, step));
}

}  // namespace

void gmm(const Settings& settings) {
  for (const auto& file : adbench::files("gmm")) {
    const adbench::Gmm data = adbench::read_gmm(file);
    const adbench::GmmNetwork network(data);
    const double begin = now();
    const std::vector<Value> gradients = network.gradients();
    const Function f = compile(gradients, {.threads = settings.threads});
    State state = network.state(data);
    BoundRun run = f.bind(state);
    run.feed(network.points, data.x);
    time_gradient(settings, "gmm", "gmm_d20_K50", file, run, gradients.size(), begin);
  }
}

void lstm(const Settings& settings) {
  for (const auto& file : adbench::files("lstm")) {
    const adbench::Lstm data = adbench::read_lstm(file);
    const adbench::LstmNetwork network(data);
    const double begin = now();
    const std::vector<Value> gradients = network.gradients();
    const Function f = compile(gradients, {.threads = settings.threads});
    State state = network.state(data);
    BoundRun run = f.bind(state);
    run.feed(network.sequence, data.sequence);
    time_gradient(settings, "lstm", "lstm_l2_c1024", file, run, gradients.size(), begin);
  }
}

}  // namespace dagrad::bench
