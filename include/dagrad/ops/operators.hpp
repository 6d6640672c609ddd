#pragma once

#include <type_traits>

#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/logic.hpp"

/// Operators on values, each of which is the op of its name. One side may be a plain number. `==`
/// and `!=` compare handles, as containers need; their elementwise counterparts are `equal` and
/// `not_equal`.
namespace dagrad {

inline Value operator-(const Operand& x) { return neg(x); }
inline Value operator+(const Operand& a, const Operand& b) { return add(a, b); }
inline Value operator-(const Operand& a, const Operand& b) { return sub(a, b); }
inline Value operator*(const Operand& a, const Operand& b) { return mul(a, b); }
inline Value operator/(const Operand& a, const Operand& b) { return div(a, b); }
inline Value operator%(const Operand& a, const Operand& b) { return remainder(a, b); }
inline Value operator<(const Operand& a, const Operand& b) { return less(a, b); }
inline Value operator<=(const Operand& a, const Operand& b) { return less_equal(a, b); }
inline Value operator>(const Operand& a, const Operand& b) { return greater(a, b); }
inline Value operator>=(const Operand& a, const Operand& b) { return greater_equal(a, b); }
/// Both sides are computed: these operators do not short-circuit.
inline Value operator&&(const Operand& a, const Operand& b) { return logical_and(a, b); }
inline Value operator||(const Operand& a, const Operand& b) { return logical_or(a, b); }
inline Value operator!(const Operand& x) { return logical_not(x); }

// The same for results of expressions, such as !(x > 0): preferred to C++'s own operators, which
// would make conditions of them. Their nodes are as new as the expression, and tell its line.
inline Value operator!(Value&& x) { return logical_not({x, x.node().where()}); }
inline Value operator&&(const Value& a, const Operand& b) { return logical_and({a, b.where()}, b); }
inline Value operator||(const Value& a, const Operand& b) { return logical_or({a, b.where()}, b); }
template <class T>
requires std::is_arithmetic_v<T>
inline Value operator&&(Value&& a, T b) { return logical_and({a, a.node().where()}, b); }
template <class T>
requires std::is_arithmetic_v<T>
inline Value operator||(Value&& a, T b) { return logical_or({a, a.node().where()}, b); }
template <class T>
requires std::is_arithmetic_v<T>
inline Value operator&&(T a, Value&& b) { return logical_and(a, {b, b.node().where()}); }
template <class T>
requires std::is_arithmetic_v<T>
inline Value operator||(T a, Value&& b) { return logical_or(a, {b, b.node().where()}); }

// These let the handle name a new node; the graph only grows.
inline Value& operator+=(Value& a, const Operand& b) { return a = Operand(a, b.where()) + b; }
inline Value& operator-=(Value& a, const Operand& b) { return a = Operand(a, b.where()) - b; }
inline Value& operator*=(Value& a, const Operand& b) { return a = Operand(a, b.where()) * b; }
inline Value& operator/=(Value& a, const Operand& b) { return a = Operand(a, b.where()) / b; }
inline Value& operator%=(Value& a, const Operand& b) { return a = Operand(a, b.where()) % b; }

}  // namespace dagrad
