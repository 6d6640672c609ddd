#include "src/tensor/utf8.hpp"

#include <gtest/gtest.h>

namespace dagrad::detail {
namespace {

TEST(InQuotesTest, ShowsPlainTextUnchanged) {
  EXPECT_EQ(in_quotes(""), "''");
  EXPECT_EQ(in_quotes("a b'\\~"), "'a b'\\~'");
  EXPECT_EQ(in_quotes("größe € \U0001F600 \u00A0"), "'größe € \U0001F600 \u00A0'");
}

TEST(InQuotesTest, EscapesInvisibleCharacters) {
  EXPECT_EQ(in_quotes(std::string_view("a\0b", 3)), "'a\\x00b'");
  EXPECT_EQ(in_quotes("\n\r\t\v\x1B\x7F"), "'\\n\\r\\t\\x0b\\x1b\\x7f'");
  EXPECT_EQ(in_quotes("\xC2\x80\xC2\x9F"), "'\\xc2\\x80\\xc2\\x9f'")
      << "control characters of Latin-1";
}

TEST(InQuotesTest, EscapesBytesThatAreNotUtf8) {
  EXPECT_EQ(in_quotes("gr\xF6\xDF"
                      "e"),
            "'gr\\xf6\\xdfe'");
  EXPECT_EQ(in_quotes("\xC3"), "'\\xc3'") << "truncated";
  EXPECT_EQ(in_quotes("\xE2\x82"), "'\\xe2\\x82'") << "truncated";
  EXPECT_EQ(in_quotes("\x80"), "'\\x80'");
  EXPECT_EQ(in_quotes("\xC0\x80"), "'\\xc0\\x80'") << "overlong";
  EXPECT_EQ(in_quotes("\xED\xA0\x80"), "'\\xed\\xa0\\x80'") << "a surrogate";
  EXPECT_EQ(in_quotes("\xF4\x90\x80\x80"), "'\\xf4\\x90\\x80\\x80'") << "beyond U+10FFFF";
}

TEST(InQuotesTest, ShortensLongText) {
  // The longest text that is shown whole, and what ends longer ones.
  const std::string most(4096, 'x'), shown = in_quotes(most);
  EXPECT_EQ(shown.size(), most.size() + 2);
  EXPECT_EQ(shown.substr(1, most.size()), most);
  EXPECT_EQ(in_quotes(most + 'x'), shown.substr(0, most.size() + 1) + "...'");
  EXPECT_EQ(in_quotes(most.substr(1) + "ö!"), shown.substr(0, most.size()) + "ö...'")
      << "whole characters";
}

}  // namespace
}  // namespace dagrad::detail
