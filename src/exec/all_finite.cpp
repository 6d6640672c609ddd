#include "src/exec/all_finite.hpp"

#include <atomic>
#include <cstdint>

#include "src/tensor/finite_elements.hpp"

namespace dagrad::detail {

namespace {

constexpr std::int64_t piece_bytes = std::int64_t{1} << 17;

}  // namespace

bool all_finite(const View& view, const Parallel& parallel) {
  if (!is_float(view.type.dtype)) return true;
  std::atomic<bool> all{true};
  const std::int64_t piece = piece_bytes / static_cast<std::int64_t>(size_of(view.type.dtype));
  parallel.ranges(view.type.elements(), piece, [&](std::int64_t begin, std::int64_t end) {
    if (!all_finite(view, begin, end)) all.store(false, std::memory_order_relaxed);
  });
  return all.load(std::memory_order_relaxed);
}

}  // namespace dagrad::detail
