#include "src/loops/emitter.hpp"

namespace dagrad::detail {

namespace {

using Xbyak::Ymm, Xbyak::Zmm;

/// A comparison that replaces the test `op`.
Operation as_test(Primitive primitive, const Operation& op, int a, int b) {
  return {.primitive = primitive,
          .dtype = b8,
          .operand_dtype = op.operand_dtype,
          .d = op.d,
          .a = a,
          .b = b,
          .c = 0};
}

// Immediates of vroundps and vrndscaleps. None raises the inexact exception; `round` uses the
// current rounding mode, as std::nearbyint does.
constexpr std::uint8_t round_nearest = 0xc, round_down = 9, round_up = 10, round_to_zero = 11;

}  // namespace

const VectorEmitter::Forms VectorEmitter::maximum_forms{&Generator::vmaxps, &Generator::vmaxpd,
                                                        &Generator::vpmaxsd, &Generator::vpmaxsq};
const VectorEmitter::Forms VectorEmitter::minimum_forms{&Generator::vminps, &Generator::vminpd,
                                                        &Generator::vpminsd, &Generator::vpminsq};

/// Code is written on the heap, and copied to executable pages when it is complete.
Xbyak::Allocator* VectorEmitter::heap() {
  struct Heap : Xbyak::Allocator {
    bool useProtect() const override { return false; }
  };
  static Heap heap;
  return &heap;
}

VectorEmitter::Xmm VectorEmitter::vec(int number, DType dtype) const {
  switch (held_bytes(dtype)) {
    case 64:
      return Zmm(number);
    case 32:
      return Ymm(number);
    default:
      return Xmm(number);
  }
}

void VectorEmitter::load_literal(const Xmm& into, std::uint64_t bits, DType dtype) {
  broadcast_bits(into, dtype, literal(bits));
}

void VectorEmitter::broadcast_bits(const Xmm& into, DType dtype, const Xbyak::Address& from) {
  size_of(dtype) == 8 ? vpbroadcastq(into, from) : vbroadcastss(into, from);
}

void VectorEmitter::emit_tables() {
  align(8);
  for (auto& [bits, label] : literals_) {
    L(label);
    dq(bits);
  }
}

void VectorEmitter::emit(const Forms& forms, const Operation& op) {
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.dtype), in_register = vec(op.b, op.dtype);
  const Xbyak::Operand& b =
      op.memory ? *op.memory : static_cast<const Xbyak::Operand&>(in_register);
  switch (op.dtype) {
    case DType::float32:
      return (this->*forms.f32)(d, a, b);
    case DType::float64:
      return (this->*forms.f64)(d, a, b);
    case DType::int32:
      return (this->*forms.i32)(d, a, b);
    default:
      return (this->*forms.i64)(d, a, b);
  }
}

void VectorEmitter::compute(const Operation& op) {
  static constexpr Forms add{&Generator::vaddps, &Generator::vaddpd, &Generator::vpaddd,
                             &Generator::vpaddq};
  static constexpr Forms sub{&Generator::vsubps, &Generator::vsubpd, &Generator::vpsubd,
                             &Generator::vpsubq};
  static constexpr Forms mul{&Generator::vmulps, &Generator::vmulpd, &Generator::vpmulld, nullptr};
  static constexpr Forms div{&Generator::vdivps, &Generator::vdivpd, nullptr, nullptr};
  if (lanes_ == 1 && compute_one(op)) return;
  if (op.operand_dtype == b8 && op.primitive != Primitive::cast) return compute_bools(op);
  const bool real = is_float(op.operand_dtype);
  switch (op.primitive) {
    case Primitive::cast:
      return cast(op);
    case Primitive::neg:
      return negate(op);
    case Primitive::abs:
      return absolute(op);
    case Primitive::sqrt:
      return square_root(op);
    case Primitive::floor:
      return real ? round(op, round_down) : move(op);
    case Primitive::ceil:
      return real ? round(op, round_up) : move(op);
    case Primitive::round:
      return real ? round(op, round_nearest) : move(op);
    case Primitive::trunc:
      return real ? round(op, round_to_zero) : move(op);
    case Primitive::is_nan:
      return compare(as_test(Primitive::not_equal, op, op.a, op.a));
    case Primitive::is_finite:
      return is_finite(op);
    case Primitive::add:
      return emit(add, op);
    case Primitive::sub:
      return emit(sub, op);
    case Primitive::mul:
      return op.dtype == i64 ? multiply64(op) : emit(mul, op);
    case Primitive::pull:
      return real ? pull(op) : op.dtype == i64 ? multiply64(op) : emit(mul, op);
    case Primitive::div:
      return emit(div, op);
    case Primitive::maximum:
    case Primitive::minimum:
      return extremum(op);
    case Primitive::copysign:
      return copy_sign(op);
    case Primitive::select:
      return blend(op);
    default:
      return compare(op);
  }
}

/// Emits arithmetic on one float, which may be in memory without anything beside it. Returns
/// whether the step is such.
bool VectorEmitter::compute_one(const Operation& op) {
  if (!is_float(op.dtype)) return false;
  const Xmm d(op.d), a(op.a), in_register(op.b);
  const Xbyak::Operand& b =
      op.memory ? *op.memory : static_cast<const Xbyak::Operand&>(in_register);
  const bool narrow = op.dtype == f32;
  switch (op.primitive) {
    case Primitive::add:
      narrow ? vaddss(d, a, b) : vaddsd(d, a, b);
      return true;
    case Primitive::sub:
      narrow ? vsubss(d, a, b) : vsubsd(d, a, b);
      return true;
    case Primitive::mul:
      narrow ? vmulss(d, a, b) : vmulsd(d, a, b);
      return true;
    case Primitive::div:
      narrow ? vdivss(d, a, b) : vdivsd(d, a, b);
      return true;
    default:
      return false;
  }
}

void VectorEmitter::multiply_add(const Operation& op) {
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.dtype), in_register = vec(op.b, op.dtype);
  const Xbyak::Operand& b =
      op.memory ? *op.memory : static_cast<const Xbyak::Operand&>(in_register);
  if (lanes_ == 1)
    op.dtype == f32 ? vfmadd231ss(d, a, b) : vfmadd231sd(d, a, b);
  else
    op.dtype == f32 ? vfmadd231ps(d, a, b) : vfmadd231pd(d, a, b);
}

void VectorEmitter::add_floats(int d, int a, int b, DType dtype) {
  dtype == f32 ? vaddps(vec(d, dtype), vec(a, dtype), vec(b, dtype))
               : vaddpd(vec(d, dtype), vec(a, dtype), vec(b, dtype));
}

void VectorEmitter::move_arguments(const Operation& op) {
  const auto move = [&](int d, int a) {
    if (d != a) vmovaps(vec(d, op.dtype), vec(a, op.dtype));
  };
  if (arity(op.primitive) == 1) {
    move(0, op.a);
  } else if (op.b != 0) {
    move(0, op.a);
    move(1, op.b);
  } else {
    const int a = op.a == 1 ? 2 : op.a;
    move(a, op.a);
    move(1, 0);
    move(0, a);
  }
}

void VectorEmitter::call_function(const Operation& op, const void* function) {
  mov(rax, reinterpret_cast<std::uintptr_t>(function));
  call(rax);
  if (op.primitive == Primitive::sin || op.primitive == Primitive::cos) clamp_to_one(op);
}

/// libmvec's sine of a double may be 1.0000000000000002. NaN stays NaN.
void VectorEmitter::clamp_to_one(const Operation& op) {
  const Xmm d = vec(0, op.dtype), limit = vec(1, op.dtype);
  load_literal(limit, one(op.dtype), op.dtype);
  op.dtype == f32 ? vminps(d, limit, d) : vminpd(d, limit, d);
  load_literal(limit, one(op.dtype) | sign_bit(op.dtype), op.dtype);
  op.dtype == f32 ? vmaxps(d, limit, d) : vmaxpd(d, limit, d);
}

bool VectorEmitter::is_single(const Instruction& step) {
  switch (step.primitive) {
    case Primitive::add:
    case Primitive::sub:
    case Primitive::div:
      return true;
    default:
      return step.primitive == Primitive::mul && step.dtype != i64;
  }
}

void VectorEmitter::move(const Operation& op) { vmovaps(vec(op.d, op.dtype), vec(op.a, op.dtype)); }

void VectorEmitter::square_root(const Operation& op) {
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.dtype);
  op.dtype == f32 ? vsqrtps(d, a) : vsqrtpd(d, a);
}

void VectorEmitter::negate(const Operation& op) {
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.dtype), t = scratch(0, op.dtype);
  if (is_float(op.dtype)) {
    load_literal(t, sign_bit(op.dtype), op.dtype);
    vxorps(d, a, t);
  } else {
    zero(t);
    op.dtype == i32 ? vpsubd(d, t, a) : vpsubq(d, t, a);
  }
}

void VectorEmitter::absolute(const Operation& op) {
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.dtype), t = scratch(0, op.dtype);
  if (is_float(op.dtype)) {
    load_literal(t, sign_bit(op.dtype) - 1, op.dtype);
    vandps(d, a, t);
  } else if (op.dtype == i32) {
    vpabsd(d, a);
  } else {
    absolute64(op);
  }
}

void VectorEmitter::copy_sign(const Operation& op) {
  const Xmm d = vec(op.d, op.dtype), t = scratch(0, op.dtype);
  load_literal(t, sign_bit(op.dtype), op.dtype);
  vandnps(d, t, vec(op.a, op.dtype));
  vandps(t, t, vec(op.b, op.dtype));
  vorps(d, d, t);
}

/// x - x is NaN unless x is finite.
void VectorEmitter::is_finite(const Operation& op) {
  const Xmm a = vec(op.a, op.operand_dtype), t = scratch(0, op.operand_dtype);
  if (!is_float(op.operand_dtype)) return compare(as_test(Primitive::equal, op, op.a, op.a));
  op.operand_dtype == f32 ? vsubps(t, a, a) : vsubpd(t, a, a);
  compare(as_test(Primitive::equal, op, scratch_, scratch_));
}

void VectorEmitter::cast(const Operation& op) {
  if (op.dtype == op.operand_dtype) {
    op.dtype == b8 ? logic(Logic::both, op.d, op.a, op.a) : move(op);
  } else if (op.dtype == b8) {
    zero(scratch(0, op.operand_dtype));
    compare(as_test(Primitive::not_equal, op, op.a, scratch_));
  } else {
    convert(op);
  }
  if (is_stored_only(op.cast_to)) fit(op.d, op.cast_to, is_float(op.operand_dtype));
}

/// Emits a step on bools, where false is less than true.
void VectorEmitter::compute_bools(const Operation& op) {
  const auto inverted = [&](Logic which, int a, int b) {
    logic(which, op.d, a, b);
    invert(op.d, op.d);
  };
  switch (op.primitive) {
    case Primitive::logical_not:
      return invert(op.d, op.a);
    case Primitive::logical_and:
    case Primitive::minimum:
      return logic(Logic::both, op.d, op.a, op.b);
    case Primitive::logical_or:
    case Primitive::maximum:
      return logic(Logic::either, op.d, op.a, op.b);
    case Primitive::logical_xor:
    case Primitive::not_equal:
      return logic(Logic::differ, op.d, op.a, op.b);
    case Primitive::equal:
      return inverted(Logic::differ, op.a, op.b);
    case Primitive::greater:
      return logic(Logic::first_only, op.d, op.a, op.b);
    case Primitive::less:
      return logic(Logic::first_only, op.d, op.b, op.a);
    case Primitive::less_equal:
      return inverted(Logic::first_only, op.a, op.b);
    case Primitive::greater_equal:
      return inverted(Logic::first_only, op.b, op.a);
    case Primitive::is_nan:
      return logic(Logic::differ, op.d, op.a, op.a);
    case Primitive::is_finite:
      return inverted(Logic::differ, op.a, op.a);
    default:
      break;
  }
  logic(Logic::first_only, scratch_mask_, op.c, op.a);  // select
  logic(Logic::both, op.d, op.a, op.b);
  logic(Logic::either, op.d, op.d, scratch_mask_);
}

}  // namespace dagrad::detail
