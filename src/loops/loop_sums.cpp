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

/// Adds the values of a single vector to their lanes.
void LoopAssembler::add_vector(const Action& action) {
  const DType dtype = program_.steps[action.step].dtype;
  const Xbyak::RegExp lane = spec_.sums.lanes > 0
                                 ? frame_.lane(action.output, first(0), spec_.sums.lanes)
                                 : output(action.output);
  add_to(lane, own(action.d, dtype), dtype);
}

/// Adds the four parts to their lanes, once all of them have been computed.
void LoopAssembler::add_parts(const Action& action) {
  const DType dtype = program_.steps[action.step].dtype;
  if (!join_parts(action, dtype)) return;
  const Xbyak::RegExp lane = spec_.sums.lanes > 0
                                 ? frame_.fixed_lane(action.output, pass_ * code_->lanes())
                                 : frame_.output(action.output, 0);
  add_to(lane, file_.vectors, dtype);
}

/// Joins the parts that have been computed so far, in pairs; returns whether these are all four,
/// whose sum is then in the first spare register.
bool LoopAssembler::join_parts(const Action& action, DType dtype) {
  const int sum = file_.vectors, other = sum + 1;
  const bool is_own = action.d < registers_of_vector(dtype);
  const auto of_vector = [&](int i) {
    return action.d + (is_own ? i * registers_of_vector(dtype) : 0);
  };
  if (allocation_.at_once == 4) {
    code_->add_floats(sum, of_vector(0), of_vector(1), dtype);
    code_->add_floats(other, of_vector(2), of_vector(3), dtype);
    code_->add_floats(sum, sum, other, dtype);
    return true;
  }
  const int pair = part() / 2;
  if (allocation_.at_once == 2) {
    code_->add_floats(sum, of_vector(0), of_vector(1), dtype);
  } else if (part() % 2 == 0) {
    code_->spill(half(action.output, pair), action.d, dtype);
    return false;
  } else {
    code_->reload(sum, dtype, half(action.output, pair));
    code_->add_floats(sum, sum, action.d, dtype);
  }
  if (pair == 0) {
    code_->spill(half(action.output, 0), sum, dtype);
    return false;
  }
  code_->reload(other, dtype, half(action.output, 0));
  code_->add_floats(sum, other, sum, dtype);
  return true;
}

void LoopAssembler::add_to(const Xbyak::RegExp& lane, int a, DType dtype) {
  const int sum = file_.vectors + 1;
  code_->load(sum, dtype, lane);
  code_->add_floats(sum, sum, a, dtype);
  code_->store(lane, sum, dtype);
}

}  // namespace dagrad::detail
