#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "src/loops/emitter.hpp"
#include "src/loops/straight_line.hpp"

namespace dagrad::detail {

/// The memory of a routine: that of slots, whose addresses are kept in general registers, and the
/// scratch memory. It also is the function around the code: saved registers and arguments.
class LineMemory {
 public:
  using Address = Xbyak::Address;
  using Reg64 = Xbyak::Reg64;
  using RegExp = Xbyak::RegExp;

  LineMemory(VectorEmitter& code, InstructionSet set)
      : code_(code), is_avx512_(set == InstructionSet::avx512) {
    holds_.fill(nothing);
  }

  void enter();
  void leave();
  /// A call has overwritten the registers that callees do not preserve.
  void forget_volatile();

  /// The location of a place, valid until the next call of this function.
  RegExp at(const Place& place);
  RegExp scratch(std::uint32_t byte) const { return scratch_ + byte; }
  std::size_t scratch_bytes() const { return scratch_end_; }
  /// Reserves `bytes` of the scratch memory, a power of two to which they are aligned.
  std::uint32_t take(std::uint32_t bytes);
  void give_back(std::uint32_t at, std::uint32_t bytes) { free_[bytes].push_back(at); }

  /// Load and store n elements and touch no other memory. The register has their width.
  void load(int d, DType dtype, const RegExp& from, int n);
  void store(const RegExp& to, int a, DType dtype, int n);
  /// Move a register, of n lanes' width, to and from the scratch memory.
  void spill(std::uint32_t to, int a, DType dtype, int n);
  void reload(int d, DType dtype, std::uint32_t from, int n);
  /// The bytes that `spill` writes.
  std::uint32_t spilled_bytes(DType dtype, int n) const;

  /// Sets a mask of AVX-512 to these bits.
  void set_mask(const Xbyak::Opmask& mask, std::uint32_t bits);
  /// A vector of 64 bytes in memory.
  Address table(const std::array<std::uint8_t, 64>& bytes) {
    return code_.ptr[Xbyak::util::rip + tables_[bytes]];
  }
  void emit_tables();

 private:
  static constexpr std::uint32_t nothing = 0xffffffff;
  static constexpr std::size_t preserved = 4, registers = 11;  // of `pointers`
  static const std::array<Reg64, registers>& pointers();

  void load_masked(int d, DType dtype, const RegExp& from, int n);
  void store_in_pieces(RegExp to, int a, std::size_t bytes);

  VectorEmitter& code_;
  const bool is_avx512_;
  const Reg64 table_ = Xbyak::util::r12, scratch_ = Xbyak::util::r13;
  std::array<std::uint32_t, registers> holds_{};  ///< slots whose addresses are in the registers
  std::size_t next_ = 0;                          ///< the register to be used next
  std::uint32_t scratch_end_ = 0;
  std::map<std::uint32_t, std::vector<std::uint32_t>> free_;  ///< by size
  std::map<std::array<std::uint8_t, 64>, Xbyak::Label> tables_;
};

}  // namespace dagrad::detail
