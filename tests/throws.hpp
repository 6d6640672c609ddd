#pragma once

#include <gtest/gtest.h>

#include <string>

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
