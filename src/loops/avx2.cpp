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

RegisterFile Avx2Machine::registers() const {
  const auto is_call = [](const Program& program, const Instruction& step) {
    return is_function(step.primitive) || is_missing(program, step);
  };
  return {.vectors = 14, .masks = 0, .is_call = is_call, .is_single = is_single};
}

void Avx2Machine::begin_tail(const Xbyak::Reg64& gap, bool calls) {
  in_tail_ = true;
  calls_ = calls;
  gap_ = gap;
}

void Avx2Machine::literals() {
  LoopMachine::literals();
  L(window_);
  for (int i = 0; i < 16; ++i) dd(i < 8 ? 0xffffffff : 0);
}

void Avx2Machine::tail_mask(const Xmm& into, DType dtype) {
  lea(rax, ptr[rip + window_]);
  vmovups(into, ptr[rax + gap_ * static_cast<int>(size_of(dtype)) + 32]);
}

void Avx2Machine::load(int d, DType dtype, const Xbyak::RegExp& from) {
  if (dtype == b8) return load_bools(d, from);
  const Xmm to = vec(d, dtype);
  if (!in_tail_) return vmovups(to, ptr[from]);
  const Xmm lanes = scratch(0, dtype);
  tail_mask(lanes, dtype);
  size_of(dtype) == 4 ? vmaskmovps(to, lanes, ptr[from]) : vmaskmovpd(to, lanes, ptr[from]);
  if (!calls_ || !is_float(dtype)) return;
  const Xmm first = scratch(1, dtype);
  load_number(first, dtype, ptr[from]);
  dtype == f32 ? vblendvps(to, first, to, lanes) : vblendvpd(to, first, to, lanes);
}

void Avx2Machine::load_one(int d, DType dtype, const Xbyak::RegExp& from) {
  if (dtype != b8) return load_number(vec(d, dtype), dtype, ptr[from]);
  const Ymm to(d), t(scratch_);
  zero(t);
  vpbroadcastb(to, ptr[from]);
  vpcmpeqb(to, to, t);
  vpcmpeqb(to, to, t);
}

void Avx2Machine::store(const Xbyak::RegExp& to, int a, DType dtype) {
  if (dtype == b8) return store_bools(to, a);
  const Xmm from = vec(a, dtype);
  if (!in_tail_) return vmovups(ptr[to], from);
  const Xmm lanes = scratch(0, dtype);
  tail_mask(lanes, dtype);
  size_of(dtype) == 4 ? vmaskmovps(ptr[to], lanes, from) : vmaskmovpd(ptr[to], lanes, from);
}

void Avx2Machine::load_bools(int d, const Xbyak::RegExp& from) {
  const Ymm to(d), t(scratch_);
  if (in_tail_) {  // byte by byte, the last one first
    Xbyak::Label next;
    lea(r11, ptr[from]);
    mov(r10, gap_);
    neg(r10);
    xor_(eax, eax);
    L(next);
    shl(rax, 8);
    mov(al, byte[r11 + r10 - 1]);
    dec(r10);
    jnz(next);
    vmovq(Xmm(d), rax);
    lane_ == 4 ? vpmovzxbd(to, Xmm(d)) : vpmovzxbq(to, Xmm(d));
  } else {
    lane_ == 4 ? vpmovzxbd(to, ptr[from]) : vpmovzxbq(to, ptr[from]);
  }
  zero(t);
  lane_ == 4 ? vpcmpgtd(to, to, t) : vpcmpgtq(to, to, t);
}

void Avx2Machine::store_bools(const Xbyak::RegExp& to, int a) {
  const Xmm t(scratch_);
  if (lane_ == 4) {
    vextracti128(t, Ymm(a), 1);
    vpackssdw(t, Xmm(a), t);
  } else {
    narrow(scratch_, a);
    vpackssdw(t, t, t);
  }
  vpacksswb(t, t, t);
  vpabsb(t, t);
  if (!in_tail_) return lane_ == 4 ? vmovq(ptr[to], t) : vmovd(ptr[to], t);
  Xbyak::Label next;
  vmovq(rax, t);
  lea(r11, ptr[to]);
  sub(r11, gap_);
  mov(r10, gap_);
  L(next);
  mov(byte[r11 + r10], al);
  shr(rax, 8);
  inc(r10);
  jnz(next);
}

void Avx2Machine::save(const Xbyak::Address& to, int a, DType dtype) {
  vmovups(to, dtype == b8 ? Ymm(a) : vec(a, dtype));
}

void Avx2Machine::restore(int d, DType dtype, const Xbyak::Address& from) {
  vmovups(dtype == b8 ? Ymm(d) : vec(d, dtype), from);
}

void Avx2Machine::repeat_half(int d) { vinsertf128(Ymm(d), Ymm(d), Xmm(d), 1); }

void Avx2Machine::narrow(int into, int wide) {
  vextracti128(Xmm(into), Ymm(wide), 1);
  vshufps(Xmm(into), Xmm(wide), Xmm(into), 0x88);
}

Xmm Avx2Machine::mask_of(int number, DType dtype, int into) {
  if (!half(dtype)) return Ymm(number);
  narrow(into, number);
  return Xmm(into);
}

void Avx2Machine::compare(const Word& w) {
  const Xmm d = vec(w.d, w.operand), a = vec(w.a, w.operand), b = vec(w.b, w.operand);
  if (w.operand == f32)
    vcmpps(d, a, b, predicate(w.primitive).real);
  else if (w.operand == f64)
    vcmppd(d, a, b, predicate(w.primitive).real);
  else
    compare_integers(w);
  if (half(w.operand)) vpmovsxdq(Ymm(w.d), Xmm(w.d));
}

void Avx2Machine::compare_integers(const Word& w) {
  const Xmm d = vec(w.d, w.operand), a = vec(w.a, w.operand), b = vec(w.b, w.operand);
  const bool wide = w.operand == i64;
  const auto same = [&] { wide ? vpcmpeqq(d, a, b) : vpcmpeqd(d, a, b); };
  const auto first = [&](const Xmm& x, const Xmm& y) {
    wide ? vpcmpgtq(d, x, y) : vpcmpgtd(d, x, y);
  };
  switch (w.primitive) {
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
  invert(w.d, w.d);
}

void Avx2Machine::logic(Logic op, int d, int a, int b) {
  switch (op) {
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

void Avx2Machine::invert(int d, int a) {
  const Ymm ones(scratch_ + 1);
  vpcmpeqd(ones, ones, ones);
  vxorps(Ymm(d), Ymm(a), ones);
}

void Avx2Machine::blend(const Word& w) {
  const Xmm d = vec(w.d, w.dtype), a = vec(w.b, w.dtype), b = vec(w.c, w.dtype);
  const Xmm mask = mask_of(w.a, w.dtype, scratch_);
  size_of(w.dtype) == 4 ? vblendvps(d, b, a, mask) : vblendvpd(d, b, a, mask);
}

/// The instruction gives its second operand where one is NaN; what is wanted then is the first, if
/// it is.
void Avx2Machine::extremum(const Word& w) {
  const bool greatest = w.primitive == Primitive::maximum;
  const Xmm d = vec(w.d, w.dtype), a = vec(w.a, w.dtype), b = vec(w.b, w.dtype);
  const Xmm t = scratch(0, w.dtype);
  if (w.dtype == i64) {
    vpcmpgtq(t, a, b);
    return greatest ? vblendvpd(d, b, a, t) : vblendvpd(d, a, b, t);
  }
  emit(greatest ? maximum_forms : minimum_forms, w);
  if (w.dtype == f32) {
    vcmpunordps(t, a, a);
    vblendvps(d, d, a, t);
  } else if (w.dtype == f64) {
    vcmpunordpd(t, a, a);
    vblendvpd(d, d, a, t);
  }
}

void Avx2Machine::pull(const Word& w) {
  const Xmm d = vec(w.d, w.dtype), a = vec(w.a, w.dtype), b = vec(w.b, w.dtype);
  const Xmm t = scratch(0, w.dtype);
  const std::uint8_t not_equal = predicate(Primitive::not_equal).real;
  zero(t);
  if (w.dtype == f32) {
    vcmpps(t, a, t, not_equal);
    vmulps(d, a, b);
  } else {
    vcmppd(t, a, t, not_equal);
    vmulpd(d, a, b);
  }
  vandps(d, d, t);
}

void Avx2Machine::round(const Word& w, std::uint8_t mode) {
  const Xmm d = vec(w.d, w.dtype), a = vec(w.a, w.dtype);
  w.dtype == f32 ? vroundps(d, a, mode) : vroundpd(d, a, mode);
}

void Avx2Machine::absolute64(const Word& w) {
  const Ymm d(w.d), a(w.a), sign(scratch_);
  zero(sign);
  vpcmpgtq(sign, sign, a);
  vpxor(d, a, sign);
  vpsubq(d, d, sign);
}

/// lo·lo + ((lo·hi + hi·lo) << 32)
void Avx2Machine::multiply64(const Word& w) {
  const Ymm d(w.d), a(w.a), b(w.b), cross(scratch_), t(scratch_ + 1);
  vpshufd(cross, b, 0xb1);
  vpmulld(cross, cross, a);
  vpsrlq(t, cross, 32);
  vpaddd(cross, cross, t);
  vpsllq(cross, cross, 32);
  vpmuludq(d, a, b);
  vpaddq(d, d, cross);
}

void Avx2Machine::convert(const Word& w) {
  if (w.operand == b8) return convert_bool(w);
  const Xmm d = vec(w.d, w.dtype), a = vec(w.a, w.operand);
  switch (w.operand) {
    case DType::int32:
      return w.dtype == i64 ? vpmovsxdq(d, a) : w.dtype == f32 ? vcvtdq2ps(d, a) : vcvtdq2pd(d, a);
    case DType::int64:
      return narrow(w.d, w.a);
    case DType::float32:
      return w.dtype == f64 ? vcvtps2pd(d, a) : truncate32(w);
    default:
      return w.dtype == f32 ? vcvtpd2ps(d, a) : truncate64(w);
  }
}

void Avx2Machine::convert_bool(const Word& w) {
  const Xmm mask = mask_of(w.a, w.dtype, scratch_), t = scratch(1, w.dtype);
  literal(t, one(w.dtype), w.dtype);
  vandps(vec(w.d, w.dtype), mask, t);
}

/// To int32, the least of which the instruction gives where the value is beyond: right below,
/// mended above and for NaN.
void Avx2Machine::truncate32(const Word& w) {
  const Xmm d = vec(w.d, i32), a = vec(w.a, f32), t = scratch(0, f32);
  literal(t, 0x4f000000, f32);  // 2^31
  vcmpps(t, t, a, predicate(Primitive::less_equal).real);
  vcvttps2dq(d, a);
  vxorps(d, d, t);
  vcmpordps(t, a, a);
  vandps(d, d, t);
}

void Avx2Machine::truncate64(const Word& w) {
  const Xmm a = vec(w.a, f64), t = scratch(0, f64), limit = scratch(1, f64);
  vcmpordpd(t, a, a);
  vandpd(t, t, a);
  literal(limit, 0x41dfffffffc00000, f64);  // 2^31 - 1
  vminpd(t, t, limit);
  vcvttpd2dq(vec(w.d, i32), t);
}

}  // namespace dagrad::detail
