#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dagrad/instruction_set.hpp"
#include "src/loops/emitter.hpp"
#include "src/loops/frame.hpp"
#include "src/loops/loop_spec.hpp"

namespace dagrad::detail {

/// Emits the actions of a program's allocation: the preheader once, then the body twice, for
/// iterations over whole vectors and for the remaining elements. Where all elements are a pair of
/// vectors, the body is long, or four parts are added up, each action is emitted for several
/// vectors, one after the other, so that none waits for the other's results.
class LoopAssembler {
 public:
  LoopAssembler(const Program& program, const LoopSpec& spec, InstructionSet set);

  std::vector<std::uint8_t> run();

 private:
  using Kind = Action::Kind;
  static constexpr std::uint32_t most_slots = 2048;  ///< 128 KiB of the stack
  /// Bytes after which rows that were fetched far ahead are fetched again, should they have left
  /// the first cache.
  static constexpr std::size_t near = 256;

  const Allocation& with_slots_of_sums();
  void prepare();
  void repeat_rows();
  void iterate();
  void iterate_over_several();
  void iterate_over_fours();
  void act_on_vector();
  void act_on_parts();
  void act(std::span<const Action> actions);
  void act_on_several(std::span<const Action> actions);
  int registers_of_vector(DType dtype) const {
    return dtype == b8 && file_.masks > 0 ? allocation_.masks : allocation_.vectors;
  }
  int own(int number, DType dtype) const;
  Xbyak::Address slot(std::uint32_t i) const {
    return frame_.slot(i, have_slots_ ? static_cast<std::uint32_t>(vector_) : 0);
  }
  /// Which of the four parts the present vector belongs to.
  int part() const { return group_ * allocation_.at_once + vector_; }
  /// The first element of the present vector, from that at the index, in an array whose parts are
  /// so many elements apart.
  std::int64_t first(std::int64_t apart) const {
    return in_parts_ ? pass_ * code_->lanes() + part() * apart : vector_ * apart_;
  }
  Xbyak::RegExp output(std::uint32_t i) { return frame_.output(i, first(spec_.sums.row_size)); }
  void prefetch(const Xbyak::RegExp& from, DType dtype, std::int64_t row_size);
  void prefetch_to_write(const Xbyak::RegExp& to, DType dtype);
  int ahead_of(DType dtype, std::int64_t row_size) const;
  void act(const Action& action);
  void load(const Action& action);
  void store(const Action& action);
  Operation operation(const Action& action) const;
  void compute(const Action& action);
  void call_for_both(const Action& action);
  void call(const Operation& op);
  void call_vector_function(const Operation& op, const void* function);
  void call_interpreter(const Operation& op);

  bool is_summed(const Action& action) const {
    return action.kind == Kind::store && spec_.is_summed(action.output);
  }
  bool has_moving_invariants() const;
  void add_vector(const Action& action);
  void add_parts(const Action& action);
  bool join_parts(const Action& action, DType dtype);
  void add_to(const Xbyak::RegExp& lane, int a, DType dtype);
  /// The numbers of elements of a row (0) and of times that are left (1).
  Xbyak::Address counter(int i) const {
    return code_->qword[frame_.slot(counters_, 0).getRegExp() + static_cast<std::size_t>(8 * i)];
  }
  /// The slot of the first or the second two parts of a result, added together.
  Xbyak::Address half(std::uint32_t output, int i) const {
    return frame_.slot(first_half_ + 2 * output + static_cast<std::uint32_t>(i), 0);
  }

  const Program& program_;
  const LoopSpec spec_;
  const InstructionSet set_;
  const bool is_pair_;  ///< whether all elements are two vectors
  const std::unique_ptr<VectorEmitter> code_;
  const RegisterFile file_;  ///< what a vector has
  /// By input: whether it differs between the vectors that are computed.
  const std::vector<std::int64_t> varies_;
  Allocation allocation_;
  const std::uint32_t first_half_;  ///< the first of the slots in which parts are added up
  const std::uint32_t counters_;    ///< a slot for the counters of rows
  const bool have_slots_;           ///< whether each of several vectors has slots of its own
  Frame frame_;
  const bool is_long_;
  const std::int64_t apart_;  ///< elements from the first of several vectors to the second
  bool in_tail_ = false, in_parts_ = false;
  int vector_ = 0;  ///< the one of several whose instructions are being emitted
  int group_ = 0;   ///< the parts that are being computed: the first, or the next few
  int pass_ = 0;    ///< which vector of the lanes is being computed
};

}  // namespace dagrad::detail
