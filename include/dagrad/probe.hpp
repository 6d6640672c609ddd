#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

#include "dagrad/convert.hpp"
#include "dagrad/detail/math.hpp"
#include "dagrad/number.hpp"

namespace dagrad {

namespace detail {

/// An integer that identifies the branch which a primitive took for `a` and `b`, with result `out`:
/// crossing a kink or a jump changes it. Empty for primitives that have neither.
template <Element T>
std::optional<std::int64_t> decision(Primitive p, T a, T b, T out) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<std::int64_t>(out);
  } else {
    switch (p) {
      case Primitive::abs:
      case Primitive::sign:
        return (a > 0) - (a < 0);
      case Primitive::floor:
      case Primitive::ceil:
      case Primitive::round:
      case Primitive::trunc:
      case Primitive::floor_divide:
        return convert<std::int64_t>(out);
      case Primitive::maximum:
      case Primitive::minimum:
        return (a > b) - (a < b);
      case Primitive::copysign:
        return 2 * ((a > 0) - (a < 0)) + math::signbit(b);
      case Primitive::remainder:
        return convert<std::int64_t>(math::nearbyint((a - out) / b));
      case Primitive::atan2:  // the cut along the negative x axis; a = y, b = x
        return b < 0 ? (math::signbit(a) ? -1 : 1) : 0;
      default:
        return {};
    }
  }
}

}  // namespace detail

/// The reading of a branching functor as a trace of its decisions: it computes like a `Number` and
/// reports the outcome of each comparison, sign, rounding and maximum to the sink, which must
/// outlive it.
template <Element T>
class Probe {
 public:
  using Boolean = Probe<bool>;
  using value_type = T;

  template <class L>
  requires std::is_arithmetic_v<L> Probe(L literal) : value_(literal) {}
  Probe(T value, const DecisionSink& sink) : value_(value), sink_(&sink) {}
  T value() const { return value_.value(); }

  static Probe call(Primitive p, const Probe& a) {
    return tell(p, a, a, Number<T, true>::call(p, a.value_), a.sink_);
  }
  static Probe call(Primitive p, const Probe& a, const Probe& b) {
    return tell(p, a, b, Number<T, true>::call(p, a.value_, b.value_), either(a, b));
  }
  static Boolean test(Primitive p, const Probe& a) {
    return {Number<T, true>::test(p, a.value_), a.sink_};
  }
  static Boolean test(Primitive p, const Probe& a, const Probe& b) {
    return {Number<T, true>::test(p, a.value_, b.value_), either(a, b)};
  }
  static Probe choose(const Boolean& condition, const Probe& a, const Probe& b) {
    return condition.value() ? a : b;
  }

  template <class B>
  requires std::same_as<B, bool>
  explicit operator B() const { return static_cast<bool>(value_); }

 private:
  template <Element>
  friend class Probe;
  /// The result of a test, which is itself a decision.
  Probe(Number<T, true> value, const DecisionSink* sink) : value_(value), sink_(sink) {
    if (sink != nullptr) (*sink)(static_cast<std::int64_t>(value_.value()));
  }
  static const DecisionSink* either(const Probe& a, const Probe& b) {
    return a.sink_ != nullptr ? a.sink_ : b.sink_;
  }
  static Probe tell(Primitive p, const Probe& a, const Probe& b, Number<T, true> out,
                    const DecisionSink* sink) {
    const auto branch = detail::decision<T>(p, a.value(), b.value(), out.value());
    if (branch && sink != nullptr) (*sink)(*branch);
    Probe result(out.value());
    result.sink_ = sink;
    return result;
  }

  Number<T, true> value_;
  const DecisionSink* sink_ = nullptr;
};

namespace detail {
template <class T>
inline constexpr bool is_branching<Probe<T>> = true;
}  // namespace detail

}  // namespace dagrad
