// Long loops compute several vectors at a time; every length and dtype, compared with the
// interpreter.

#include <gtest/gtest.h>

#include <array>
#include <tuple>
#include <vector>

#include "tests/loops/support.hpp"

namespace dagrad::loops {
namespace {

/// What a loop does. `numbers` has few values at once, so that four vectors follow each other
/// closely, and `many_numbers` many. The others also have bools: `choices` one at a time; `logic`
/// combines them, so that there are too few masks for vectors that follow each other closely; and
/// `repeated_logic` combines only those that are the same for all elements.
enum class Body { numbers, many_numbers, choices, logic, repeated_logic };

const std::vector<std::int64_t> in_step{1, 1, 0, 1, 0, 0};

/// So many steps that it pays to compute several vectors at a time.
Program long_body(DType dtype, Body body) {
  Recorder recorder;
  const Symbol x = recorder.input(dtype), y = recorder.input(dtype), limit = recorder.input(dtype),
               flag = recorder.input(b8), one = recorder.input(b8), other = recorder.input(b8);
  std::vector<Symbol> terms;
  Symbol t = x, is_less = flag;
  for (int i = 0; i < 12; ++i) {
    const Symbol grown = t * x + y, shrunk = t - limit;
    if (body == Body::numbers || body == Body::many_numbers) t = grown - limit;
    if (body == Body::choices) t = select(flag, grown, shrunk);
    if (body == Body::logic) t = select(is_less, grown, shrunk), is_less = flag && t < y;
    if (body == Body::repeated_logic) t = select(one || other, grown, shrunk);
    if (body == Body::many_numbers && i < 6) terms.push_back(t + i);
  }
  for (const Symbol& term : terms) t = t * term;
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

class SeveralVectorsOf : public ::testing::TestWithParam<std::tuple<DType, Body>> {};

std::vector<Array> inputs(DType dtype, std::size_t n) {
  return {elements(dtype, n, 5), elements(dtype, n, 3), elements(dtype, 1, 2),
          elements(b8, n, 3),    elements(b8, 1, 1),    elements(b8, 1, 2)};
}

TEST_P(SeveralVectorsOf, AreBitEqualAtEveryLength) {
  const auto [dtype, body] = GetParam();
  const Program program = long_body(dtype, body);
  for (std::size_t n = 1; n <= 10 * 16 + 1; ++n) {
    const std::vector<Array> in = inputs(dtype, n);
    const auto plain = run_interpreted(program, in, in_step, n);
    for (InstructionSet set : assembled_sets()) {
      const auto assembled = run_assembled(program, in, in_step, n, set);
      for (std::size_t i = 0; i < plain.size(); ++i)
        ASSERT_EQ(difference(assembled[i], plain[i]), "")
            << "result " << i << " of " << n << " elements in " << name(set);
    }
  }
}

TEST_P(SeveralVectorsOf, MayOverwriteAnOperand) {
  const auto [dtype, body] = GetParam();
  const Program program = long_body(dtype, body);
  constexpr std::size_t n = 100;
  for (InstructionSet set : assembled_sets()) {
    std::vector<Array> in = inputs(dtype, n);
    const auto plain = run_interpreted(program, in, in_step, n);
    const detail::Loop loop(program, in_step, set);
    std::vector<const void*> from;
    for (const Array& array : in) from.push_back(array.bytes.data());
    void* const to[] = {in[1].bytes.data(), in[3].bytes.data()};
    loop.run(program, from.data(), to, n);
    EXPECT_EQ(difference(in[1], plain[0]), "") << name(set);
    EXPECT_EQ(difference(in[3], plain[1]), "") << name(set);
  }
}

/// A result that is known long before the operand has been read which it overwrites.
TEST(SeveralVectors, StoreNothingBeforeTheirOperandsAreRead) {
  Recorder recorder;
  const Symbol x = recorder.input(f32), y = recorder.input(f32);
  const Symbol early = x * 2;
  Symbol late = x;
  for (int i = 0; i < 30; ++i) late = late * x + early;
  const Program program = *std::move(recorder).finish(std::vector{early, late - y}, f32);
  constexpr std::size_t n = 200;
  for (InstructionSet set : assembled_sets()) {
    std::vector<Array> in{elements(f32, n, 5), elements(f32, n, 3)};
    const std::vector<std::int64_t> dense{1, 1};
    const auto plain = run_interpreted(program, in, dense, n);
    Array second(f32, n);
    const void* const from[] = {in[0].bytes.data(), in[1].bytes.data()};
    void* const to[] = {in[1].bytes.data(), second.bytes.data()};
    detail::Loop(program, dense, set).run(program, from, to, n);
    EXPECT_EQ(difference(in[1], plain[0]), "") << name(set);
    EXPECT_EQ(difference(second, plain[1]), "") << name(set);
  }
}

std::string name_of(const ::testing::TestParamInfo<SeveralVectorsOf::ParamType>& test) {
  constexpr std::array bodies{"numbers", "many_numbers", "choices", "logic", "repeated_logic"};
  const auto [dtype, body] = test.param;
  return std::string(name(dtype)) + "_" + bodies[static_cast<std::size_t>(body)];
}

INSTANTIATE_TEST_SUITE_P(
    DTypes, SeveralVectorsOf,
    ::testing::Combine(::testing::Values(f64, f32, i64, i32, DType::float16, DType::bfloat16),
                       ::testing::Values(Body::numbers, Body::many_numbers, Body::choices,
                                         Body::logic, Body::repeated_logic)),
    name_of);

}  // namespace
}  // namespace dagrad::loops
