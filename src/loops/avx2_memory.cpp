// Loads and stores in AVX2, of whole vectors and of the tail of `-minus_left_` elements. Elements
// with fewer bytes than a lane are widened when loaded and packed when stored; bools, which are
// bytes in memory, are converted to and from masks.

#include <algorithm>

#include "src/loops/avx2.hpp"

namespace dagrad::detail {

using Xbyak::Xmm, Xbyak::Operand, Xbyak::RegExp;

namespace {

bool is_packed(DType dtype) { return size_of(dtype) < 4; }

}  // namespace

/// It counts packed elements in the tail.
bool Avx2Emitter::tail_takes_r10(const Program& program) const {
  return std::any_of(program.inputs.begin(), program.inputs.end(), is_packed) ||
         std::any_of(program.outputs.begin(), program.outputs.end(),
                     [&](std::uint32_t step) { return is_packed(program.steps[step].dtype); });
}

void Avx2Emitter::begin_tail(const Xbyak::Reg64& minus_left, bool calls) {
  in_tail_ = true;
  calls_ = calls;
  minus_left_ = minus_left;
}

void Avx2Emitter::load(int d, DType dtype, const RegExp& from) {
  if (is_packed(dtype)) {
    in_tail_ ? load_packed_tail(d, dtype, from) : unpack(d, dtype, ptr[from]);
  } else {
    in_tail_ ? load_tail(d, dtype, from) : vmovups(vec(d, dtype), ptr[from]);
  }
}

void Avx2Emitter::store(const RegExp& to, int a, DType dtype) {
  if (is_packed(dtype)) {
    const Xmm packed(scratch_);
    pack(packed, a, dtype);
    in_tail_ ? store_packed_tail(to, packed, dtype) : store_packed(to, packed, dtype);
  } else {
    in_tail_ ? store_tail(to, a, dtype) : vmovups(ptr[to], vec(a, dtype));
  }
}

void Avx2Emitter::load_tail(int d, DType dtype, const RegExp& from) {
  const Xmm to = vec(d, dtype), mask = scratch(0, dtype), first = scratch(1, dtype);
  load_tail_mask(mask, dtype);
  size_of(dtype) == 4 ? vmaskmovps(to, mask, ptr[from]) : vmaskmovpd(to, mask, ptr[from]);
  if (!calls_ || !is_float(dtype)) return;
  broadcast_bits(first, dtype, ptr[from]);
  dtype == f32 ? vblendvps(to, first, to, mask) : vblendvpd(to, first, to, mask);
}

void Avx2Emitter::store_tail(const RegExp& to, int a, DType dtype) {
  const Xmm from = vec(a, dtype), mask = scratch(0, dtype);
  load_tail_mask(mask, dtype);
  size_of(dtype) == 4 ? vmaskmovps(ptr[to], mask, from) : vmaskmovpd(ptr[to], mask, from);
}

/// In the middle of the table, ones end and zeros begin. The mask is loaded such that it begins
/// with one lane of ones per remaining element.
void Avx2Emitter::load_tail_mask(const Xmm& into, DType dtype) {
  lea(rax, ptr[rip + mask_table_]);
  vmovups(into, ptr[rax + minus_left_ * static_cast<int>(size_of(dtype)) + 32]);
}

void Avx2Emitter::emit_tables() {
  VectorEmitter::emit_tables();
  L(mask_table_);
  for (int i = 0; i < 16; ++i) dd(i < 8 ? 0xffffffff : 0);
}

/// Loads one by one, the last element first; each moves the later ones up. The lanes beyond repeat
/// the first element.
void Avx2Emitter::load_packed_tail(int d, DType dtype, const RegExp& from) {
  const Xmm packed(d);
  const bool bytes = size_of(dtype) == 1;
  Xbyak::Label next;
  lea(r11, ptr[from]);
  mov(r10, minus_left_);
  neg(r10);
  bytes ? vpbroadcastb(packed, ptr[r11]) : vpbroadcastw(packed, ptr[r11]);
  L(next);
  vpslldq(packed, packed, bytes ? 1 : 2);
  bytes ? vpinsrb(packed, packed, ptr[r11 + r10 - 1], 0)
        : vpinsrw(packed, packed, ptr[r11 + r10 * 2 - 2], 0);
  dec(r10);
  jnz(next);
  unpack(d, dtype, packed);
}

/// Stores one by one, the first element first.
void Avx2Emitter::store_packed_tail(const RegExp& to, const Xmm& packed, DType dtype) {
  const bool bytes = size_of(dtype) == 1;
  Xbyak::Label next;
  lea(r11, ptr[to]);
  mov(r10, minus_left_);
  L(next);
  bytes ? vpextrb(ptr[r11], packed, 0) : vpextrw(ptr[r11], packed, 0);
  vpsrldq(packed, packed, bytes ? 1 : 2);
  add(r11, bytes ? 1 : 2);
  inc(r10);
  jnz(next);
}

void Avx2Emitter::store_packed(const RegExp& to, const Xmm& packed, DType dtype) {
  switch (static_cast<int>(size_of(dtype)) * lanes()) {
    case 16:
      return vmovups(ptr[to], packed);
    case 8:
      return vmovq(ptr[to], packed);
    default:
      vmovd(ptr[to], packed);
  }
}

void Avx2Emitter::unpack(int d, DType dtype, const Operand& from) {
  if (dtype != b8) return widen(vec(d, dtype), dtype, from);
  const Ymm mask(d), zeros(scratch_);
  lane_bytes_ == 4 ? vpmovzxbd(mask, from) : vpmovzxbq(mask, from);
  zero(zeros);
  lane_bytes_ == 4 ? vpcmpgtd(mask, mask, zeros) : vpcmpgtq(mask, mask, zeros);
}

void Avx2Emitter::pack(const Xmm& into, int a, DType dtype) {
  switch (dtype) {
    case DType::float16:
      return vcvtps2ph(into, vec(a, dtype), round_to_even);
    case DType::bfloat16: {
      const Xmm rounded = round_to_upper_half(a);
      vpsrad(rounded, rounded, 16);
      return pack_words(into, rounded);
    }
    case DType::boolean:
      if (lane_bytes_ == 8) {
        narrow_lanes(into, a);
        vpackssdw(into, into, into);
      } else {
        pack_words(into, Ymm(a));
      }
      vpacksswb(into, into, into);
      return vpabsb(into, into);
    case DType::int16:
      return pack_words(into, vec(a, dtype));
    case DType::int8:
      pack_words(into, vec(a, dtype));
      return vpacksswb(into, into, into);
    case DType::uint8:
      pack_words(into, vec(a, dtype));
      return vpackuswb(into, into, into);
    case DType::int32:
    case DType::int64:
    case DType::float32:
    case DType::float64:
      break;  // as wide in memory
  }
}

/// Packs lanes of 32 bits whose values fit 16 bits.
void Avx2Emitter::pack_words(const Xmm& into, const Xmm& from) {
  const Xmm low(from.getIdx()), upper(scratch_ + 1);
  if (from.isYMM()) vextracti128(upper, Ymm(from.getIdx()), 1);
  vpackssdw(into, low, from.isYMM() ? upper : low);
}

void Avx2Emitter::load_bools(int d, const RegExp& from, int n) {
  if (n == 1) return broadcast(d, b8, from);
  const Xmm packed(d);
  zero(packed);
  for (std::uint8_t i = 0; i < n; ++i) vpinsrb(packed, packed, ptr[from + std::size_t{i}], i);
  unpack(d, b8, packed);
}

void Avx2Emitter::store_bools(const RegExp& to, int a, int n) {
  const Xmm packed(scratch_);
  pack(packed, a, b8);
  for (std::uint8_t i = 0; i < n; ++i) vpextrb(ptr[to + std::size_t{i}], packed, i);
}

void Avx2Emitter::broadcast(int d, DType dtype, const RegExp& from) {
  if (dtype != b8) return broadcast_number(d, dtype, ptr[from]);
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
