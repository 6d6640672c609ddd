#include <gtest/gtest.h>

#include <set>

#include "dagrad/dagrad.hpp"
#include "tests/io/folder.hpp"

namespace dagrad {
namespace {

/// A network with dropout, trained by Adam with clipped gradients and a decreasing rate.
struct Network {
  Graph graph;
  Value x = graph.input("x", {f32, {8, 4}}), y = graph.input("y", {f32, {8, 1}});
  Rng rng{3};
  Value w = graph.parameter("w", rng.normal({4, 6}, 0, 0.5, f32)),
        v = graph.parameter("v", rng.normal({6, 1}, 0, 0.5, f32));
  Advancing key = random_key(graph, 11), step = step_counter(graph);
  Function train = make();

  Function make() {
    const Value hidden = tanh(matmul(x, w));
    const Value kept = less(uniform(fold_in(key.now, 0), hidden.type()), 0.8);
    const Value loss = mse(matmul(where(kept, hidden / 0.8, 0), v), y);
    const std::vector<Value> weights{w, v};
    const Clipped clipped = clip_by_global_norm(gradient(loss, weights), 0.5);
    const Value rate = 0.05 * pow(0.9, cast(step.now, f32));
    return compile(
        {loss, cast(kept, f32)},
        {.update = join({adam(weights, clipped.gradients, rate, {.step = step}), {key.update}})});
  }
  std::vector<Tensor> run(State& state, int i) const {
    Rng data(i);
    return train(state, {{x, data.normal({8, 4}, 0, 1, f32)}, {y, data.normal({8, 1}, 0, 1, f32)}});
  }
};

class ResumeTest : public test::InFolder {};

TEST_F(ResumeTest, FromASavedStateGivesTheSameBits) {
  const auto file = folder / "state.npz";
  const Network network;
  State whole(network.graph);
  std::vector<Tensor> losses, masks;
  for (int i = 0; i < 12; ++i) {
    if (i == 5) save(file, whole);
    const auto results = network.run(whole, i);
    losses.push_back(results[0]);
    masks.push_back(results[1]);
  }
  EXPECT_FALSE(same_bits(masks[0], masks[1])) << "every step draws a new mask";

  const Network again;  // as in another process
  State resumed(again.graph);
  load(file, resumed);
  for (int i = 5; i < 12; ++i) {
    const auto results = again.run(resumed, i);
    EXPECT_TRUE(same_bits(results[0], losses[static_cast<std::size_t>(i)])) << "step " << i;
    EXPECT_TRUE(same_bits(results[1], masks[static_cast<std::size_t>(i)])) << "step " << i;
  }
  for (const std::string& name : whole.names())
    EXPECT_TRUE(same_bits(resumed.get(name), whole.get(name))) << name;
}

TEST(RandomKey, DiffersInEveryRunAndFromDerivedKeys) {
  Graph graph;
  const Advancing key = random_key(graph, 5);
  const std::vector<Value> split = split_key(key.now, 2);
  const Function f =
      compile({key.now, fold_in(key.now, 0), fold_in(key.now, 1), split[0], split[1]},
              {.update = {key.update}});
  State state(graph);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 100; ++i)
    for (const Tensor& one : f(state)) seen.insert(one.item<std::int64_t>());
  EXPECT_EQ(seen.size(), 500U);
}

// A key whose update was forgotten gives every step the same mask, which nothing else shows.
TEST(RandomKey, IsMissedInTheUpdatesOfATrainingStep) {
  Runtime runtime;
  std::vector<std::string> lines;
  runtime.set_log_sink([&](LogLevel level, std::string_view text) {
    EXPECT_EQ(level, LogLevel::warning);
    lines.emplace_back(text.substr(0, text.rfind(':')));
  });
  Graph graph;
  const Value w = graph.parameter("w", Tensor::of({1.0, 2.0}));
  const Value number = graph.parameter("number", Tensor(std::int64_t{3}));
  const Advancing key = random_key(graph, 5, "key"), other = random_key(graph, 6, "other");
  const Value loss = sum(w * uniform(key.now, w.type())) + cast(fold_in(number, 0), f64);
  const std::vector<Update> updates = sgd(w, gradient(loss, w), 0.1);

  compile(loss, {.update = join({updates, {key.update}}), .runtime = &runtime});
  compile(loss, {.runtime = &runtime});                       // no training step
  compile(sum(w), {.update = updates, .runtime = &runtime});  // reads the key through the update
  compile(loss + uniform(other.now, {f64, {}}),
          {.update = join({updates, {key.update}}), .runtime = &runtime});
  compile(loss, {.update = updates, .runtime = &runtime, .passes = default_passes()});
  const auto warning = [](const std::string& name) {
    return "compile: nothing advances the random key '" + name +
           "', so every run draws the same numbers; add the key's update to the other updates with "
           "join\n  called at " __FILE__;
  };
  EXPECT_EQ(lines, (std::vector<std::string>{warning("key"), warning("other"), warning("key")}));
}

// A State has what it needs to shuffle: the order of the rows is drawn from a key that it holds.
TEST_F(ResumeTest, ContinuesAShuffle) {
  Graph graph;
  const Advancing key = random_key(graph, 7, "order");
  const Function shuffle = compile(permutation(key.now, 20), {.update = {key.update}});
  State state(graph);
  const Tensor first = shuffle(state)[0];
  save(folder / "state.npz", state);
  const Tensor second = shuffle(state)[0];
  EXPECT_FALSE(same_bits(first, second));
  State resumed(graph);
  load(folder / "state.npz", resumed);
  EXPECT_TRUE(same_bits(shuffle(resumed)[0], second));
}

// Other values can lie in the same file, beside the parameters.
TEST_F(ResumeTest, KeepsOtherValuesBesideTheState) {
  const Network network;
  State state(network.graph);
  std::map<std::string, Tensor> file = state.values();
  file["epoch"] = Tensor(std::int64_t{12});
  write_npz(folder / "state.npz", file);
  State resumed(network.graph);
  const Loaded loaded = load(folder / "state.npz", resumed, {.ignore_extra = true});
  EXPECT_EQ(loaded.unexpected, std::vector<std::string>{"epoch"});
  EXPECT_EQ(read_npz(folder / "state.npz").at("epoch").item<int>(), 12);
}

// States are matched by the names and types of parameters, so a replay runs on the same State.
TEST(StateOfATraining, RunsAReplay) {
  Graph graph;
  const Value x = graph.input("x", {f32, {8, 4}});
  const Value w = graph.parameter("w", Rng(1).normal({4, 6}, 0, 1, f32));
  const Value hidden = tanh(matmul(x, w));
  State state(graph);
  const Tensor rows = Rng(9).normal({20, 4}, 0, 1, f32);
  const Value loss = sum(hidden);
  compile(loss, {.update = sgd(w, gradient(loss, w), 0.1)})(state, {{x, rows[Range{0, 8}]}});

  const Retyped sizes[] = {{x, {f32, {20, 4}}}};
  const Rewritten larger = replay(graph, sizes);
  const Tensor all = compile(larger.mapping(hidden))(state, {{x, rows}})[0];
  const Tensor some = compile(hidden)(state, {{x, rows[Range{0, 8}]}})[0];
  EXPECT_TRUE(compare(all[Range{0, 8}], some, 1e-6).close);
  EXPECT_FALSE(compare(compile(hidden)({{x, rows[Range{0, 8}]}})[0], some, 1e-6).close);
}

}  // namespace
}  // namespace dagrad
