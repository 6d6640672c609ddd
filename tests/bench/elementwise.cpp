// A chain of a user's elementwise ops over arrays that do not fit in the caches, and the time that
// moving these arrays takes.
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/crew.hpp"
#include "tests/bench/elementwise_by_hand.hpp"

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

/// The same as one loop by hand, whose rows are divided between the threads of a crew. Throws if
/// its gradient is not bitwise that of dagrad, or its sums differ.
template <class T>
void time_by_hand(const Settings& settings, const Crew& crew, const std::string& what,
                  const Tensor& x, const Tensor& row, const BoundRun& ours) {
  const InstructionSet set = Runtime::shared().instruction_set();
  if (set == InstructionSet::plain) return;
  const auto loop =
      set == InstructionSet::avx512 ? chain_by_hand_avx512<T>() : chain_by_hand_avx2<T>();
  const auto data = [](const Tensor& tensor) { return static_cast<const T*>(tensor.data()); };
  Tensor of_y(Type{dtype_of<T>, {rows}}), of_dx(x.type());
  T *const y = of_y.mutate<T>().data(), *const dx = of_dx.mutate<T>().data();
  const Times times = measure(settings.seconds / 4, 0, [&] {
    crew(crew.threads(), [&](std::int64_t i) {
      const std::int64_t first = rows * i / crew.threads(), end = rows * (i + 1) / crew.threads();
      loop(data(x) + first * columns, data(row), y + first, dx + first * columns,
           static_cast<std::size_t>(end - first), columns);
    });
  });
  if (std::memcmp(dx, ours.fetch(0).as<T>().data(), sizeof(T) * rows * columns) != 0 ||
      std::memcmp(y, ours.fetch(1).as<T>().data(), sizeof(T) * rows) != 0)
    throw std::runtime_error("elementwise: the loop by hand has another result");
  print(settings, "elementwise", what, times, "by hand");
}

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
      const std::string what = type + (of_row ? ", gradients of both" : ", gradient of x");
      print(settings, "elementwise", what, measure(settings.seconds / 4, before, [&] { run(); }));
      if (of_row) continue;
      const Crew crew(settings.threads);
      const auto by_hand = dtype == f32 ? time_by_hand<float> : time_by_hand<double>;
      by_hand(settings, crew, what, data, row, run);
    }
    Copy copy(static_cast<std::size_t>(rows * columns) * size_of(dtype));
    const Crew crew(settings.threads);
    const Times copied = measure(settings.seconds / 4, 0, [&] { copy(crew); });
    for (const char* what : {", gradient of x", ", gradients of both"})
      print(settings, "elementwise", type + what, copied, "copying x");
  }
}

}  // namespace dagrad::bench
