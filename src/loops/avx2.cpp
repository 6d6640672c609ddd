#include "src/loops/avx2.hpp"

#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

using Xbyak::Xmm;

/// AVX2 has no conversion between 64-bit integers and floats.
bool is_missing(const Program& program, const Instruction& step) {
  if (step.primitive != Primitive::cast) return false;
  const DType from = operand_dtype(program, step), to = step.dtype;
  return (from == i64 && is_float(to)) || (is_float(from) && to == i64);
}

}  // namespace

RegisterFile Avx2Emitter::registers() const {
  const auto is_call = [](const Program& program, const Instruction& step) {
    return is_function(step.primitive) || is_missing(program, step) || rounds_twice(program, step);
  };
  return {.vectors = 14, .masks = 0, .is_call = is_call, .is_single = is_single};
}

void Avx2Emitter::repeat_low_half(int d) { vinsertf128(Ymm(d), Ymm(d), Xmm(d), 1); }

void Avx2Emitter::narrow_lanes(const Xmm& into, int wide) {
  vextracti128(into, Ymm(wide), 1);
  vshufps(into, Xmm(wide), into, 0x88);
}

Xmm Avx2Emitter::mask_for(DType dtype, int mask, const Xmm& into) {
  if (!is_half(dtype)) return vec(mask, dtype);
  narrow_lanes(into, mask);
  return into;
}

void Avx2Emitter::compare(const Operation& op) {
  const Xmm d = vec(op.d, op.operand_dtype), a = vec(op.a, op.operand_dtype),
            b = vec(op.b, op.operand_dtype);
  if (op.operand_dtype == f32)
    vcmpps(d, a, b, predicate(op.primitive).real);
  else if (op.operand_dtype == f64)
    vcmppd(d, a, b, predicate(op.primitive).real);
  else
    compare_integers(op);
  if (is_half(op.operand_dtype)) vpmovsxdq(Ymm(op.d), Xmm(op.d));
}

void Avx2Emitter::compare_integers(const Operation& op) {
  const Xmm d = vec(op.d, op.operand_dtype), a = vec(op.a, op.operand_dtype),
            b = vec(op.b, op.operand_dtype);
  const bool wide = op.operand_dtype == i64;
  const auto same = [&] { wide ? vpcmpeqq(d, a, b) : vpcmpeqd(d, a, b); };
  const auto first = [&](const Xmm& x, const Xmm& y) {
    wide ? vpcmpgtq(d, x, y) : vpcmpgtd(d, x, y);
  };
  switch (op.primitive) {
    case Primitive::equal:
      return same();
    case Primitive::less:
      return first(b, a);
    case Primitive::greater:
      return first(a, b);
    case Primitive::not_equal:
      same();
      break;
    case Primitive::less_equal:
      first(a, b);
      break;
    default:
      first(b, a);
      break;  // greater_equal
  }
  invert(op.d, op.d);
}

void Avx2Emitter::logic(Logic which, int d, int a, int b) {
  switch (which) {
    case Logic::both:
      return vandps(Ymm(d), Ymm(a), Ymm(b));
    case Logic::either:
      return vorps(Ymm(d), Ymm(a), Ymm(b));
    case Logic::differ:
      return vxorps(Ymm(d), Ymm(a), Ymm(b));
    case Logic::first_only:
      return vandnps(Ymm(d), Ymm(b), Ymm(a));
  }
}

void Avx2Emitter::invert(int d, int a) {
  const Ymm ones(scratch_ + 1);
  vpcmpeqd(ones, ones, ones);
  vxorps(Ymm(d), Ymm(a), ones);
}

void Avx2Emitter::blend(const Operation& op) {
  const Xmm d = vec(op.d, op.dtype), a = vec(op.b, op.dtype), b = vec(op.c, op.dtype);
  const Xmm mask = mask_for(op.dtype, op.a, Xmm(scratch_));
  size_of(op.dtype) == 4 ? vblendvps(d, b, a, mask) : vblendvpd(d, b, a, mask);
}

/// If an operand is NaN, the instruction returns the second one; the result must be the first if
/// that is NaN.
void Avx2Emitter::extremum(const Operation& op) {
  const bool greatest = op.primitive == Primitive::maximum;
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.dtype), b = vec(op.b, op.dtype);
  const Xmm t = scratch(0, op.dtype);
  if (op.dtype == i64) {
    vpcmpgtq(t, a, b);
    return greatest ? vblendvpd(d, b, a, t) : vblendvpd(d, a, b, t);
  }
  emit(greatest ? maximum_forms : minimum_forms, op);
  if (op.dtype == f32) {
    vcmpunordps(t, a, a);
    vblendvps(d, d, a, t);
  } else if (op.dtype == f64) {
    vcmpunordpd(t, a, a);
    vblendvpd(d, d, a, t);
  }
}

void Avx2Emitter::pull(const Operation& op) {
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.dtype), b = vec(op.b, op.dtype);
  const Xmm t = scratch(0, op.dtype);
  const std::uint8_t not_equal = predicate(Primitive::not_equal).real;
  zero(t);
  if (op.dtype == f32) {
    vcmpps(t, a, t, not_equal);
    vmulps(d, a, b);
  } else {
    vcmppd(t, a, t, not_equal);
    vmulpd(d, a, b);
  }
  vandps(d, d, t);
}

void Avx2Emitter::round(const Operation& op, std::uint8_t mode) {
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.dtype);
  op.dtype == f32 ? vroundps(d, a, mode) : vroundpd(d, a, mode);
}

void Avx2Emitter::absolute64(const Operation& op) {
  const Ymm d(op.d), a(op.a), sign(scratch_);
  zero(sign);
  vpcmpgtq(sign, sign, a);
  vpxor(d, a, sign);
  vpsubq(d, d, sign);
}

/// lo·lo + ((lo·hi + hi·lo) << 32)
void Avx2Emitter::multiply64(const Operation& op) {
  const Ymm d(op.d), a(op.a), b(op.b), cross(scratch_), t(scratch_ + 1);
  vpshufd(cross, b, 0xb1);
  vpmulld(cross, cross, a);
  vpsrlq(t, cross, 32);
  vpaddd(cross, cross, t);
  vpsllq(cross, cross, 32);
  vpmuludq(d, a, b);
  vpaddq(d, d, cross);
}

void Avx2Emitter::convert(const Operation& op) {
  if (op.operand_dtype == b8) return convert_bool(op);
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.operand_dtype);
  switch (op.operand_dtype) {
    case DType::int32:
      return op.dtype == i64   ? vpmovsxdq(d, a)
             : op.dtype == f32 ? vcvtdq2ps(d, a)
                               : vcvtdq2pd(d, a);
    case DType::int64:
      return narrow_lanes(Xmm(op.d), op.a);
    case DType::float32:
      return op.dtype == f64 ? vcvtps2pd(d, a) : truncate32(op);
    default:
      return op.dtype == f32 ? vcvtpd2ps(d, a) : truncate64(op);
  }
}

void Avx2Emitter::convert_bool(const Operation& op) {
  const Xmm mask = mask_for(op.dtype, op.a, Xmm(scratch_)), t = scratch(1, op.dtype);
  load_literal(t, one(op.dtype), op.dtype);
  vandps(vec(op.d, op.dtype), mask, t);
}

/// Converts to int32. For values out of range, the instruction returns the smallest int32, which is
/// right for values below the range and is corrected for values above it and for NaN.
void Avx2Emitter::truncate32(const Operation& op) {
  const Xmm d = vec(op.d, i32), a = vec(op.a, f32), t = scratch(0, f32);
  load_literal(t, 0x4f000000, f32);  // 2^31
  vcmpps(t, t, a, predicate(Primitive::less_equal).real);
  vcvttps2dq(d, a);
  vxorps(d, d, t);
  vcmpordps(t, a, a);
  vandps(d, d, t);
}

void Avx2Emitter::truncate64(const Operation& op) {
  const Xmm a = vec(op.a, f64), t = scratch(0, f64), limit = scratch(1, f64);
  vcmpordpd(t, a, a);
  vandpd(t, t, a);
  load_literal(limit, 0x41dfffffffc00000, f64);  // 2^31 - 1
  vminpd(t, t, limit);
  vcvttpd2dq(vec(op.d, i32), t);
}

/// Adds 0x7fff and the last bit of the upper half, which rounds ties to even; a NaN becomes quiet.
Xmm Avx2Emitter::round_to_upper_half(int a) {
  const Xmm x = vec(a, f32), rounded = scratch(0, f32), t = scratch(1, f32);
  vpslld(rounded, x, 15);
  vpsrld(rounded, rounded, 31);  // 1 if the upper half is odd
  load_literal(t, 0x7fff, i32);
  vpaddd(rounded, rounded, t);
  vcmpunordps(t, x, x);
  vpandn(rounded, t, rounded);
  vpaddd(rounded, rounded, x);
  vpsrld(t, t, 31);
  vpslld(t, t, 22);
  vpor(rounded, rounded, t);
  return rounded;
}

}  // namespace dagrad::detail
