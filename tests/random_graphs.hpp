#pragma once

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "dagrad/error.hpp"

namespace dagrad::test {

/// How many random graphs a test makes: as many as the environment variable DAGRAD_RANDOM_GRAPHS
/// says, or the usual number. Throws ArgumentError if the variable is not a number above 0, because
/// a test without graphs would pass.
inline unsigned random_graphs(unsigned usual) {
  const char* const asked = std::getenv("DAGRAD_RANDOM_GRAPHS");
  if (asked == nullptr) return usual;
  const std::string_view text(asked);
  unsigned graphs = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), graphs);
  if (error != std::errc() || end != text.data() + text.size() || graphs == 0)
    throw ArgumentError("DAGRAD_RANDOM_GRAPHS must be a number above 0, got \"" +
                        std::string(text) + "\"");
  return graphs;
}

}  // namespace dagrad::test
