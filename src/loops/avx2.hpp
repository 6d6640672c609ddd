#pragma once

#include "src/loops/emitter.hpp"

namespace dagrad::detail {

/// Emits AVX2 instructions. A bool is a mask: a vector whose lanes, as wide as the widest dtype,
/// are all ones or all zeros.
class Avx2Emitter final : public VectorEmitter {
 public:
  explicit Avx2Emitter(int lane_bytes)
      : VectorEmitter(32, lane_bytes, 14, 15), lane_bytes_(lane_bytes) {}

  RegisterFile registers() const override;
  bool tail_takes_r10(const Program& program) const override;
  void begin_tail(const Xbyak::Reg64& minus_left, bool calls) override;
  void restore_tail() override {}
  void load(int d, DType dtype, const Xbyak::RegExp& from) override;
  void store(const Xbyak::RegExp& to, int a, DType dtype) override;
  void load_bools(int d, const Xbyak::RegExp& from, int n) override;
  void store_bools(const Xbyak::RegExp& to, int a, int n) override;
  void broadcast(int d, DType dtype, const Xbyak::RegExp& from) override;
  void spill(const Xbyak::Address& to, int a, DType dtype) override;
  void reload(int d, DType dtype, const Xbyak::Address& from) override;
  void repeat_low_half(int d) override;
  void emit_tables() override;

 private:
  using Ymm = Xbyak::Ymm;

  void compare(const Operation& op) override;
  void logic(Logic logic, int d, int a, int b) override;
  void invert(int d, int a) override;
  void blend(const Operation& op) override;
  void extremum(const Operation& op) override;
  void pull(const Operation& op) override;
  void round(const Operation& op, std::uint8_t mode) override;
  void absolute64(const Operation& op) override;
  void multiply64(const Operation& op) override;
  void convert(const Operation& op) override;
  Xmm round_to_upper_half(int a) override;
  void compare_integers(const Operation& op);
  void convert_bool(const Operation& op);
  void truncate32(const Operation& op);
  void truncate64(const Operation& op);

  /// Gathers the low halves of four 64-bit lanes.
  void narrow_lanes(const Xmm& into, int wide);
  /// The mask for lanes of `dtype`, converted into `into` if necessary.
  Xmm mask_for(DType dtype, int mask, const Xmm& into);

  void load_tail(int d, DType dtype, const Xbyak::RegExp& from);
  void store_tail(const Xbyak::RegExp& to, int a, DType dtype);
  void load_tail_mask(const Xmm& into, DType dtype);
  void load_packed_tail(int d, DType dtype, const Xbyak::RegExp& from);
  void store_packed_tail(const Xbyak::RegExp& to, const Xmm& packed, DType dtype);
  void store_packed(const Xbyak::RegExp& to, const Xmm& packed, DType dtype);
  /// Convert between packed elements of fewer than 4 bytes and their form in registers.
  void unpack(int d, DType dtype, const Xbyak::Operand& from);
  void pack(const Xmm& into, int a, DType dtype);
  void pack_words(const Xmm& into, const Xmm& from);

  const int lane_bytes_;
  Xbyak::Label mask_table_;
  Xbyak::Reg64 minus_left_;
  bool in_tail_ = false;
  bool calls_ = false;
};

}  // namespace dagrad::detail
