#include "src/loops/avx512.hpp"

#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

using Xbyak::Reg32, Xbyak::Xmm, Xbyak::Ymm, Xbyak::Zmm;

}  // namespace

RegisterFile Avx512Machine::registers() const {
  const auto is_call = [](const Program&, const Instruction& step) {
    return is_function(step.primitive);
  };
  return {.vectors = 30, .masks = 5, .is_call = is_call, .is_single = is_single};
}

void Avx512Machine::begin_tail(const Xbyak::Reg64& gap, bool calls) {
  in_tail_ = true;
  calls_ = calls;
  gap_ = gap;
  after_call();
}

void Avx512Machine::after_call() {
  if (!in_tail_) return;
  xor_(r11d, r11d);
  mov(eax, Reg32(gap_.getIdx()));
  neg(eax);
  bts(r11d, eax);
  dec(r11d);
  kmovw(tail_, r11d);
}

void Avx512Machine::load(int d, DType dtype, const Xbyak::RegExp& from) {
  if (dtype == b8) {
    const Xmm bytes = Xmm(scratch_);
    if (in_tail_)
      vmovdqu8(bytes | tail_ | T_z, ptr[from]);
    else if (lanes() == 16)
      vmovups(bytes, ptr[from]);
    else
      vmovq(bytes, ptr[from]);
    vptestmb(mask(d), bytes, bytes);
    return;
  }
  const bool repeats = in_tail_ && calls_ && is_float(dtype);
  if (repeats) load_number(vec(d, dtype), dtype, ptr[from]);
  const Xmm lanes = in_tail_ ? vec(d, dtype) | tail_ : vec(d, dtype);
  const Xmm to = in_tail_ && !repeats ? lanes | T_z : lanes;
  size_of(dtype) == 4 ? vmovups(to, ptr[from]) : vmovupd(to, ptr[from]);
}

void Avx512Machine::load_one(int d, DType dtype, const Xbyak::RegExp& from) {
  if (dtype != b8) return load_number(vec(d, dtype), dtype, ptr[from]);
  cmp(byte[from], 1);  // carries where it is 0
  sbb(eax, eax);
  not_(eax);
  kmovw(mask(d), eax);
}

void Avx512Machine::store(const Xbyak::RegExp& to, int a, DType dtype) {
  const Xbyak::Address at = in_tail_ ? ptr[to] | tail_ : ptr[to];
  if (dtype != b8)
    return size_of(dtype) == 4 ? vmovups(at, vec(a, dtype)) : vmovupd(at, vec(a, dtype));
  const Xmm bytes = Xmm(scratch_);
  vpmovm2b(bytes, mask(a));
  vpabsb(bytes, bytes);
  if (in_tail_)
    vmovdqu8(at, bytes);
  else if (lanes() == 16)
    vmovups(at, bytes);
  else
    vmovq(at, bytes);
}

void Avx512Machine::save(const Xbyak::Address& to, int a, DType dtype) {
  dtype == b8 ? kmovw(to, mask(a)) : vmovups(to, vec(a, dtype));
}

void Avx512Machine::restore(int d, DType dtype, const Xbyak::Address& from) {
  dtype == b8 ? kmovw(mask(d), from) : vmovups(vec(d, dtype), from);
}

void Avx512Machine::repeat_half(int d) { vinsertf32x8(Zmm(d), Zmm(d), Ymm(d), 1); }

void Avx512Machine::compare(const Word& w) {
  const Xmm a = vec(w.a, w.operand), b = vec(w.b, w.operand);
  const auto [real, integer] = predicate(w.primitive);
  switch (w.operand) {
    case DType::float32:
      return vcmpps(mask(w.d), a, b, real);
    case DType::float64:
      return vcmppd(mask(w.d), a, b, real);
    case DType::int32:
      return vpcmpd(mask(w.d), a, b, integer);
    default:
      return vpcmpq(mask(w.d), a, b, integer);
  }
}

void Avx512Machine::logic(Logic op, int d, int a, int b) {
  switch (op) {
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

void Avx512Machine::invert(int d, int a) { knotw(mask(d), mask(a)); }

void Avx512Machine::blend(const Word& w) {
  const Xmm d = vec(w.d, w.dtype) | mask(w.a), a = vec(w.b, w.dtype), b = vec(w.c, w.dtype);
  size_of(w.dtype) == 4 ? vblendmps(d, b, a) : vblendmpd(d, b, a);
}

/// The instruction gives its second operand where one is NaN; what is wanted then is the first, if
/// it is.
void Avx512Machine::extremum(const Word& w) {
  emit(w.primitive == Primitive::maximum ? maximum_forms : minimum_forms, w);
  const Xmm d = vec(w.d, w.dtype) | passing_, a = vec(w.a, w.dtype);
  if (w.dtype == f32) {
    vcmpunordps(passing_, a, a);
    vmovaps(d, a);
  } else if (w.dtype == f64) {
    vcmpunordpd(passing_, a, a);
    vmovapd(d, a);
  }
}

void Avx512Machine::pull(const Word& w) {
  const Xmm d = vec(w.d, w.dtype) | passing_ | T_z, a = vec(w.a, w.dtype), b = vec(w.b, w.dtype);
  const Xmm t = scratch(0, w.dtype);
  zero(t);
  const std::uint8_t not_equal = predicate(Primitive::not_equal).real;
  if (w.dtype == f32) {
    vcmpps(passing_, a, t, not_equal);
    vmulps(d, a, b);
  } else {
    vcmppd(passing_, a, t, not_equal);
    vmulpd(d, a, b);
  }
}

void Avx512Machine::round(const Word& w, std::uint8_t mode) {
  const Xmm d = vec(w.d, w.dtype), a = vec(w.a, w.dtype);
  w.dtype == f32 ? vrndscaleps(d, a, mode) : vrndscalepd(d, a, mode);
}

void Avx512Machine::absolute64(const Word& w) { vpabsq(vec(w.d, i64), vec(w.a, i64)); }

void Avx512Machine::multiply64(const Word& w) {
  vpmullq(vec(w.d, i64), vec(w.a, i64), vec(w.b, i64));
}

void Avx512Machine::convert(const Word& w) {
  if (w.operand == b8) return convert_bool(w);
  if (is_float(w.operand) && !is_float(w.dtype)) return truncate(w);
  const Xmm d = vec(w.d, w.dtype), a = vec(w.a, w.operand);
  switch (w.operand) {
    case DType::int32:
      return w.dtype == i64 ? vpmovsxdq(d, a) : w.dtype == f32 ? vcvtdq2ps(d, a) : vcvtdq2pd(d, a);
    case DType::int64:
      return w.dtype == i32 ? vpmovqd(d, a) : w.dtype == f32 ? vcvtqq2ps(d, a) : vcvtqq2pd(d, a);
    case DType::float32:
      return vcvtps2pd(d, a);
    default:
      return vcvtpd2ps(d, a);
  }
}

void Avx512Machine::convert_bool(const Word& w) {
  literal(vec(w.d, w.dtype) | mask(w.a) | T_z, one(w.dtype), w.dtype);
}

/// Floats to integers: where the value is beyond the integers the instruction gives the least of
/// them, which is right below, to be mended above and for NaN.
void Avx512Machine::truncate(const Word& w) {
  const Xmm d = vec(w.d, w.dtype), a = vec(w.a, w.operand), limit = scratch(0, w.operand);
  const bool wide = w.dtype == i64;
  if (w.operand == f32) {
    wide ? vcvttps2qq(d, a) : vcvttps2dq(d, a);
    literal(limit, wide ? 0x5f000000 : 0x4f000000, f32);  // 2^63, 2^31
    vcmpps(passing_, a, limit, predicate(Primitive::greater_equal).real);
  } else {
    wide ? vcvttpd2qq(d, a) : vcvttpd2dq(d, a);
    literal(limit, wide ? 0x43e0000000000000 : 0x41e0000000000000, f64);
    vcmppd(passing_, a, limit, predicate(Primitive::greater_equal).real);
  }
  literal(d | passing_, wide ? 0x7fffffffffffffff : 0x7fffffff, w.dtype);
  w.operand == f32 ? vcmpordps(passing_, a, a) : vcmpordpd(passing_, a, a);
  wide ? vmovdqa64(d | passing_ | T_z, d) : vmovdqa32(d | passing_ | T_z, d);
}

}  // namespace dagrad::detail
