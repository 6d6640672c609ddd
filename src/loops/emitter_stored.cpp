// Storage dtypes. Integers of 8 and 16 bits are held in registers as int32, floats of 16 bits as
// float32. They are widened when loaded; casts to them round to what they can represent.

#include "src/loops/emitter.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

using Xbyak::Operand, Xbyak::Xmm, Xbyak::Ymm;

/// A register with 16 bits per lane.
Xmm VectorEmitter::halves(int number) const { return 2 * lanes_ == 32 ? Ymm(number) : Xmm(number); }

void VectorEmitter::widen(const Xmm& into, DType dtype, const Operand& from) {
  switch (dtype) {
    case DType::float16:
      return vcvtph2ps(into, from);
    case DType::bfloat16:
      vpmovzxwd(into, from);
      return vpslld(into, into, 16);
    case DType::int16:
      return vpmovsxwd(into, from);
    case DType::int8:
      return vpmovsxbd(into, from);
    case DType::uint8:
      return vpmovzxbd(into, from);
    case DType::boolean:
    case DType::int32:
    case DType::int64:
    case DType::float32:
    case DType::float64:
      break;  // as wide in memory
  }
}

void VectorEmitter::broadcast_number(int d, DType dtype, const Xbyak::Address& from) {
  const Xmm into = vec(d, dtype);
  switch (dtype) {
    case DType::float16:
      vpbroadcastw(halves(d), from);
      return vcvtph2ps(into, halves(d));
    case DType::bfloat16:
      vpbroadcastw(into, from);
      return vpslld(into, into, 16);
    case DType::int16:
      vpbroadcastw(into, from);
      return vpsrad(into, into, 16);
    case DType::int8:
      vpbroadcastb(into, from);
      return vpsrad(into, into, 24);
    case DType::uint8:
      vpbroadcastb(into, from);
      return vpsrld(into, into, 24);
    case DType::boolean:
    case DType::int32:
    case DType::int64:
    case DType::float32:
    case DType::float64:
      broadcast_bits(into, dtype, from);
  }
}

void VectorEmitter::fit(int d, DType dtype, bool saturates) {
  const Xmm x = vec(d, dtype);
  switch (dtype) {
    case DType::float16:
      vcvtps2ph(halves(d), x, round_to_even);
      return vcvtph2ps(x, halves(d));
    case DType::bfloat16:
      vpsrld(x, round_to_upper_half(d), 16);
      return vpslld(x, x, 16);
    case DType::int8:
    case DType::uint8:
    case DType::int16:
      return saturates ? clamp_ints(x, dtype) : wrap_ints(x, dtype);
    case DType::boolean:
    case DType::int32:
    case DType::int64:
    case DType::float32:
    case DType::float64:
      break;  // fits
  }
}

/// Whether an int dtype has negative numbers.
static bool is_signed(DType dtype) { return digits(dtype) < 8 * static_cast<int>(size_of(dtype)); }

void VectorEmitter::clamp_ints(const Xmm& x, DType dtype) {
  const std::uint32_t greatest = (1U << digits(dtype)) - 1;
  const std::uint32_t least = is_signed(dtype) ? ~greatest : 0;
  const Xmm limit = scratch(0, i32);
  load_literal(limit, greatest, i32);
  vpminsd(x, x, limit);
  load_literal(limit, least, i32);
  vpmaxsd(x, x, limit);
}

void VectorEmitter::wrap_ints(const Xmm& x, DType dtype) {
  const auto above = static_cast<std::uint8_t>(32 - 8 * size_of(dtype));
  vpslld(x, x, above);
  is_signed(dtype) ? vpsrad(x, x, above) : vpsrld(x, x, above);
}

bool VectorEmitter::rounds_twice(const Program& program, const Instruction& step) {
  if (step.primitive != Primitive::cast) return false;
  const DType from = operand_dtype(program, step), to = step.dtype;
  return to == f16 ? from == f64 : to == bf16 && (from == f64 || from == i64 || from == i32);
}

}  // namespace dagrad::detail
