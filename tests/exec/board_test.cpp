#include "src/exec/board.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <memory>
#include <thread>

namespace {

using dagrad::detail::Board;

struct Work {
  std::atomic<bool> entered{false}, let_go{false};
  void be_visited() {
    entered = true;
    entered.notify_all();
    let_go.wait(false);
  }
  void release() {
    let_go = true;
    let_go.notify_all();
  }
};

TEST(Board, VisitorsFindWorkWhileItIsPosted) {
  Board<int> board;
  int seven = 7, seen = 0;
  const auto look = [&](int& work) { return (seen = work) == 7; };
  EXPECT_FALSE(board.visit(look));
  {
    const Board<int>::Posting posting(board, seven);
    EXPECT_TRUE(posting.posted());
    EXPECT_TRUE(board.visit(look));
    EXPECT_EQ(seen, 7);
    EXPECT_FALSE(board.visit([](int&) { return false; }));
  }
  EXPECT_FALSE(board.visit(look));
}

TEST(Board, PostsNothingWhenItIsFull) {
  Board<int> board;
  int work = 0, visits = 0;
  std::deque<std::unique_ptr<Board<int>::Posting>> postings;
  do {
    postings.push_back(std::make_unique<Board<int>::Posting>(board, work));
  } while (postings.back()->posted());
  (void)board.visit([&](int&) { return ++visits > 0; });
  EXPECT_EQ(visits, static_cast<int>(postings.size()) - 1);
  postings.pop_front();
  EXPECT_TRUE(Board<int>::Posting(board, work).posted());
}

// Otherwise, two threads that take down work could wait for each other's visitors for ever.
TEST(Board, TakingDownWorkWaitsOnlyForItsOwnVisitors) {
  Board<Work> board;
  Work first, second;
  const auto visit = [&] {
    (void)board.visit([](Work& work) {
      if (work.entered) return false;
      work.be_visited();
      return true;
    });
  };
  auto posting = std::make_unique<Board<Work>::Posting>(board, first);
  std::thread one(visit);
  first.entered.wait(false);
  std::thread taking_down([&] { posting.reset(); });
  // Wait until the first is taken down.
  while (board.visit([](Work&) { return true; })) std::this_thread::yield();
  const Board<Work>::Posting other(board, second);
  std::thread two(visit);
  second.entered.wait(false);
  first.release();
  taking_down.join();  // although the second still has a visitor
  second.release();
  one.join();
  two.join();
}

}  // namespace
