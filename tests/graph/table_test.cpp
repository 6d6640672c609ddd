#include "dagrad/detail/table.hpp"

#include <gtest/gtest.h>

#include <string>

#include "src/graph/shared_segments.hpp"

namespace {

using dagrad::detail::SharedSegments;
using dagrad::detail::Table;

TEST(Table, ElementsAreWhereTheyWerePut) {
  Table<std::uint32_t> table;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    table.make_room(1);
    table.push_back(i);
  }
  EXPECT_EQ(table.size(), 100'000U);
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    ASSERT_EQ(table[i], i);
    ASSERT_EQ(table.data()[i], i) << "they lie one after the other";
  }
}

TEST(Table, WhereThereIsRoomNothingMoves) {
  Table<std::uint32_t> table;
  table.make_room(1000);
  const std::uint32_t* const first = table.data();
  for (std::uint32_t i = 0; i < 1000; ++i) table.push_back(i);
  table.truncate(10);
  EXPECT_EQ(table.size(), 10U);
  table.make_room(990);
  EXPECT_EQ(table.data(), first);
  EXPECT_EQ(table[9], 9U);
}

std::string name_of(std::uint32_t i) { return "the name of element " + std::to_string(i); }

SharedSegments<std::string> named(std::uint32_t size) {
  SharedSegments<std::string> table;
  for (std::uint32_t i = 0; i < size; ++i) table.push_back(name_of(i));
  return table;
}

TEST(SharedSegments, ACopyAndItsOriginalGrowApart) {
  for (const std::uint32_t size : {0U, 1U, 1023U, 1024U, 1025U, 5000U}) {
    SharedSegments<std::string> table = named(size), copy = table;
    table.push_back("one");
    copy.push_back("another");
    copy.push_back("and one more");
    EXPECT_EQ(table.size(), size + 1);
    EXPECT_EQ(copy.size(), size + 2);
    EXPECT_EQ(table.back(), "one");
    EXPECT_EQ(copy[size], "another");
    for (std::uint32_t i = 0; i < size; ++i) {
      ASSERT_EQ(table[i], name_of(i));
      ASSERT_EQ(copy[i], name_of(i));
    }
  }
}

TEST(SharedSegments, CopiesShareTheirElements) {
  const SharedSegments<std::string> table = named(3000);
  SharedSegments<std::string> copy;
  copy = table;
  EXPECT_EQ(&copy[2047], &table[2047]);
  EXPECT_NE(&copy[2048], &table[2048]) << "the last segment grows";
}

TEST(SharedSegments, ACopyOutlivesItsOriginal) {
  SharedSegments<std::string> copy;
  {
    const SharedSegments<std::string> table = named(2500);
    copy = table;
  }
  EXPECT_EQ(copy[0], name_of(0));
  EXPECT_EQ(copy.back(), name_of(2499));
}

}  // namespace
