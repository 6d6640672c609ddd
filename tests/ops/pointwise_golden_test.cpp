#include <gtest/gtest.h>

#include "dagrad/catalog.hpp"
#include "dagrad/dagrad.hpp"
#include "tests/ops/golden_cases.hpp"

/// Compares broadcasting, integers, bools and promotion of elementwise ops, the ops of optimisers,
/// and ops without operands with NumPy.
namespace dagrad {
namespace {

class PointwiseGolden : public testing::TestWithParam<const char*> {};

TEST_P(PointwiseGolden, Agrees) {
  const Catalog catalog = Catalog::builtin();
  const Catalog::Entry* entry = catalog.find(GetParam());
  ASSERT_NE(entry, nullptr);
  check_golden_cases(GetParam(), [&](const Graph&, std::span<const Value> in, const golden::Case&) {
    return apply(entry->op, std::vector<Operand>(in.begin(), in.end()));
  });
}

INSTANTIATE_TEST_SUITE_P(
    Ops, PointwiseGolden,
    testing::Values("add", "sub", "mul", "div", "maximum", "minimum", "remainder", "floor_divide",
                    "copysign", "lerp", "trunc", "neg", "abs", "sign", "square", "exp", "clamp",
                    "where", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
                    "logical_and", "logical_or", "logical_xor", "logical_not", "is_nan",
                    "is_finite", "descend", "descend_with_momentum", "adam_step", "adagrad_step",
                    "rmsprop_step", "centred_rmsprop_step", "rmsprop_step_with_momentum",
                    "centred_rmsprop_step_with_momentum", "global_norm"),
    [](const auto& tested) { return std::string(tested.param); });

TEST(PointwiseGoldenWithAttributes, IsClose) {
  check_golden_cases("isclose", [](const Graph&, auto in, const golden::Case& golden) {
    const golden::Attributes& given = golden.attributes;
    return std::vector{isclose(in[0], in[1], given.real("rtol"), given.real("atol"),
                               given.flag("equal_nan", false))};
  });
}

TEST(PointwiseGoldenWithAttributes, Celu) {
  check_golden_cases("celu", [](const Graph&, auto in, const golden::Case& golden) {
    return std::vector{celu(in[0], golden.attributes.real("alpha"))};
  });
}

DType result_dtype(const golden::Case& golden) { return to_tensor(golden.out[0]).dtype(); }

TEST(CreateGolden, Full) {
  check_golden_cases("full", [](const Graph& graph, auto, const golden::Case& golden) {
    const Shape shape(golden.attributes.integers("shape"));
    return std::vector{full(graph, {result_dtype(golden), shape}, golden.attributes.real("value"))};
  });
}

TEST(CreateGolden, Iota) {
  check_golden_cases("iota", [](const Graph& graph, auto, const golden::Case& golden) {
    return std::vector{iota(graph, golden.attributes.integer("size"), result_dtype(golden))};
  });
}

TEST(ControlGolden, Cast) {
  check_golden_cases("cast", [](const Graph&, auto in, const golden::Case& golden) {
    return std::vector{cast(in[0], result_dtype(golden))};
  });
}

}  // namespace
}  // namespace dagrad
