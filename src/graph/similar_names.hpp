#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dagrad::detail {

/// Finds the names with the fewest edits from a name that does not exist, for errors.
class SimilarNames {
 public:
  explicit SimilarNames(std::string_view name);
  void consider(std::string_view other);
  /// Up to three names, the most similar first.
  std::vector<std::string> best() &&;

 private:
  std::string_view name_;
  std::size_t most_;                                       ///< the most edits of interest
  std::vector<std::pair<std::size_t, std::string>> best_;  ///< edits and names, sorted
  std::vector<std::size_t> row_;                           ///< scratch space
};

}  // namespace dagrad::detail
