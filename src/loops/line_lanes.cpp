// The part of LineAssembler that moves lanes and calls functions.

#include <algorithm>

#include "src/loops/line_assembler.hpp"
#include "src/program/functions.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

using Xbyak::Address, Xbyak::Opmask, Xbyak::Xmm, Xbyak::Ymm, Xbyak::Zmm;

void LineAssembler::pick(std::uint32_t s) {
  const LineStep& step = line_.steps[s];
  const Pick& pick = line_.picks[step.data];
  const int a = values_.bring(step.a);
  if (step.b != none) {
    const int d = values_.take_over(step.b, s);
    blend(d, a, step.dtype, pick);
    return finish(s, d);
  }
  const int d = values_.is_last_use(step.a) ? a : values_.take(s);
  const auto lanes = std::span(pick.from).first(step.lanes);
  const bool all_first =
      std::all_of(lanes.begin(), lanes.end(), [](std::uint8_t from) { return from == 0; });
  all_first ? repeat_element(d, a, step.dtype) : permute(d, a, step.dtype, pick);
  finish(s, d);
}

/// Copies the first lane into all others of a whole vector.
void LineAssembler::repeat_element(int d, int a, DType dtype) {
  if (is_avx512())
    is_wide(dtype) ? code_->vbroadcastsd(Zmm(d), Xmm(a)) : code_->vbroadcastss(Zmm(d), Xmm(a));
  else
    is_wide(dtype) ? code_->vbroadcastsd(Ymm(d), Xmm(a)) : code_->vbroadcastss(Ymm(d), Xmm(a));
}

/// The positions of lanes as an instruction reads them.
std::array<std::uint8_t, 64> LineAssembler::positions(const Pick& pick, DType dtype) const {
  std::array<std::uint8_t, 64> bytes{};
  const std::size_t size = size_of(dtype);
  for (std::size_t i = 0; i * size < bytes.size(); ++i) bytes[i * size] = pick.from[i];
  return bytes;
}

void LineAssembler::permute(int d, int a, DType dtype, const Pick& pick) {
  if (!is_avx512() && is_wide(dtype)) {
    std::uint8_t places = 0;
    for (std::size_t i = 0; i < 4; ++i)
      places = static_cast<std::uint8_t>(places | (pick.from[i] & 3U) << 2 * i);
    return code_->vpermpd(Ymm(d), Ymm(a), places);
  }
  if (is_avx512()) {
    code_->vmovups(Zmm(scratch_), memory_.table(positions(pick, dtype)));
    is_wide(dtype) ? code_->vpermpd(Zmm(d), Zmm(scratch_), Zmm(a))
                   : code_->vpermps(Zmm(d), Zmm(scratch_), Zmm(a));
  } else {
    code_->vmovups(Ymm(scratch_), memory_.table(positions(pick, dtype)));
    code_->vpermps(Ymm(d), Ymm(scratch_), Ymm(a));
  }
}

/// Permutes lanes of `a` into those lanes of d that `pick` names.
void LineAssembler::blend(int d, int a, DType dtype, const Pick& pick) {
  if (!is_avx512()) {
    const int picked = scratch_ + 1;
    permute(picked, a, dtype, pick);
    const auto mask = static_cast<std::uint8_t>(pick.mask);
    return is_wide(dtype) ? code_->vblendpd(Ymm(d), Ymm(d), Ymm(picked), mask)
                          : code_->vblendps(Ymm(d), Ymm(d), Ymm(picked), mask);
  }
  const Opmask mask(1);
  memory_.set_mask(mask, pick.mask);
  code_->vmovups(Zmm(scratch_), memory_.table(positions(pick, dtype)));
  is_wide(dtype) ? code_->vpermpd(Zmm(d) | mask, Zmm(scratch_), Zmm(a))
                 : code_->vpermps(Zmm(d) | mask, Zmm(scratch_), Zmm(a));
}

// ---- calls

/// Repeats the first element in the lanes from `lanes` on, since functions are slow where they get
/// zeros.
void LineAssembler::repeat_first(int d, DType dtype, int lanes) {
  const int all = all_lanes(dtype);
  if (lanes == all) return;
  if (lanes == 1) return repeat_element(d, d, dtype);
  const std::uint32_t beyond = ((1U << all) - 1) & ~((1U << lanes) - 1);
  if (is_avx512()) {
    const Opmask mask(1);
    memory_.set_mask(mask, beyond);
    return is_wide(dtype) ? code_->vbroadcastsd(Zmm(d) | mask, Xmm(d))
                          : code_->vbroadcastss(Zmm(d) | mask, Xmm(d));
  }
  repeat_element(scratch_, d, dtype);
  const auto imm = static_cast<std::uint8_t>(beyond);
  is_wide(dtype) ? code_->vblendpd(Ymm(d), Ymm(d), Ymm(scratch_), imm)
                 : code_->vblendps(Ymm(d), Ymm(d), Ymm(scratch_), imm);
}

/// Calls a function for the whole vectors 0 and 1.
void LineAssembler::call_function(const Operation& op) {
  code_->use_lanes(all_lanes(op.dtype));
  code_->call_function(op, vector_function(set_, op.primitive, op.dtype));
  memory_.forget_volatile();
}

void LineAssembler::call_one(std::uint32_t s) {
  const LineStep& step = line_.steps[s];
  const std::array<std::uint32_t, 2> operands{step.a, step.b};
  Operation op = operation(step);
  op.a = values_.bring(step.a);
  if (step.b != none) op.b = values_.bring(step.b);
  values_.leave_registers(operands);
  code_->use_lanes(line_.lanes);
  code_->move_arguments(op);
  for (int i = 0; i < arity_of(step.primitive); ++i) repeat_first(i, step.dtype, step.lanes);
  finish(step);
  call_function(op);
  values_.forget_registers(operands);
  values_.hold(s, 0);
}

/// Calls a function once for several elements: their operands are put side by side, and the results
/// stay in the scratch memory.
void LineAssembler::call_together(std::span<const std::uint32_t> calls) {
  const LineStep& first = line_.steps[calls[0]];
  values_.leave_registers({});
  std::vector<std::uint32_t> elements;
  for (const std::uint32_t s : calls) elements.push_back(line_.steps[s].a);
  gather(0, first.dtype, elements);
  if (first.b != none) {
    elements.clear();
    for (const std::uint32_t s : calls) elements.push_back(line_.steps[s].b);
    gather(1, first.dtype, elements);
  }
  for (const std::uint32_t s : calls) finish(line_.steps[s]);
  call_function(operation(first));
  const auto bytes = static_cast<std::uint32_t>(vector_bytes(set_));
  const auto size = static_cast<std::uint32_t>(size_of(first.dtype));
  const std::uint32_t at = memory_.take(bytes);
  is_avx512() ? code_->vmovups(code_->ptr[memory_.scratch(at)], Zmm(0))
              : code_->vmovups(code_->ptr[memory_.scratch(at)], Ymm(0));
  for (std::uint32_t i = 0; i < bytes / size; ++i)
    i < calls.size() ? values_.hold_in_scratch(calls[i], at + i * size)
                     : memory_.give_back(at + i * size, size);
}

/// Puts elements side by side. The remaining lanes repeat some of them.
void LineAssembler::gather(int into, DType dtype, std::span<const std::uint32_t> elements) {
  const std::size_t in_quarter = 16 / size_of(dtype);
  const int quarters = vector_bytes(set_) / 16;
  std::array<int, 4> at{into, into, into, into};  // the registers of all quarters
  for (int q = 0; q < quarters; ++q) {
    const std::size_t begin = in_quarter * static_cast<std::size_t>(q);
    if (begin >= elements.size()) break;
    if (q > 0) at[static_cast<std::size_t>(q)] = 2 + q;
    gather_quarter(at[static_cast<std::size_t>(q)], dtype,
                   elements.subspan(begin, std::min(in_quarter, elements.size() - begin)));
  }
  if (quarters == 4) {
    code_->vinsertf128(Ymm(2), Ymm(at[2]), Xmm(at[3]), 1);
    code_->vinsertf128(Ymm(into), Ymm(into), Xmm(at[1]), 1);
    code_->vinsertf64x4(Zmm(into), Zmm(into), Ymm(2), 1);
  } else {
    code_->vinsertf128(Ymm(into), Ymm(into), Xmm(at[1]), 1);
  }
}

/// Puts elements side by side in 16 bytes. The remaining lanes repeat the first.
void LineAssembler::gather_quarter(int into, DType dtype, std::span<const std::uint32_t> elements) {
  const Xmm d(into);
  if (elements.size() == 1)
    return is_wide(dtype) ? code_->vmovddup(d, values_.element(elements[0]))
                          : code_->vbroadcastss(d, values_.element(elements[0]));
  if (is_wide(dtype)) {
    code_->vmovsd(d, values_.element(elements[0]));
    return code_->vmovhpd(d, d, values_.element(elements[1]));
  }
  code_->vbroadcastss(d, values_.element(elements[0]));
  for (std::size_t i = 1; i < elements.size(); ++i)
    code_->vinsertps(d, d, values_.element(elements[i]), static_cast<std::uint8_t>(i << 4));
}

}  // namespace dagrad::detail
