#pragma once

#include <algorithm>
#include <vector>

namespace dagrad::detail {

/// Makes room for `more` elements, growing as push_back does. Appending them then cannot fail, so
/// that tables which belong together are all extended or all left alone.
template <class T>
void make_room(std::vector<T>& table, std::size_t more) {
  const std::size_t wanted = table.size() + more;
  if (wanted > table.capacity()) table.reserve(std::max(wanted, 2 * table.size()));
}

}  // namespace dagrad::detail
