// Long loops compute two vectors at a time; every length and dtype, compared with the interpreter.

#include <gtest/gtest.h>

#include "tests/loops/support.hpp"

namespace dagrad::loops {
namespace {

/// So many steps that pairs pay, on few values at once; one of the results is a bool.
Program long_chain(DType dtype) {
  Recorder recorder;
  const Symbol x = recorder.input(dtype), y = recorder.input(dtype), limit = recorder.input(dtype),
               flag = recorder.input(b8);
  Symbol t = x;
  for (int i = 0; i < 8; ++i) t = select(flag, t * x + y, t - limit);
  return *std::move(recorder).finish(std::vector{t, t < limit}, dtype);
}

/// Elements of small size, so that chains stay finite, and special ones here and there.
Array elements(DType dtype, std::size_t n, std::size_t seed) {
  const Array special = edge_array(dtype);
  Array result(dtype, n);
  dispatch_stored(dtype, [&]<class T>(std::type_identity<T>) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t k = (i + 1) * seed;
      result.set<T>(i, k % 11 == 0 || dtype == b8 ? special.get<T>(k % special.size())
                                                  : convert<T>(static_cast<double>(k % 7) / 4 - 1));
    }
  });
  return result;
}

class Pairs : public ::testing::TestWithParam<DType> {};

TEST_P(Pairs, AreBitEqualAtEveryLength) {
  const DType dtype = GetParam();
  const Program program = long_chain(dtype);
  const std::vector<std::int64_t> in_step{1, 1, 0, 1};
  for (std::size_t n = 1; n <= 5 * 16 + 1; ++n) {
    const std::vector<Array> in{elements(dtype, n, 5), elements(dtype, n, 3), elements(dtype, 1, 2),
                                elements(b8, n, 3)};
    const auto plain = run_interpreted(program, in, in_step, n);
    for (InstructionSet set : assembled_sets()) {
      const auto assembled = run_assembled(program, in, in_step, n, set);
      for (std::size_t i = 0; i < plain.size(); ++i)
        ASSERT_EQ(difference(assembled[i], plain[i]), "")
            << "result " << i << " of " << n << " elements in " << name(set);
    }
  }
}

TEST_P(Pairs, MayOverwriteAnOperand) {
  const DType dtype = GetParam();
  const Program program = long_chain(dtype);
  const std::vector<std::int64_t> in_step{1, 1, 0, 1};
  constexpr std::size_t n = 100;
  for (InstructionSet set : assembled_sets()) {
    std::vector<Array> in{elements(dtype, n, 5), elements(dtype, n, 3), elements(dtype, 1, 2),
                          elements(b8, n, 3)};
    const auto plain = run_interpreted(program, in, in_step, n);
    const detail::Loop loop(program, in_step, set);
    const void* const from[] = {in[0].bytes.data(), in[1].bytes.data(), in[2].bytes.data(),
                                in[3].bytes.data()};
    void* const to[] = {in[1].bytes.data(), in[3].bytes.data()};
    loop.run(program, from, to, n);
    EXPECT_EQ(difference(in[1], plain[0]), "") << name(set);
    EXPECT_EQ(difference(in[3], plain[1]), "") << name(set);
  }
}

INSTANTIATE_TEST_SUITE_P(DTypes, Pairs,
                         ::testing::Values(f64, f32, i64, i32, DType::float16, DType::bfloat16),
                         [](const auto& test) { return std::string(name(test.param)); });

}  // namespace
}  // namespace dagrad::loops
