#include <functional>
#include <map>

#include "tests/memory/models.hpp"
#include "tests/memory/survives.hpp"

namespace dagrad::test {
namespace {

/// Arguments for builders: values of several kinds.
struct Leaves {
  Graph graph;
  Value s = graph.input("s", {f64, {}}), v = graph.input("v", {f64, {4}});
  Value m = graph.input("m", {f64, {2, 4}}), q = graph.input("q", {f64, {4, 4}});
  Value image = graph.input("image", {f64, {2, 4, 5, 5}});
  Value kernel = graph.input("kernel", {f64, {3, 4, 2, 2}});
  Value channels = graph.input("channels", {f64, {3}});
  Value at = graph.input("at", {i64, {2}}), label = graph.input("label", {i64, {2}});
  Value key = graph.input("key", {i64, {}}), narrow = graph.input("narrow", {i32, {2, 4}});
  Value p = graph.parameter("p", Tensor(Type{f64, {4}}));
};
using Build = std::function<void(Leaves&)>;

/// A graph and a builder's call.
struct Built {
  explicit Built(const Build& call) : build(call) {}
  void run() { build(leaves); }
  std::string text() const { return listing(leaves.graph); }
  const Build& build;
  Leaves leaves;
};

const std::map<std::string, Build>& builders() {
  static const std::map<std::string, Build> all{
      {"input",
       [](Leaves& l) {
         l.graph.input("encoder/0/another", {f64, {3}});
       }},
      {"parameter", [](Leaves& l) { l.graph.parameter("another", Tensor(2.0)); }},
      {"constant", [](Leaves& l) { l.graph.constant(Tensor(2.0)); }},
      {"named", [](Leaves& l) { l.v.named("a_name_that_no_short_string_can_hold"); }},
      {"named as an op", [](Leaves& l) { l.v.named("input_3"); }},
      {"tanh", [](Leaves& l) { tanh(l.v); }},
      {"square by itself", [](Leaves& l) { l.v* l.v; }},
      {"literals", [](Leaves& l) { clamp(l.v, -1, 1); }},
      {"many operands", [](Leaves& l) { concat(std::vector<Value>(20, l.v)); }},
      {"promotion", [](Leaves& l) { matmul(l.narrow, l.q); }},
      {"split", [](Leaves& l) { split(l.m, 4, 1); }},
      {"unstack", [](Leaves& l) { unstack(l.m); }},
      {"stack",
       [](Leaves& l) {
         stack({l.v, l.v});
       }},
      {"functor", [](Leaves& l) { elementwise("mine", [](auto x) { return x * x + 3; })(l.m); }},
      {"custom_gradient",
       [](Leaves& l) {
         custom_gradient(std::vector{l.v, l.m}, std::vector{l.v},
                         [](const GradContext& g) { return Grads{g.douts[0]}; });
       }},
      {"add_n",
       [](Leaves& l) {
         add_n({l.v, l.v, l.v});
       }},
      {"attention", [](Leaves& l) { attention(l.m, l.q, l.q, {.causal = true}); }},
      {"multi_head_attention", [](Leaves& l) { multi_head_attention(l.m, l.q, l.q, 2); }},
      {"dropout", [](Leaves& l) { dropout(l.m, l.key, 0.5); }},
      {"einsum",
       [](Leaves& l) {
         einsum("ij,jk,k->i", {l.m, l.q, l.v});
       }},
      {"dot", [](Leaves& l) { dot(l.v, l.p); }},
      {"outer", [](Leaves& l) { outer(l.v, l.p); }},
      {"batch_norm",
       [](Leaves& l) {
         const Value& c = l.v;
         batch_norm(l.image, c, c, c, c);
       }},
      {"batch_norm_inference",
       [](Leaves& l) {
         const Value& c = l.v;
         batch_norm_inference(l.image, c, c, c, c);
       }},
      {"layer_norm", [](Leaves& l) { layer_norm(l.m, l.v, l.v); }},
      {"rms_norm", [](Leaves& l) { rms_norm(l.m, l.v); }},
      {"group_norm", [](Leaves& l) { group_norm(l.image, 2, l.v, l.v); }},
      {"mse", [](Leaves& l) { mse(l.v, l.p); }},
      {"nll", [](Leaves& l) { nll(l.m, l.label); }},
      {"cross_entropy", [](Leaves& l) { cross_entropy(l.m, l.label, 0.1); }},
      {"kl_divergence", [](Leaves& l) { kl_divergence(l.m, l.m); }},
      {"isclose", [](Leaves& l) { isclose(l.v, l.p); }},
      {"conv2d", [](Leaves& l) { conv2d(l.image, l.kernel, l.channels, {}); }},
      {"global_avg_pool", [](Leaves& l) { global_avg_pool(l.image); }},
      {"max_pool2d",
       [](Leaves& l) {
         max_pool2d(l.image, {.window = {2, 2}});
       }},
      {"triangular_solve", [](Leaves& l) { triangular_solve(l.q, l.v); }},
      {"solve", [](Leaves& l) { solve(l.q, l.v); }},
      {"slogdet", [](Leaves& l) { slogdet(l.q); }},
      {"gather_nd", [](Leaves& l) { gather_nd(l.q, l.at); }},
      {"take", [](Leaves& l) { take(l.q, l.at, 0); }},
      {"scatter_add", [](Leaves& l) { scatter_add(l.q, l.at, l.m, 0); }},
      {"sort", [](Leaves& l) { sort(l.m); }},
      {"topk", [](Leaves& l) { topk(l.m, 2); }},
      {"diag", [](Leaves& l) { diag(l.v); }},
      {"trace", [](Leaves& l) { trace(l.q); }},
      {"flip", [](Leaves& l) { flip(l.m); }},
      {"roll", [](Leaves& l) { roll(l.m, 3); }},
      {"tile",
       [](Leaves& l) {
         tile(l.m, {2, 2, 2});
       }},
      {"repeat", [](Leaves& l) { repeat(l.m, 2); }},
      {"unsqueeze", [](Leaves& l) { unsqueeze(l.m, {0}); }},
      {"norm", [](Leaves& l) { norm(l.m); }},
      {"standard_deviation", [](Leaves& l) { standard_deviation(l.m); }},
      {"split_key", [](Leaves& l) { split_key(l.key, 3); }},
      {"bernoulli", [](Leaves& l) { bernoulli(l.key, l.s); }},
      {"categorical", [](Leaves& l) { categorical(l.key, l.m); }},
      {"iota", [](Leaves& l) { iota(l.graph, 5); }},
      {"full",
       [](Leaves& l) {
         full(l.graph, {f64, {2}}, 3);
       }},
      {"step_counter", [](Leaves& l) { step_counter(l.graph); }},
      {"random_key", [](Leaves& l) { random_key(l.graph, 7, "random"); }},
      {"clip_by_value",
       [](Leaves& l) {
         clip_by_value(std::vector{l.v, l.m}, -1, 1);
       }},
      {"clip_by_global_norm",
       [](Leaves& l) {
         clip_by_global_norm(std::vector{l.v, l.m}, l.s);
       }},
      {"sgd", [](Leaves& l) { sgd(std::vector{l.p}, std::vector{l.v}, l.s, {.momentum = 0.9}); }},
      {"adam", [](Leaves& l) { adam(std::vector{l.p}, std::vector{l.v}, 0.1); }},
      {"adamw", [](Leaves& l) { adamw(std::vector{l.p}, std::vector{l.v}, l.s); }},
      {"rmsprop",
       [](Leaves& l) {
         rmsprop(std::vector{l.p}, std::vector{l.v}, 0.1, {.momentum = 0.5, .centred = true});
       }},
  };
  return all;
}

TEST(OutOfMemory, BuildersAddAllTheirNodesOrNone) {
  for (const auto& builder : builders()) {
    const std::int64_t allocations = survives([&] { return Built(builder.second); });
    ASSERT_FALSE(HasFailure()) << "in " << builder.first << ", of " << allocations
                               << " allocations";
  }
}

/// A scope is either open or not.
TEST(OutOfMemory, Scope) {
  struct World {
    void run() {
      const Scope outer = graph.scope("a_scope_that_no_short_string_can_hold");
      const Scope inner = graph.scope("1");
      made = true;
    }
    std::string text() {
      std::string text = listing(graph);
      if (!made) return text;
      tanh(graph.input("x", {f64, {}}));
      return text + listing(graph);
    }
    Graph graph;
    bool made = false;
  };
  survives([] { return World(); });
}

TEST(OutOfMemory, NewGraph) {
  struct World {
    void run() { graph.emplace(); }
    std::string text() const { return graph ? listing(*graph) : ""; }
    std::optional<Graph> graph;
  };
  survives([] { return World(); });
}

template <class Model>
struct WholeModel {
  void run() { model.emplace(); }
  std::string text() const { return model ? listing(model->graph) : ""; }
  std::optional<Model> model;
};
TEST(OutOfMemory, WholeModels) {
  survives([] { return WholeModel<SmallModel>(); });
  survives([] { return WholeModel<RichModel>(); });
}

/// After each failure, the next node continues where the last one ended.
TEST(OutOfMemory, HalfBuiltGraphsCanBeContinued) {
  struct World {
    void run() {
      for (; made < 6; ++made) {
        if (made == 0) y = x = graph.input("x", {f64, {2}});
        if (made == 1) y = x * 2;
        if (made == 2) y = tanh(y);
        if (made == 3) y.named("hidden");
        if (made == 4) y = sum(y);
        if (made == 5) dx = gradient(y, x);
      }
    }
    std::string text() const {
      return made == 6 ? listing(graph) + bits({evaluate(dx, {{x, Tensor::of({0.5, 1.5})}})}) : "";
    }
    Graph graph;
    Value x, y, dx;
    int made = 0;
  };
  survives([] { return World(); });
}

TEST(OutOfMemory, ListingAllOps) {
  struct World {
    void run() { catalog = Catalog::builtin(); }
    std::string text() const { return std::to_string(catalog.size()); }
    Catalog catalog;
  };
  survives([] { return World(); });
}

/// Existing steps are found again.
TEST(OutOfMemory, RecordingAProgram) {
  struct World {
    void run() { result.emplace(tanh(x * 2.5 + 1) * (x * 2.5)); }
    std::string text() const {
      std::string text;
      if (!result) return text;
      for (const Instruction& i : recorder.program().steps)
        text += std::to_string(static_cast<int>(i.primitive)) + ' ' + std::to_string(i.a) + ' ' +
                std::to_string(i.b) + ' ' + std::to_string(i.data) + '\n';
      return text;
    }
    Recorder recorder;
    Symbol x = recorder.input(f64);
    std::optional<Symbol> result;
  };
  survives([] { return World(); });
}

}  // namespace
}  // namespace dagrad::test
