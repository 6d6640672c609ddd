#pragma once

#include <xbyak/xbyak.h>

#include <cstdint>
#include <map>
#include <optional>

#include "dagrad/program.hpp"
#include "src/loops/registers.hpp"

namespace dagrad::detail {

/// A step with its registers. Dtypes are those in which values are held in registers.
struct Operation {
  Primitive primitive;
  DType dtype;          ///< of the result
  DType operand_dtype;  ///< of `select`, of the two sides
  int d, a, b, c;
  DType cast_to = dtype;  ///< of a cast: may be one that is stored only
  std::optional<Xbyak::Address> memory = std::nullopt;  ///< where b lies, if in no register
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

/// Emits vector instructions for what a loop does. A vector has as many lanes as elements of the
/// widest dtype fit into a register; values of narrower dtypes fill the low part of theirs, those
/// of dtypes that are stored only are held in their `compute_dtype`. What AVX2 and AVX-512 share is
/// here; bools, which are vectors there and mask registers here, memory, and whatever one of them
/// lacks, is theirs.
///
/// The register d of a result is none of its operands' but where `RegisterFile::is_single` says so.
/// An operation may use as scratch: two vectors and one mask beyond those of `registers()`, rax,
/// r11, and r10 where `tail_takes_r10()`.
class VectorEmitter : public Xbyak::CodeGenerator {
 public:
  using Xmm = Xbyak::Xmm;  ///< a vector register of any width

  int lanes() const { return lanes_; }
  virtual RegisterFile registers() const = 0;
  virtual bool tail_takes_r10(const Program& program) const = 0;

  /// From here on, an array has only as many elements as `minus_left` says, negated (from
  /// -lanes() + 1 to -1), and nothing beyond them is touched. With `calls`, the lanes beyond repeat
  /// the first float, since functions are slow at zeros.
  virtual void begin_tail(const Xbyak::Reg64& minus_left, bool calls) = 0;
  /// Restores what a call has clobbered of the tail's mask.
  virtual void restore_tail() = 0;

  /// A vector of an array.
  virtual void load(int d, DType dtype, const Xbyak::RegExp& from) = 0;
  virtual void store(const Xbyak::RegExp& to, int a, DType dtype) = 0;
  /// One element in all lanes.
  virtual void broadcast(int d, DType dtype, const Xbyak::RegExp& from) = 0;
  /// A whole register, to and from the stack.
  virtual void spill(const Xbyak::Address& to, int a, DType dtype) = 0;
  virtual void reload(int d, DType dtype, const Xbyak::Address& from) = 0;

  /// A step that is not a call.
  void compute(const Operation& op);
  /// Copies the low half of a vector into the upper one.
  virtual void repeat_low_half(int d) = 0;

  /// The register of a number, as wide as the values of a dtype that it holds.
  Xmm vec(int number, DType dtype) const;
  /// Whether values of a dtype fill only half of a vector.
  bool is_half(DType dtype) const { return held_bytes(dtype) < vector_bytes_; }
  /// Puts the bits into all lanes of `into`.
  void load_literal(const Xmm& into, std::uint64_t bits, DType dtype);
  /// The tables that the code so far refers to, after its last instruction.
  virtual void emit_tables();

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

  VectorEmitter(int vector_bytes, int lane_bytes, int scratch_vector, int scratch_mask)
      : CodeGenerator(1 << 14, Xbyak::AutoGrow, heap()),
        scratch_(scratch_vector),
        scratch_mask_(scratch_mask),
        vector_bytes_(vector_bytes),
        lanes_(vector_bytes / lane_bytes) {}

  virtual void compare(const Operation& op) = 0;
  virtual void logic(Logic logic, int d, int a, int b) = 0;  ///< of bools
  virtual void invert(int d, int a) = 0;                     ///< of bools
  virtual void blend(const Operation& op) = 0;               ///< select of numbers
  virtual void extremum(const Operation& op) = 0;
  virtual void pull(const Operation& op) = 0;
  virtual void round(const Operation& op, std::uint8_t mode) = 0;
  virtual void absolute64(const Operation& op) = 0;
  virtual void multiply64(const Operation& op) = 0;
  virtual void convert(const Operation& op) = 0;  ///< casts between numbers, and from bool

  void emit(const Forms& forms, const Operation& op);
  void broadcast_bits(const Xmm& into, DType dtype, const Xbyak::Address& from);
  void zero(const Xmm& d) { vxorps(d, d, d); }
  Xmm scratch(int i, DType dtype) const { return vec(scratch_ + i, dtype); }
  static bool is_single(const Instruction& step);

  // Numbers of any dtype, those that are stored only among them.
  static constexpr std::uint8_t round_to_even = 0;  ///< of vcvtps2ph, whatever the processor does
  void broadcast_number(int d, DType dtype, const Xbyak::Address& from);
  /// From elements of a dtype that is stored only, one after another, to what they are held as.
  void widen(const Xmm& into, DType dtype, const Xbyak::Operand& from);
  /// Makes what is held numbers that a dtype has. Ints beyond it wrap, or saturate.
  void fit(int d, DType dtype, bool saturates);
  /// Rounds float32 to bfloat16, which is the upper half of each lane; the lower one is undefined.
  /// The result is the first scratch vector.
  virtual Xmm round_to_upper_half(int a) = 0;
  /// Whether a cast would round to float32 and then once more.
  static bool rounds_twice(const Program& program, const Instruction& step);
  static const Forms maximum_forms, minimum_forms;

  const int scratch_;       ///< number of the first of the two scratch vectors
  const int scratch_mask_;  ///< number of the scratch mask

 private:
  void compute_bools(const Operation& op);
  Xmm halves(int number) const;
  void clamp_ints(const Xmm& x, DType dtype);
  void wrap_ints(const Xmm& x, DType dtype);
  void move(const Operation& op);
  void square_root(const Operation& op);
  void negate(const Operation& op);
  void absolute(const Operation& op);
  void copy_sign(const Operation& op);
  void is_finite(const Operation& op);
  void cast(const Operation& op);

  static Xbyak::Allocator* heap();
  int held_bytes(DType dtype) const {
    return static_cast<int>(size_of(compute_dtype(dtype))) * lanes_;
  }
  const int vector_bytes_, lanes_;
  std::map<std::uint64_t, Xbyak::Label> literals_;
};

}  // namespace dagrad::detail
