#include "ops/rows.hpp"

#include <utility>

#include "dagrad/error.hpp"
#include "dagrad/functions.hpp"
#include "dagrad/strides.hpp"

namespace dagrad {

Rows::Rows(const Shape& shape, std::int64_t axis) {
  const AlongAxis along(shape, axis);
  count = along.outer * along.inner;
  length = along.length;
  stride = along.inner;
}

std::shared_ptr<const ProgramLoop> exp_loop(const Machine& machine, DType dtype) {
  Recorder recorder;
  const Symbol x = recorder.input(dtype), shift = recorder.input(dtype);
  const Symbol result = exp(x - shift);
  const std::int64_t steps[] = {1, 0};
  return std::make_shared<const ProgramLoop>(
      machine.loop(std::move(recorder).finish({&result, 1}, dtype), steps));
}

std::int64_t index_at(const View& indices, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  return indices.type.dtype == i32 ? indices.as<std::int32_t>()[at]
                                   : indices.as<std::int64_t>()[at];
}

void check_indices(const View& indices, std::int64_t classes) {
  for (std::int64_t i = 0; i < indices.type.elements(); ++i) {
    const std::int64_t index = index_at(indices, i);
    if (index < 0 || index >= classes)
      throw ArgumentError("index " + std::to_string(index) + " at " +
                          index_text(indices.type.shape, i) + " is outside of [0, " +
                          std::to_string(classes) + ")");
  }
}

}  // namespace dagrad
