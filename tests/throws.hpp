#pragma once

#include <gtest/gtest.h>

#include <string>

/// Expects that the statement throws exactly this type with exactly this text.
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

/// The same of an error that ends with the place of the statement, in this file.
#define EXPECT_THROWS_HERE(statement, Type, text)                                            \
  do {                                                                                       \
    try {                                                                                    \
      (void)(statement);                                                                     \
      ADD_FAILURE() << #statement " throws nothing";                                         \
    } catch (const std::exception& thrown) {                                                 \
      EXPECT_EQ(typeid(thrown), typeid(Type)) << "that is, not a " << #Type;                 \
      const std::string is = thrown.what();                                                  \
      EXPECT_EQ(is.substr(0, is.rfind(':')), (text) + std::string("\n  made at " __FILE__)); \
    }                                                                                        \
  } while (false)
