#include "tests/exec/routines.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <random>
#include <thread>

#include "dagrad/catalog.hpp"
#include "dagrad/dagrad.hpp"

/// Routines against the step-by-step plan, which the first run of a function uses.
namespace dagrad::test {
namespace {

/// Draws small graphs of everything that routines translate, and some ops that they do not.
class Draw {
 public:
  Draw(unsigned seed, DType dtype) : random_(seed), dtype_(dtype) {
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{3}, Shape{4, 3}, Shape{1, 3}, Shape{4, 1},
                               Shape{3, 4}, Shape{7, 5}, Shape{14}, Shape{2, 4, 3}, Shape{17}}) {
      const Value x = graph.input("x" + std::to_string(values.size()), {dtype, shape});
      values.push_back(x);
      feeds.emplace_back(x, numbers(shape));
      const Value test = graph.input("test" + std::to_string(tests.size()), {b8, shape});
      tests.push_back(test);
      feeds.emplace_back(test, numbers(shape).cast(b8));
    }
    inputs_ = values.size();
  }

  void step() {
    try {
      if (below(4) == 0)
        tests.push_back(made_test(any()));
      else
        values.push_back(made(any()));
    } catch (const Error&) {  // the operands do not fit
    }
  }
  std::vector<Value> fetches() {
    std::vector<Value> all;
    for (const auto& made : {values, tests})
      for (std::size_t i = inputs_; i < made.size(); ++i)
        if (below(3) == 0 || i + 2 > made.size()) all.push_back(made[i]);
    return all.empty() ? std::vector{values[0] + 1} : all;
  }

  Graph graph;
  std::vector<Value> values, tests;
  Feeds feeds;

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  Value one_of(const std::vector<Value>& all) {
    return all[static_cast<std::size_t>(below(static_cast<int>(all.size())))];
  }
  Value any() { return one_of(values); }
  Value any_test() { return one_of(tests); }

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

  Value made_test(const Value& x) {
    switch (below(7)) {
      case 0:
        return logical_and(any_test(), any_test());
      case 1:
        return !any_test();
      case 2:
        return transpose(any_test());
      case 3:
        return logical_xor(any_test(), any_test());
      case 4:
        return is_finite(x);
      case 5:
        return where(any_test(), any_test(), any_test());
      default:
        return x < any();
    }
  }

  Value made(const Value& x) {
    switch (below(24)) {
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
      case 21:
        return where(any_test(), x, any());
      case 22:
        return cast(any_test(), dtype_);
      default:
        return x.rank() > 0 ? cumsum(x, 0) : sqrt(abs(x));  // not in routines
    }
  }

  std::mt19937 random_;
  DType dtype_;
  std::size_t inputs_ = 0;  ///< of numbers, and as many of bools
};

TEST(Routines, GiveTheBitsOfTheSteps) {
  for (const InstructionSet set : sets_with_assembler()) {
    Runtime runtime({.threads = 1, .instruction_set = set});
    for (unsigned seed = 0; seed < 300; ++seed) {
      for (const DType dtype : {f32, f64}) {
        Draw draw(seed, dtype);
        for (unsigned i = 0; i < 4 + seed % 60; ++i) draw.step();
        for (const auto& passes : {std::vector<Pass>{}, std::vector<Pass>{{"fuse", fuse}}})
          expect_same_bits(draw.fetches(), draw.feeds, runtime,
                           "seed " + std::to_string(seed) + ", " + std::string(name(dtype)),
                           passes);
        if (HasFatalFailure()) return;
      }
    }
  }
}

/// Every op of the catalogue with its samples, in a run of steps: the op, and what reads its
/// results.
TEST(Routines, GiveTheBitsOfEveryOp) {
  Rng rng(7);
  for (const InstructionSet set : sets_with_assembler()) {
    Runtime runtime({.threads = 1, .instruction_set = set});
    for (const Catalog::Entry& entry : Catalog::builtin()) {
      for (const Sample& sample : entry.op->samples(rng)) {
        if (sample.in.empty()) continue;
        Graph graph;
        std::vector<Value> in;
        Feeds feeds;
        for (const Tensor& tensor : sample.in) {
          in.push_back(graph.input("x" + std::to_string(in.size()), tensor.type()));
          feeds.emplace_back(in.back(), tensor);
        }
        std::vector<Operand> operands(in.begin(), in.end());
        std::vector<Value> fetches = apply(sample.op, operands);
        for (std::size_t i = 0, n = fetches.size(); i < n; ++i)
          if (is_float(fetches[i].dtype())) fetches.push_back(-fetches[i] * 2);
        expect_same_bits(fetches, feeds, runtime, std::string(entry.op.name()));
        if (HasFatalFailure()) return;
      }
    }
  }
}

/// A formula of thousands of scalars: more values than registers, calls that share vectors, results
/// in the middle.
TEST(Routines, GiveTheBitsOfLongFormulas) {
  for (const InstructionSet set : sets_with_assembler()) {
    Runtime runtime({.threads = 1, .instruction_set = set});
    for (const DType dtype : {f32, f64}) {
      std::mt19937 random(3);
      Graph graph;
      std::vector<Value> values, fetches;
      Feeds feeds;
      for (int i = 0; i < 8; ++i) {
        values.push_back(graph.input("x" + std::to_string(i), {dtype, {}}));
        feeds.emplace_back(values.back(), Tensor(0.25 + 0.1 * i).cast(dtype));
      }
      for (int i = 0; i < 3000; ++i) {
        const Value a = values[random() % values.size()], b = values[random() % values.size()];
        switch (random() % 10) {
          case 0:
            values.push_back(exp(-abs(a)));
            break;
          case 1:
            values.push_back(sin(a));
            break;
          case 2:
            values.push_back(pow(abs(a) + 0.5, tanh(b)));
            break;
          case 3:
            values.push_back(where(a < b, a, b * 0.5));
            break;
          default:
            values.push_back(a * 0.75 - b);
        }
        if (i % 100 == 0) fetches.push_back(values.back());
      }
      const Value y = values.back();
      for (const Value& dx :
           gradient(y, std::span(values).first(8), {.unconnected = Unconnected::zeros}))
        fetches.push_back(dx);
      expect_same_bits(fetches, feeds, runtime, std::string(name(dtype)));
      const auto [routines, steps] = steps_in_routines(fetches, runtime, {.passes = {}});
      EXPECT_EQ(routines, steps);
    }
  }
}

TEST(Routines, MixDtypes) {
  for (const InstructionSet set : sets_with_assembler()) {
    Runtime runtime({.threads = 1, .instruction_set = set});
    for (const std::int64_t n : {1, 2, 3, 5, 8, 11, 16, 17, 33, 64}) {
      Graph graph;
      Rng rng(n);
      const Value x = graph.input("x", {f32, {n}}), y = graph.input("y", {f64, {n}}),
                  i = graph.input("i", {i32, {n}});
      const Value wide = exp(cast(x, f64) * y), narrow = tanh(cast(wide, f32)) + x;
      const Value whole = cast(narrow * 10, i32) + i * 3;
      const std::vector<Value> fetches{wide,        narrow,        whole,
                                       sum(narrow), sum(wide * 2), cast(whole, f32) * x};
      expect_same_bits(fetches,
                       {{x, rng.uniform({n}, -1, 1, f32)},
                        {y, rng.uniform({n}, -1, 1)},
                        {i, rng.integers({n}, -9, 9, i32)}},
                       runtime, "n = " + std::to_string(n));
    }
  }
}

/// Steps between routines read what these leave in the arena, whose buffers are reused.
TEST(Routines, ShareTheArenaWithOtherSteps) {
  for (const InstructionSet set : sets_with_assembler()) {
    Runtime runtime({.threads = 1, .instruction_set = set});
    Graph graph;
    const Value x = graph.input("x", {f64, {6}});
    Value y = x;
    for (int i = 0; i < 20; ++i)
      y = cumsum(tanh(y * 0.5) + sin(y), 0) * 0.1 + cumsum(exp(-y * y), 0);
    Rng rng(1);
    expect_same_bits(std::vector{y, sum(y)}, {{x, rng.uniform({6}, -1, 1)}}, runtime, "");
  }
}

TEST(Routines, WriteNothingBeyondResults) {
  for (const InstructionSet set : sets_with_assembler()) {
    Runtime runtime({.threads = 1, .instruction_set = set});
    for (const std::int64_t n : {1, 2, 3, 5, 8, 13, 16, 17, 31, 64}) {
      Graph graph;
      const Value x = graph.input("x", {f32, {n}}), y = x < 0.5F;
      const std::vector<Value> fetches{y, where(y, x, -x)};
      BoundRun run = compile(fetches, {.threads = 1, .runtime = &runtime, .passes = {}}).bind();
      const Tensor fed = Rng(n).uniform({n}, 0, 1, f32);
      run.feed(x, fed);
      std::vector<std::uint8_t> memory(static_cast<std::size_t>(n) + 64, 7);
      run.store(0, {memory.data(), y.type()});
      for (int i = 0; i < 2; ++i) run();
      for (std::size_t i = 0; i < memory.size(); ++i) {
        const bool inside = i < static_cast<std::size_t>(n);
        ASSERT_EQ(memory[i], inside ? (fed.values<float>()[i] < 0.5F ? 1 : 0) : 7)
            << i << " of " << n;
      }
      EXPECT_EQ(steps_in_routines(fetches, runtime, {.passes = {}}).first, 3u);
    }
  }
}

TEST(Routines, AreNotUsedWhereStepsAreWatched) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const Value y = exp(x * 2) + 1;
  int seen = 0;
  auto observer = std::make_shared<Observer>();
  observer->start = [&](const NodeEvent&) { ++seen; };
  const Function f = compile({y}, {.threads = 1, .observer = observer, .passes = {}});
  for (int i = 0; i < 3; ++i) f({{x, Tensor::of({1.0, 2.0})}});
  EXPECT_EQ(seen, 3 * static_cast<int>(f.nodes()));

  const Function checked = compile({log(x) * 2 + 1}, {.threads = 1, .check_finite = true});
  for (int i = 0; i < 3; ++i)
    EXPECT_THROW(checked({{x, Tensor::of({1.0, 0.0})}}), RunError) << "run " << i;

  const Function plain = compile({y}, {.threads = 1});
  const CancelToken cancel;
  for (int i = 0; i < 3; ++i) plain({{x, Tensor::of({1.0, 2.0})}});
  cancel.cancel();
  EXPECT_THROW(plain({{x, Tensor::of({1.0, 2.0})}}, {.cancel = cancel}), RunError);
}

TEST(Routines, AreMadeOnceForManyThreads) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Function f = compile({sum(exp(x * x))}, {.threads = 1});
  const double wanted = f({{x, Tensor::of({0.1, 0.2, 0.3})}})[0].item<double>();
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i)
        wrong += f({{x, Tensor::of({0.1, 0.2, 0.3})}})[0].item<double>() != wanted;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
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
}  // namespace dagrad::test
