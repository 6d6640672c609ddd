#include "src/loops/line_memory.hpp"

#include <algorithm>
#include <utility>

namespace dagrad::detail {

using Xbyak::Opmask, Xbyak::Xmm, Xbyak::Ymm, Xbyak::Zmm, Xbyak::util::ptr;

/// Those that callees preserve come first.
const std::array<Xbyak::Reg64, LineMemory::registers>& LineMemory::pointers() {
  using namespace Xbyak::util;
  static const std::array<Reg64, registers> all{rbx, rbp, r14, r15, rcx, rdx,
                                                rsi, rdi, r8,  r9,  r10};
  return all;
}

void LineMemory::enter() {
  using namespace Xbyak::util;
  for (const Reg64& r : {rbx, rbp, r12, r13, r14, r15}) code_.push(r);
  code_.sub(rsp, 8);  // aligns the stack for calls
  code_.mov(table_, rdi);
  code_.mov(scratch_, rsi);
}

void LineMemory::leave() {
  using namespace Xbyak::util;
  code_.add(rsp, 8);
  for (const Reg64& r : {r15, r14, r13, r12, rbp, rbx}) code_.pop(r);
  code_.vzeroupper();
  code_.ret();
}

void LineMemory::forget_volatile() { std::fill(holds_.begin() + preserved, holds_.end(), nothing); }

Xbyak::RegExp LineMemory::at(const Place& place) {
  const auto& all = pointers();
  const auto held = std::find(holds_.begin(), holds_.end(), place.slot);
  const auto i = held != holds_.end() ? static_cast<std::size_t>(held - holds_.begin())
                                      : std::exchange(next_, (next_ + 1) % registers);
  if (held == holds_.end()) {
    code_.mov(all[i], ptr[table_ + 8 * std::size_t{place.slot}]);
    holds_[i] = place.slot;
  }
  return all[i] + place.byte;
}

std::uint32_t LineMemory::take(std::uint32_t bytes) {
  std::vector<std::uint32_t>& free = free_[bytes];
  if (!free.empty()) {
    const std::uint32_t at = free.back();
    free.pop_back();
    return at;
  }
  const std::uint32_t at = (scratch_end_ + bytes - 1) / bytes * bytes;
  scratch_end_ = at + bytes;
  return at;
}

void LineMemory::load(int d, DType dtype, const RegExp& from, int n) {
  if (dtype == b8) return code_.load_bools(d, from, n);
  const auto size = static_cast<int>(size_of(dtype));
  switch (size * n) {
    case 4:
      return code_.vmovss(Xmm(d), ptr[from]);
    case 8:
      return code_.vmovsd(Xmm(d), ptr[from]);
    case 16:
      return code_.vmovups(Xmm(d), ptr[from]);
    case 32:
      return code_.vmovups(Ymm(d), ptr[from]);
    case 64:
      return code_.vmovups(Zmm(d), ptr[from]);
    default:
      return load_masked(d, dtype, from, n);
  }
}

void LineMemory::load_masked(int d, DType dtype, const RegExp& from, int n) {
  const bool wide = size_of(dtype) == 8;
  const Xmm to = code_.vec(d, dtype);
  if (is_avx512_) {
    const Opmask mask(1);
    set_mask(mask, (1U << n) - 1);
    wide ? code_.vmovupd(to | mask | code_.T_z, ptr[from])
         : code_.vmovups(to | mask | code_.T_z, ptr[from]);
    return;
  }
  std::array<std::uint8_t, 64> ones{};
  std::fill_n(ones.begin(), size_of(dtype) * static_cast<std::size_t>(n), std::uint8_t{0xff});
  const Xmm mask = code_.vec(14, dtype);
  code_.vmovups(mask, table(ones));
  wide ? code_.vmaskmovpd(to, mask, ptr[from]) : code_.vmaskmovps(to, mask, ptr[from]);
}

void LineMemory::store(const RegExp& to, int a, DType dtype, int n) {
  if (dtype == b8) return code_.store_bools(to, a, n);
  const std::size_t bytes = size_of(dtype) * static_cast<std::size_t>(n);
  if (bytes == 64) return code_.vmovups(ptr[to], Zmm(a));
  if (bytes == 32) return code_.vmovups(ptr[to], Ymm(a));
  if (!is_avx512_ || bytes <= 16) return store_in_pieces(to, a, bytes);
  const Opmask mask(1);
  set_mask(mask, (1U << n) - 1);
  size_of(dtype) == 8 ? code_.vmovupd(ptr[to] | mask, code_.vec(a, dtype))
                      : code_.vmovups(ptr[to] | mask, code_.vec(a, dtype));
}

/// Stores at most 32 bytes, since masked stores are slow in AVX2.
void LineMemory::store_in_pieces(RegExp to, int a, std::size_t bytes) {
  Xmm from(a);
  const Xmm rest(is_avx512_ ? 30 : 14);
  if (bytes >= 16) {
    code_.vmovups(ptr[to], from);
    if (bytes > 16) code_.vextractf128(rest, Ymm(a), 1);
    from = rest;
    to = to + 16;
  }
  if (bytes % 16 >= 8) {
    code_.vmovlps(ptr[to], from);
    if (bytes % 8 != 0) code_.vpsrldq(rest, from, 8);
    from = rest;
    to = to + 8;
  }
  if (bytes % 8 != 0) code_.vmovss(ptr[to], from);
}

std::uint32_t LineMemory::spilled_bytes(DType dtype, int n) const {
  if (dtype == b8) return is_avx512_ ? 4 : 32;
  const auto bytes = static_cast<std::uint32_t>(size_of(dtype)) * static_cast<std::uint32_t>(n);
  return n == 1 ? bytes : std::max<std::uint32_t>(bytes, 16);
}

void LineMemory::spill(std::uint32_t to, int a, DType dtype, int n) {
  if (dtype == b8)
    code_.spill(ptr[scratch(to)], a, dtype);
  else if (n == 1)
    store_in_pieces(scratch(to), a, size_of(dtype));
  else
    code_.vmovups(ptr[scratch(to)], code_.vec(a, dtype));
}

void LineMemory::reload(int d, DType dtype, std::uint32_t from, int n) {
  if (dtype == b8)
    code_.reload(d, dtype, ptr[scratch(from)]);
  else if (n == 1)
    load(d, dtype, scratch(from), 1);
  else
    code_.vmovups(code_.vec(d, dtype), ptr[scratch(from)]);
}

void LineMemory::set_mask(const Opmask& mask, std::uint32_t bits) {
  code_.mov(Xbyak::util::eax, bits);
  code_.kmovw(mask, Xbyak::util::eax);
}

void LineMemory::emit_tables() {
  code_.align(64);
  for (auto& [bytes, label] : tables_) {
    code_.L(label);
    code_.db(bytes.data(), bytes.size());
  }
}

}  // namespace dagrad::detail
