// Loads and stores in AVX-512, of whole vectors and of the tail under the mask `tail_`. Bools are
// bytes in memory.

#include "src/loops/avx512.hpp"

namespace dagrad::detail {

using Xbyak::Xmm, Xbyak::Reg32, Xbyak::RegExp;

void Avx512Emitter::begin_tail(const Xbyak::Reg64& minus_left, bool calls) {
  in_tail_ = true;
  calls_ = calls;
  minus_left_ = minus_left;
  restore_tail();
}

/// Sets the mask for the lanes of the remaining elements.
void Avx512Emitter::restore_tail() {
  if (!in_tail_) return;
  xor_(r11d, r11d);
  mov(eax, Reg32(minus_left_.getIdx()));
  neg(eax);
  bts(r11d, eax);
  dec(r11d);
  kmovw(tail_, r11d);
}

void Avx512Emitter::load(int d, DType dtype, const RegExp& from) {
  if (dtype == b8) return load_bools(d, from);
  Xmm to = vec(d, dtype);
  if (in_tail_ && calls_ && is_float(dtype)) {
    broadcast_number(d, dtype, ptr[from]);
    to = to | tail_;
  } else if (in_tail_) {
    to = to | tail_ | T_z;
  }
  if (is_stored_only(dtype)) return widen(to, dtype, ptr[from]);
  size_of(dtype) == 4 ? vmovups(to, ptr[from]) : vmovupd(to, ptr[from]);
}

void Avx512Emitter::store(const RegExp& to, int a, DType dtype) {
  if (dtype == b8) return store_bools(to, a);
  const Xbyak::Address at = in_tail_ ? ptr[to] | tail_ : ptr[to];
  if (is_stored_only(dtype)) return store_narrowed(at, a, dtype);
  size_of(dtype) == 4 ? vmovups(at, vec(a, dtype)) : vmovupd(at, vec(a, dtype));
}

void Avx512Emitter::store_narrowed(const Xbyak::Address& to, int a, DType dtype) {
  switch (dtype) {
    case DType::float16:
      return vcvtps2ph(to, vec(a, dtype), round_to_even);
    case DType::bfloat16: {
      const Xmm rounded = round_to_upper_half(a);
      vpsrld(rounded, rounded, 16);
      return vpmovdw(to, rounded);
    }
    case DType::int16:
      return vpmovdw(to, vec(a, dtype));
    case DType::int8:
    case DType::uint8:
      return vpmovdb(to, vec(a, dtype));
    case DType::boolean:
    case DType::int32:
    case DType::int64:
    case DType::float32:
    case DType::float64:
      break;  // as wide in memory
  }
}

void Avx512Emitter::load_bools(int d, const RegExp& from) {
  const Xmm bytes(scratch_);
  if (in_tail_)
    vmovdqu8(bytes | tail_ | T_z, ptr[from]);
  else if (lanes() == 16)
    vmovups(bytes, ptr[from]);
  else
    vmovq(bytes, ptr[from]);
  vptestmb(mask(d), bytes, bytes);
}

void Avx512Emitter::store_bools(const RegExp& to, int a) {
  const Xmm bytes(scratch_);
  vpmovm2b(bytes, mask(a));
  vpabsb(bytes, bytes);
  if (in_tail_)
    vmovdqu8(ptr[to] | tail_, bytes);
  else if (lanes() == 16)
    vmovups(ptr[to], bytes);
  else
    vmovq(ptr[to], bytes);
}

void Avx512Emitter::load_bools(int d, const RegExp& from, int n) {
  if (n == 1) return broadcast(d, b8, from);
  const Xmm bytes(scratch_);
  choose_lanes(n);
  vmovdqu8(bytes | scratch_opmask_ | T_z, ptr[from]);
  vptestmb(mask(d), bytes, bytes);
}

void Avx512Emitter::store_bools(const RegExp& to, int a, int n) {
  const Xmm bytes(scratch_);
  vpmovm2b(bytes, mask(a));
  vpabsb(bytes, bytes);
  if (n == 1) return vpextrb(ptr[to], bytes, 0);
  choose_lanes(n);
  vmovdqu8(ptr[to] | scratch_opmask_, bytes);
}

/// Sets the first bits of the scratch mask.
void Avx512Emitter::choose_lanes(int n) {
  mov(eax, (1U << n) - 1);
  kmovw(scratch_opmask_, eax);
}

void Avx512Emitter::broadcast(int d, DType dtype, const RegExp& from) {
  if (dtype != b8) return broadcast_number(d, dtype, ptr[from]);
  cmp(byte[from], 1);  // sets the carry flag if the byte is 0
  sbb(eax, eax);
  not_(eax);
  kmovw(mask(d), eax);
}

void Avx512Emitter::spill(const Xbyak::Address& to, int a, DType dtype) {
  dtype == b8 ? kmovw(to, mask(a)) : vmovups(to, vec(a, dtype));
}

void Avx512Emitter::reload(int d, DType dtype, const Xbyak::Address& from) {
  dtype == b8 ? kmovw(mask(d), from) : vmovups(vec(d, dtype), from);
}

}  // namespace dagrad::detail
