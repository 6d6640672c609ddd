#include "ops/indexing.hpp"

#include <string>

#include "dagrad/error.hpp"

namespace dagrad {

void check_index_type(const Type& indices) {
  if (indices.dtype != i32 && indices.dtype != i64)
    throw TypeError("indices must be int32 or int64, got " + to_string(indices));
}

void refuse_index(const View& indices, std::int64_t position, std::int64_t size) {
  std::int64_t index = 0;
  with_indices(indices, [&](const auto* at) { index = at[position]; });
  throw ArgumentError("index " + std::to_string(index) + " at " +
                      index_text(indices.type.shape, position) + " is outside of [" +
                      std::to_string(-size) + ", " + std::to_string(size) + ")");
}

}  // namespace dagrad
