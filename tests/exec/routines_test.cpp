#include "src/exec/routines.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "dagrad/dagrad.hpp"
#include "src/exec/planner.hpp"

/// Routines against the step-by-step plan, which the first run of a function uses.
namespace dagrad {
namespace {

std::vector<InstructionSet> sets_with_assembler() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set : {InstructionSet::avx2, InstructionSet::avx512})
    if (available(set) && detail::has_assembler(set)) sets.push_back(set);
  return sets;
}

/// The number of steps that are run by routines, and that of all steps.
std::pair<std::uint32_t, std::uint32_t> steps_in_routines(std::span<const Value> fetches,
                                                          Runtime& runtime,
                                                          CompileOptions options = {}) {
  const detail::GraphView graph(detail::Access::data(fetches[0]));
  const auto plan = detail::make_plan(graph, options, runtime.data(), fetches);
  const detail::Routines routines(*plan);
  std::uint32_t in_routines = 0;
  for (const auto& stretch : routines.stretches())
    if (stretch.routine != nullptr) in_routines += stretch.end - stretch.begin;
  return {in_routines, static_cast<std::uint32_t>(plan->steps.size())};
}

/// The first element whose bits differ, as text; empty if there is none. All NaNs are equal.
std::string difference(const Tensor& a, const Tensor& b) {
  return dispatch(a.dtype(), [&]<class T>(std::type_identity<T>) -> std::string {
    const auto x = a.values<T>(), y = b.values<T>();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::memcmp(&x[i], &y[i], sizeof(T)) == 0 || (x[i] != x[i] && y[i] != y[i])) continue;
      return "element " + std::to_string(i) + ": " + ::testing::PrintToString(x[i]) + " against " +
             ::testing::PrintToString(y[i]);
    }
    return {};
  });
}

void expect_same_bits(std::span<const Value> fetches, const Feeds& feeds, Runtime& runtime,
                      const std::string& context) {
  const Function f = compile(fetches, {.threads = 1, .runtime = &runtime, .passes = {}});
  const std::vector<Tensor> steps = f(feeds);
  for (int run = 0; run < 2; ++run) {
    const std::vector<Tensor> routine = f(feeds);
    for (std::size_t i = 0; i < steps.size(); ++i)
      ASSERT_EQ(difference(routine[i], steps[i]), "")
          << context << ", fetch " << i << " of type " << to_string(steps[i].type()) << '\n'
          << f.text();
  }
}

/// Draws small graphs of everything that routines translate, and some ops that they do not.
class Draw {
 public:
  Draw(unsigned seed, DType dtype) : random_(seed), dtype_(dtype) {
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{3}, Shape{4, 3}, Shape{1, 3}, Shape{4, 1},
                               Shape{3, 4}, Shape{7, 5}, Shape{14}, Shape{2, 4, 3}, Shape{17}}) {
      const Value x = graph.input("x" + std::to_string(values.size()), {dtype, shape});
      values.push_back(x);
      feeds.emplace_back(x, numbers(shape));
    }
  }

  void step() {
    try {
      values.push_back(made(any()));
    } catch (const Error&) {  // the operands do not fit
    }
  }
  std::vector<Value> fetches() {
    std::vector<Value> all;
    for (std::size_t i = feeds.size(); i < values.size(); ++i)
      if (below(3) == 0 || i + 2 > values.size()) all.push_back(values[i]);
    return all;
  }

  Graph graph;
  std::vector<Value> values;
  Feeds feeds;

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  Value any() { return values[static_cast<std::size_t>(below(static_cast<int>(values.size())))]; }

  Tensor numbers(const Shape& shape) {
    static constexpr double special[] = {0.0, -0.0, 1, -1, INFINITY, -INFINITY, NAN, 1e-310, 1e30};
    Tensor tensor(Type{dtype_, shape});
    dispatch(dtype_, [&]<class T>(std::type_identity<T>) {
      for (T& x : tensor.mutate<T>())
        x = static_cast<T>(below(20) == 0 ? special[below(9)] : (below(4001) - 2000) / 700.0);
    });
    return tensor;
  }
  std::int64_t axis(const Value& x) { return x.rank() == 0 ? 0 : below(x.rank()); }

  Value made(const Value& x) {
    switch (below(22)) {
      case 0:
        return x + any();
      case 1:
        return x * any();
      case 2:
        return x - any();
      case 3:
        return x / any();
      case 4:
        return exp(x);
      case 5:
        return sin(x);
      case 6:
        return tanh(x);
      case 7:
        return pow(abs(x), any());
      case 8:
        return sigmoid(x);
      case 9:
        return where(x > any(), x, any());
      case 10:
        return maximum(x, any());
      case 11:
        return sum(x);
      case 12:
        return sum(x, {axis(x)}, below(2) == 0);
      case 13:
        return mean(x, {axis(x)});
      case 14:
        return matmul(x, any());
      case 15:
        return matmul(transpose(x), any());
      case 16:
        return matmul(x, transpose(any()));
      case 17:
        return transpose(x);
      case 18:
        return slice(x, 0, {.begin = below(3), .step = below(2) + 1});
      case 19:
        return concat({x, x * 2}, axis(x));
      case 20:
        return log(abs(x)) * 0.25 + 1;
      default:
        return x.rank() > 0 ? cumsum(x, 0) : sqrt(abs(x));  // not in routines
    }
  }

  std::mt19937 random_;
  DType dtype_;
};

TEST(Routines, GiveTheBitsOfTheSteps) {
  for (const InstructionSet set : sets_with_assembler()) {
    Runtime runtime({.threads = 1, .instruction_set = set});
    for (unsigned seed = 0; seed < 300; ++seed) {
      for (const DType dtype : {f32, f64}) {
        Draw draw(seed, dtype);
        for (unsigned i = 0; i < 4 + seed % 60; ++i) draw.step();
        expect_same_bits(draw.fetches(), draw.feeds, runtime,
                         "seed " + std::to_string(seed) + ", " + std::string(name(dtype)));
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Routines, TakeThePlaceOfStepsOnFewElements) {
  for (const InstructionSet set : sets_with_assembler()) {
    Runtime runtime({.threads = 1, .instruction_set = set});
    Graph graph;
    const Value x = graph.input("x", {f64, {4, 2}}),
                w = graph.parameter("w", Tensor({f64, {2, 3}}));
    const Value loss = sum(square(sigmoid(matmul(x, w))));
    const std::vector<Value> fetches{loss, gradient(loss, w)};
    const auto [routines, steps] = steps_in_routines(fetches, runtime);
    EXPECT_EQ(routines, steps);
  }
}

}  // namespace
}  // namespace dagrad
