#pragma once

#include "src/loops/emitter.hpp"

namespace dagrad::detail {

/// Emits instructions of AVX-512 F, DQ, BW and VL. Bools are mask registers k2 to k6.
class Avx512Emitter final : public VectorEmitter {
 public:
  explicit Avx512Emitter(int lane_bytes) : VectorEmitter(64, lane_bytes, 30, -1) {}

  RegisterFile registers() const override;
  bool tail_takes_r10(const Program&) const override { return false; }
  void begin_tail(const Xbyak::Reg64& minus_left, bool calls) override;
  void restore_tail() override;
  void load(int d, DType dtype, const Xbyak::RegExp& from) override;
  void store(const Xbyak::RegExp& to, int a, DType dtype) override;
  void load_bools(int d, const Xbyak::RegExp& from, int n) override;
  void store_bools(const Xbyak::RegExp& to, int a, int n) override;
  void broadcast(int d, DType dtype, const Xbyak::RegExp& from) override;
  void spill(const Xbyak::Address& to, int a, DType dtype) override;
  void reload(int d, DType dtype, const Xbyak::Address& from) override;
  void repeat_low_half(int d) override;

 private:
  using Opmask = Xbyak::Opmask;

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
  void convert_bool(const Operation& op);
  void truncate(const Operation& op);

  void store_narrowed(const Xbyak::Address& to, int a, DType dtype);
  void load_bools(int d, const Xbyak::RegExp& from);
  void store_bools(const Xbyak::RegExp& to, int a);
  void choose_lanes(int n);

  /// Bool 0 is k2; the scratch mask, number -1, is k1.
  static Opmask mask(int number) { return Opmask(number + 2); }
  const Opmask scratch_opmask_ = Opmask(1), tail_ = Opmask(7);
  Xbyak::Reg64 minus_left_;
  bool in_tail_ = false;
  bool calls_ = false;
};

}  // namespace dagrad::detail
