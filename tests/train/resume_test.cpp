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

}  // namespace
}  // namespace dagrad
