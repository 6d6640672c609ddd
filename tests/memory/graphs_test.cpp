#include <cstdlib>

#include "dagrad/passes/epilogues.hpp"
#include "dagrad/passes/fuse_sums.hpp"
#include "dagrad/passes/take.hpp"
#include "dagrad/passes/tile.hpp"
#include "dagrad/passes/windows.hpp"
#include "tests/memory/models.hpp"
#include "tests/memory/survives.hpp"

/// Functions that make graphs from graphs or inspect them.
namespace dagrad::test {
namespace {

/// A model, something made from it, and the text of both.
template <class Model, class Made, class Make, class Show>
auto world_of(Make make, Show show) {
  struct World {
    void run() { made.emplace(make(model)); }
    std::string text() const { return listing(model.graph) + (made ? show(*made) : ""); }
    Make make;
    Show show;
    Model model = {};
    std::optional<Made> made = {};
  };
  return survives([&] { return World{make, show}; });
}

std::string names(const std::vector<Value>& values) {
  std::string text;
  for (const Value& value : values) text += ' ' + value.name();
  return text;
}

TEST(OutOfMemory, Gradient) {
  world_of<SmallModel, std::vector<Value>>(
      [](SmallModel& m) {
        return gradient(m.y, {m.w, m.x});
      },
      names);
  world_of<RichModel, std::vector<Value>>(
      [](RichModel& m) {
        return gradient(m.y, {m.w, m.b, m.parts[1]});
      },
      names);
}

TEST(OutOfMemory, GradientOfAGradient) {
  struct Twice : SmallModel {
    Value dx = sum(gradient(y, x));
  };
  world_of<Twice, std::vector<Value>>([](Twice& m) { return gradient(m.dx, {m.x, m.w}); }, names);
}

TEST(OutOfMemory, RefusedGradient) {
  struct World {
    void run() {
      try {
        gradient(model.y, {model.w, unconnected});
        ADD_FAILURE() << "unconnected";
      } catch (const GradientError&) {
        refused = true;
      }
    }
    std::string text() const { return listing(model.graph) + (refused ? "refused" : ""); }
    RichModel model;
    Value unconnected = model.graph.input("unconnected", {f64, {}});
    bool refused = false;
  };
  survives([] { return World(); });
}

const auto graph_of = [](const Rewritten& made) { return listing(made.graph); };

TEST(OutOfMemory, Clone) {
  world_of<RichModel, Rewritten>([](RichModel& m) { return clone(m.graph); }, graph_of);
}
TEST(OutOfMemory, Extract) {
  world_of<RichModel, Rewritten>([](RichModel& m) { return extract(std::vector{m.y}, m.parts); },
                                 graph_of);
}
TEST(OutOfMemory, Replace) {
  world_of<RichModel, Rewritten>(
      [](RichModel& m) {
        const Replacement swapped{m.parts[0], m.parts[1]};
        return replace(m.graph, {&swapped, 1});
      },
      graph_of);
}
TEST(OutOfMemory, Replay) {
  world_of<RichModel, Rewritten>([](RichModel& m) { return replay(m.graph, f64, f32); }, graph_of);
  world_of<SmallModel, Rewritten>(
      [](SmallModel& m) {
        const Retyped wider{m.x, {f64, {5, 3}}};
        return replay(m.graph, {&wider, 1});
      },
      graph_of);
}

TEST(OutOfMemory, Batch) {
  struct Batches : RichModel {
    Value xs = batch_like(x, graph.input("members", {f64, {3}}));
  };
  world_of<Batches, Value>(
      [](Batches& m) {
        return batch(m.y, {{m.x, m.xs}});
      },
      [](const Value& y) { return y.name(); });
  world_of<RichModel, Rewritten>(
      [](RichModel& m) {
        return batch(m.graph, {m.x, m.w}, 3);
      },
      graph_of);
}
TEST(OutOfMemory, Rebatch) {
  world_of<SmallModel, Rewritten>([](SmallModel& m) { return rebatch(m.graph, {m.x}, 5); },
                                  graph_of);
}

const auto result_of = [](const PassResult& made) { return listing(made.graph); };

TEST(OutOfMemory, Passes) {
  const std::vector<Rule> rules = simplifying_rules();
  world_of<RichModel, PassResult>(
      [](RichModel& m) { return merge_equal(m.graph, std::vector{m.y}); }, result_of);
  world_of<RichModel, PassResult>(
      [](RichModel& m) { return fold_constants(m.graph, std::vector{m.y}); }, result_of);
  world_of<RichModel, PassResult>(
      [&](RichModel& m) { return apply_rules(m.graph, std::vector{m.y}, rules); }, result_of);
  world_of<RichModel, PassResult>([](RichModel& m) { return fuse(m.graph, std::vector{m.y}); },
                                  result_of);
}
TEST(OutOfMemory, Tiles) {
  struct LargeModel {
    Graph graph;
    Value x = graph.input("x", {f64, {1000, 500}}), a = exp(x), y = sum(sin(a), 1);
  };
  world_of<LargeModel, PassResult>(
      [](LargeModel& m) { return tile_rows(m.graph, std::vector{m.y}); }, result_of);
}
TEST(OutOfMemory, Windows) {
  struct LargeModel {
    Graph graph;
    Value x = graph.input("x", {f64, {9000}}), y = x[{{1, 9000}}] - x[{{0, 8999}}];
  };
  world_of<LargeModel, PassResult>(
      [](LargeModel& m) { return read_windows(m.graph, std::vector{m.y}); }, result_of);
}
TEST(OutOfMemory, Epilogues) {
  struct LargeModel {
    Graph graph;
    Value x = graph.input("x", {f64, {100, 100}}), y = tanh(matmul(x, x) + 1.0);
  };
  world_of<LargeModel, PassResult>(
      [](LargeModel& m) { return fuse_epilogues(m.graph, std::vector{m.y}); }, result_of);
}
TEST(OutOfMemory, FuseSums) {
  struct LargeModel {
    Graph graph;
    Value x = graph.input("x", {f64, {500, 200}}), y = x * 2.0, z = sum(y, 0), w = sum(y, 1);
  };
  world_of<LargeModel, PassResult>(
      [](LargeModel& m) { return fuse_sums(m.graph, std::vector{m.z, m.w}); }, result_of);
}
TEST(OutOfMemory, SumEarly) {
  struct LargeModel {
    Graph graph;
    Value x = graph.input("x", {f64, {100, 100}}), y = -sum(-matmul(x, x), 0);
  };
  world_of<LargeModel, PassResult>(
      [](LargeModel& m) { return sum_early(m.graph, std::vector{m.y}); }, result_of);
}
TEST(OutOfMemory, TakeEarly) {
  struct LargeModel {
    Graph graph;
    Value x = graph.input("x", {f64, {40'000}}), two = graph.constant(Tensor::of({1.0, 2.0}));
    Value products = reshape(pad(x * reshape(two, {2, 1}), {0, 1}, {0, 0}), {-1});
    Value y = take(products, graph.constant(Tensor::of({0, 40'001, 5})), 0);
  };
  world_of<LargeModel, PassResult>(
      [](LargeModel& m) { return take_early(m.graph, std::vector{m.y}); }, result_of);
}
TEST(OutOfMemory, Optimize) {
  const std::vector<Pass> passes = default_passes();
  world_of<SmallModel, Optimized>([&](SmallModel& m) { return optimize(m.graph, m.y, passes); },
                                  [](const Optimized& made) { return listing(made.graph); });
}

const auto itself = [](const std::string& text) { return text; };

TEST(OutOfMemory, Text) {
  world_of<RichModel, std::string>([](RichModel& m) { return to_string(m.graph); }, itself);
}
TEST(OutOfMemory, Dot) {
  struct Differentiated : RichModel {
    Value dw = gradient(y, w);
  };
  world_of<Differentiated, std::string>(
      [](Differentiated& m) {
        return to_dot(m.graph, {.title = "loss", .fetches = {m.dw}, .only_needed = true});
      },
      itself);
  world_of<RichModel, std::string>([](RichModel& m) { return to_dot(m.graph, {.open_scopes = 0}); },
                                   itself);
}

TEST(OutOfMemory, SimilarNames) {
  world_of<RichModel, std::string>(
      [](RichModel& m) {
        try {
          return m.graph.at("encoder/c").name();
        } catch (const GraphError& error) {
          return std::string(error.what());
        }
      },
      itself);
}

/// Each of the checker's functions is compiled without passes, whose allocations have tests of
/// their own: with them, this test would take longer than all others.
TEST(OutOfMemory, CheckGradient) {
  setenv("DAGRAD_PASSES", "none", 1);
  struct Tiny {
    Graph graph;
    Value x = graph.input("x", {f64, {2}}), y = sum(square(x));
  };
  world_of<Tiny, CheckReport>(
      [](Tiny& m) {
        return check_gradient(m.y, m.x, {{m.x, Tensor::of({1.0, -0.5})}});
      },
      [](const CheckReport& report) { return report.text(); });
  unsetenv("DAGRAD_PASSES");
}

}  // namespace
}  // namespace dagrad::test
