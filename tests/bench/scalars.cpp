// A formula of thousands of scalar ops. peers/scalars.py generates the same one.
#include <cmath>
#include <cstdint>
#include <deque>

#include "tests/bench/bench.hpp"
#include "tests/bench/formula.hpp"

namespace dagrad::bench {

namespace {

constexpr int inputs = 32;

enum class Kind { add, mul, sub, div, exp, log, sin, sqrt, pow };

template <class T>
T apply_kind(Kind kind, const T& a, const T& b) {
  using std::exp, std::log, std::sin, std::sqrt, std::pow;
  switch (kind) {
    case Kind::add:
      return a + b;
    case Kind::mul:
      return a * b;
    case Kind::sub:
      return a - b;
    case Kind::div:
      return a / b;
    case Kind::exp:
      return exp(a);
    case Kind::log:
      return log(a);
    case Kind::sin:
      return sin(a);
    case Kind::sqrt:
      return sqrt(a);
    case Kind::pow:
      return pow(a, b);
  }
  return a;
}

/// Draws ops for values that stay in [0.25, 4]. One op in ten is a function. Each op takes the
/// value that has waited longest, so that every value is used, and a random one of those that wait,
/// so that about 32 chains of ops are independent of each other.
class Generator {
 public:
  double number() { return draw(65'536) / 65'536.0; }

  /// Value and kind of an op whose first operand is `a`; `wait` holds the values that wait.
  struct Choice {
    Kind kind;
    std::size_t other;
  };
  Choice choose(double a, const std::deque<double>& wait) {
    const bool function = draw(10) == 0;
    while (true) {
      const auto kind = static_cast<Kind>(function ? 4 + draw(5) : draw(4));
      const std::size_t other = draw(static_cast<std::uint32_t>(wait.size()));
      const double value = apply_kind(kind, a, wait[other]);
      if (value >= 0.25 && value <= 4) return {kind, other};
    }
  }

 private:
  std::uint32_t draw(std::uint32_t n) {
    state_ = state_ * 1'664'525U + 1'013'904'223U;
    return (state_ >> 16U) % n;
  }
  std::uint32_t state_ = 1;
};

template <class T>
T next(std::deque<T>& queue) {
  T front = queue.front();
  queue.pop_front();
  return front;
}

}  // namespace

Formula make_formula(Graph& graph, int terms) {
  Generator generator;
  Formula f;
  for (int i = 0; i < inputs; ++i) {
    f.at.push_back(0.5 + generator.number());
    f.xs.push_back(graph.input("x" + std::to_string(i), {f64, {}}));
  }
  f.y = f.xs[0];
  for (int term = 0; term < terms; ++term) {
    std::deque<Value> wait(f.xs.begin(), f.xs.end());
    std::deque<double> numbers(f.at.begin(), f.at.end());
    for (int i = 0; i < ops_of_term - inputs; ++i) {
      const double a = next(numbers);
      const auto [kind, other] = generator.choose(a, numbers);
      numbers.push_back(apply_kind(kind, a, numbers[other]));
      const Value x = next(wait);
      wait.push_back(apply_kind(kind, x, wait[other]));
    }
    for (const Value& value : wait) f.y = f.y + value;
  }
  return f;
}

void scalars(const Settings& settings) {
  const double begin = now();
  Graph graph;
  const Formula f = make_formula(graph, 30);
  std::vector<Value> fetches = gradient(f.y, f.xs);
  fetches.push_back(f.y);
  BoundRun run = compile(fetches, {.threads = settings.threads}).bind();
  for (std::size_t i = 0; i < f.xs.size(); ++i) run.feed(f.xs[i], Tensor(f.at[i]));
  const double before = now() - begin;
  print(settings, "scalars", measure(settings.seconds, before, [&] { run(); }));
  double sum = 0;
  for (std::size_t i = 0; i < fetches.size(); ++i) sum += run.fetch(i).as<double>()[0];
  print(settings, "scalars", "value plus the sum of the gradient", "check", sum);
}

}  // namespace dagrad::bench
