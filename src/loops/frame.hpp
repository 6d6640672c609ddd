#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/loops/emitter.hpp"

namespace dagrad::detail {

/// The function around the iterations of a loop: its arguments, saved registers, stack, and the
/// addresses of values in memory.
///
/// A loop with calls uses only registers that callees preserve. Without calls, pointers to arrays
/// have their own registers, as far as these suffice. rax, r11, and r10 unless an array uses it,
/// are scratch registers.
class Frame {
 public:
  using Reg64 = Xbyak::Reg64;
  using RegExp = Xbyak::RegExp;
  using Address = Xbyak::Address;

  /// Each of `vectors` has `slots` of its own. Input i has a register for its pointer, as far as
  /// these suffice, unless `in_step[i]` is 0.
  Frame(VectorEmitter& code, const Program& program, std::span<const std::int64_t> in_step,
        bool calls, std::uint32_t slots, std::uint32_t vectors);

  void enter();
  void leave();

  const Reg64& count() const { return count_; }  ///< number of elements as passed by the caller
  const Reg64& index() const { return index_; }  ///< index of the first element of an iteration
  /// The element of an input or output at the index, or `after` behind it; valid until r11 changes.
  RegExp input(std::size_t i, std::int64_t after) {
    return element(in_pointer_[i], in_, i, program_.inputs[i], after);
  }
  RegExp output(std::size_t i, std::int64_t after) {
    return element(out_pointer_[i], out_, i, program_.output_dtype(i), after);
  }
  /// The single element of a repeated input, or the one `after` behind it; valid until r11 changes.
  RegExp repeated_input(std::size_t i, std::int64_t after = 0);
  /// The element of an output at the index, or `after` behind it, modulo `lanes`, a power of two;
  /// valid until r11 changes.
  RegExp lane(std::size_t i, std::int64_t after, std::int64_t lanes);
  /// An element of an output, wherever the index is; valid until r11 changes.
  RegExp fixed_lane(std::size_t i, std::int64_t element);
  RegExp constant(std::size_t i) const { return constants_ + 8 * i; }
  /// Move the pointer of an input or output by so many elements.
  void move_input(std::size_t i, std::int64_t elements) {
    move(in_pointer_[i], in_, i, elements * static_cast<std::int64_t>(size_of(program_.inputs[i])));
  }
  void move_output(std::size_t i, std::int64_t elements) {
    move(out_pointer_[i], out_, i,
         elements * static_cast<std::int64_t>(size_of(program_.output_dtype(i))));
  }
  /// The slot of one of the vectors that are computed at once.
  Address slot(std::uint32_t i, std::uint32_t vector) const;
  /// The memory of operand or result 0 to 2 of a call through memory. The next three are for those
  /// of the second vector.
  Address argument(std::uint32_t i) const;

 private:
  static constexpr std::uint32_t arguments = 3;  ///< of each vector
  static constexpr std::uint32_t vector_bytes = 64;
  static constexpr int in_table = -1;

  void move(int pointer, const Reg64& table, std::size_t i, std::int64_t bytes);
  void choose_registers(std::span<const std::int64_t> in_step);
  RegExp element(int pointer, const Reg64& table, std::size_t i, DType dtype, std::int64_t after);

  VectorEmitter& code_;
  const Program& program_;
  const bool calls_;
  const std::uint32_t at_once_;  ///< vectors
  const std::uint32_t vectors_;  ///< number of vectors on the stack: arguments, then slots
  Reg64 in_, out_, count_, constants_, index_;
  /// Saved registers of the caller, in the order in which they were pushed.
  std::vector<Reg64> saved_;
  std::vector<int> in_pointer_, out_pointer_;  ///< registers of array pointers, or `in_table`
};

}  // namespace dagrad::detail
