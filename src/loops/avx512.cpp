#include "src/loops/avx512.hpp"

#include "src/program/primitives.hpp"

namespace dagrad::detail {

using Xbyak::Xmm, Xbyak::Ymm, Xbyak::Zmm;

RegisterFile Avx512Emitter::registers() const {
  const auto is_call = [](const Program& program, const Instruction& step) {
    return is_function(step.primitive) || rounds_twice(program, step);
  };
  return {.vectors = 30, .masks = 5, .is_call = is_call, .is_single = is_single};
}

void Avx512Emitter::repeat_low_half(int d) { vinsertf32x8(Zmm(d), Zmm(d), Ymm(d), 1); }

void Avx512Emitter::compare(const Operation& op) {
  const Xmm a = vec(op.a, op.operand_dtype), b = vec(op.b, op.operand_dtype);
  const auto [real, integer] = predicate(op.primitive);
  switch (op.operand_dtype) {
    case DType::float32:
      return vcmpps(mask(op.d), a, b, real);
    case DType::float64:
      return vcmppd(mask(op.d), a, b, real);
    case DType::int32:
      return vpcmpd(mask(op.d), a, b, integer);
    default:
      return vpcmpq(mask(op.d), a, b, integer);
  }
}

void Avx512Emitter::logic(Logic which, int d, int a, int b) {
  switch (which) {
    case Logic::both:
      return kandw(mask(d), mask(a), mask(b));
    case Logic::either:
      return korw(mask(d), mask(a), mask(b));
    case Logic::differ:
      return kxorw(mask(d), mask(a), mask(b));
    case Logic::first_only:
      return kandnw(mask(d), mask(b), mask(a));
  }
}

void Avx512Emitter::invert(int d, int a) { knotw(mask(d), mask(a)); }

void Avx512Emitter::blend(const Operation& op) {
  const Xmm d = vec(op.d, op.dtype) | mask(op.a), a = vec(op.b, op.dtype), b = vec(op.c, op.dtype);
  size_of(op.dtype) == 4 ? vblendmps(d, b, a) : vblendmpd(d, b, a);
}

/// If an operand is NaN, the instruction returns the second one; the result must be the first if
/// that is NaN.
void Avx512Emitter::extremum(const Operation& op) {
  emit(op.primitive == Primitive::maximum ? maximum_forms : minimum_forms, op);
  const Xmm d = vec(op.d, op.dtype) | scratch_opmask_, a = vec(op.a, op.dtype);
  if (op.dtype == f32) {
    vcmpunordps(scratch_opmask_, a, a);
    vmovaps(d, a);
  } else if (op.dtype == f64) {
    vcmpunordpd(scratch_opmask_, a, a);
    vmovapd(d, a);
  }
}

void Avx512Emitter::pull(const Operation& op) {
  const Xmm d = vec(op.d, op.dtype) | scratch_opmask_ | T_z, a = vec(op.a, op.dtype),
            b = vec(op.b, op.dtype);
  const Xmm t = scratch(0, op.dtype);
  zero(t);
  const std::uint8_t not_equal = predicate(Primitive::not_equal).real;
  if (op.dtype == f32) {
    vcmpps(scratch_opmask_, a, t, not_equal);
    vmulps(d, a, b);
  } else {
    vcmppd(scratch_opmask_, a, t, not_equal);
    vmulpd(d, a, b);
  }
}

void Avx512Emitter::round(const Operation& op, std::uint8_t mode) {
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.dtype);
  op.dtype == f32 ? vrndscaleps(d, a, mode) : vrndscalepd(d, a, mode);
}

void Avx512Emitter::absolute64(const Operation& op) { vpabsq(vec(op.d, i64), vec(op.a, i64)); }

void Avx512Emitter::multiply64(const Operation& op) {
  vpmullq(vec(op.d, i64), vec(op.a, i64), vec(op.b, i64));
}

void Avx512Emitter::convert(const Operation& op) {
  if (op.operand_dtype == b8) return convert_bool(op);
  if (is_float(op.operand_dtype) && !is_float(op.dtype)) return truncate(op);
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.operand_dtype);
  switch (op.operand_dtype) {
    case DType::int32:
      return op.dtype == i64   ? vpmovsxdq(d, a)
             : op.dtype == f32 ? vcvtdq2ps(d, a)
                               : vcvtdq2pd(d, a);
    case DType::int64:
      return op.dtype == i32 ? vpmovqd(d, a) : op.dtype == f32 ? vcvtqq2ps(d, a) : vcvtqq2pd(d, a);
    case DType::float32:
      return vcvtps2pd(d, a);
    default:
      return vcvtpd2ps(d, a);
  }
}

void Avx512Emitter::convert_bool(const Operation& op) {
  load_literal(vec(op.d, op.dtype) | mask(op.a) | T_z, one(op.dtype), op.dtype);
}

/// Converts floats to integers. For values out of range, the instruction returns the smallest
/// integer, which is right for values below the range and is corrected for values above it and for
/// NaN.
void Avx512Emitter::truncate(const Operation& op) {
  const Xmm d = vec(op.d, op.dtype), a = vec(op.a, op.operand_dtype),
            limit = scratch(0, op.operand_dtype);
  const bool wide = op.dtype == i64;
  if (op.operand_dtype == f32) {
    wide ? vcvttps2qq(d, a) : vcvttps2dq(d, a);
    load_literal(limit, wide ? 0x5f000000 : 0x4f000000, f32);  // 2^63, 2^31
    vcmpps(scratch_opmask_, a, limit, predicate(Primitive::greater_equal).real);
  } else {
    wide ? vcvttpd2qq(d, a) : vcvttpd2dq(d, a);
    load_literal(limit, wide ? 0x43e0000000000000 : 0x41e0000000000000, f64);
    vcmppd(scratch_opmask_, a, limit, predicate(Primitive::greater_equal).real);
  }
  load_literal(d | scratch_opmask_, wide ? 0x7fffffffffffffff : 0x7fffffff, op.dtype);
  op.operand_dtype == f32 ? vcmpordps(scratch_opmask_, a, a) : vcmpordpd(scratch_opmask_, a, a);
  wide ? vmovdqa64(d | scratch_opmask_ | T_z, d) : vmovdqa32(d | scratch_opmask_ | T_z, d);
}

/// Adds 0x7fff and the last bit of the upper half, which rounds ties to even; a NaN becomes quiet.
Xmm Avx512Emitter::round_to_upper_half(int a) {
  const Xmm x = vec(a, f32), rounded = scratch(0, f32), t = scratch(1, f32);
  vpslld(rounded, x, 15);
  vpsrld(rounded, rounded, 31);  // 1 if the upper half is odd
  load_literal(t, 0x7fff, i32);
  vpaddd(rounded, rounded, t);
  vpaddd(rounded, rounded, x);
  vcmpunordps(scratch_opmask_, x, x);
  load_literal(t, 0x400000, i32);
  vpord(rounded | scratch_opmask_, x, t);
  return rounded;
}

}  // namespace dagrad::detail
