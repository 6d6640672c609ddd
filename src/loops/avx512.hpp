#pragma once

#include "src/loops/machine.hpp"

namespace dagrad::detail {

/// Words in AVX-512 F, DQ, BW and VL. Bools are mask registers k2 to k6.
class Avx512Machine final : public LoopMachine {
 public:
  explicit Avx512Machine(int lane_bytes) : LoopMachine(64, lane_bytes, 30, passing_mask) {}

  RegisterFile registers() const override;
  void begin_tail(const Xbyak::Reg64& gap, bool calls) override;
  void after_call() override;
  void load(int d, DType dtype, const Xbyak::RegExp& from) override;
  void load_one(int d, DType dtype, const Xbyak::RegExp& from) override;
  void store(const Xbyak::RegExp& to, int a, DType dtype) override;
  void save(const Xbyak::Address& to, int a, DType dtype) override;
  void restore(int d, DType dtype, const Xbyak::Address& from) override;
  void repeat_half(int d) override;

 private:
  static constexpr int passing_mask = -1;
  using Opmask = Xbyak::Opmask;

  void compare(const Word& word) override;
  void logic(Logic logic, int d, int a, int b) override;
  void invert(int d, int a) override;
  void blend(const Word& word) override;
  void extremum(const Word& word) override;
  void pull(const Word& word) override;
  void round(const Word& word, std::uint8_t mode) override;
  void absolute64(const Word& word) override;
  void multiply64(const Word& word) override;
  void convert(const Word& word) override;
  void convert_bool(const Word& word);
  void truncate(const Word& word);

  static Opmask mask(int number) { return Opmask(number + 2); }
  const Opmask passing_ = Opmask(1), tail_ = Opmask(7);
  Xbyak::Reg64 gap_;
  bool in_tail_ = false;
  bool calls_ = false;
};

}  // namespace dagrad::detail
