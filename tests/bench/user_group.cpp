// Five elementwise ops of a user's, which `compile` fuses into one loop, compared with the loop
// that one writes by hand (by_hand_loops.hpp) and with the same formula made of the library's ops.
#include <functional>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/by_hand.hpp"
#include "tests/bench/loops.hpp"

namespace dagrad::bench {

namespace {

Value of_user_ops(const Value& x) {
  const auto squared = elementwise("squared", [](auto a) { return a * a; });
  const auto raised = elementwise("raised", [](auto a) { return 1 + a; });
  const auto root = elementwise("root", [](auto a) { return sqrt(a); });
  const auto weighted = elementwise("weighted", [](auto a, auto b) { return a * b; });
  return weighted(x, root(root(raised(squared(x)))));
}

Value of_library_ops(const Value& x) { return x * sqrt(sqrt(1 + square(x))); }

/// A way to compute the formula, and the fastest time that it took.
struct Way {
  const char* system;
  std::function<void()> run;
  double best = 1e9;
};

/// The formula, or its value and gradient, for arrays that fit into the first cache together.
template <class T>
class Race {
 public:
  Race(const Settings& settings, Runtime& runtime, bool with_gradient)
      : settings_(settings), runtime_(runtime), with_gradient_(with_gradient) {}

  void run() {
    BoundRun of_user = compiled(of_user_ops), of_library = compiled(of_library_ops);
    Way ways[] = {{"dagrad", [&] { of_user(); }},
                  {"the library's ops", [&] { of_library(); }},
                  {"by hand", [&] { by_hand(); }}};
    for (int turn = 0; turn < 200; ++turn)
      for (Way& way : ways) way.best = std::min(way.best, fastest(1, 100, way.run));
    const std::string what = "five ops of a user's, " + std::string(name(dtype_of<T>)) + " " +
                             std::string(name(runtime_.instruction_set())) +
                             (with_gradient_ ? ", value and gradient" : ", value");
    for (const Way& way : ways)
      print(settings_, "loops", what, "ns", 1e9 * way.best / static_cast<double>(n_), way.system);
  }

 private:
  BoundRun compiled(Value (*formula)(const Value& x)) {
    Graph graph;
    const Value x = graph.input("x", x_.type()), dy = graph.input("dy", dy_.type());
    const Value y = formula(x);
    std::vector<Value> results{y};
    if (with_gradient_) results.push_back(gradient(y, x, {.seed = dy}));
    BoundRun run = compile(results, {.threads = settings_.threads, .runtime = &runtime_}).bind();
    run.feed("x", x_);
    run.feed("dy", dy_);
    return run;
  }

  void by_hand() {
    const auto n = static_cast<std::size_t>(n_);
    const auto *x = static_cast<const T*>(x_.data()), *dy = static_cast<const T*>(dy_.data());
    T *y = y_.data(), *dx = dx_.data();
    const bool wide = runtime_.instruction_set() == InstructionSet::avx512;
    const ByHand<T>& hand = wide ? by_hand_avx512<T>() : by_hand_avx2<T>();
    with_gradient_ ? hand.group_and_gradient(x, dy, y, dx, n) : hand.group(x, y, n);
  }

  const Settings& settings_;
  Runtime& runtime_;
  bool with_gradient_;
  std::int64_t n_ = (32 << 10) / static_cast<std::int64_t>(sizeof(T)) / (with_gradient_ ? 4 : 2);
  Tensor x_ = Rng(0).normal({n_}, 0, 1, dtype_of<T>), dy_ = Rng(1).normal({n_}, 0, 1, dtype_of<T>);
  std::vector<T> y_ = std::vector<T>(static_cast<std::size_t>(n_)), dx_ = y_;
};

}  // namespace

void user_group(const Settings& settings) {
  for (const InstructionSet set : {InstructionSet::avx2, InstructionSet::avx512}) {
    if (!available(set)) continue;
    Runtime runtime({.threads = settings.threads, .instruction_set = set});
    for (const bool with_gradient : {false, true}) {
      Race<float>(settings, runtime, with_gradient).run();
      Race<double>(settings, runtime, with_gradient).run();
    }
  }
}

}  // namespace dagrad::bench
