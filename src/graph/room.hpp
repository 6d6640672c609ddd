#pragma once

#include <algorithm>
#include <vector>

namespace dagrad::detail {

/// Room for `more` elements, grown as push_back grows it: what is then appended cannot fail, so
/// that tables which belong together are extended all or not at all.
template <class T>
void make_room(std::vector<T>& table, std::size_t more) {
  const std::size_t wanted = table.size() + more;
  if (wanted > table.capacity()) table.reserve(std::max(wanted, 2 * table.size()));
}

}  // namespace dagrad::detail
