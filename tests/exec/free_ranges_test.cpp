#include "src/exec/free_ranges.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace dagrad::detail {
namespace {

constexpr std::uint32_t any_time = no_step;

/// Ranges, and for each block of memory who has it or had it last.
struct Checked {
  struct Held {
    std::uint64_t begin, blocks;
    std::uint32_t slot;
  };
  struct Block {
    std::uint32_t slot = 0, last_use = 0;
    bool held = false, used = false;
  };

  Held take(std::uint64_t blocks, std::uint32_t time) {
    std::set<std::uint32_t> had, expected;
    const Held held{ranges.take(blocks, time, [&](std::uint32_t s) { had.insert(s); }), blocks,
                    next++};
    memory.resize(std::max<std::size_t>(memory.size(), held.begin + blocks));
    EXPECT_EQ(ranges.end(), memory.size());
    for (std::uint64_t i = held.begin; i < held.begin + blocks; ++i) {
      EXPECT_FALSE(memory[i].held);
      if (memory[i].used) {
        EXPECT_LT(memory[i].last_use, time);
        expected.insert(memory[i].slot);
      }
      memory[i] = {held.slot, 0, true, true};
    }
    EXPECT_EQ(had, expected);
    return held;
  }
  void release(const Held& held, std::uint32_t last_use) {
    for (std::uint64_t i = held.begin; i < held.begin + held.blocks; ++i) {
      memory[i].held = false;
      memory[i].last_use = last_use;
    }
    ranges.release(held.begin, held.blocks, {held.slot, last_use});
  }

  FreeRanges ranges;
  std::vector<Block> memory;
  std::uint32_t next = 0;
};

TEST(FreeRanges, TakesTheSmallestThatIsLargeEnough) {
  Checked m;
  const auto a = m.take(10, 1), b = m.take(1, 1), c = m.take(6, 1), d = m.take(1, 1);
  m.release(a, 1);
  m.release(c, 1);
  EXPECT_EQ(m.take(5, 2).begin, c.begin);
  EXPECT_EQ(m.take(7, 2).begin, a.begin);
  EXPECT_EQ(m.take(1, 2).begin, c.begin + 5);
  EXPECT_EQ(m.take(3, 2).begin, a.begin + 7);
  EXPECT_EQ(m.take(1, 2).begin, d.begin + 1);
  EXPECT_EQ(b.begin, 10U);
}

TEST(FreeRanges, JoinsNeighbours) {
  Checked m;
  const auto a = m.take(3, 1), b = m.take(4, 1), c = m.take(5, 1), d = m.take(1, 1);
  m.release(a, 1);
  m.release(c, 1);
  EXPECT_EQ(m.take(6, 2).begin, d.begin + 1);  // neither is large enough
  m.release(b, 2);
  EXPECT_EQ(m.take(12, 3).begin, 0U);
}

TEST(FreeRanges, GrowsByWhatTheRangeAtTheEndLacks) {
  Checked m;
  m.take(3, 1);
  m.release(m.take(4, 1), 1);
  EXPECT_EQ(m.take(9, 2).begin, 3U);
  EXPECT_EQ(m.ranges.end(), 12U);
}

TEST(FreeRanges, LeavesWhatMayStillBeInUse) {
  Checked m;
  m.release(m.take(4, 1), 5);
  EXPECT_EQ(m.take(4, 5).begin, 4U);
  EXPECT_EQ(m.take(4, 6).begin, 0U);
  m.release({0, 4, 2}, 9);
  EXPECT_EQ(m.take(2, 3).begin, 8U);  // time goes back
  EXPECT_EQ(m.take(2, any_time).begin, 0U);
}

TEST(FreeRanges, RefusesMoreThanAddressesReach) {
  FreeRanges ranges;
  const auto none = [](std::uint32_t) {};
  constexpr std::uint64_t most = Slot::most / block_bytes;
  EXPECT_EQ(ranges.take(most, 1, none), 0U);
  EXPECT_THROW(ranges.take(1, 1, none), RunError);
  EXPECT_THROW(ranges.take(~std::uint64_t{0}, 1, none), RunError);
}

TEST(FreeRanges, NeverOverlap) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    Checked m;
    std::vector<Checked::Held> live;
    for (std::uint32_t step = 1; step < 200; ++step) {
      const std::uint32_t time = step + below(10);  // levels do not only rise
      if (live.size() < 2 || below(2) == 0) {
        live.push_back(m.take(1 + below(20), below(10) == 0 ? any_time : time));
      } else {
        std::swap(live[below(static_cast<std::uint32_t>(live.size()))], live.back());
        m.release(live.back(), time);
        live.pop_back();
      }
    }
    for (const auto& held : live) m.release(held, 300);
    EXPECT_EQ(m.take(m.memory.size(), any_time).begin, 0U) << "all ranges are joined";
  }
}

}  // namespace
}  // namespace dagrad::detail
