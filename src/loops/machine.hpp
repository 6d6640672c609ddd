#pragma once

#include <xbyak/xbyak.h>

#include <cstdint>
#include <map>

#include "dagrad/program.hpp"
#include "src/loops/registers.hpp"

namespace dagrad::detail {

/// A step with its registers.
struct Word {
  Primitive primitive;
  DType dtype;    ///< of the result
  DType operand;  ///< of the operands; of `select`, of the two sides
  int d, a, b, c;
  const Xbyak::Address* memory = nullptr;  ///< where b lies; null: in its register
};

/// How comparisons are encoded.
struct Predicate {
  std::uint8_t real;     ///< of vcmpps; false for NaN, but for not_equal
  std::uint8_t integer;  ///< of vpcmpd
};
constexpr Predicate predicate(Primitive comparison) {
  switch (comparison) {
    case Primitive::equal:
      return {0, 0};
    case Primitive::not_equal:
      return {4, 4};
    case Primitive::less:
      return {17, 1};
    case Primitive::less_equal:
      return {18, 2};
    case Primitive::greater:
      return {30, 6};
    default:
      return {29, 5};  // greater_equal
  }
}

/// The bits of 1.
constexpr std::uint64_t one(DType dtype) {
  return dtype == f32 ? 0x3f800000 : dtype == f64 ? 0x3ff0000000000000 : 1;
}

constexpr std::uint64_t sign_bit(DType dtype) {
  return std::uint64_t{1} << (8 * size_of(dtype) - 1);
}

/// Emits the words of a program as instructions on vectors of as many elements as fit where the
/// widest dtype fills a vector. What AVX2 and AVX-512 share is here; bools, which are vectors there
/// and mask registers here, and whatever one of them lacks, is theirs.
///
/// d is never a, b or c, but where a word is one instruction. Two vectors and one mask beyond those
/// of `registers()` are for passing use.
class LoopMachine : public Xbyak::CodeGenerator {
 public:
  using Xmm = Xbyak::Xmm;  ///< a vector register of any width

  int lanes() const { return lanes_; }
  int vector_bytes() const { return vector_bytes_; }
  virtual RegisterFile registers() const = 0;

  /// From here on, memory holds only the first -gap elements of a vector (`gap` < 0). With `calls`,
  /// the lanes beyond repeat the first float, since functions are slow at zeros.
  virtual void begin_tail(const Xbyak::Reg64& gap, bool calls) = 0;
  /// Restores what a call has clobbered of the machine's own.
  virtual void after_call() = 0;

  /// A value from memory: dense, or one element for all lanes.
  virtual void load(int d, DType dtype, const Xbyak::RegExp& from) = 0;
  virtual void load_one(int d, DType dtype, const Xbyak::RegExp& from) = 0;
  virtual void store(const Xbyak::RegExp& to, int a, DType dtype) = 0;
  /// The same, whole, on the stack.
  virtual void save(const Xbyak::Address& to, int a, DType dtype) = 0;
  virtual void restore(int d, DType dtype, const Xbyak::Address& from) = 0;
  /// Copies a vector of lanes half as wide as the widest into its upper half, so that functions of
  /// whole vectors meet no strangers there.
  virtual void repeat_half(int d) = 0;

  void word(const Word& word);
  /// Emits the table of literals that the code so far refers to.
  virtual void literals();

  /// The register of a number, as wide as its values.
  Xmm vec(int number, DType dtype) const;
  /// Whether lanes of a dtype fill half a vector.
  bool half(DType dtype) const { return static_cast<int>(size_of(dtype)) * lanes_ < vector_bytes_; }
  /// Broadcasts the bits to all lanes of `into`.
  void literal(const Xmm& into, std::uint64_t bits, DType dtype);
  void load_number(const Xmm& into, DType dtype, const Xbyak::Address& from);

 protected:
  using Generator = Xbyak::CodeGenerator;
  /// One instruction, by the dtype of its operands.
  struct Forms {
    void (Generator::*f32)(const Xmm&, const Xbyak::Operand&, const Xbyak::Operand&);
    void (Generator::*f64)(const Xmm&, const Xbyak::Operand&, const Xbyak::Operand&);
    void (Generator::*i32)(const Xmm&, const Xmm&, const Xbyak::Operand&);
    void (Generator::*i64)(const Xmm&, const Xmm&, const Xbyak::Operand&);
  };
  enum class Logic { both, either, differ, first_only };

  LoopMachine(int vector_bytes, int lane_bytes, int scratch_vector, int scratch_mask)
      : CodeGenerator(1 << 14, Xbyak::AutoGrow, heap()),
        scratch_(scratch_vector),
        scratch_mask_(scratch_mask),
        vector_bytes_(vector_bytes),
        lanes_(vector_bytes / lane_bytes) {}

  virtual void compare(const Word& word) = 0;
  virtual void logic(Logic logic, int d, int a, int b) = 0;
  virtual void invert(int d, int a) = 0;
  virtual void blend(const Word& word) = 0;  ///< select of numbers
  virtual void extremum(const Word& word) = 0;
  virtual void pull(const Word& word) = 0;
  virtual void round(const Word& word, std::uint8_t mode) = 0;
  virtual void absolute64(const Word& word) = 0;
  virtual void multiply64(const Word& word) = 0;
  virtual void convert(const Word& word) = 0;  ///< casts between numbers, and from bool

  void emit(const Forms& forms, const Word& word);
  static bool is_single(const Instruction& step);
  void zero(const Xmm& d) { vxorps(d, d, d); }
  Xmm scratch(int i, DType dtype) const { return vec(scratch_ + i, dtype); }
  static const Forms maximum_forms, minimum_forms;

  const int scratch_;       ///< number of the first of two vectors for passing use
  const int scratch_mask_;  ///< number of the mask for passing use

 private:
  void bool_word(const Word& word);
  void move(const Word& word);
  void square_root(const Word& word);
  void negate(const Word& word);
  void absolute(const Word& word);
  void copy_sign(const Word& word);
  void is_finite(const Word& word);
  void cast(const Word& word);

  static Xbyak::Allocator* heap();
  const int vector_bytes_, lanes_;
  std::map<std::uint64_t, Xbyak::Label> literals_;
};

}  // namespace dagrad::detail
