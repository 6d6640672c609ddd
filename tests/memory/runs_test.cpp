#include <utility>

#include "tests/memory/models.hpp"
#include "tests/memory/survives.hpp"

/// Functions that compile and run.
namespace dagrad::test {
namespace {

std::string values_of(const State& state) {
  std::string text;
  for (const auto& [name, value] : state.values()) text += name + '=' + bits({value});
  return text;
}

/// A model with its fetches, and its own Runtime, in which allocations fail too.
template <class Model>
struct Asked {
  Function compiled() {
    return compile(fetches, {.update = updates, .runtime = &runtime, .passes = passes});
  }
  Runtime runtime{{.threads = 1}};
  Model model;
  std::vector<Value> fetches;
  std::vector<Update> updates;
  std::vector<Pass> passes = compile_passes();
};
struct AskedOfSmall : Asked<SmallModel> {
  AskedOfSmall() { fetches = {model.y, gradient(model.y, model.w)}; }
};
struct AskedOfRich : Asked<RichModel> {
  AskedOfRich() {
    const std::vector<Value> weights{model.w, model.b};
    fetches = {model.y, model.parts[1], model.steps.now, model.x};
    updates = join({sgd(weights, gradient(model.y, weights), 0.1), {model.steps.update}});
    passes = {};  // with them, this model would take most of the time of all tests here
  }
};

TEST(OutOfMemory, NewRuntime) {
  struct World {
    void run() { runtime.emplace(RuntimeOptions{.threads = 1}); }
    std::string text() const { return runtime ? std::to_string(runtime->threads()) : ""; }
    std::optional<Runtime> runtime;
  };
  survives([] { return World(); });
}

/// Expects the same plan, the same loops and the same results.
template <class Model>
struct Compiling : Model {
  void run() { function = this->compiled(); }
  std::string text() const {
    if (!function) return "";
    State state(this->model.graph);
    const std::string results = bits((*function)(state, this->model.feeds()));
    return function->text() + results + values_of(state) +
           std::to_string(this->runtime.code_cache().bytes);
  }
  std::optional<Function> function;
};
TEST(OutOfMemory, Compile) {
  survives([] { return Compiling<AskedOfSmall>(); });
  survives([] { return Compiling<AskedOfRich>(); });
}

template <class Model>
struct Running : Model {
  std::string text() const { return values_of(state) + bits(results); }
  Function function = this->compiled();
  State state{this->model.graph};
  std::vector<Tensor> results;
};
TEST(OutOfMemory, Run) {
  struct World : Running<AskedOfSmall> {
    void run() { results = function(model.feeds()); }
  };
  survives([] { return World(); });
}
TEST(OutOfMemory, RunThatReadsAState) {
  struct World : Running<AskedOfSmall> {
    void run() { results = function(std::as_const(state), model.feeds()); }
  };
  survives([] { return World(); });
}
TEST(OutOfMemory, RunThatUpdatesAState) {
  struct World : Running<AskedOfRich> {
    void run() { results = function(state, model.feeds()); }
  };
  survives([] { return World(); });
}

TEST(OutOfMemory, Repeat) {
  struct World : Running<AskedOfRich> {
    void run() { results = function.repeat(state, model.feeds(), 1).results; }
  };
  survives([] { return World(); });
}
TEST(OutOfMemory, Profile) {
  struct World : Running<AskedOfSmall> {
    void run() { profiled = profile(function, state, model.feeds(), {.runs = 1, .warm_up = 0}); }
    std::string text() const {
      std::string names = values_of(state);
      for (const ProfileRow& row : profiled.nodes) names += row.name;
      return names;
    }
    dagrad::Profile profiled;
  };
  survives([] { return World(); });
}

TEST(OutOfMemory, Bind) {
  struct World : Running<AskedOfRich> {
    void run() { bound.emplace(function.bind(state)); }
    std::string text() {
      if (!bound) return values_of(state);
      bound->feed("x", model.feeds()[0].tensor);
      (*bound)();
      return values_of(state);
    }
    std::optional<BoundRun> bound;
  };
  survives([] { return World(); });
}
TEST(OutOfMemory, BoundRun) {
  struct World : Running<AskedOfRich> {
    void run() {
      bound.feed("x", x);
      bound();
    }
    std::string text() const { return values_of(state); }
    Tensor x = model.feeds()[0].tensor;
    BoundRun bound = function.bind(state);
  };
  survives([] { return World(); });
}

TEST(OutOfMemory, Evaluate) {
  struct World {
    void run() { result = evaluate(model.y, model.feeds()); }
    std::string text() const { return bits({result}); }
    SmallModel model;
    Tensor result;
  };
  survives([] { return World(); });
}

TEST(OutOfMemory, NewState) {
  struct World {
    void run() { state.emplace(model.graph); }
    std::string text() const { return state ? values_of(*state) : ""; }
    RichModel model;
    std::optional<State> state;
  };
  survives([] { return World(); });
}
TEST(OutOfMemory, SettingAState) {
  struct World {
    void run() { state.set({{"w", Tensor::full({f64, {3, 2}}, 3)}}); }
    std::string text() const { return values_of(state); }
    SmallModel model;
    State state{model.graph};
  };
  survives([] { return World(); });
}

TEST(OutOfMemory, WritingToASharedTensor) {
  struct World {
    void run() { tensor.mutate<double>()[0] = 2; }
    std::string text() const { return bits({tensor, other}); }
    Tensor tensor = Tensor::of({1.0, 3.0}), other = tensor;
  };
  survives([] { return World(); });
}
TEST(OutOfMemory, RandomNumbers) {
  struct World {
    void run() { tensor = rng.normal({3}); }
    std::string text() const { return bits({tensor}); }
    Rng rng{1};
    Tensor tensor;
  };
  survives([] { return World(); });
}

}  // namespace
}  // namespace dagrad::test
