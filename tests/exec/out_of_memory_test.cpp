// A run that runs out of memory, at any allocation, changes nothing, and the next run works.

#include <dagrad/dagrad.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <new>
#include <optional>
#include <string>

#include "src/loops/cache.hpp"
#include "tests/allocations.hpp"
#include "tests/exec/test_ops.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;

/// What `f` returns, or nothing if it ran out of memory after `n` allocations.
template <class F>
std::optional<std::invoke_result_t<F>> failing_at(std::int64_t n, F&& f) {
  const FailingNew failure(n + 1, Failures::one);
  try {
    return f();
  } catch (const std::bad_alloc&) {
  } catch (const RunError& e) {
    const std::string text = e.what();
    EXPECT_TRUE(text.find("out of memory") != text.npos || text.find("bad_alloc") != text.npos)
        << text;
  }
  EXPECT_TRUE(failure.failed());
  return {};
}

bool same(const std::map<std::string, Tensor>& a, const std::map<std::string, Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && same_bits(x.second, y.second);
  });
}
bool same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_bits);
}

/// A model whose names do not fit into a string without allocation, with fetches and updates of
/// every kind.
class OutOfMemory : public testing::TestWithParam<int> {
 protected:
  OutOfMemory() {
    const Value constant = g.constant(Tensor::borrow({3}, theirs));
    const Value hidden = tanh(matmul(x, w) + b);
    const Value loss = sum(square(hidden - 1));
    const Value other = g.parameter("the_moving_average_of_something", Tensor(b.type())),
                copied = g.parameter("what_was_fed_from_the_run_before", Tensor(x.type())),
                fixed = g.parameter("what_comes_from_the_users_memory", Tensor(b.type()));
    const Value next = costly(other * 0.9) + costly(sum_to_like(hidden, b)) * 0.1;
    const std::vector<Value> weights{w, b};
    fetches = {loss, next, x, w, constant, reshape(next, {3, 1}), hidden};
    updates = join({sgd(weights, gradient(loss, weights), 0.1),
                    {{other, next}, {copied, x}, {fixed, constant}}});
  }
  Function compiled() {
    return compile(fetches, {.update = updates, .threads = GetParam(), .runtime = &runtime});
  }
  Feeds feeds() const { return {{x, Tensor::borrow({2, 4}, fed)}}; }

  Runtime runtime{{.threads = 2}};
  std::vector<double> fed{1, 2, 3, 4, 5, 6, 7, 8}, theirs{0.5, 0.25, 0.125};
  Graph g;
  const Value x = g.input("the_inputs_of_all_the_samples", {f64, {2, 4}});
  const Value w = g.parameter("the_weights_of_the_only_layer", Tensor::full({f64, {4, 3}}, 0.25)),
              b = g.parameter("the_biases_of_the_only_layer", Tensor::full({f64, {3}}, 0.5));
  std::vector<Value> fetches;
  std::vector<Update> updates;
};
INSTANTIATE_TEST_SUITE_P(Threads, OutOfMemory, testing::Values(1, 2));

TEST_P(OutOfMemory, ARunChangesNothing) {
  const Feeds given = feeds();
  const State before(g);
  State after = before.copy();
  const std::vector<Tensor> results = compiled()(after, given);
  ASSERT_FALSE(same(before.values(), after.values()));
  bool done = false;
  int failures = 0;
  for (; !done; ++failures) {
    const Function f = compiled();
    State state = before.copy();
    const auto run = [&] { return f(state, given); };
    const auto first = failing_at(failures, run);
    done = first.has_value();
    if (!done) {
      ASSERT_TRUE(same(state.values(), before.values())) << "allocation " << failures;
      ASSERT_TRUE(same(run(), results)) << "allocation " << failures;
    }
    ASSERT_TRUE(same(state.values(), after.values())) << "allocation " << failures;
  }
  EXPECT_GT(failures, 20);
}

TEST_P(OutOfMemory, ALaterRunChangesNothing) {
  const Feeds given = feeds();
  const Function f = compiled();
  State state(g);
  std::vector<std::vector<Tensor>> kept;  // keeps outputs from reusing memory
  int failures = 0;
  for (int round = 0; round < 3; ++round) {
    bool done = false;
    for (int n = 0; !done; ++n) {
      const auto before = state.values();
      const auto results = failing_at(n, [&] { return f(state, given); });
      done = results.has_value();
      if (done) {
        kept.push_back(*results);
      } else {
        ASSERT_TRUE(same(state.values(), before)) << "round " << round << ", allocation " << n;
        ++failures;
      }
    }
  }
  EXPECT_GT(failures, 20);
}

TEST_P(OutOfMemory, ABoundRunChangesNothing) {
  const State before(g);
  State after = before.copy();
  compiled()(after, feeds());
  bool done = false;
  int failures = 0;
  for (; !done; ++failures) {
    const Function f = compiled();
    State state = before.copy();
    std::optional<BoundRun> run;
    {
      const FailingNew failure(failures + 1, Failures::one);
      try {
        run.emplace(f.bind(state));
        run->feed("the_inputs_of_all_the_samples", View{fed.data(), x.type()});
        (*run)();
      } catch (const std::exception&) {
      }
      done = !failure.failed();
    }
    if (!done) {
      ASSERT_TRUE(same(state.values(), before.values())) << "allocation " << failures;
      if (!run) run.emplace(f.bind(state));
      run->feed(x, View{fed.data(), x.type()});
      (*run)();
    }
    ASSERT_TRUE(same(state.values(), after.values())) << "allocation " << failures;
  }
  EXPECT_GT(failures, 20);
}

TEST_P(OutOfMemory, AStateOfAnotherLayoutIsMatchedAgain) {
  const Function f =
      compile({sum(costly(w)) - sum(costly(b))}, {.threads = GetParam(), .runtime = &runtime});
  Graph turned;  // the same parameters at other positions
  turned.parameter("one_that_is_not_in_the_function_at_all", Tensor(0.0));
  turned.parameter("the_biases_of_the_only_layer", Tensor::full(b.type(), 5));
  turned.parameter("the_weights_of_the_only_layer", Tensor::full(w.type(), 10));
  const State mine(g), other(turned);
  for (int n = 0; n < 100; ++n) {
    EXPECT_EQ(f(mine)[0].at(0), 12 * 0.25 - 3 * 0.5);
    const auto results = failing_at(n, [&] { return f(other); });
    EXPECT_EQ(f(mine)[0].at(0), 12 * 0.25 - 3 * 0.5);
    if (!results) continue;
    EXPECT_EQ((*results)[0].at(0), 12 * 10 - 3 * 5);
    return;
  }
  FAIL() << "the number of allocations does not end";
}

TEST(LoopCacheOutOfMemory, KeepsNoIncompleteLoop) {
  Recorder recorder;
  const Symbol x = recorder.input(f64);
  const Symbol result[] = {tanh(x) * 2 + x};
  const Program program = *std::move(recorder).finish(result, f64);
  constexpr std::int64_t dense[] = {1};
  detail::LoopCache cache(best_instruction_set());
  const auto get = [&] { return cache.get(program, dense); };
  std::int64_t failures = 0;
  while (!failing_at(failures, get)) ++failures;
  EXPECT_GT(failures, 3);
  EXPECT_EQ(cache.counts().assembled + cache.counts().interpreted, 1);
  ASSERT_NE(get(), nullptr);
  const double one = 1;
  double y = 0;
  const void* in[] = {&one};
  void* out[] = {&y};
  get()->run(program, in, out, 1);
  EXPECT_DOUBLE_EQ(y, std::tanh(1.0) * 2 + 1);
}

}  // namespace
