#include "src/loops/line_values.hpp"

#include <algorithm>

namespace dagrad::detail {

using Xbyak::Address;

LineValues::LineValues(VectorEmitter& code, LineMemory& memory, const StraightLine& line,
                       const LineSchedule& schedule)
    : code_(code),
      memory_(memory),
      line_(line),
      broadcasts_(code.registers().masks > 0),
      end_(static_cast<std::uint32_t>(schedule.items().size())),
      values_(line.steps.size()),
      first_use_(line.steps.size() + 2, 0),
      vectors_(static_cast<std::size_t>(code.registers().vectors), none),
      masks_(static_cast<std::size_t>(code.registers().masks), none) {
  // A counting sort, as in Lifetimes.
  each_use(schedule, [&](std::uint32_t step, std::uint32_t) { ++first_use_[step + 2]; });
  for (std::size_t i = 1; i < first_use_.size(); ++i) first_use_[i] += first_use_[i - 1];
  uses_.resize(first_use_.back());
  each_use(schedule,
           [&](std::uint32_t step, std::uint32_t time) { uses_[first_use_[step + 1]++] = time; });
}

/// Calls `body(step, time)` for each use of a value, in the order of time.
template <class Body>
void LineValues::each_use(const LineSchedule& schedule, const Body& body) const {
  std::vector<std::uint32_t> stores(line_.steps.size(), 0);
  for (const StraightLine::Store& store : line_.stores)
    if (!store.at_end && !line_.steps[store.step].is_leaf()) ++stores[store.step];
  for (std::uint32_t time = 0; time < end_; ++time) {
    for (const std::uint32_t s : schedule.steps(schedule.items()[time])) {
      const LineStep& step = line_.steps[s];
      if (step.a != none) body(step.a, time);
      if (step.b != none && step.b != step.a) body(step.b, time);
      if (step.c != none && step.c != step.a && step.c != step.b) body(step.c, time);
    }
    for (const std::uint32_t s : schedule.steps(schedule.items()[time]))
      for (std::uint32_t i = 0; i < stores[s]; ++i) body(s, time);
  }
  for (const StraightLine::Store& store : line_.stores)
    if (store.at_end || line_.steps[store.step].is_leaf()) body(store.step, end_);
}

std::uint32_t LineValues::next_use(std::uint32_t step) const {
  const std::uint32_t at = first_use_[step] + values_[step].used;
  return at < first_use_[step + 1] ? uses_[at] : none;
}

void LineValues::pin(std::uint32_t step) { pins_[pinned_++] = step; }

int LineValues::bring(std::uint32_t step) {
  if (!is_in_register(step)) {
    const int into = take_from(bank(step));
    load(step, into);
    hold(step, into);
  }
  pin(step);
  return values_[step].in_register;
}

void LineValues::load(std::uint32_t step, int into) {
  const LineStep& value = line_.steps[step];
  use_width(step);
  if (values_[step].scratch != none)
    return memory_.reload(into, value.dtype, values_[step].scratch, width(step));
  switch (value.kind) {
    case LineStep::Kind::load:
      return memory_.load(into, value.dtype, memory_.at(line_.places[value.data]), value.lanes);
    case LineStep::Kind::repeat:
      return code_.broadcast(into, value.dtype, memory_.at(line_.places[value.data]));
    default:
      return code_.load_literal(code_.vec(into, value.dtype), line_.constants[value.data],
                                value.dtype);
  }
}

int LineValues::take(std::uint32_t step) { return take_from(bank(step)); }

int LineValues::take_over(std::uint32_t from, std::uint32_t step) {
  const int own = bring(from);
  if (is_last_use(from)) return own;
  const int copy = take(step);
  const DType dtype = line_.steps[step].dtype;
  use_width(step);
  code_.vmovaps(code_.vec(copy, dtype), code_.vec(own, dtype));
  return copy;
}

void LineValues::hold(std::uint32_t step, int in_register) {
  bank(step)[static_cast<std::size_t>(in_register)] = step;
  values_[step].in_register = static_cast<std::int16_t>(in_register);
}

/// A free register, or one freed by evicting a value.
int LineValues::take_from(Bank& of) {
  auto best = std::find(of.begin(), of.end(), none);
  if (best == of.end()) {
    const auto pins = std::span(pins_).first(pinned_);
    std::uint32_t farthest = 0;
    for (auto held = of.begin(); held != of.end(); ++held) {
      if (std::find(pins.begin(), pins.end(), *held) != pins.end()) continue;
      const std::uint32_t next = next_use(*held);
      if (best != of.end() && next <= farthest) continue;
      best = held;
      farthest = next;
    }
    evict(*best);
  }
  return static_cast<int>(best - of.begin());
}

void LineValues::evict(std::uint32_t& held) {
  const std::uint32_t step = held;
  Value& value = values_[step];
  const LineStep& from = line_.steps[step];
  if (value.scratch == none && !from.is_leaf() && next_use(step) != none) {
    value.scratch = memory_.take(memory_.spilled_bytes(from.dtype, width(step)));
    const int lanes = code_.lanes();
    use_width(step);
    memory_.spill(value.scratch, value.in_register, from.dtype, width(step));
    code_.use_lanes(lanes);
  }
  value.in_register = -1;
  held = none;
}

void LineValues::leave_registers(std::span<const std::uint32_t> operands) {
  for (Bank* of : {&vectors_, &masks_}) {
    for (std::uint32_t& held : *of) {
      if (held == none) continue;
      const bool stays = std::find(operands.begin(), operands.end(), held) != operands.end();
      if (!stays) {
        evict(held);
      } else if (!is_last_use(held)) {  // it is needed again, but also by the call
        const std::uint32_t step = held;
        const std::int16_t in_register = values_[step].in_register;
        evict(held);
        held = step;
        values_[step].in_register = in_register;
      }
    }
  }
}

void LineValues::forget_registers(std::span<const std::uint32_t> operands) {
  for (const std::uint32_t step : operands) {
    if (step == none || !is_in_register(step)) continue;
    bank(step)[static_cast<std::size_t>(values_[step].in_register)] = none;
    values_[step].in_register = -1;
  }
}

std::optional<Address> LineValues::in_memory(std::uint32_t step) {
  const Value& value = values_[step];
  const LineStep& from = line_.steps[step];
  if (value.in_register >= 0 || !is_last_use(step)) return std::nullopt;
  const auto bytes = size_of(from.dtype) * from.lanes;
  const bool fills = from.lanes == 1 || (from.lanes == width(step) && bytes >= 16);
  if (value.scratch != none) return code_.ptr[memory_.scratch(value.scratch)];
  switch (from.kind) {
    case LineStep::Kind::load:
      if (!fills) return std::nullopt;
      return code_.ptr[memory_.at(line_.places[from.data])];
    case LineStep::Kind::repeat:
      if (!broadcasts_ || !fills) return std::nullopt;
      return code_.ptr_b[memory_.at(line_.places[from.data])];
    default:
      if (from.lanes != 1) return std::nullopt;
      return code_.literal(line_.constants[from.data]);
  }
}

Address LineValues::element(std::uint32_t step) {
  const LineStep& from = line_.steps[step];
  if (values_[step].scratch != none) return code_.ptr[memory_.scratch(values_[step].scratch)];
  if (from.kind == LineStep::Kind::load) return code_.ptr[memory_.at(line_.places[from.data])];
  return code_.literal(line_.constants[from.data]);
}

void LineValues::finish_use(std::uint32_t step) {
  Value& value = values_[step];
  if (++value.used < first_use_[step + 1] - first_use_[step]) return;
  if (value.in_register >= 0) {
    bank(step)[static_cast<std::size_t>(value.in_register)] = none;
    value.in_register = -1;
  }
  if (value.scratch != none) {
    const DType dtype = line_.steps[step].dtype;
    memory_.give_back(value.scratch, memory_.spilled_bytes(dtype, width(step)));
  }
}

}  // namespace dagrad::detail
