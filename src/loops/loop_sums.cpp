// Results that loops add up instead of storing them.

#include "src/loops/loop_assembler.hpp"

namespace dagrad::detail {

/// Whether a single element that is the same in a row differs between rows.
bool LoopAssembler::has_moving_invariants() const {
  for (std::size_t i = 0; i < spec_.in_step.size(); ++i)
    if (spec_.in_step[i] == 0 && spec_.sums.next_steps[i] != 0) return true;
  return false;
}

/// Computes rows as often as the fifth argument says.
void LoopAssembler::repeat_rows() {
  using Xbyak::util::r8;
  Xbyak::Label next;
  code_->mov(counter(0), frame_.count());
  code_->mov(counter(1), r8);
  if (!has_moving_invariants()) prepare();
  code_->L(next);
  if (has_moving_invariants()) prepare();
  code_->mov(frame_.count(), counter(0));
  code_->xor_(frame_.index().cvt32(), frame_.index().cvt32());
  iterate();
  for (std::size_t i = 0; i < spec_.in_step.size(); ++i)
    frame_.move_input(i, spec_.sums.next_steps[i]);
  for (std::size_t i = 0; i < program_.outputs.size(); ++i) frame_.move_output(i, spec_.next(i));
  code_->dec(counter(1));
  code_->jnz(next, code_->T_NEAR);
}

/// The lanes to which values of the present vector are added, or sums of four parts.
Xbyak::RegExp LoopAssembler::lane(const Action& action) {
  if (spec_.sums.lanes > 0 && !in_parts_)
    return frame_.lane(action.output, first(0), spec_.sums.lanes);
  return spec_.sums.lanes > 0 ? frame_.fixed_lane(action.output, first(0))
                              : frame_.output(action.output, first(0));
}

void LoopAssembler::add_to(const Xbyak::RegExp& lane, int a, DType dtype) {
  const int sum = file_.vectors;
  code_->load(sum, dtype, lane);
  code_->add_floats(sum, sum, a, dtype);
  code_->store(lane, sum, dtype);
}

}  // namespace dagrad::detail
