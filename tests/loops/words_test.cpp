// Every primitive on every dtype at edge values, compared with the interpreter.

#include <gtest/gtest.h>

#include "tests/loops/support.hpp"

namespace dagrad::loops {
namespace {

/// All pairs of edge values of the operands' dtypes; for three operands, triples with a condition.
std::vector<Array> all_combinations(const std::vector<DType>& operands) {
  std::vector<Array> edges, in;
  std::size_t n = 1;
  for (DType dtype : operands) n *= edges.emplace_back(edge_array(dtype)).size();
  std::size_t repeat = 1;
  for (const Array& edge : edges) {
    Array& array = in.emplace_back(edge.dtype, n);
    const std::size_t size = size_of(edge.dtype);
    for (std::size_t i = 0; i < n; ++i) {
      std::memcpy(&array.bytes[i * size], &edge.bytes[i / repeat % edge.size() * size], size);
    }
    repeat *= edge.size();
  }
  return in;
}

/// The program with an additional int64 input that it returns, which makes lanes eight bytes wide.
Program beside_int64(Program program) {
  const auto input = static_cast<std::uint32_t>(program.inputs.size());
  program.outputs.push_back(static_cast<std::uint32_t>(program.steps.size()));
  program.steps.push_back({.primitive = Primitive::input, .dtype = i64, .data = input});
  program.inputs.push_back(i64);
  return program;
}

void expect_same(const Program& program, std::span<const Array> in, double bound,
                 const std::string& what) {
  const std::vector<std::int64_t> dense(in.size(), 1);
  const std::size_t n = in[0].size();
  const auto plain = run_interpreted(program, in, dense, n);
  for (InstructionSet set : assembled_sets()) {
    const auto assembled = run_assembled(program, in, dense, n, set);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      EXPECT_EQ(difference(assembled[i], plain[i], bound), "") << what << " in " << name(set);
    }
  }
}

/// Compares the primitive in lanes of its own width and in lanes of eight bytes.
void expect_word(Primitive p, DType result, const std::vector<DType>& operands) {
  const Program program = one_word(p, result, operands);
  const double bound = detail::is_function(p) ? 4 : 0;
  std::string what(name(p));
  for (DType dtype : operands) what += " " + std::string(name(dtype));
  std::vector<Array> in = all_combinations(operands);
  expect_same(program, in, bound, what);
  in.emplace_back(i64, in[0].size());
  for (std::size_t i = 0; i < in[0].size(); ++i)
    in.back().set<std::int64_t>(i, std::int64_t{1} << (i % 64));
  expect_same(beside_int64(program), in, bound, what + " beside int64");
}

TEST(Words, OfNumbers) {
  for (auto p = Primitive::neg; p < Primitive::sigmoid; p = Primitive(int(p) + 1)) {
    for (DType dtype : dtypes) {
      if (!detail::operand_dtypes(p).contains(dtype)) continue;
      std::vector<DType> operands(static_cast<std::size_t>(arity(p)), dtype);
      if (p == Primitive::select) operands[0] = b8;
      expect_word(p, detail::is_test(p) ? b8 : dtype, operands);
    }
  }
}

TEST(Words, Cast) {
  for (DType from : dtypes) {
    for (DType to : dtypes) expect_word(Primitive::cast, to, {from});
  }
}

}  // namespace
}  // namespace dagrad::loops
