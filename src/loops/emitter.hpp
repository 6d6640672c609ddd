#pragma once

#include <xbyak/xbyak.h>

#include <cstdint>
#include <map>
#include <optional>

#include "dagrad/program.hpp"
#include "src/loops/registers.hpp"

namespace dagrad::detail {

/// A step with its registers. Dtypes are those that values have in registers.
struct Operation {
  Primitive primitive;
  DType dtype;          ///< of the result
  DType operand_dtype;  ///< for `select`, that of the two sides
  int d, a, b, c;
  DType cast_to = dtype;  ///< for a cast; may be a storage dtype
  /// Location of b unless it is in a register.
  std::optional<Xbyak::Address> memory = std::nullopt;
};

/// How comparisons are encoded.
struct Predicate {
  std::uint8_t real;     ///< for vcmpps; false for NaN, except not_equal
  std::uint8_t integer;  ///< for vpcmpd
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

/// The bits of the number 1.
constexpr std::uint64_t one(DType dtype) {
  return dtype == f32 ? 0x3f800000 : dtype == f64 ? 0x3ff0000000000000 : 1;
}

constexpr std::uint64_t sign_bit(DType dtype) {
  return std::uint64_t{1} << (8 * size_of(dtype) - 1);
}

/// Emits the vector instructions of a loop. A vector has as many lanes as elements of the widest
/// dtype fit into a register; values of narrower dtypes use the low part of a register, and those
/// of storage dtypes are held in their `compute_dtype`. This class contains what AVX2 and AVX-512
/// share; the derived classes handle memory, bools, which are vectors in AVX2 and mask registers in
/// AVX-512, and operations that one of them lacks.
///
/// The register d of a result differs from those of its operands unless `RegisterFile::is_single`
/// is true. Operations may use as scratch: two vectors and one mask in addition to those of
/// `registers()`, rax, r11, and r10 if `tail_takes_r10()`.
class VectorEmitter : public Xbyak::CodeGenerator {
 public:
  using Xmm = Xbyak::Xmm;  ///< a vector register of any width

  int lanes() const { return lanes_; }
  /// From here on, values have so many lanes: as many as fill 16, 32 or all bytes of a vector, or
  /// one, for which arithmetic is scalar.
  void use_lanes(int lanes) {
    vector_bytes_ = vector_bytes_ / lanes_ * lanes;
    lanes_ = lanes;
  }
  virtual RegisterFile registers() const = 0;
  virtual bool tail_takes_r10(const Program& program) const = 0;

  /// From here on, arrays have only -`minus_left` more elements (`minus_left` is from -lanes() + 1
  /// to -1), and nothing beyond them is touched. With `calls`, the lanes beyond repeat the first
  /// float, since functions are slow at zeros.
  virtual void begin_tail(const Xbyak::Reg64& minus_left, bool calls) = 0;
  /// Restores the mask of the tail after a call.
  virtual void restore_tail() = 0;

  /// Load or store a vector of an array.
  virtual void load(int d, DType dtype, const Xbyak::RegExp& from) = 0;
  virtual void store(const Xbyak::RegExp& to, int a, DType dtype) = 0;
  /// The same of `n` bools, at most as many as there are lanes; no other memory is touched.
  virtual void load_bools(int d, const Xbyak::RegExp& from, int n) = 0;
  virtual void store_bools(const Xbyak::RegExp& to, int a, int n) = 0;
  /// Loads one element into all lanes.
  virtual void broadcast(int d, DType dtype, const Xbyak::RegExp& from) = 0;
  /// Move a whole register to and from the stack.
  virtual void spill(const Xbyak::Address& to, int a, DType dtype) = 0;
  virtual void reload(int d, DType dtype, const Xbyak::Address& from) = 0;

  /// Emits a step that is not a call.
  void compute(const Operation& op);
  /// Adds a * b to d, rounding once.
  void multiply_add(const Operation& op);
  /// Calls a function of libmvec, with operands in vectors 0 and 1 and the result in vector 0. All
  /// other registers that callees do not preserve are free.
  void call_function(const Operation& op, const void* function);
  /// Moves the operands of such a call there.
  void move_arguments(const Operation& op);
  /// Sets d to a + b, floats of a dtype.
  void add_floats(int d, int a, int b, DType dtype);
  /// Copies the low half of a vector into the upper one.
  virtual void repeat_low_half(int d) = 0;

  /// The register with that number, of the width that values of the dtype need.
  Xmm vec(int number, DType dtype) const;
  /// Whether values of a dtype fill only half of a vector.
  bool is_half(DType dtype) const { return held_bytes(dtype) < vector_bytes_; }
  /// The bits in memory.
  Xbyak::Address literal(std::uint64_t bits) { return ptr[rip + literals_[bits]]; }
  /// Loads the bits into all lanes of `into`.
  void load_literal(const Xmm& into, std::uint64_t bits, DType dtype);
  /// Emits the tables to which the code refers, after its last instruction.
  virtual void emit_tables();

 protected:
  using Generator = Xbyak::CodeGenerator;
  /// The forms of an instruction for the dtypes of its operands.
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
  virtual void blend(const Operation& op) = 0;               ///< `select` of numbers
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

  // Numbers of any dtype, including storage dtypes.
  /// For vcvtps2ph, whatever the processor's mode.
  static constexpr std::uint8_t round_to_even = 0;
  void broadcast_number(int d, DType dtype, const Xbyak::Address& from);
  /// Converts packed elements of a storage dtype to their form in registers.
  void widen(const Xmm& into, DType dtype, const Xbyak::Operand& from);
  /// Rounds values in a register to numbers of a storage dtype. Integers out of range wrap around
  /// or saturate.
  void fit(int d, DType dtype, bool saturates);
  /// Rounds float32 to bfloat16 in the upper half of each lane; the lower half is undefined. The
  /// result is in the first scratch vector.
  virtual Xmm round_to_upper_half(int a) = 0;
  /// Whether a cast would round twice, first to float32.
  static bool rounds_twice(const Program& program, const Instruction& step);
  static const Forms maximum_forms, minimum_forms;

  const int scratch_;       ///< number of the first of the two scratch vectors
  const int scratch_mask_;  ///< number of the scratch mask

 private:
  void compute_bools(const Operation& op);
  bool compute_one(const Operation& op);
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
  void clamp_to_one(const Operation& op);

  int vector_bytes_, lanes_;
  std::map<std::uint64_t, Xbyak::Label> literals_;
};

}  // namespace dagrad::detail
