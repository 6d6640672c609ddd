#include "src/loops/line_assembler.hpp"

#include <algorithm>

#include "src/loops/make_emitter.hpp"

namespace dagrad::detail {

LineAssembler::LineAssembler(const StraightLine& line, InstructionSet set)
    : line_(line),
      set_(set),
      code_(make_emitter(line.lane_bytes, set)),
      scratch_(set == InstructionSet::avx512 ? 30 : 14),
      schedule_(line),
      memory_(*code_, set),
      values_(*code_, memory_, line, schedule_),
      stores_of_(line.steps.size() + 1, 0) {}

Assembled LineAssembler::run() {
  sort_stores();
  memory_.enter();
  for (const Item& item : schedule_.items()) {
    emit(item);
    values_.release_pins();
    for (const std::uint32_t s : schedule_.steps(item)) store_all(s);
  }
  for (const StraightLine::Store& at_end : line_.stores)
    if (at_end.at_end || line_.steps[at_end.step].is_leaf()) store(at_end);
  memory_.leave();
  code_->emit_tables();
  memory_.emit_tables();
  code_->ready();
  return {{code_->getCode(), code_->getCode() + code_->getSize()}, memory_.scratch_bytes()};
}

/// Sorts the stores that follow their steps by step.
void LineAssembler::sort_stores() {
  for (const StraightLine::Store& store : line_.stores)
    if (!store.at_end && !line_.steps[store.step].is_leaf()) stores_.push_back(store);
  std::sort(stores_.begin(), stores_.end(),
            [](const auto& a, const auto& b) { return a.step < b.step; });
  for (const StraightLine::Store& store : stores_) ++stores_of_[store.step + 1];
  for (std::size_t i = 1; i < stores_of_.size(); ++i) stores_of_[i] += stores_of_[i - 1];
}

void LineAssembler::store_all(std::uint32_t step) {
  for (std::uint32_t i = stores_of_[step]; i < stores_of_[step + 1]; ++i) store(stores_[i]);
}

void LineAssembler::store(const StraightLine::Store& store) {
  const LineStep& step = line_.steps[store.step];
  const int a = values_.bring(store.step);
  values_.use_width(store.step);
  memory_.store(memory_.at(store.to), a, step.dtype, store.lanes);
  values_.finish_use(store.step);
  values_.release_pins();
}

void LineAssembler::emit(const Item& item) {
  const std::span<const std::uint32_t> steps = schedule_.steps(item);
  const LineStep& step = line_.steps[steps[0]];
  if (steps.size() > 1) return call_together(steps);
  if (is_call(step)) return call_one(steps[0]);
  switch (step.kind) {
    case LineStep::Kind::multiply_add:
      return multiply_add(steps[0]);
    case LineStep::Kind::pick:
      return pick(steps[0]);
    default:
      compute(steps[0]);
  }
}

/// Ends the uses of a step's operands.
void LineAssembler::finish(const LineStep& step) {
  if (step.a != none) values_.finish_use(step.a);
  if (step.b != none && step.b != step.a) values_.finish_use(step.b);
  if (step.c != none && step.c != step.a && step.c != step.b) values_.finish_use(step.c);
}

/// Ends a step whose result is in register d, which may have been that of an operand.
void LineAssembler::finish(std::uint32_t s, int d) {
  finish(line_.steps[s]);
  values_.hold(s, d);
}

Operation LineAssembler::operation(const LineStep& step) const {
  return {.primitive = step.primitive,
          .dtype = step.dtype,
          .operand_dtype = step.operand_dtype,
          .d = 0,
          .a = 0,
          .b = 0,
          .c = 0,
          .cast_to = step.dtype};
}

void LineAssembler::compute(std::uint32_t s) {
  LineStep step = line_.steps[s];
  const bool single = code_->registers().is_single(
      {.primitive = step.primitive, .dtype = step.dtype, .a = 0, .b = 0, .c = 0});
  const bool commutes = step.primitive == Primitive::add || step.primitive == Primitive::mul;
  const auto is_in_memory = [&](std::uint32_t value) {
    return single && step.a != step.b && values_.in_memory(value).has_value();
  };
  if (commutes && is_in_memory(step.a)) std::swap(step.a, step.b);
  Operation op = operation(step);
  op.a = values_.bring(step.a);
  const bool reads_memory = step.b != none && is_in_memory(step.b);
  if (step.b != none && !reads_memory) op.b = values_.bring(step.b);
  if (step.c != none) op.c = values_.bring(step.c);
  // A single instruction may write its result over an operand that is not used again.
  const auto is_free = [&](std::uint32_t value) {
    return single && value != none && values_.is_in_register(value) && values_.is_last_use(value);
  };
  op.d = is_free(step.a) ? op.a : !reads_memory && is_free(step.b) ? op.b : values_.take(s);
  if (reads_memory) op.memory = values_.in_memory(step.b);
  values_.use_width(s);
  code_->compute(op);
  finish(s, op.d);
}

void LineAssembler::multiply_add(std::uint32_t s) {
  const LineStep& step = line_.steps[s];
  Operation op = operation(step);
  op.a = values_.bring(step.a);
  const bool reads_memory = step.a != step.b && values_.in_memory(step.b).has_value();
  if (!reads_memory) op.b = values_.bring(step.b);
  const LineStep& sum = line_.steps[step.c];
  if (sum.kind == LineStep::Kind::constant && line_.constants[sum.data] == 0) {
    op.d = values_.take(s);
    values_.use_width(s);
    const Xbyak::Xmm d = code_->vec(op.d, step.dtype);
    code_->vxorps(d, d, d);
  } else {
    op.d = values_.take_over(step.c, s);
  }
  if (reads_memory) op.memory = values_.in_memory(step.b);
  values_.use_width(s);
  code_->multiply_add(op);
  finish(s, op.d);
}

}  // namespace dagrad::detail
