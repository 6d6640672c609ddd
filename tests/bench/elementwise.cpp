// A chain of a user's elementwise ops over arrays that do not fit in the caches, and the time that
// moving these arrays takes.
#include <algorithm>
#include <barrier>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

constexpr std::int64_t rows = 10'000, columns = 1'000;

/// The sum over each row of six ops in a chain, of which two take a row that is broadcast.
Value chain_of_ops(const Value& x, const Value& row) {
  const auto shifted = elementwise("shifted", [](auto a, auto b) { return a + b; });
  const auto scaled = elementwise("scaled", [](auto a) { return 1.5 * a - 0.25; });
  const auto damped = elementwise("damped", [](auto a) { return a / (1 + a * a); });
  const auto weighted = elementwise("weighted", [](auto a, auto b) { return a * (2 - b); });
  const auto cubed = elementwise("cubed", [](auto a) { return a * a * a; });
  const auto blended = elementwise("blended", [](auto a) { return 0.9 * a + 0.1 * (a * a); });
  const Value y = weighted(damped(scaled(shifted(x, row))), row);
  return sum(blended(cubed(y)), {1});
}

/// Runs a copy of equal parts on several threads, in step.
class Copy {
 public:
  Copy(std::size_t bytes, int threads)
      : bytes_(bytes), from_(new char[bytes]), to_(new char[bytes]), step_(threads) {
    std::memset(from_.get(), 1, bytes);
    std::memset(to_.get(), 2, bytes);
    for (int i = 1; i < threads; ++i)
      helpers_.emplace_back([this, i, threads] { help(i, threads); });
    threads_ = threads;
  }
  ~Copy() {
    done_ = true;
    step_.arrive_and_wait();
    for (std::thread& helper : helpers_) helper.join();
  }
  void operator()() {
    step_.arrive_and_wait();
    part(0, threads_);
    step_.arrive_and_wait();
  }

 private:
  void part(int i, int threads) {
    const auto at = [&](int k) {
      return bytes_ * static_cast<std::size_t>(k) / static_cast<std::size_t>(threads);
    };
    std::memcpy(to_.get() + at(i), from_.get() + at(i), at(i + 1) - at(i));
  }
  void help(int i, int threads) {
    while (true) {
      step_.arrive_and_wait();
      if (done_) return;
      part(i, threads);
      step_.arrive_and_wait();
    }
  }

  std::size_t bytes_;
  std::unique_ptr<char[]> from_, to_;
  std::barrier<> step_;
  std::vector<std::thread> helpers_;
  int threads_ = 1;
  bool done_ = false;
};

}  // namespace

void elementwise_chain(const Settings& settings) {
  for (const DType dtype : {f32, f64}) {
    const std::string type(name(dtype));
    Rng rng(0);
    const Tensor data = rng.uniform({rows, columns}, 0, 1, dtype),
                 row = rng.uniform({columns}, 0, 1, dtype);
    for (const bool of_row : {false, true}) {
      const double begin = now();
      Graph graph;
      const Value x = graph.input("x", data.type()), r = graph.input("row", row.type());
      const Value y = chain_of_ops(x, r);
      const std::vector<Value> xs = of_row ? std::vector{x, r} : std::vector{x};
      std::vector<Value> fetches =
          gradient(y, xs, {.seed = graph.constant(Tensor::full(y.type(), 1))});
      fetches.push_back(y);
      BoundRun run = compile(fetches, {.threads = settings.threads}).bind();
      run.feed(x, data);
      run.feed(r, row);
      const double before = now() - begin;
      print(settings, "elementwise", type + (of_row ? ", gradients of both" : ", gradient of x"),
            measure(settings.seconds / 4, before, [&] { run(); }));
    }
    Copy copy(static_cast<std::size_t>(rows * columns) * size_of(dtype), settings.threads);
    const Times copied = measure(settings.seconds / 4, 0, [&] { copy(); });
    for (const char* what : {", gradient of x", ", gradients of both"})
      print(settings, "elementwise", type + what, copied, "copying x");
  }
}

}  // namespace dagrad::bench
