#pragma once

#include "src/loops/machine.hpp"

namespace dagrad::detail {

/// Words in AVX2. Bools are vectors of all ones or zeros in lanes as wide as the widest dtype.
class Avx2Machine final : public LoopMachine {
 public:
  explicit Avx2Machine(int lane_bytes) : LoopMachine(32, lane_bytes, 14, 15), lane_(lane_bytes) {}

  RegisterFile registers() const override;
  void begin_tail(const Xbyak::Reg64& gap, bool calls) override;
  void after_call() override {}
  void load(int d, DType dtype, const Xbyak::RegExp& from) override;
  void load_one(int d, DType dtype, const Xbyak::RegExp& from) override;
  void store(const Xbyak::RegExp& to, int a, DType dtype) override;
  void save(const Xbyak::Address& to, int a, DType dtype) override;
  void restore(int d, DType dtype, const Xbyak::Address& from) override;
  void repeat_half(int d) override;
  void literals() override;

 private:
  using Ymm = Xbyak::Ymm;

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
  void compare_integers(const Word& word);
  void convert_bool(const Word& word);
  void truncate32(const Word& word);
  void truncate64(const Word& word);

  void load_bools(int d, const Xbyak::RegExp& from);
  void store_bools(const Xbyak::RegExp& to, int a);
  /// The mask of a bool, in lanes of half the width, in `into`.
  void narrow(int into, int mask);
  Xmm mask_of(int number, DType dtype, int into);
  /// The lanes of a tail, as a mask of lanes of `dtype`.
  void tail_mask(const Xmm& into, DType dtype);

  const int lane_;
  Xbyak::Label window_;
  Xbyak::Reg64 gap_;
  bool in_tail_ = false;
  bool calls_ = false;
};

}  // namespace dagrad::detail
