#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dagrad::detail {

/// Finds the names that are fewest edits away from one that is not there, for errors.
class SimilarNames {
 public:
  explicit SimilarNames(std::string_view name);
  void consider(std::string_view other);
  /// Up to three, the closest first.
  std::vector<std::string> best() &&;

 private:
  std::string_view name_;
  std::size_t most_;                                       ///< edits
  std::vector<std::pair<std::size_t, std::string>> best_;  ///< edits and name, in order
  std::vector<std::size_t> row_;                           ///< scratch
};

}  // namespace dagrad::detail
