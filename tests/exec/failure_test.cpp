#include <dagrad/compile.hpp>
#include <dagrad/ops/shape_ops.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tests/exec/test_ops.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;
using Clock = std::chrono::steady_clock;

const Type pair{f64, {2}};
const Tensor one_two = Tensor::of({1.0, 2.0});

template <class F>
RunError run_error(F&& f) {
  try {
    f();
  } catch (const RunError& e) {
    return e;
  }
  return RunError("nothing was thrown");
}

/// Runs on one thread and on two, with the same outcome.
class Failure : public testing::TestWithParam<int> {
 protected:
  /// Eight branches with some work in each.
  Value wide(const Value& start) {
    std::vector<Value> branches;
    for (int i = 0; i < 8; ++i) branches.push_back(costly(costly(start + i)));
    return add_n(branches);
  }
  Function compiled(const Value& y, std::shared_ptr<const Observer> observer = nullptr) {
    return compile({y}, {.runtime = &runtime, .observer = std::move(observer)});
  }
  double first(const Function& f, const RunOptions& options = {}) {
    return f({{x, one_two}}, options)[0].at(0);
  }

  Runtime runtime{{.threads = GetParam()}};
  Graph g;
  const Value x = g.input("x", pair);
  bool fails = true;
};
INSTANTIATE_TEST_SUITE_P(Threads, Failure, testing::Values(1, 2));

TEST_P(Failure, NamesTheNodeThePlaceAndTheCause) {
  const int line = __LINE__ + 1;
  const Value bad = hook(x + 1, [&] {
    if (fails) throw std::invalid_argument("too odd");
  });
  const Value y = wide(bad.named("bad")) * 2;
  const Function f = compiled(y);
  for (int round = 0; round < 3; ++round) {
    fails = true;
    const RunError e = run_error([&] { first(f); });
    EXPECT_EQ(e.what(), "hook: too odd\n  node 'bad', made at " + std::string(__FILE__) + ":" +
                            std::to_string(line));
    EXPECT_EQ(e.node(), "bad");
    EXPECT_EQ(e.where().line, line);
    fails = false;
    EXPECT_EQ(first(f), 2 * (8 * 2 + 28));
  }
}

TEST_P(Failure, KeepsTheCauseNested) {
  const Function f = compiled(hook(x, [] { throw std::out_of_range("cause"); }));
  try {
    first(f);
    FAIL();
  } catch (const RunError& e) {
    EXPECT_THROW(std::rethrow_if_nested(e), std::out_of_range);
  }
}

TEST_P(Failure, OfSomethingThatIsNotAnException) {
  const RunError e = run_error([&] { first(compiled(hook(x, [] { throw 1; }))); });
  EXPECT_NE(std::string(e.what()).find("hook: threw something that is not a std::exception"),
            std::string::npos);
}

TEST_P(Failure, InABoundRunLeavesNothingToFetch) {
  const Function f = compiled(hook(x, [&] {
    if (fails) throw std::runtime_error("no");
  }));
  BoundRun run = f.bind();
  run.feed(x, one_two);
  fails = false;
  run();
  fails = true;
  EXPECT_THROW(run(), RunError);
  EXPECT_THROW(run.fetch(0), ArgumentError);
  fails = false;
  run();
  EXPECT_EQ(run.fetch(0).as<double>()[0], 1);
}

TEST_P(Failure, CancelledBeforeAndWhileItRuns) {
  const CancelToken token;
  const Value a = hook(x, [&] {
                    if (fails) token.cancel();
                  }).named("a");
  const Function f = compiled(wide(a).named("end"));
  const RunError e = run_error([&] { first(f, {.cancel = token}); });
  EXPECT_EQ(std::string(e.what()).find("the run was cancelled at node '"), 0U) << e.what();
  EXPECT_NE(e.node(), "a");
  EXPECT_EQ(run_error([&] { first(f, {.cancel = token}); }).node(), "a") << "still cancelled";
  token.reset();
  fails = false;
  EXPECT_EQ(first(f, {.cancel = token}), 36);
}

TEST_P(Failure, CancelledBetweenTheTasksOfOneNode) {
  const CancelToken token;
  const Value big = g.input("big", {f64, {20'000'000}});
  const Value heavy = tanh(exp(tanh(big))).named("heavy");
  const Function f = compiled(heavy);
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    token.cancel();
  });
  const Tensor value(big.type());
  const RunError e = run_error([&] { f({{big, value}}, {.cancel = token}); });
  canceller.join();
  EXPECT_NE(std::string(e.what()).find("was cancelled"), std::string::npos) << e.what();
}

TEST_P(Failure, PastItsDeadline) {
  const Value slow = hook(x, [&] {
    if (fails) std::this_thread::sleep_for(std::chrono::milliseconds(30));
  });
  const Function f = compiled(wide(slow));
  const auto soon = Clock::now() + std::chrono::milliseconds(10);
  const RunError e = run_error([&] { first(f, {.deadline = soon}); });
  EXPECT_EQ(std::string(e.what()).find("the run passed its deadline at node '"), 0U) << e.what();
  fails = false;
  EXPECT_EQ(first(f, {.deadline = Clock::now() + std::chrono::hours(1)}), 36);
}

TEST_P(Failure, OutOfMemory) {
  const Value huge = g.input("huge", {f64, {std::int64_t{1} << 22, std::int64_t{1} << 22}});
  const Function f = compiled(sum_to_like(zeros_like(huge), g.constant(Tensor(0.0))));
  EXPECT_GE(f.peak_bytes(), std::size_t{1} << 47);
  const RunError e = run_error([&] { f(); });
  EXPECT_EQ(std::string(e.what()).find("out of memory: "), 0U) << e.what();
}

TEST_P(Failure, OfAValidation) {
  const Value low = g.input("low", {f64, {}}), high = g.input("high", {f64, {}});
  const Function f = compiled(clamp(x, low, high).named("c"));
  const auto run = [&](double a, double b) {
    return f({{x, one_two}, {low, Tensor(a)}, {high, Tensor(b)}})[0].at(1);
  };
  EXPECT_EQ(run(0, 1.5), 1.5);
  EXPECT_EQ(run_error([&] { run(2, 1); }).node(), "c");
  EXPECT_EQ(run(0, 1.5), 1.5);
}

// ---- observers

TEST_P(Failure, ObserversSeeEachNodeStartAndFinish) {
  std::mutex mutex;
  std::multiset<std::string> started, finished;
  std::set<int> workers;
  auto observer = std::make_shared<Observer>();
  observer->start = [&](const NodeEvent& e) {
    const std::lock_guard lock(mutex);
    started.insert(std::string(e.node) + " " + std::string(e.op));
    workers.insert(e.worker);
  };
  observer->finish = [&](const NodeEvent& e) {
    const std::lock_guard lock(mutex);
    finished.insert(std::string(e.node) + " " + std::string(e.op));
    EXPECT_EQ(g.node(e.id).name(), e.node);
  };
  const Function f = compiled(wide(x).named("end"), observer);
  EXPECT_EQ(first(f), 36);
  EXPECT_EQ(started.size(), f.nodes());
  EXPECT_EQ(started, finished);
  EXPECT_TRUE(started.contains("end add_n")) << *started.begin();
  EXPECT_GE(*workers.begin(), 0);
  EXPECT_LT(*workers.rbegin(), GetParam());
}

TEST_P(Failure, AnObserverMayHaveOneHookAndMayThrow) {
  auto observer = std::make_shared<Observer>();
  observer->finish = [&](const NodeEvent& e) {
    if (fails && e.node == "end") throw std::runtime_error("seen enough");
  };
  const Function f = compiled(wide(x).named("end"), observer);
  EXPECT_EQ(run_error([&] { first(f); }).node(), "end");
  fails = false;
  EXPECT_EQ(first(f), 36);
}

TEST_P(Failure, AnObserverFindsTheNodeThatMakesTheFirstNaN) {
  std::mutex mutex;
  // Ids count up, so the operands of the first are valid.
  std::map<std::uint32_t, std::string> with_nan;
  auto observer = std::make_shared<Observer>();
  observer->finish = [&](const NodeEvent& e) {
    const auto values = e.out[0].as<double>();
    if (std::none_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) return;
    const std::lock_guard lock(mutex);
    with_nan.emplace(e.id, e.node);
  };
  const Value negative = log(x - 1.5).named("of_negative");
  const Function f = compile(wide(negative) + sqrt(negative),
                             {.runtime = &runtime, .observer = observer, .passes = {}});
  EXPECT_TRUE(std::isnan(first(f)));
  EXPECT_GT(with_nan.size(), 8U);
  EXPECT_EQ(with_nan.begin()->second, "of_negative");
}

TEST_P(Failure, ObserversSeeValuesWhileTheyExist) {
  struct Seen {
    std::vector<double> before, after;  ///< the first operand; empty if it has no data
    std::vector<double> result;
    std::vector<Type> in;
    bool result_at_start = false;
  };
  const auto numbers = [](const View& view) {
    if (view.data == nullptr) return std::vector<double>{};
    const auto values = view.as<double>();
    return std::vector<double>(values.begin(), values.end());
  };
  std::mutex mutex;
  std::map<std::string, Seen> seen;
  auto observer = std::make_shared<Observer>();
  observer->start = [&](const NodeEvent& e) {
    const std::lock_guard lock(mutex);
    Seen& node = seen[std::string(e.node)];
    node.before = numbers(e.in[0]);
    node.result_at_start = e.out[0].data != nullptr;
  };
  observer->finish = [&](const NodeEvent& e) {
    const std::lock_guard lock(mutex);
    Seen& node = seen[std::string(e.node)];
    node.after = numbers(e.in[0]);
    node.result = numbers(e.out[0]);
    for (const View& in : e.in) node.in.push_back(in.type);
  };
  const Value input = (x + 0.0).named("kept");
  const Value overwritten = (reshape(input, {2, 1}).named("alias") * 2.0).named("overwritten");
  const Value of_type = full_like(overwritten, 3.0).named("of_type");
  const Function f =
      compile(overwritten + of_type, {.runtime = &runtime, .observer = observer, .passes = {}});
  EXPECT_EQ(first(f), 5);
  EXPECT_EQ(seen["kept"].before, (std::vector<double>{1, 2})) << "the feed";
  EXPECT_EQ(seen["kept"].after, (std::vector<double>{1, 2}));
  EXPECT_EQ(seen["kept"].result, (std::vector<double>{1, 2}));
  EXPECT_FALSE(seen["kept"].result_at_start);
  EXPECT_FALSE(seen.contains("alias")) << "it computes nothing";
  EXPECT_EQ(seen["overwritten"].in[0], (Type{f64, {2, 1}})) << "the operand's new type";
  EXPECT_EQ(seen["overwritten"].before, (std::vector<double>{1, 2}));
  EXPECT_TRUE(seen["overwritten"].after.empty()) << "the result has overwritten it";
  EXPECT_EQ(seen["overwritten"].result, (std::vector<double>{2, 4}));
  EXPECT_TRUE(seen["of_type"].before.empty()) << "only its type is used";
  EXPECT_EQ(seen["of_type"].in[0], (Type{f64, {2, 1}}));
}

}  // namespace
