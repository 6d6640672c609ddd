#include "dagrad/detail/segments.hpp"

#include <gtest/gtest.h>

namespace {

using dagrad::detail::Segments;

Segments<std::uint32_t> counted(std::uint32_t size) {
  Segments<std::uint32_t> table;
  for (std::uint32_t i = 0; i < size; ++i) {
    table.make_room(1);
    table.push_back(i);
  }
  return table;
}

TEST(Segments, ElementsAreWhereTheyWerePut) {
  for (const std::uint32_t size : {0U, 1U, 1023U, 1024U, 1025U, 2048U, 10'000U}) {
    const Segments<std::uint32_t> table = counted(size);
    EXPECT_EQ(table.size(), size);
    for (std::uint32_t i = 0; i < size; ++i) ASSERT_EQ(table[i], i) << "of " << size;
  }
}

TEST(Segments, ElementsDoNotMove) {
  Segments<std::uint32_t> table = counted(1024);
  const std::uint32_t* const first = &table[0];
  table.make_room(100'000);
  EXPECT_EQ(&table[0], first);
}

TEST(Segments, WhatIsRemovedMakesRoom) {
  Segments<std::uint32_t> table = counted(3000);
  const std::uint32_t* const at = &table[2000];
  table.truncate(2000);
  EXPECT_EQ(table.size(), 2000U);
  table.make_room(1000);
  table.push_back(7);
  EXPECT_EQ(&table[2000], at);
  EXPECT_EQ(table[2000], 7U);
  EXPECT_EQ(table[1999], 1999U);
}

}  // namespace
