#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dagrad::detail {

/// A table of distinct names, accessed by position and by text. The names are stored one after the
/// other in a single text, indexed by a hash table of positions (open addressing), so that a name
/// takes little more memory than its letters.
class NameTable {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  /// Adds a name, which must not be in the table.
  void add(std::string_view name);
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t position) const {
    const std::size_t begin = position == 0 ? 0 : ends_[position - 1];
    return std::string_view(text_).substr(begin, ends_[position] - begin);
  }
  /// Position of a name, or `none`.
  std::uint32_t find(std::string_view name) const {
    return positions_.empty() ? none : positions_[entry(name)];
  }
  /// The names, or the first of them, in order, as users are shown them.
  std::vector<std::string> to_vector(std::size_t most = none) const;
  std::string listed(std::size_t most = none) const;  ///< "a, b, c"
  void shrink_to_fit();

 private:
  /// The entry of `positions_` that holds the name, or the empty entry where it belongs.
  std::size_t entry(std::string_view name) const;
  void rehash();

  std::string text_;
  std::vector<std::size_t> ends_;  ///< of each name in `text_`
  /// A power of two of entries, at least twice as many as names.
  std::vector<std::uint32_t> positions_;
};

}  // namespace dagrad::detail
