#include "src/graph/similar_names.hpp"

#include <algorithm>

namespace dagrad::detail {

namespace {

constexpr std::size_t most_names = 3, most_edits = 16;

/// Removes the common prefix and suffix of two texts, which contain no edits.
void strip(std::string_view& a, std::string_view& b) {
  const auto prefix = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
  a.remove_prefix(static_cast<std::size_t>(prefix));
  b.remove_prefix(static_cast<std::size_t>(prefix));
  const auto suffix = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first - a.rbegin();
  a.remove_suffix(static_cast<std::size_t>(suffix));
  b.remove_suffix(static_cast<std::size_t>(suffix));
}

/// The Levenshtein distance, or some number above `most` if it exceeds that: only cells within
/// reach of `most` edits are computed.
std::size_t distance(std::string_view a, std::string_view b, std::size_t most,
                     std::vector<std::size_t>& row) {
  const std::size_t far = most + 1;
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > most) return far;
  strip(a, b);
  row.assign(b.size() + 1, far);
  for (std::size_t j = 0; j <= std::min(most, b.size()); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const std::size_t begin = i > most ? i - most : 1, end = std::min(b.size(), i + most);
    std::size_t diagonal = std::exchange(row[begin - 1], begin == 1 ? i : far);
    std::size_t least = row[begin - 1];
    for (std::size_t j = begin; j <= end; ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
      least = std::min(least, row[j]);
    }
    if (least > most) return far;
  }
  return row.back();
}

}  // namespace

SimilarNames::SimilarNames(std::string_view name)
    : name_(name), most_(std::min(1 + name.size() / 2, most_edits)) {}

void SimilarNames::consider(std::string_view other) {
  const std::size_t edits = distance(name_, other, most_, row_);
  if (edits > most_) return;
  std::pair<std::size_t, std::string> found(edits, other);
  best_.insert(std::upper_bound(best_.begin(), best_.end(), found), std::move(found));
  if (best_.size() > most_names) best_.pop_back();
  if (best_.size() == most_names) most_ = best_.back().first;
}

std::vector<std::string> SimilarNames::best() && {
  std::vector<std::string> names;
  for (auto& [edits, name] : best_) names.push_back(std::move(name));
  return names;
}

}  // namespace dagrad::detail
