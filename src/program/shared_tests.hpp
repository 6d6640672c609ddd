#pragma once

#include <cstdint>
#include <optional>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// A comparison of an input with a constant.
struct Test {
  Primitive comparison;
  std::uint32_t input;
  std::uint64_t bound;  ///< bits of the constant
  bool input_first;
  friend bool operator==(const Test&, const Test&) = default;
};

/// The test that result `k` passes just as the input does, if there is one: x <= 0 if the result is
/// select(x <= 0, 0, x). A rule that needs the input for this test alone can read the result
/// instead, which other rules are likely to need too.
std::optional<Test> shared_test(const Program& program, std::size_t k);
/// Whether the program reads the input of this test, and for nothing but such tests.
bool reads_only_for(const Program& program, const Test& test);

}  // namespace dagrad::detail
