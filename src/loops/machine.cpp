#include "src/loops/machine.hpp"

namespace dagrad::detail {

namespace {

using Xbyak::Ymm, Xbyak::Zmm;

/// A comparison in place of the test `w`.
Word as_test(Primitive primitive, const Word& w, int a, int b) {
  return {
      .primitive = primitive, .dtype = b8, .operand = w.operand, .d = w.d, .a = a, .b = b, .c = 0};
}

// Of vroundps and vrndscaleps: no exception for inexact results, and as the processor rounds for
// `round`, as std::nearbyint does.
constexpr std::uint8_t round_nearest = 0xc, round_down = 9, round_up = 10, round_to_zero = 11;

}  // namespace

const LoopMachine::Forms LoopMachine::maximum_forms{&Generator::vmaxps, &Generator::vmaxpd,
                                                    &Generator::vpmaxsd, &Generator::vpmaxsq};
const LoopMachine::Forms LoopMachine::minimum_forms{&Generator::vminps, &Generator::vminpd,
                                                    &Generator::vpminsd, &Generator::vpminsq};

/// Code is written on the heap, and copied to where it runs when it is done.
Xbyak::Allocator* LoopMachine::heap() {
  struct Heap : Xbyak::Allocator {
    bool useProtect() const override { return false; }
  };
  static Heap heap;
  return &heap;
}

LoopMachine::Xmm LoopMachine::vec(int number, DType dtype) const {
  switch (static_cast<int>(size_of(dtype)) * lanes_) {
    case 64:
      return Zmm(number);
    case 32:
      return Ymm(number);
    default:
      return Xmm(number);
  }
}

void LoopMachine::load_number(const Xmm& into, DType dtype, const Xbyak::Address& from) {
  if (size_of(dtype) == 8) {
    vpbroadcastq(into, from);
  } else {
    vbroadcastss(into, from);
  }
}

void LoopMachine::literal(const Xmm& into, std::uint64_t bits, DType dtype) {
  load_number(into, dtype, ptr[rip + literals_[bits]]);
}

void LoopMachine::literals() {
  align(8);
  for (auto& [bits, label] : literals_) {
    L(label);
    dq(bits);
  }
}

void LoopMachine::emit(const Forms& forms, const Word& w) {
  const Xmm d = vec(w.d, w.dtype), a = vec(w.a, w.dtype), in_register = vec(w.b, w.dtype);
  const Xbyak::Operand& b =
      w.memory == nullptr ? static_cast<const Xbyak::Operand&>(in_register) : *w.memory;
  switch (w.dtype) {
    case DType::float32:
      return (this->*forms.f32)(d, a, b);
    case DType::float64:
      return (this->*forms.f64)(d, a, b);
    case DType::int32:
      return (this->*forms.i32)(d, a, b);
    default:
      return (this->*forms.i64)(d, a, b);
  }
}

void LoopMachine::word(const Word& w) {
  static constexpr Forms add{&Generator::vaddps, &Generator::vaddpd, &Generator::vpaddd,
                             &Generator::vpaddq};
  static constexpr Forms sub{&Generator::vsubps, &Generator::vsubpd, &Generator::vpsubd,
                             &Generator::vpsubq};
  static constexpr Forms mul{&Generator::vmulps, &Generator::vmulpd, &Generator::vpmulld, nullptr};
  static constexpr Forms div{&Generator::vdivps, &Generator::vdivpd, nullptr, nullptr};
  if (w.operand == b8 && w.primitive != Primitive::cast) return bool_word(w);
  const bool real = is_float(w.operand);
  switch (w.primitive) {
    case Primitive::cast:
      return cast(w);
    case Primitive::neg:
      return negate(w);
    case Primitive::abs:
      return absolute(w);
    case Primitive::sqrt:
      return square_root(w);
    case Primitive::floor:
      return real ? round(w, round_down) : move(w);
    case Primitive::ceil:
      return real ? round(w, round_up) : move(w);
    case Primitive::round:
      return real ? round(w, round_nearest) : move(w);
    case Primitive::trunc:
      return real ? round(w, round_to_zero) : move(w);
    case Primitive::is_nan:
      return compare(as_test(Primitive::not_equal, w, w.a, w.a));
    case Primitive::is_finite:
      return is_finite(w);
    case Primitive::add:
      return emit(add, w);
    case Primitive::sub:
      return emit(sub, w);
    case Primitive::mul:
      return w.dtype == i64 ? multiply64(w) : emit(mul, w);
    case Primitive::pull:
      return real ? pull(w) : w.dtype == i64 ? multiply64(w) : emit(mul, w);
    case Primitive::div:
      return emit(div, w);
    case Primitive::maximum:
    case Primitive::minimum:
      return extremum(w);
    case Primitive::copysign:
      return copy_sign(w);
    case Primitive::select:
      return blend(w);
    default:
      return compare(w);
  }
}

bool LoopMachine::is_single(const Instruction& step) {
  switch (step.primitive) {
    case Primitive::add:
    case Primitive::sub:
    case Primitive::div:
      return true;
    default:
      return step.primitive == Primitive::mul && step.dtype != i64;
  }
}

void LoopMachine::move(const Word& w) { vmovaps(vec(w.d, w.dtype), vec(w.a, w.dtype)); }

void LoopMachine::square_root(const Word& w) {
  const Xmm d = vec(w.d, w.dtype), a = vec(w.a, w.dtype);
  w.dtype == f32 ? vsqrtps(d, a) : vsqrtpd(d, a);
}

void LoopMachine::negate(const Word& w) {
  const Xmm d = vec(w.d, w.dtype), a = vec(w.a, w.dtype), t = scratch(0, w.dtype);
  if (is_float(w.dtype)) {
    literal(t, sign_bit(w.dtype), w.dtype);
    vxorps(d, a, t);
  } else {
    zero(t);
    w.dtype == i32 ? vpsubd(d, t, a) : vpsubq(d, t, a);
  }
}

void LoopMachine::absolute(const Word& w) {
  const Xmm d = vec(w.d, w.dtype), a = vec(w.a, w.dtype), t = scratch(0, w.dtype);
  if (is_float(w.dtype)) {
    literal(t, sign_bit(w.dtype) - 1, w.dtype);
    vandps(d, a, t);
  } else if (w.dtype == i32) {
    vpabsd(d, a);
  } else {
    absolute64(w);
  }
}

void LoopMachine::copy_sign(const Word& w) {
  const Xmm d = vec(w.d, w.dtype), t = scratch(0, w.dtype);
  literal(t, sign_bit(w.dtype), w.dtype);
  vandnps(d, t, vec(w.a, w.dtype));
  vandps(t, t, vec(w.b, w.dtype));
  vorps(d, d, t);
}

/// x - x is NaN for what is not finite.
void LoopMachine::is_finite(const Word& w) {
  const Xmm a = vec(w.a, w.operand), t = scratch(0, w.operand);
  if (!is_float(w.operand)) return compare(as_test(Primitive::equal, w, w.a, w.a));
  w.operand == f32 ? vsubps(t, a, a) : vsubpd(t, a, a);
  compare(as_test(Primitive::equal, w, scratch_, scratch_));
}

void LoopMachine::cast(const Word& w) {
  if (w.dtype == w.operand) {
    w.dtype == b8 ? logic(Logic::both, w.d, w.a, w.a) : move(w);
  } else if (w.dtype == b8) {
    zero(scratch(0, w.operand));
    compare(as_test(Primitive::not_equal, w, w.a, scratch_));
  } else {
    convert(w);
  }
}

/// Words of bools; false is less than true.
void LoopMachine::bool_word(const Word& w) {
  const auto inverted = [&](Logic op, int a, int b) {
    logic(op, w.d, a, b);
    invert(w.d, w.d);
  };
  switch (w.primitive) {
    case Primitive::logical_not:
      return invert(w.d, w.a);
    case Primitive::logical_and:
    case Primitive::minimum:
      return logic(Logic::both, w.d, w.a, w.b);
    case Primitive::logical_or:
    case Primitive::maximum:
      return logic(Logic::either, w.d, w.a, w.b);
    case Primitive::logical_xor:
    case Primitive::not_equal:
      return logic(Logic::differ, w.d, w.a, w.b);
    case Primitive::equal:
      return inverted(Logic::differ, w.a, w.b);
    case Primitive::greater:
      return logic(Logic::first_only, w.d, w.a, w.b);
    case Primitive::less:
      return logic(Logic::first_only, w.d, w.b, w.a);
    case Primitive::less_equal:
      return inverted(Logic::first_only, w.a, w.b);
    case Primitive::greater_equal:
      return inverted(Logic::first_only, w.b, w.a);
    case Primitive::is_nan:
      return logic(Logic::differ, w.d, w.a, w.a);
    case Primitive::is_finite:
      return inverted(Logic::differ, w.a, w.a);
    default:
      break;
  }
  logic(Logic::first_only, scratch_mask_, w.c, w.a);  // select
  logic(Logic::both, w.d, w.a, w.b);
  logic(Logic::either, w.d, w.d, scratch_mask_);
}

}  // namespace dagrad::detail
