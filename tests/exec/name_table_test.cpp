#include "src/exec/name_table.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using dagrad::detail::NameTable;

TEST(NameTable, FindsEachOfManyNamesAndNoOthers) {
  NameTable names;
  EXPECT_EQ(names.find("a"), NameTable::none);
  EXPECT_EQ(names.listed(), "");
  for (std::uint32_t i = 0; i < 1000; ++i) names.add("layer" + std::to_string(i) + "/w");
  names.shrink_to_fit();
  EXPECT_EQ(names.size(), 1000U);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const std::string name = "layer" + std::to_string(i) + "/w";
    EXPECT_EQ(names.find(name), i);
    EXPECT_EQ(names[i], name);
  }
  for (const char* other : {"", "layer", "layer1000/w", "layer1/", "ayer1/w"})
    EXPECT_EQ(names.find(other), NameTable::none) << other;
}

TEST(NameTable, ListsNamesInOrder) {
  NameTable names;
  names.add("b");
  names.add("");
  names.add("a");
  EXPECT_EQ(names.listed(), "b, , a");
  EXPECT_EQ(names.to_vector(), (std::vector<std::string>{"b", "", "a"}));
  EXPECT_EQ(names.find(""), 1U);
}

}  // namespace
