#include "src/exec/name_table.hpp"

#include <algorithm>
#include <functional>

namespace dagrad::detail {

void NameTable::add(std::string_view name) {
  text_ += name;
  ends_.push_back(text_.size());
  if (2 * size() > positions_.size())
    rehash();
  else
    positions_[entry(name)] = static_cast<std::uint32_t>(size() - 1);
}

std::size_t NameTable::entry(std::string_view name) const {
  const std::size_t mask = positions_.size() - 1;
  std::size_t at = std::hash<std::string_view>{}(name)&mask;
  while (positions_[at] != none && (*this)[positions_[at]] != name) at = (at + 1) & mask;
  return at;
}

void NameTable::rehash() {
  positions_.assign(std::max<std::size_t>(8, 2 * positions_.size()), none);
  for (std::uint32_t i = 0; i < size(); ++i) positions_[entry((*this)[i])] = i;
}

std::vector<std::string> NameTable::to_vector(std::size_t most) const {
  const std::size_t count = std::min(most, size());
  std::vector<std::string> names;
  names.reserve(count);
  for (std::size_t i = 0; i < count; ++i) names.emplace_back((*this)[i]);
  return names;
}

std::string NameTable::listed(std::size_t most) const {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, size()); ++i)
    text.append(i == 0 ? "" : ", ").append((*this)[i]);
  return text;
}

void NameTable::shrink_to_fit() {
  text_.shrink_to_fit();
  ends_.shrink_to_fit();
}

}  // namespace dagrad::detail
