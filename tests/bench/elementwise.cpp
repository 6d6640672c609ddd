// A chain of a user's elementwise ops over arrays that do not fit in the caches, and the time that
// moving these arrays takes.
#include <cstring>
#include <memory>
#include <string>

#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/crew.hpp"

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

/// Copies memory in equal parts on the threads of a crew.
class Copy {
 public:
  explicit Copy(std::size_t bytes) : bytes_(bytes), from_(new char[bytes]), to_(new char[bytes]) {
    std::memset(from_.get(), 1, bytes);
    std::memset(to_.get(), 2, bytes);
  }
  void operator()(const Crew& crew) {
    const auto threads = static_cast<std::size_t>(crew.threads());
    crew(crew.threads(), [&](std::int64_t i) {
      const std::size_t begin = bytes_ * static_cast<std::size_t>(i) / threads,
                        end = bytes_ * static_cast<std::size_t>(i + 1) / threads;
      std::memcpy(to_.get() + begin, from_.get() + begin, end - begin);
    });
  }

 private:
  std::size_t bytes_;
  std::unique_ptr<char[]> from_, to_;
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
    Copy copy(static_cast<std::size_t>(rows * columns) * size_of(dtype));
    const Crew crew(settings.threads);
    const Times copied = measure(settings.seconds / 4, 0, [&] { copy(crew); });
    for (const char* what : {", gradient of x", ", gradients of both"})
      print(settings, "elementwise", type + what, copied, "copying x");
  }
}

}  // namespace dagrad::bench
