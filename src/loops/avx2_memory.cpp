// Loads and stores in AVX2: of whole vectors, of the tail, which begins where `minus_left_` says
// so, and of bools, which are bytes in memory and masks of whole lanes in registers.

#include "src/loops/avx2.hpp"

namespace dagrad::detail {

using Xbyak::Xmm, Xbyak::Operand, Xbyak::RegExp;

void Avx2Emitter::begin_tail(const Xbyak::Reg64& minus_left, bool calls) {
  in_tail_ = true;
  calls_ = calls;
  minus_left_ = minus_left;
}

void Avx2Emitter::load(int d, DType dtype, const RegExp& from) {
  if (dtype == b8) return load_bools(d, from);
  if (in_tail_) return load_tail(d, dtype, from);
  vmovups(vec(d, dtype), ptr[from]);
}

void Avx2Emitter::store(const RegExp& to, int a, DType dtype) {
  if (dtype == b8) return store_bools(to, a);
  if (in_tail_) return store_tail(to, a, dtype);
  vmovups(ptr[to], vec(a, dtype));
}

void Avx2Emitter::load_tail(int d, DType dtype, const RegExp& from) {
  const Xmm to = vec(d, dtype), mask = scratch(0, dtype), first = scratch(1, dtype);
  load_tail_mask(mask, dtype);
  size_of(dtype) == 4 ? vmaskmovps(to, mask, ptr[from]) : vmaskmovpd(to, mask, ptr[from]);
  if (!calls_ || !is_float(dtype)) return;
  broadcast_number(first, dtype, ptr[from]);
  dtype == f32 ? vblendvps(to, first, to, mask) : vblendvpd(to, first, to, mask);
}

void Avx2Emitter::store_tail(const RegExp& to, int a, DType dtype) {
  const Xmm from = vec(a, dtype), mask = scratch(0, dtype);
  load_tail_mask(mask, dtype);
  size_of(dtype) == 4 ? vmaskmovps(ptr[to], mask, from) : vmaskmovpd(ptr[to], mask, from);
}

/// Ones end and zeros begin in the middle of a table, from which a mask is loaded that begins with
/// as many ones as there are elements left.
void Avx2Emitter::load_tail_mask(const Xmm& into, DType dtype) {
  lea(rax, ptr[rip + mask_table_]);
  vmovups(into, ptr[rax + minus_left_ * static_cast<int>(size_of(dtype)) + 32]);
}

void Avx2Emitter::emit_tables() {
  VectorEmitter::emit_tables();
  L(mask_table_);
  for (int i = 0; i < 16; ++i) dd(i < 8 ? 0xffffffff : 0);
}

void Avx2Emitter::load_bools(int d, const RegExp& from) {
  const Ymm to(d), zeros(scratch_);
  if (in_tail_) {
    load_tail_bytes(Xmm(d), from);
    widen_bytes(to, Xmm(d));
  } else {
    widen_bytes(to, ptr[from]);
  }
  zero(zeros);
  lane_bytes_ == 4 ? vpcmpgtd(to, to, zeros) : vpcmpgtq(to, to, zeros);
}

void Avx2Emitter::store_bools(const RegExp& to, int a) {
  const Xmm bytes(scratch_);
  narrow_to_bytes(bytes, a);
  vpabsb(bytes, bytes);
  if (in_tail_) return store_tail_bytes(to, bytes);
  lane_bytes_ == 4 ? vmovq(ptr[to], bytes) : vmovd(ptr[to], bytes);
}

void Avx2Emitter::widen_bytes(const Ymm& into, const Operand& from) {
  lane_bytes_ == 4 ? vpmovzxbd(into, from) : vpmovzxbq(into, from);
}

void Avx2Emitter::narrow_to_bytes(const Xmm& into, int mask) {
  if (lane_bytes_ == 4) {
    vextracti128(into, Ymm(mask), 1);
    vpackssdw(into, Xmm(mask), into);
  } else {
    narrow_lanes(into, mask);
    vpackssdw(into, into, into);
  }
  vpacksswb(into, into, into);
}

/// Byte by byte, the last one first.
void Avx2Emitter::load_tail_bytes(const Xmm& into, const RegExp& from) {
  Xbyak::Label next;
  lea(r11, ptr[from]);
  mov(r10, minus_left_);
  neg(r10);
  xor_(eax, eax);
  L(next);
  shl(rax, 8);
  mov(al, byte[r11 + r10 - 1]);
  dec(r10);
  jnz(next);
  vmovq(into, rax);
}

/// Byte by byte, the first one first.
void Avx2Emitter::store_tail_bytes(const RegExp& to, const Xmm& bytes) {
  Xbyak::Label next;
  vmovq(rax, bytes);
  lea(r11, ptr[to]);
  sub(r11, minus_left_);
  mov(r10, minus_left_);
  L(next);
  mov(byte[r11 + r10], al);
  shr(rax, 8);
  inc(r10);
  jnz(next);
}

void Avx2Emitter::broadcast(int d, DType dtype, const RegExp& from) {
  if (dtype != b8) return broadcast_number(vec(d, dtype), dtype, ptr[from]);
  const Ymm to(d), zeros(scratch_);
  zero(zeros);
  vpbroadcastb(to, ptr[from]);
  vpcmpeqb(to, to, zeros);
  vpcmpeqb(to, to, zeros);
}

void Avx2Emitter::spill(const Xbyak::Address& to, int a, DType dtype) {
  vmovups(to, dtype == b8 ? Ymm(a) : vec(a, dtype));
}

void Avx2Emitter::reload(int d, DType dtype, const Xbyak::Address& from) {
  vmovups(dtype == b8 ? Ymm(d) : vec(d, dtype), from);
}

}  // namespace dagrad::detail
