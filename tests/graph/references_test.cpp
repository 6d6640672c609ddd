// Handles share what tells them whether their graph still exists.

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad {
namespace {

TEST(ReferenceCount, SaysWhichReferenceIsTheLast) {
  detail::ReferenceCount count;
  count.add();
  count.add();
  EXPECT_FALSE(count.remove());
  EXPECT_FALSE(count.remove());
  EXPECT_TRUE(count.remove());
}

TEST(ReferenceCount, CountsTheSameBeforeAndAfterThreadsStart) {
  detail::ReferenceCount count;
  constexpr int many = 10'000;
  for (int i = 0; i < many; ++i) count.add();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < many; ++i) {
        count.add();
        EXPECT_FALSE(count.remove());
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < many; ++i) EXPECT_FALSE(count.remove());
  EXPECT_TRUE(count.remove());
}

TEST(Handles, OutliveTheirGraphOnAllThreads) {
  std::optional<Graph> graph(std::in_place);
  const Value x = graph->input("x", {f64, {}});
  std::vector<std::vector<Value>> copies(4);
  std::vector<std::thread> threads;
  for (std::vector<Value>& own : copies)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) own.push_back(x);
      own.resize(10);
    });
  for (std::thread& thread : threads) thread.join();
  graph.reset();
  for (const std::vector<Value>& own : copies)
    for (const Value& value : own) EXPECT_THROW((void)value.type(), GraphError);
}

}  // namespace
}  // namespace dagrad
