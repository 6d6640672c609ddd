#include "dagrad/detail/edges.hpp"

#include <utility>

namespace dagrad::detail {

void Edges::make_room(std::size_t operands) {
  nodes_.make_room(1);
  links_.make_room(operands);
  operands_.make_room(operands);
}

void Edges::append(std::span<const Edge> operands) noexcept {
  const std::uint32_t node = nodes();
  nodes_.push_back({size(), none});
  for (const Edge& edge : operands) {
    const std::uint32_t index = size();
    links_.push_back({node, std::exchange(nodes_[edge.node].last_use, index)});
    operands_.push_back(edge);
  }
}

void Edges::truncate(std::uint32_t nodes) noexcept {
  if (nodes >= nodes_.size()) return;
  const std::uint32_t first = nodes_[nodes].first_operand;
  for (std::uint32_t edge = size(); edge-- > first;)
    nodes_[operands_[edge].node].last_use = links_[edge].previous_use;
  operands_.truncate(first);
  links_.truncate(first);
  nodes_.truncate(nodes);
}

}  // namespace dagrad::detail
