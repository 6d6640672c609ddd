#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "dagrad/convert.hpp"
#include "dagrad/instruction_set.hpp"
#include "dagrad/number.hpp"
#include "dagrad/program.hpp"
#include "src/loops/cache.hpp"
#include "src/program/functions.hpp"
#include "src/program/primitives.hpp"
#include "tests/dtypes.hpp"

/// Compares loops of machine code with the interpreter.
namespace dagrad::loops {

constexpr auto dtypes = test::every_dtype;

/// Elements of one dtype, as bytes.
struct Array {
  DType dtype = f64;
  std::vector<std::byte> bytes;

  Array() = default;
  Array(DType type, std::size_t n) : dtype(type), bytes(n * size_of(type)) {}
  template <Element T>
  static Array of(const std::vector<T>& values) {
    Array array(dtype_of<T>, values.size());
    for (std::size_t i = 0; i < values.size(); ++i) array.set<T>(i, values[i]);
    return array;
  }
  std::size_t size() const { return bytes.size() / size_of(dtype); }
  template <Element T>
  T get(std::size_t i) const {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    return value;
  }
  template <Element T>
  void set(std::size_t i, T value) {
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
};

/// Special 16-bit floats: zeros, subnormals, the largest, infinities, quiet and signalling NaN, and
/// ordinary numbers.
template <Element T>
std::vector<T> narrow_edges() {
  std::vector<T> values;
  for (float number :
       {0.25F, 0.5F, 0.75F, 1.0F, 1.5F, 2.0F, 2.5F, 3.7F, 10.0F, 100.0F, 710.0F, 6e4F})
    values.push_back(T(number));
  const int inf = T(std::numeric_limits<float>::infinity()).bits;
  for (int bits : {0, 1, 2, 3, 0x7f, 0x80, 0x3ff, 0x400, inf - 2, inf - 1, inf, inf + 1, 0x7fff})
    values.push_back(T::from_bits(static_cast<std::uint16_t>(bits)));
  for (std::size_t i = 0, n = values.size(); i < n; ++i) {
    values.push_back(T::from_bits(static_cast<std::uint16_t>(values[i].bits | 0x8000)));
  }
  return values;
}

/// The values of a dtype at which primitives have edges.
template <Element T>
std::vector<T> edges() {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_same_v<T, bool>) {
    return {false, true, true, false};
  } else if constexpr (std::is_integral_v<T> && sizeof(T) < 4) {
    return {0, 1, T(-1), 2, T(-2), 7, 100, Limits::max(), Limits::min(), T(Limits::max() - 1)};
  } else if constexpr (std::is_integral_v<T>) {
    return {0,
            1,
            -1,
            2,
            -2,
            3,
            -3,
            Limits::max(),
            Limits::min(),
            Limits::max() - 1,
            Limits::min() + 1,
            46341,
            -46341,
            65536,
            -65537,
            1 << 30,
            123456789,
            7,
            -7,
            16777217,
            -16777217};
  } else if constexpr (!std::is_floating_point_v<T>) {
    return narrow_edges<T>();
  } else {
    const T inf = Limits::infinity(), nan = Limits::quiet_NaN();
    std::vector<T> values{0,
                          T(0.25),
                          T(0.5),
                          T(0.75),
                          1,
                          T(1.5),
                          2,
                          T(2.5),
                          T(3.7),
                          10,
                          100,
                          710,
                          1e10F,
                          Limits::denorm_min(),
                          Limits::min(),
                          Limits::max(),
                          Limits::epsilon(),
                          inf,
                          nan,
                          T(2147483647.0),
                          T(2147483648.0),
                          T(2147483904.0),
                          T(2147483520.0),
                          T(2147483646.5),
                          T(9223372036854775808.0),
                          T(9223371487098961920.0),
                          T(9223372036854774784.0),
                          T(1e30),
                          T(8388609),
                          T(4503599627370497.0)};
    for (std::size_t i = 0, n = values.size(); i < n; ++i) values.push_back(-values[i]);
    return values;
  }
}

inline Array edge_array(DType dtype) {
  return dispatch_stored(dtype,
                         []<class T>(std::type_identity<T>) { return Array::of<T>(edges<T>()); });
}

/// A program of one primitive on inputs of these dtypes.
inline Program one_word(Primitive primitive, DType result, const std::vector<DType>& operands) {
  Program program;
  Instruction step{.primitive = primitive, .dtype = result};
  std::uint32_t* places[] = {&step.a, &step.b, &step.c};
  for (std::uint32_t i = 0; i < operands.size(); ++i) {
    program.steps.push_back({.primitive = Primitive::input, .dtype = operands[i], .data = i});
    program.inputs.push_back(operands[i]);
    *places[i] = i;
  }
  program.steps.push_back(step);
  program.outputs = {static_cast<std::uint32_t>(operands.size())};
  return program;
}

inline std::vector<Array> results(const Program& program, std::size_t n) {
  std::vector<Array> out;
  for (std::size_t i = 0; i < program.outputs.size(); ++i)
    out.emplace_back(program.output_dtype(i), n);
  return out;
}

/// Calls `run(in, out)` with pointers to the bytes of the arrays.
template <class F>
void with_pointers(std::span<const Array> in, std::span<Array> out, F&& run) {
  std::vector<const void*> from;
  std::vector<void*> to;
  for (const Array& array : in) from.push_back(array.bytes.data());
  for (Array& array : out) to.push_back(array.bytes.data());
  run(from, to);
}

inline std::vector<Array> run_interpreted(const Program& program, std::span<const Array> in,
                                          std::span<const std::int64_t> in_step, std::size_t n) {
  std::vector<Array> out = results(program, n);
  with_pointers(in, out, [&](auto& from, auto& to) {
    interpret(program, from, in_step, to, static_cast<std::int64_t>(n));
  });
  return out;
}

inline std::vector<Array> run_assembled(const Program& program, std::span<const Array> in,
                                        std::span<const std::int64_t> in_step, std::size_t n,
                                        InstructionSet set) {
  const detail::Loop loop(program, in_step, set, static_cast<std::int64_t>(n));
  EXPECT_GT(loop.code_bytes(), 0U);
  std::vector<Array> out = results(program, n);
  with_pointers(in, out, [&](auto& from, auto& to) {
    loop.run(program, from.data(), to.data(), static_cast<std::int64_t>(n));
  });
  return out;
}

/// The distance of two floats in units in the last place; 0 for equal values and for two NaN.
template <Element T>
double ulps(T a, T b) {
  if constexpr (is_float(dtype_of<T>) && sizeof(T) == 2) {
    const auto x = static_cast<float>(a), y = static_cast<float>(b);
    if (x != x || y != y) return x != x && y != y ? 0 : std::numeric_limits<double>::infinity();
    const auto place = [](T value) {
      return value.bits < 0x8000 ? value.bits : 0x7fff - value.bits;
    };
    return std::abs(place(a) - place(b));
  } else if constexpr (std::is_floating_point_v<T>) {
    if (a == b || (a != a && b != b))
      return std::signbit(a) == std::signbit(b) || a != 0 || a != a ? 0 : 1;
    if (!std::isfinite(a) || !std::isfinite(b)) return std::numeric_limits<double>::infinity();
    const T most = std::max(std::fabs(a), std::fabs(b));
    const T unit =
        std::max(most - std::nextafter(most, T(0)), std::numeric_limits<T>::denorm_min());
    return std::fabs(static_cast<double>(a) - static_cast<double>(b)) / static_cast<double>(unit);
  } else {
    return a == b ? 0 : std::numeric_limits<double>::infinity();
  }
}

/// "element 3: -0 against 0", or an empty text if all elements are within `bound` units in the last
/// place.
inline std::string difference(const Array& got, const Array& wanted, double bound = 0) {
  return dispatch_stored(got.dtype, [&]<class T>(std::type_identity<T>) -> std::string {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const T a = got.get<T>(i), b = wanted.get<T>(i);
      if (ulps(a, b) <= bound) continue;
      return "element " + std::to_string(i) + ": " + ::testing::PrintToString(widen(a)) +
             " against " + ::testing::PrintToString(widen(b));
    }
    return {};
  });
}

/// Instruction sets with an assembler that this machine can run.
inline std::vector<InstructionSet> assembled_sets() {
  std::vector<InstructionSet> sets;
  for (InstructionSet set : {InstructionSet::avx2, InstructionSet::avx512}) {
    if (available(set)) sets.push_back(set);
  }
  return sets;
}

}  // namespace dagrad::loops
