#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <string>
#include <utility>

/// The text of the error that a call throws.
template <class E, class F>
std::string thrown(F&& f) {
  try {
    std::forward<F>(f)();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another exception: ") + error.what();
  }
  return "nothing was thrown";
}

/// What a mistake is told, without the line of the call that the text ends with: that must be one
/// of the calling file's.
template <class E, class F>
std::string mistake(F&& f, const std::string& file = __builtin_FILE()) {
  try {
    std::forward<F>(f)();
  } catch (const E& error) {
    const std::string text = error.what(), place = "\n  called at " + file + ":";
    const auto at = text.rfind(place);
    EXPECT_NE(at, text.npos) << text;
    if (at == text.npos) return text;
    EXPECT_EQ(text.find_first_not_of("0123456789", at + place.size()), text.npos) << text;
    return text.substr(0, at);
  } catch (const std::exception& error) {
    return std::string("another exception: ") + error.what();
  }
  return "nothing was thrown";
}

/// An error's text without the number of the line at its end.
inline std::string without_line(const std::string& text) { return text.substr(0, text.rfind(':')); }

/// Expects that the statement throws exactly this type, with a text of which `part` is this.
#define EXPECT_THROWS_PART(statement, Type, part, text)                      \
  do {                                                                       \
    try {                                                                    \
      (void)(statement);                                                     \
      ADD_FAILURE() << #statement " throws nothing";                         \
    } catch (const std::exception& thrown) {                                 \
      EXPECT_EQ(typeid(thrown), typeid(Type)) << "that is, not a " << #Type; \
      EXPECT_EQ(part(thrown.what()), text);                                  \
    }                                                                        \
  } while (false)

/// Expects that the statement throws exactly this type with exactly this text.
#define EXPECT_THROWS(statement, Type, text) EXPECT_THROWS_PART(statement, Type, std::string, text)

/// The same of an error that ends with the place of the statement, in this file.
#define EXPECT_THROWS_HERE(statement, Type, text) \
  EXPECT_THROWS_PART(statement, Type, without_line, (text) + std::string("\n  made at " __FILE__))
