#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <string>
#include <utility>

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

/// The statement throws exactly that type with exactly that text.
#define EXPECT_THROWS(statement, Type, text)                                 \
  do {                                                                       \
    try {                                                                    \
      (void)(statement);                                                     \
      ADD_FAILURE() << #statement " throws nothing";                         \
    } catch (const std::exception& thrown) {                                 \
      EXPECT_EQ(typeid(thrown), typeid(Type)) << "that is, not a " << #Type; \
      EXPECT_EQ(std::string(thrown.what()), text);                           \
    }                                                                        \
  } while (false)
