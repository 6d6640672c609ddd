#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/loops/emitter.hpp"

namespace dagrad::detail {

/// The function around the iterations of a loop: its arguments, the caller's registers, the stack,
/// and the addresses of what lies in memory.
///
/// Registers of a loop with calls are those that a callee keeps; without calls pointers to arrays
/// have registers of their own, as far as there are any. rax, r11, and r10 unless an array has it,
/// are scratch.
class Frame {
 public:
  using Reg64 = Xbyak::Reg64;
  using RegExp = Xbyak::RegExp;
  using Address = Xbyak::Address;

  Frame(VectorEmitter& code, const Program& program, std::span<const std::int64_t> in_step,
        const Allocation& allocation);

  void enter();
  void leave();

  const Reg64& count() const { return count_; }  ///< as the caller gives it
  const Reg64& index() const { return index_; }  ///< the first element of an iteration
  /// The element at the index, of an input or of an output: valid until r11 changes.
  RegExp input(std::size_t i) { return element(in_pointer_[i], in_, i, program_.inputs[i]); }
  RegExp output(std::size_t i) {
    return element(out_pointer_[i], out_, i, program_.output_dtype(i));
  }
  /// The one element of a repeated input; valid until r11 changes.
  RegExp repeated_input(std::size_t i);
  RegExp constant(std::size_t i) const { return constants_ + 8 * i; }
  Address slot(std::uint32_t i) const;
  /// Vectors of a call whose operands and result lie in memory: 0 to 2.
  Address argument(std::uint32_t i) const;

 private:
  static constexpr std::uint32_t arguments = 3;
  static constexpr std::uint32_t vector_bytes = 64;
  static constexpr int in_table = -1;

  void choose_registers(std::span<const std::int64_t> in_step);
  RegExp element(int pointer, const Reg64& table, std::size_t i, DType dtype);

  VectorEmitter& code_;
  const Program& program_;
  const bool calls_;
  const std::uint32_t vectors_;  ///< on the stack: arguments, then slots
  Reg64 in_, out_, count_, constants_, index_;
  std::vector<Reg64> saved_;                   ///< the caller's, in the order of their pushes
  std::vector<int> in_pointer_, out_pointer_;  ///< registers of arrays, or `in_table`
};

}  // namespace dagrad::detail
