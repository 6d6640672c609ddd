#include <gtest/gtest.h>

#include "dagrad/ops/factorizations.hpp"
#include "dagrad/ops/triangle.hpp"
#include "tests/ops/golden_cases.hpp"

namespace dagrad {
namespace {

using golden::Attributes;
using In = std::span<const Value>;
using Values = std::vector<Value>;

struct OpCases {
  const char* op;
  Values (*build)(In in, const Attributes& a);
  double epsilons = 16;
};
std::ostream& operator<<(std::ostream& out, const OpCases& cases) { return out << cases.op; }

class AlgebraGolden : public testing::TestWithParam<OpCases> {};

TEST_P(AlgebraGolden, CasesAgree) {
  const OpCases& cases = GetParam();
  const auto build = [&](const Graph&, In in, const golden::Case& c) {
    return cases.build(in, c.attributes);
  };
  check_golden_cases(cases.op, build, cases.epsilons);
}

template <Value (*part)(const Operand&, std::int64_t)>
Values at_offset(In in, const Attributes& a) {
  return {part(in[0], a.integer("offset"))};
}
template <Value (*part)(const Operand&, std::int64_t, std::int64_t, std::int64_t)>
Values of_axes(In in, const Attributes& a) {
  return {part(in[0], a.integer("offset"), a.integer("rows"), a.integer("columns"))};
}
template <Value (*function)(const Operand&)>
Values of_one(In in, const Attributes&) {
  return {function(in[0])};
}

// Rounding errors of the elements are multiplied by the condition number of the matrix.
const OpCases all_cases[] = {
    {"tril", at_offset<tril>},
    {"triu", at_offset<triu>},
    {"diagonal", of_axes<diagonal>},
    {"trace", of_axes<trace>},
    {"diag", at_offset<diag>},
    {"diag_embed", at_offset<diag_embed>},
    {"cholesky", of_one<cholesky>, 4000},
    {"det", of_one<det>, 100},
    {"inverse", of_one<inverse>, 1000},
    {"slogdet",
     [](In in, const Attributes&) {
       const auto [sign, log_abs] = slogdet(in[0]);
       return Values{sign, log_abs};
     },
     1000},
    {"solve", [](In in, const Attributes&) { return Values{solve(in[0], in[1])}; }, 1000},
    {"triangular_solve",
     [](In in, const Attributes& a) {
       return Values{triangular_solve(in[0], in[1],
                                      {.lower = a.flag("lower", true),
                                       .transposed = a.flag("transposed", false),
                                       .unit_diagonal = a.flag("unit_diagonal", false)})};
     },
     1000},
};
INSTANTIATE_TEST_SUITE_P(Ops, AlgebraGolden, testing::ValuesIn(all_cases),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace dagrad
