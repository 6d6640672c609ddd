#include <gtest/gtest.h>

#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "tests/ops/golden_cases.hpp"

namespace dagrad {
namespace {

using golden::Attributes;
using Values = std::vector<Value>;

struct OpCases {
  const char* op;
  Values (*build)(std::span<const Value> in, const Attributes& a);
  double epsilons = 16;
};
std::ostream& operator<<(std::ostream& out, const OpCases& cases) { return out << cases.op; }

class StructureGolden : public testing::TestWithParam<OpCases> {};

TEST_P(StructureGolden, CasesAgree) {
  const OpCases& cases = GetParam();
  const auto build = [&](const Graph&, std::span<const Value> in, const golden::Case& c) {
    return cases.build(in, c.attributes);
  };
  check_golden_cases(cases.op, build, cases.epsilons);
}

Axes axes_of(const Attributes& a) {
  if (a.has("axis")) return a.integer("axis");
  return a.has("axes") ? Axes(a.integers("axes")) : Axes();
}

template <Value (*reduce)(const Operand&, const Axes&, bool)>
Values reduced(std::span<const Value> in, const Attributes& a) {
  return {reduce(in[0], axes_of(a), a.flag("keep_dims", false))};
}
Values variances(std::span<const Value> in, const Attributes& a) {
  return {variance(in[0], axes_of(a), a.flag("keep_dims", false), a.integer("ddof", 0))};
}
Values squeezed(std::span<const Value> in, const Attributes& a) {
  return {a.has("axes") ? squeeze(in[0], a.integers("axes")) : squeeze(in[0])};
}
Values transposed(std::span<const Value> in, const Attributes& a) {
  return {a.has("permutation") ? transpose(in[0], a.integers("permutation")) : transpose(in[0])};
}
Values sliced(std::span<const Value> in, const Attributes& a) {
  const auto starts = a.optional_integers("starts"), stops = a.optional_integers("stops");
  const auto steps = a.integers("steps");
  std::vector<Range> ranges;
  for (std::size_t i = 0; i < steps.size(); ++i) ranges.push_back({starts[i], stops[i], steps[i]});
  return {slice(in[0], ranges)};
}

using In = std::span<const Value>;
const OpCases all_cases[] = {
    {"sum", reduced<sum>},
    {"mean", reduced<mean>},
    {"prod", reduced<prod>},
    {"max", reduced<max>},
    {"min", reduced<min>},
    {"logsumexp", reduced<logsumexp>,
     1000},  // exp(x - out) at x = 1000 magnifies the rounding of out
    {"any", reduced<any>},
    {"all", reduced<all>},
    {"argmax", reduced<argmax>},
    {"argmin", reduced<argmin>},
    {"variance", variances},
    {"add_n", [](In in, const Attributes&) { return Values{add_n(in)}; }},
    {"matmul", [](In in, const Attributes&) { return Values{matmul(in[0], in[1])}; }},
    {"reshape",
     [](In in, const Attributes& a) { return Values{reshape(in[0], a.integers("shape"))}; }},
    {"flatten", [](In in, const Attributes&) { return Values{flatten(in[0])}; }},
    {"squeeze", squeezed},
    {"unsqueeze",
     [](In in, const Attributes& a) { return Values{unsqueeze(in[0], a.integers("axes"))}; }},
    {"transpose", transposed},
    {"broadcast_to",
     [](In in, const Attributes& a) {
       return Values{broadcast_to(in[0], Shape(a.integers("shape")))};
     }},
    {"concat", [](In in, const Attributes& a) { return Values{concat(in, a.integer("axis"))}; }},
    {"stack", [](In in, const Attributes& a) { return Values{stack(in, a.integer("axis"))}; }},
    {"unstack", [](In in, const Attributes& a) { return unstack(in[0], a.integer("axis")); }},
    {"split",
     [](In in, const Attributes& a) {
       return split(in[0], a.integers("sizes"), a.integer("axis"));
     }},
    {"slice", sliced},
    {"pad",
     [](In in, const Attributes& a) {
       return Values{pad(in[0], a.integers("before"), a.integers("after"), a.real("value"))};
     }},
};
INSTANTIATE_TEST_SUITE_P(Ops, StructureGolden, testing::ValuesIn(all_cases),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace dagrad
