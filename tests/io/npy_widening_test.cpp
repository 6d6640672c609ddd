#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/npy.hpp"
#include "tests/io/npy_bytes.hpp"
#include "tests/io/npy_numbers.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using test::Pipe;
using test::read;
using test::with_header;

const std::filesystem::path golden = "tests/golden/npy";

Tensor numbers(DType dtype, const Shape& shape) { return test::npy_numbers(dtype, shape); }

/// The numbers of npy_numbers as NumPy casts them to another integer type.
template <class T>
Tensor wrapped(Tensor ints) {
  dispatch(ints.dtype(), [&]<class Wide>(std::type_identity<Wide>) {
    for (Wide& x : ints.mutate<Wide>())
      x = static_cast<Wide>(static_cast<T>(static_cast<std::int64_t>(x)));
  });
  return ints;
}

TEST(NpyWideningTest, WidensOnRequest) {
  const Shape cube{2, 3, 4};
  const std::pair<std::string, Tensor> files[] = {
      {"int8", numbers(i32, cube)},
      {"uint8", wrapped<std::uint8_t>(numbers(i32, cube))},
      {"int16", numbers(i32, cube)},
      {"uint16", wrapped<std::uint16_t>(numbers(i32, cube))},
      {"uint32", wrapped<std::uint32_t>(numbers(i64, cube))},
      {"float16", numbers(f32, cube)},
      {"bfloat16", numbers(f32, cube)},
      {"int64", numbers(i64, cube)}};
  for (const auto& [stem, want] : files) {
    for (const std::string what : {"", "_fortran", "_big_endian"}) {
      if (stem.ends_with("t8") && what == "_big_endian") continue;
      if (stem == "bfloat16" && !what.empty()) continue;
      const auto file = golden / (stem + what + ".npy");
      EXPECT_TRUE(same_bits(read_npy(file, {.widen = true}), want)) << file;
      if (stem == "uint16" || stem == "uint32") {
        EXPECT_THROW(read_npy(file), FileError) << file;
      }
    }
  }
}

TEST(NpyWideningTest, WidensLongArrays) {
  std::string data;
  std::vector<std::int32_t> want;
  for (int i = 0; i < 20'000; ++i) {
    want.push_back(i);
    data += static_cast<char>(i >> 8);
    data += static_cast<char>(i & 0xFF);
  }
  const std::string bytes =
      with_header("{'descr': '>u2', 'fortran_order': False, 'shape': (20000,)}", data);
  EXPECT_EQ(read(bytes, {.widen = true}).to_vector<std::int32_t>(), want);
  EXPECT_THROWS(
      read(bytes.substr(0, bytes.size() - 1), {.widen = true}), FileError,
      "read_npy: stream: byte 69: expected 40000 bytes of uint16[20000], but the file ends "
      "after 39999");
  Pipe pipe(bytes.substr(0, bytes.size() - 1));
  std::istream in(&pipe);
  EXPECT_THROWS(read_npy(in, "pipe", {.widen = true}), FileError,
                "read_npy: pipe: byte 69: expected 40000 bytes of uint16[20000], but the file ends "
                "after 39999");
}

TEST(NpyWideningTest, WidensEveryHalf) {
  std::string data;
  for (int half = 0; half < 1 << 16; ++half) {
    data += static_cast<char>(half & 0xFF);
    data += static_cast<char>(half >> 8);
  }
  const auto floats =
      read(with_header("{'descr': '<f2', 'fortran_order': False, 'shape': (65536,)}", data),
           {.widen = true})
          .to_vector<float>();
  for (int half = 0; half < 1 << 16; ++half) {
    const int exponent = half >> 10 & 0x1F, fraction = half & 0x3FF;
    const float x = floats[static_cast<std::size_t>(half)];
    ASSERT_EQ(std::signbit(x), half >= 1 << 15) << half;
    if (exponent == 0x1F && fraction != 0) {
      ASSERT_TRUE(std::isnan(x)) << half;
      continue;
    }
    const float want = exponent == 0x1F ? std::numeric_limits<float>::infinity()
                       : exponent == 0
                           ? std::ldexp(static_cast<float>(fraction), -24)
                           : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
    ASSERT_EQ(std::abs(x), want) << half;
  }
}

}  // namespace
}  // namespace dagrad
