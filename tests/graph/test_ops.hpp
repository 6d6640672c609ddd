#pragma once

#include "dagrad/apply.hpp"
#include "dagrad/rewrite.hpp"

/// Small ops of a user's own, so that the tests of graphs need none of the built-in ones.
namespace test {

using namespace dagrad;

struct Plus {
  static constexpr auto name = "plus";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T a, T b) const {
    return a + b;
  }
};
inline Value plus(const Operand& a, const Operand& b) { return apply(Plus{}, {a, b}); }

struct Times {
  static constexpr auto name = "times";
  template <class T>
  T operator()(T a, T b) const {
    return a * b;
  }
};
inline Value times(const Operand& a, const Operand& b) { return apply(Times{}, {a, b}); }

struct Scale {
  double by = 2;
  using attributes = dagrad::attributes<&Scale::by>;
  static constexpr auto name = "scale";
  template <class T>
  T operator()(T x) const {
    return by * x;
  }
};
inline Value scale(const Operand& x, double by) { return apply(Scale{by}, {x}); }

/// Two results: the first half of a vector and the rest.
struct Halve {
  static constexpr auto name = "halve";
  static constexpr no_grad grad{"a test has no use for it"};
  std::array<Type, 2> infer(std::span<const Type> in) const {
    if (in[0].shape.rank() != 1) throw ShapeError("takes a vector, got " + to_string(in[0]));
    const std::int64_t n = in[0].shape[0];
    return {Type{in[0].dtype, {n / 2}}, Type{in[0].dtype, {n - n / 2}}};
  }
  void eval(const EvalContext&) const {}
};
inline std::array<Value, 2> halve(const Operand& x) { return apply(Halve{}, {x}); }

/// The shape of its second operand, whose value it does not read.
struct Fill {
  static constexpr auto name = "fill";
  static constexpr std::array type_only{1};
  static constexpr no_grad grad{"a test has no use for it"};
  Type infer(std::span<const Type> in) const { return in[1]; }
  void eval(const EvalContext&) const {}
};
inline Value fill(const Operand& x, const Operand& like) { return apply(Fill{}, {x, like}); }

/// What `f` throws, as text; fails where it throws nothing of that type.
template <class E, class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "(nothing of that type was thrown)";
}

}  // namespace test
