#include "src/loops/space.hpp"

#include <algorithm>

namespace dagrad::detail {

LoopSpace::LoopSpace(std::span<const Type> in, const Shape& out) : operands(in.size()) {
  std::vector<std::int64_t> dense(operands, 1);  // elements of each operand inside the axis
  const auto dimension = [&](std::size_t i, int from_end) {
    const Shape& shape = in[i].shape;
    return from_end <= shape.rank() ? shape[shape.rank() - from_end] : 1;
  };
  for (int from_end = 1; from_end <= out.rank(); ++from_end) {
    const std::int64_t size = out[out.rank() - from_end];
    if (size == 1) continue;
    const auto repeated = [&](std::size_t i) { return dimension(i, from_end) == 1; };
    bool joins = rank > 0;
    for (std::size_t i = 0; i < operands && joins; ++i) {
      joins = repeated(i) == (stride(rank - 1, i) == 0);
    }
    if (joins) {
      sizes[static_cast<std::size_t>(rank - 1)] *= size;
    } else {
      sizes[static_cast<std::size_t>(rank++)] = size;
      for (std::size_t i = 0; i < operands; ++i) strides.push_back(repeated(i) ? 0 : dense[i]);
    }
    for (std::size_t i = 0; i < operands; ++i) dense[i] *= dimension(i, from_end);
  }
  if (rank == 0) {  // one element
    sizes[static_cast<std::size_t>(rank++)] = 1;
    strides.assign(operands, 1);
  }
}

}  // namespace dagrad::detail
