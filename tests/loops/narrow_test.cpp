// 16-bit floats in loops: every bit pattern, all roundings, and where they are rounded.

#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <random>

#include "tests/loops/support.hpp"

namespace dagrad::loops {
namespace {

class Narrow : public ::testing::TestWithParam<DType> {};

/// All bit patterns, in a mixed order.
Array all_patterns(DType dtype, unsigned step = 1) {
  Array array(dtype, 1 << 16);
  for (unsigned i = 0; i < 1 << 16; ++i) {
    const auto bits = static_cast<std::uint16_t>(i * step);
    std::memcpy(&array.bytes[2 * i], &bits, 2);
  }
  return array;
}

/// Compares results of the loop and of the interpreter with the same functions.
void expect_same(const Program& program, std::span<const Array> in, bool bits,
                 const std::string& what) {
  const std::vector<std::int64_t> dense(in.size(), 1);
  for (InstructionSet set : assembled_sets()) {
    const UseFunctions same(set);
    const auto wanted = run_interpreted(program, in, dense, in[0].size());
    const auto got = run_assembled(program, in, dense, in[0].size(), set);
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(difference(got[i], wanted[i]), "") << what << " in " << name(set);
      if (bits) {
        EXPECT_EQ(got[i].bytes, wanted[i].bytes) << what << " in " << name(set);
      }
    }
  }
}

TEST_P(Narrow, EveryPatternIsLoadedAndStoredBitByBit) {
  const std::vector<Array> in{all_patterns(GetParam())};
  for (DType to : {f16, bf16, f32}) {
    expect_same(one_word(Primitive::cast, to, {GetParam()}), in, true, std::string(name(to)));
  }
  Program copy;
  copy.steps.push_back({.dtype = GetParam()});
  copy.inputs = {GetParam()};
  copy.outputs = {0};
  expect_same(copy, in, true, "copy");
}

TEST_P(Narrow, EveryUnaryPrimitiveOnEveryPattern) {
  const std::vector<Array> in{all_patterns(GetParam())};
  for (auto p = Primitive::cast; p < Primitive::sigmoid; p = Primitive(int(p) + 1)) {
    if (arity(p) != 1 || !detail::operand_dtypes(p).contains(GetParam())) continue;
    const DType result = detail::is_test(p) ? b8 : GetParam();
    expect_same(one_word(p, result, {GetParam()}), in, false, std::string(name(p)));
  }
}

TEST_P(Narrow, EveryBinaryPrimitiveOnEveryPattern) {
  const std::vector<Array> in{all_patterns(GetParam()), all_patterns(GetParam(), 40503)};
  for (auto p = Primitive::cast; p < Primitive::sigmoid; p = Primitive(int(p) + 1)) {
    if (arity(p) != 2 || !detail::operand_dtypes(p).contains(GetParam())) continue;
    const DType result = detail::is_test(p) ? b8 : GetParam();
    expect_same(one_word(p, result, {GetParam(), GetParam()}), in, false, std::string(name(p)));
  }
}

/// Every number, the middle between it and the next one, and the floats beside that middle.
TEST_P(Narrow, FloatsAreRoundedToNearestAndTiesToEven) {
  const std::vector<Array> patterns{all_patterns(GetParam())};
  const Array elements = run_interpreted(one_word(Primitive::cast, f32, {GetParam()}), patterns,
                                         std::vector<std::int64_t>{1}, 1 << 16)[0];
  std::vector<float> floats;
  for (std::size_t i = 0; i + 1 < elements.size(); ++i) {
    const float low = elements.get<float>(i), high = elements.get<float>(i + 1);
    const float middle = low + (high - low) / 2;
    for (float x : {low, middle, std::nextafter(middle, low), std::nextafter(middle, high)})
      floats.push_back(x);
  }
  const float huge = std::numeric_limits<float>::max(), tiny = 1e-45F;
  for (float x : {65519.996F, 65520.0F, -65520.0F, huge, -huge, tiny, -tiny}) floats.push_back(x);
  const std::vector<Array> in{Array::of(floats)};
  expect_same(one_word(Primitive::cast, GetParam(), {f32}), in, true, "cast");
}

TEST_P(Narrow, NaNStaysNaNAndBecomesQuiet) {
  std::vector<std::uint32_t> bits;
  for (std::uint32_t payload :
       {1U, 0x1fffU, 0x2000U, 0xffffU, 0x10000U, 0x3fffffU, 0x400000U, 0x7fffffU})
    for (std::uint32_t sign : {0U, 0x80000000U}) bits.push_back(sign | 0x7f800000U | payload);
  Array floats(f32, bits.size());
  std::memcpy(floats.bytes.data(), bits.data(), floats.bytes.size());
  expect_same(one_word(Primitive::cast, GetParam(), {f32}), std::vector<Array>{floats}, true,
              "cast");
}

TEST_P(Narrow, RoundsToNearestInEveryRoundingMode) {
  const std::vector<Array> in{
      Array::of<float>({1 + 0x1p-20F, -1 - 0x1p-20F, 65519, 1e-9F, -1e-9F})};
  const Program program = one_word(Primitive::cast, GetParam(), {f32});
  const std::vector<std::int64_t> dense{1};
  const auto wanted = run_interpreted(program, in, dense, in[0].size());
  for (InstructionSet set : assembled_sets()) {
    for (int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
      std::fesetround(mode);
      const auto got = run_assembled(program, in, dense, in[0].size(), set);
      std::fesetround(FE_TONEAREST);
      EXPECT_EQ(got[0].bytes, wanted[0].bytes) << name(set) << " " << mode;
    }
  }
}

/// float64 numbers and integers next to a tie of float, to which they must not be rounded first.
TEST_P(Narrow, CastsRoundOnce) {
  std::vector<double> doubles;
  std::vector<std::int64_t> wide;
  std::vector<std::int32_t> ints;
  std::mt19937_64 random(3);
  for (int exponent = -160; exponent < 130; ++exponent) {
    for (double tie : {1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1p-11, 1 + 3 * 0x1p-11}) {
      for (double beside : {-0x1p-40, 0.0, 0x1p-40})
        doubles.push_back(std::ldexp(tie + beside, exponent));
    }
  }
  for (int shift = 0; shift < 62; ++shift) {
    for (int more : {-1, 0, 1}) {
      const std::int64_t one = 1, tie = (one << shift) + (shift < 9 ? 0 : one << (shift - 8));
      wide.push_back(tie + more);
      wide.push_back(-tie - more);
      if (shift < 31) ints.push_back(static_cast<std::int32_t>(tie + more));
    }
  }
  for (int i = 0; i < 10'000; ++i) {
    wide.push_back(static_cast<std::int64_t>(random()) >> (random() % 64));
    ints.push_back(static_cast<std::int32_t>(random()) >> (random() % 32));
  }
  const auto expect = [&](const Array& from) {
    expect_same(one_word(Primitive::cast, GetParam(), {from.dtype}), std::vector<Array>{from}, true,
                std::string(name(from.dtype)));
  };
  expect(Array::of(doubles));
  expect(Array::of(wide));
  expect(Array::of(ints));
}

/// x + 4096 - 4096 - x is 0 in float32, but -x if x + 4096 is rounded to 4096.
TEST_P(Narrow, OnlyResultsAndCastsAreRounded) {
  const auto program = [&](bool rounds) {
    Recorder recorder;
    const Symbol x = recorder.input(GetParam());
    Symbol sum = x + 4096;
    if (rounds) sum = recorder.step({Primitive::cast, GetParam(), sum.step()});
    const Symbol results[] = {sum - 4096 - x, sum};
    return *std::move(recorder).finish(results, GetParam());
  };
  const float x = 1.5F;
  const std::vector<Array> in{dispatch_stored(
      GetParam(), [&]<class T>(std::type_identity<T>) { return Array::of<T>({T(x)}); })};
  const std::vector<std::int64_t> dense{1};
  for (InstructionSet set : assembled_sets()) {
    for (bool rounds : {false, true}) {
      const auto out = run_assembled(program(rounds), in, dense, 1, set);
      dispatch_stored(GetParam(), [&]<class T>(std::type_identity<T>) {
        EXPECT_EQ(widen(out[0].get<T>(0)), T(rounds ? -x : 0)) << name(set);
        EXPECT_EQ(widen(out[1].get<T>(0)), T(x + 4096)) << name(set);
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dtypes, Narrow, ::testing::Values(f16, bf16),
                         [](const auto& instance) { return std::string(name(instance.param)); });

}  // namespace
}  // namespace dagrad::loops
