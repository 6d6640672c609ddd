#include "src/loops/line_schedule.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "src/program/primitives.hpp"

namespace dagrad::detail {

bool is_call(const LineStep& step) {
  return step.kind == LineStep::Kind::compute && is_function(step.primitive);
}

LineSchedule::LineSchedule(const StraightLine& line) : height_(line.steps.size(), -1) {
  find_heights(line);
  sort_by_height(line);
}

void LineSchedule::find_heights(const StraightLine& line) {
  for (const StraightLine::Store& store : line.stores) height_[store.step] = 0;
  for (std::size_t i = line.steps.size(); i-- > 0;) {
    const LineStep& step = line.steps[i];
    if (height_[i] < 0) continue;
    const std::int32_t needed = height_[i] + (is_call(step) ? 1 : 0);
    for (const std::uint32_t operand : {step.a, step.b, step.c})
      if (operand != LineStep::none) height_[operand] = std::max(height_[operand], needed);
  }
}

/// Sorts steps by height, the highest first, and calls first among those of the same height: their
/// operands are higher. All other steps stay in order. So every call is as late as its results
/// allow, which brings together calls that do not depend on each other.
void LineSchedule::sort_by_height(const StraightLine& line) {
  const std::int32_t most =
      height_.empty() ? -1 : *std::max_element(height_.begin(), height_.end());
  // A counting sort by place: calls of the greatest height, its other steps, and so on.
  std::vector<std::uint32_t> begin(2 * static_cast<std::size_t>(most + 1) + 2, 0);
  const auto place = [&](std::size_t i) {
    return 2 * static_cast<std::size_t>(most - height_[i]) + (is_call(line.steps[i]) ? 0 : 1);
  };
  const auto is_scheduled = [&](std::size_t i) {
    return height_[i] >= 0 && !line.steps[i].is_leaf();
  };
  for (std::size_t i = 0; i < height_.size(); ++i)
    if (is_scheduled(i)) ++begin[place(i) + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  order_.resize(begin.back());
  std::vector<std::uint32_t> next = begin;
  for (std::size_t i = 0; i < height_.size(); ++i)
    if (is_scheduled(i)) order_[next[place(i)]++] = static_cast<std::uint32_t>(i);
  for (std::size_t at = 0; at + 2 < begin.size(); at += 2) {
    group_calls(line, begin[at], begin[at + 1]);
    for (std::uint32_t i = begin[at + 1]; i < begin[at + 2]; ++i) items_.push_back({i, 1});
  }
}

/// Groups calls that do not depend on each other: those for one element by function and dtype.
void LineSchedule::group_calls(const StraightLine& line, std::size_t begin, std::size_t end) {
  const auto kind = [&](std::uint32_t i) {
    const LineStep& step = line.steps[i];
    return std::tuple(step.lanes != 1, step.primitive, step.dtype);
  };
  const auto first = order_.begin();
  std::sort(first + static_cast<std::ptrdiff_t>(begin), first + static_cast<std::ptrdiff_t>(end),
            [&](std::uint32_t i, std::uint32_t j) {
              return std::tuple(kind(i), i) < std::tuple(kind(j), j);
            });
  for (std::size_t i = begin; i < end;) {
    const LineStep& step = line.steps[order_[i]];
    const std::size_t room =
        step.lanes != 1
            ? 1
            : static_cast<std::size_t>(line.lanes * line.lane_bytes) / size_of(step.dtype);
    std::size_t n = 1;
    while (n < room && i + n < end && kind(order_[i + n]) == kind(order_[i])) ++n;
    items_.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(n)});
    i += n;
  }
}

}  // namespace dagrad::detail
