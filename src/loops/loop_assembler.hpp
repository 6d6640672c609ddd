#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dagrad/instruction_set.hpp"
#include "src/loops/emitter.hpp"
#include "src/loops/frame.hpp"
#include "src/loops/interleaved.hpp"
#include "src/loops/loop_spec.hpp"

namespace dagrad::detail {

/// How the values of a loop are computed.
struct Bodies {
  /// Several vectors at once; absent if that does not pay.
  std::optional<Allocation> several;
  /// What remains: a vector at a time, or one of each of four rows that are added together, or the
  /// two vectors that are all elements. Invariants are where the other body has them.
  Allocation rest;
};

/// Emits the actions of a program's allocations: the preheader once, then the body for several
/// vectors, if there is one, and the other one twice, for iterations over whole vectors and for the
/// remaining elements.
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

  std::uint32_t slots() const;
  void prepare();
  void repeat_rows();
  void iterate();
  void iterate_over_several();
  void iterate_over_rest();
  void act_on_rest();
  void act(std::span<const Action> actions);
  void act_on_pair(std::span<const Action> actions);
  /// The registers that each of a pair has of its own; in other loops, all are numbered as they
  /// are.
  int registers_of_one(DType dtype) const {
    if (!is_pair_) return 0;
    return dtype == b8 && file_.masks > 0 ? bodies_.rest.masks : bodies_.rest.vectors;
  }
  int own(int number, DType dtype) const;
  Xbyak::Address slot(std::uint32_t i) const {
    return frame_.slot(i, is_pair_ ? static_cast<std::uint32_t>(vector_) : 0);
  }
  /// Which of the four parts the present vector belongs to.
  int part() const { return in_parts_ ? vector_ % joined_vectors : 0; }
  /// The first element of the present vector, from that at the index, in an array whose parts are
  /// so many elements apart.
  std::int64_t first(std::int64_t apart) const {
    return in_parts_ ? vector_ / joined_vectors * code_->lanes() + part() * apart
                     : vector_ * apart_;
  }
  Xbyak::RegExp output(std::uint32_t i) { return frame_.output(i, first(spec_.sums.row_size)); }
  void prefetch(const Xbyak::RegExp& from, DType dtype, std::int64_t row_size);
  void prefetch_to_write(const Xbyak::RegExp& to, DType dtype);
  int ahead_of(DType dtype, std::int64_t row_size) const;
  /// Whether rows that are computed one after the other, or next to each other, read the same
  /// elements of an input.
  bool is_repeated(std::size_t input) const {
    if (!spec_.has_sums()) return false;
    return spec_.has_rows() ? spec_.sums.row_steps[input] == 0 : spec_.sums.next_steps[input] == 0;
  }
  void act(const Action& action);
  void load(const Action& action);
  void store(const Action& action);
  Operation operation(const Action& action) const;
  Operation addition(const Action& action) const;
  void compute(const Action& action);
  void call_for_both(const Action& action);
  void call(const Operation& op);
  void call_vector_function(const Operation& op, const void* function);
  void call_interpreter(const Operation& op);

  bool is_summed(const Action& action) const {
    return action.kind == Kind::store && spec_.is_summed(action.output);
  }
  bool has_moving_invariants() const;
  Xbyak::RegExp lane(const Action& action);
  void add_to(const Xbyak::RegExp& lane, int a, DType dtype);
  /// The numbers of elements of a row (0) and of times that are left (1).
  Xbyak::Address counter(int i) const {
    return code_->qword[frame_.slot(counters_, 0).getRegExp() + static_cast<std::size_t>(8 * i)];
  }

  const Program& program_;
  const LoopSpec spec_;
  const InstructionSet set_;
  const bool is_pair_;  ///< whether all elements are two vectors
  const std::unique_ptr<VectorEmitter> code_;
  const RegisterFile file_;
  const Bodies bodies_;
  const std::uint32_t counters_;  ///< a slot for the counters of rows, after those of the bodies
  Frame frame_;
  const bool is_long_;
  const std::int64_t apart_;  ///< elements from the first of several vectors to the second
  bool in_tail_ = false, in_parts_ = false;
  int vector_ = 0;  ///< the one of several whose instructions are being emitted
};

}  // namespace dagrad::detail
