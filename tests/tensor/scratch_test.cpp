#include "dagrad/scratch.hpp"

#include <gtest/gtest.h>

#include <array>

namespace dagrad {
namespace {

TEST(Scratch, PartsBeginAtTheirOwnCacheLines) {
  ScratchLayout layout;
  const ScratchPart flags = layout.add<bool>(3), sums = layout.add<double>(9),
                    indices = layout.add(i32, 16);
  alignas(scratch_alignment) std::array<std::byte, 256> memory;
  ASSERT_EQ(layout.bytes(), memory.size());
  EXPECT_EQ(flags.in<bool>(memory.data()).size(), 3U);
  EXPECT_EQ(sums.in<double>(memory.data()).size(), 9U);
  EXPECT_EQ(indices.in<std::int32_t>(memory.data()).size(), 16U);
  const auto at = [&](auto part) {
    return reinterpret_cast<std::byte*>(part.data()) - memory.data();
  };
  EXPECT_EQ(at(flags.in<bool>(memory.data())), 0);
  EXPECT_EQ(at(sums.in<double>(memory.data())), 64);
  EXPECT_EQ(at(indices.in<std::int32_t>(memory.data())), 192);
}

TEST(Scratch, EmptyPartsTakeNoMemory) {
  ScratchLayout layout;
  EXPECT_EQ(layout.bytes(), 0U);
  const ScratchPart none = layout.add<float>(0);
  EXPECT_EQ(layout.bytes(), 0U);
  EXPECT_TRUE(none.in<float>(nullptr).empty());  // as for an op without scratch memory
}

TEST(Scratch, TasksHaveTheirOwnLayouts) {
  ScratchLayout task, layout;
  const ScratchPart numbers = task.add<float>(20), tail = task.add<std::byte>(1);
  EXPECT_EQ(task.bytes(), 192U);
  const ScratchPart before = layout.add<int>(1), tasks = layout.add(task, 3);
  EXPECT_EQ(layout.bytes(), 64U + 3 * 192U);
  alignas(scratch_alignment) std::array<std::byte, 640> memory;
  std::byte* const second = tasks.in<std::byte>(memory.data()).data() + task.bytes();
  EXPECT_EQ(second, memory.data() + 256);
  EXPECT_EQ(static_cast<void*>(numbers.in<float>(second).data()), second);
  EXPECT_EQ(tail.in<std::byte>(second).data(), second + 128);
  EXPECT_EQ(before.bytes(), sizeof(int));
}

}  // namespace
}  // namespace dagrad
