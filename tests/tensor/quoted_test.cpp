#include "src/tensor/quoted.hpp"

#include <gtest/gtest.h>

namespace dagrad::detail {
namespace {

TEST(QuotedTest, ShowsTextAsItIs) {
  EXPECT_EQ(quoted(""), "''");
  EXPECT_EQ(quoted("a b'\\~"), "'a b'\\~'");
  EXPECT_EQ(quoted("größe € \U0001F600 \u00A0"), "'größe € \U0001F600 \u00A0'");
}

TEST(QuotedTest, EscapesWhatDoesNotShow) {
  EXPECT_EQ(quoted(std::string_view("a\0b", 3)), "'a\\x00b'");
  EXPECT_EQ(quoted("\n\r\t\v\x1B\x7F"), "'\\n\\r\\t\\x0b\\x1b\\x7f'");
  EXPECT_EQ(quoted("\xC2\x80\xC2\x9F"), "'\\xc2\\x80\\xc2\\x9f'") << "controls of Latin-1";
}

TEST(QuotedTest, EscapesBytesThatAreNotUtf8) {
  EXPECT_EQ(quoted("gr\xF6\xDF"
                   "e"),
            "'gr\\xf6\\xdfe'");
  EXPECT_EQ(quoted("\xC3"), "'\\xc3'") << "cut off";
  EXPECT_EQ(quoted("\xE2\x82"), "'\\xe2\\x82'") << "cut off";
  EXPECT_EQ(quoted("\x80"), "'\\x80'");
  EXPECT_EQ(quoted("\xC0\x80"), "'\\xc0\\x80'") << "overlong";
  EXPECT_EQ(quoted("\xED\xA0\x80"), "'\\xed\\xa0\\x80'") << "a surrogate";
  EXPECT_EQ(quoted("\xF4\x90\x80\x80"), "'\\xf4\\x90\\x80\\x80'") << "beyond U+10FFFF";
}

TEST(QuotedTest, ShortensLongText) {
  EXPECT_EQ(quoted(std::string(4096, 'x')), "'" + std::string(4096, 'x') + "'");
  EXPECT_EQ(quoted(std::string(4097, 'x')), "'" + std::string(4096, 'x') + "...'");
  EXPECT_EQ(quoted(std::string(4095, 'x') + "ö!"), "'" + std::string(4095, 'x') + "ö...'")
      << "whole characters";
}

}  // namespace
}  // namespace dagrad::detail
