#include <dagrad/compile.hpp>
#include <dagrad/random.hpp>

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <thread>

#include "tests/exec/reference.hpp"
#include "tests/exec/test_ops.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;

const tbb::global_control many_threads(tbb::global_control::max_allowed_parallelism, 8);

/// A random graph with everything that plans must get right: values used early and late, in several
/// places, as aliases, or only for their types; ops that overwrite an operand or have several
/// results, scratch memory or tasks.
struct RandomGraph {
  RandomGraph(std::int64_t seed, int nodes) : rng(seed) {
    const std::vector<Shape> shapes = {{},      {3},      {2, 3}, {40, 1},
                                       {1, 33}, {40, 33}, {0, 3}, {60, 250}};
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      inputs.push_back(graph.input("in" + std::to_string(i), {f64, shapes[i]}));
      values.push_back(inputs.back());
      values.push_back(graph.parameter("p" + std::to_string(i), rng.uniform(shapes[i], -1, 1)));
    }
    values.push_back(graph.constant(rng.uniform({2, 3}, -1, 1)));
    for (int i = 0; i < nodes; ++i) add();
    for (int i = 0; i < 6; ++i) fetches.push_back(any());
    fetches.push_back(fetches.front());
  }

  Value any() {
    return values[static_cast<std::size_t>(
        rng.integer(0, static_cast<std::int64_t>(values.size())))];
  }
  /// A value, preferably a recent one, so that the graph gets deep.
  Value recent() {
    const auto n = static_cast<std::int64_t>(values.size());
    return values[static_cast<std::size_t>(rng.integer(std::max<std::int64_t>(0, n - 12), n))];
  }
  Value like(const Value& x) {
    for (int tries = 0; tries < 20; ++tries)
      if (const Value y = any(); y.type() == x.type()) return y;
    return x;
  }
  /// A value that broadcasts with x to a moderate size, or x itself.
  Value beside(const Value& x) {
    for (int tries = 0; tries < 20; ++tries) {
      const Value y = rng.integer(0, 2) == 0 ? any() : recent();
      try {
        if (broadcast(x.shape(), y.shape()).elements() <= 60 * 250) return y;
      } catch (const ShapeError&) {
      }
    }
    return x;
  }
  void add() {
    const Value x = recent();
    switch (rng.integer(0, 14)) {
      case 0:
        values.push_back(x + beside(x));
        break;
      case 1:
        values.push_back(x * beside(x) * 0.5);
        break;
      case 2:
        values.push_back(x - x);
        break;
      case 3:
        values.push_back(maximum(x, beside(x)));
        break;
      case 4:
        values.push_back(tanh(x));
        break;
      case 5:
        values.push_back(-x);
        break;
      case 6:
        values.push_back(reverse(x));
        break;
      case 7:
        values.push_back(add_reversed(x, like(x)));
        break;
      case 8:
        values.push_back(tanh(prefix(x)));
        break;
      case 9:
        for (const Value& y : three(x)) values.push_back(tanh(y));
        break;
      case 10:
        values.push_back(costly(x));
        break;
      case 11: {  // an alias, and an alias of that
        const Value row = graph.input("row" + std::to_string(values.size()), {f64, {x.size()}});
        values.push_back(reshape_like(x, row));
        values.push_back(reshape_like(values.back(), x));
        break;
      }
      case 12:
        values.push_back(sum_to_like(x, graph.constant(Tensor(0.0))));
        break;
      default:
        values.push_back(zeros_like(x) + x);
        break;
    }
  }

  Feeds feeds(std::map<std::string, Tensor>& leaves, const Function& f) {
    Feeds feeds;
    for (const std::string& name : f.input_names()) {
      leaves[name] = rng.uniform(graph.at(name).shape(), -1, 1);
      feeds.emplace_back(name, leaves[name]);
    }
    return feeds;
  }

  Rng rng;
  Graph graph;
  std::vector<Value> inputs, values, fetches;
};

struct Runtimes {
  Runtime one{{.threads = 1}}, two{{.threads = 2}}, eight{{.threads = 8}},
      sixty_four{{.threads = 64}};
  std::array<Runtime*, 4> all{&one, &two, &eight, &sixty_four};
};

TEST(RandomGraphs, AgreeWithTheReferenceOnAnyNumberOfThreads) {
  Runtimes runtimes;
  int parallel = 0;
  for (int seed = 0; seed < 60; ++seed) {
    RandomGraph r(seed, 10 + 2 * seed);
    std::vector<Function> functions;
    for (Runtime* runtime : runtimes.all)
      functions.push_back(compile(r.fetches, {.runtime = runtime}));
    parallel += functions[1].text().find("up to 2 threads") != std::string::npos;
    for (int round = 0; round < 2; ++round) {
      std::map<std::string, Tensor> leaves;
      const Feeds feeds = r.feeds(leaves, functions[0]);
      for (const Value& input : r.graph.inputs())
        leaves.try_emplace(input.name(), Tensor(input.type()));
      const Reference reference(r.graph, leaves);
      for (std::size_t f = 0; f < functions.size(); ++f) {
        const auto results = functions[f](feeds);
        for (std::size_t i = 0; i < results.size(); ++i)
          ASSERT_TRUE(same_bits(results[i], reference(r.fetches[i])))
              << "seed " << seed << ", fetch " << r.fetches[i].name() << ", runtime "
              << runtimes.all[f]->threads() << "\n"
              << functions[f].text();
      }
    }
  }
  EXPECT_GT(parallel, 20) << "too few of the graphs used several threads";
}

TEST(BigValues, InTasksGiveTheSameBitsUnderEveryInstructionSet) {
  Rng rng(7);
  Graph g;
  const Value x = g.input("x", {f64, {300, 1000}}), row = g.input("row", {f64, {1000}});
  const Value y = tanh(exp(x) * row), z = prefix(y - row), w = sum_to_like(sin(z) + y, row);
  const Feeds feeds{{x, rng.uniform({300, 1000}, -1, 1)}, {row, rng.uniform({1000}, -1, 1)}};
  for (const InstructionSet set :
       {InstructionSet::plain, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!available(set)) continue;
    Runtime one({.threads = 1, .instruction_set = set});
    const auto expected = compile({y, z, w}, {.runtime = &one})(feeds);
    for (const int threads : {2, 8, 64}) {
      Runtime runtime({.threads = threads, .instruction_set = set});
      const Function f = compile({y, z, w}, {.runtime = &runtime});
      EXPECT_NE(f.text().find(" tasks"), std::string::npos) << f.text();
      for (int run = 0; run < 5; ++run) {
        const auto results = f(feeds);
        for (std::size_t i = 0; i < results.size(); ++i)
          EXPECT_TRUE(same_bits(results[i], expected[i])) << name(set) << ", " << threads;
      }
    }
  }
}

TEST(RandomGraphs, OneFunctionCalledByManyThreadsAtOnce) {
  Runtime runtime({.threads = 2});
  for (int seed = 1000; seed < 1008; ++seed) {
    RandomGraph r(seed, 100);
    const Function f = compile(r.fetches, {.runtime = &runtime});
    std::vector<Feeds> feeds;
    std::vector<std::vector<Tensor>> expected;
    for (int c = 0; c < 6; ++c) {
      std::map<std::string, Tensor> leaves;
      feeds.push_back(r.feeds(leaves, f));
      expected.push_back(f(feeds.back()));
    }
    std::vector<std::thread> callers;
    std::atomic<int> wrong{0};
    for (std::size_t c = 0; c < feeds.size(); ++c) {
      callers.emplace_back([&, c] {
        for (int round = 0; round < 10; ++round) {
          const auto results = f(feeds[c]);
          for (std::size_t i = 0; i < results.size(); ++i)
            if (!same_bits(results[i], expected[c][i])) wrong.fetch_add(1);
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(wrong, 0) << "seed " << seed;
  }
}

}  // namespace
