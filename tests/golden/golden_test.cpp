#include "tests/golden/golden.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <set>

namespace dagrad::golden {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

const std::vector<std::string> unary_ops{
    "neg",      "abs",      "sign",      "sqrt",  "rsqrt",   "square", "reciprocal",   "exp",
    "expm1",    "log",      "log1p",     "sin",   "cos",     "tan",    "asin",         "acos",
    "atan",     "sinh",     "cosh",      "tanh",  "sigmoid", "relu",   "leaky_relu",   "elu",
    "gelu",     "softplus", "gelu_tanh", "silu",  "erf",     "erfc",   "floor",        "ceil",
    "round",    "trunc",    "exp2",      "log2",  "log10",   "cbrt",   "asinh",        "acosh",
    "atanh",    "lgamma",   "digamma",   "relu6", "celu",    "selu",   "hard_sigmoid", "hard_swish",
    "softsign", "mish"};
const std::vector<std::string> binary_ops{
    "add",     "sub",   "mul",   "pull",      "div",       "pow",          "maximum",
    "minimum", "atan2", "hypot", "logaddexp", "remainder", "floor_divide", "copysign"};

class ElementwiseFiles : public testing::Test {
 protected:
  static void SetUpTestSuite() { rows_ = new std::vector(read_elementwise()); }
  static void TearDownTestSuite() { delete rows_; }

  static const Elementwise& at(std::string_view op, std::string_view dtype, double a,
                               std::optional<double> b = {}) {
    const auto found = std::ranges::find_if(*rows_, [&](const Elementwise& row) {
      return row.op == op && row.dtype == dtype && row.a == a &&
             std::signbit(row.a) == std::signbit(a) && row.b == b;
    });
    if (found == rows_->end()) throw std::out_of_range(std::string(op) + " lacks that point");
    return *found;
  }
  static inline const std::vector<Elementwise>* rows_ = nullptr;
};

TEST_F(ElementwiseFiles, ContainEveryOpInBothFloats) {
  std::map<std::string, int> count;
  for (const Elementwise& row : *rows_) ++count[row.op + " " + row.dtype];
  for (const char* dtype : {" float32", " float64"}) {
    for (const auto& op : unary_ops) EXPECT_GE(count[op + dtype], 50) << op << dtype;
    for (const auto& op : binary_ops) EXPECT_GE(count[op + dtype], 170) << op << dtype;
  }
  EXPECT_EQ(count.size(), 2 * (unary_ops.size() + binary_ops.size()));
}

TEST_F(ElementwiseFiles, ContainTheDifficultPoints) {
  for (const auto& op : unary_ops) {
    for (const double x :
         {0.0, -0.0, 1.0, -1.0, 12.0, -12.0, 40.0, 100.0, 710.0, -800.0, 1e155, -1e155, 5e-324,
          std::numeric_limits<double>::min(), infinity, -infinity}) {
      EXPECT_NO_THROW(at(op, "float64", x)) << x;
    }
    for (const double x : {88.0, -88.0, static_cast<double>(1e19F), static_cast<double>(-1e19F)}) {
      EXPECT_NO_THROW(at(op, "float32", x)) << x;
    }
  }
}

TEST_F(ElementwiseFiles, ContainNumbersOfTheirDtype) {
  for (const Elementwise& row : *rows_) {
    if (row.dtype != "float32") continue;
    for (const auto& x :
         {std::optional(row.a), row.b, row.value, row.da, row.db, row.daa, row.dab, row.dbb}) {
      if (x && std::isfinite(*x)) {
        EXPECT_EQ(static_cast<double>(static_cast<float>(*x)), *x) << row.op;
      }
    }
  }
}

TEST_F(ElementwiseFiles, AreUnaryOrBinary) {
  for (const Elementwise& row : *rows_) {
    const bool binary = std::ranges::count(binary_ops, row.op) != 0;
    EXPECT_EQ(row.b.has_value(), binary) << row.op;
    EXPECT_TRUE(binary || !(row.db || row.dab || row.dbb)) << row.op;
  }
}

TEST_F(ElementwiseFiles, ContainKnownValues) {
  EXPECT_EQ(at("exp", "float64", 1).value, std::numbers::e);
  EXPECT_EQ(at("exp", "float32", 1).value, static_cast<double>(std::numbers::e_v<float>));
  EXPECT_EQ(at("atan2", "float64", 0, -1).value, std::numbers::pi);
  EXPECT_EQ(at("sigmoid", "float64", 0).da, 0.25);
  EXPECT_EQ(at("softplus", "float64", -0.0).da, 0.5);
  EXPECT_EQ(at("pow", "float64", 2, 1000).value, std::ldexp(1, 1000));
  EXPECT_EQ(at("remainder", "float64", -7, 2).value, 1);
  EXPECT_EQ(at("remainder", "float64", -7, 2).db, 4);
  EXPECT_EQ(at("floor_divide", "float64", -7, 2).value, -4);
  EXPECT_EQ(at("round", "float64", 2.5).value, 2);
  EXPECT_EQ(at("trunc", "float64", -2.5).value, -2);
  EXPECT_EQ(at("exp2", "float64", -1074).value, 5e-324);
  EXPECT_EQ(at("digamma", "float64", 1).value, -std::numbers::egamma);
  EXPECT_EQ(at("lgamma", "float64", 3).value, std::numbers::ln2);
  EXPECT_EQ(at("leaky_relu", "float32", -1).value, static_cast<double>(-0.01F));
}

TEST_F(ElementwiseFiles, FollowTheConventions) {
  for (const char* op : {"relu", "abs"}) EXPECT_EQ(at(op, "float64", 0).da, 0) << op;
  EXPECT_EQ(at("leaky_relu", "float64", 0).da, 0.01);
  EXPECT_EQ(at("elu", "float64", 0).da, 1);
  EXPECT_EQ(at("elu", "float64", 0).daa, 1);
  EXPECT_EQ(at("selu", "float64", 0).da, 1.7580993408473768);
  for (const char* op : {"relu6", "hard_sigmoid"}) {
    EXPECT_EQ(at(op, "float64", op == std::string("relu6") ? 6 : 3).da, 0) << op;
    EXPECT_EQ(at(op, "float64", op == std::string("relu6") ? 0 : -3).da, 0) << op;
  }
  EXPECT_EQ(at("hard_swish", "float64", -3).da, 0);
  EXPECT_EQ(at("hard_swish", "float64", 3).da, 1);
  EXPECT_EQ(at("copysign", "float64", 0, -1).da, 0);
  EXPECT_EQ(at("copysign", "float64", -2.5, -1).da, 1);
  EXPECT_EQ(at("lgamma", "float64", -0.0).da, infinity);
  EXPECT_TRUE(std::isnan(at("digamma", "float64", -1).value.value()));
  EXPECT_EQ(at("sqrt", "float64", 0).da, infinity);
  EXPECT_EQ(at("acos", "float64", 1).da, -infinity);
  EXPECT_EQ(at("maximum", "float64", 1, 1).da, 0.5);
  EXPECT_EQ(at("pow", "float64", 0, 0).da, 0);
  EXPECT_EQ(at("pow", "float64", 0, 3).db, 0);
  EXPECT_TRUE(std::isnan(at("pow", "float64", -1, 3).db.value()));
  EXPECT_EQ(at("atan2", "float64", 0, 0).da, 0);
  EXPECT_FALSE(at("hypot", "float64", 0, 0).da);
  EXPECT_EQ(at("logaddexp", "float64", -infinity, -infinity).value, -infinity);
  EXPECT_EQ(at("logaddexp", "float64", infinity, infinity).da, 0.5);
  EXPECT_EQ(at("logaddexp", "float64", 3, 3).daa, 0.25);
}

TEST(GoldenBounds, DefaultToSixteenEpsilons) {
  const Bounds bounds = Bounds::read();
  const Elementwise exp{"exp", "float64", 1, {}, {}, {}, {}, {}, {}, {}};
  const Elementwise gelu{"gelu", "float32", -12, {}, {}, {}, {}, {}, {}, {}};
  const Elementwise at_12{"gelu", "float32", 12, {}, {}, {}, {}, {}, {}, {}};
  EXPECT_EQ(bounds.epsilons(exp, What::value), 16);
  EXPECT_EQ(bounds.epsilons(gelu, What::value), 200);
  EXPECT_EQ(bounds.epsilons(at_12, What::first_derivative), 16);
  const Elementwise pow{"pow", "float64", infinity, 3, {}, {}, {}, {}, {}, {}};
  EXPECT_EQ(bounds.epsilons(pow, What::value), 16);
  EXPECT_EQ(bounds.epsilons(pow, What::second_derivative), infinity);
}

TEST(GoldenBounds, JudgeNearness) {
  const Bounds bounds = Bounds::read();
  const Elementwise exp{"exp", "float64", 1, {}, {}, {}, {}, {}, {}, {}};
  const Elementwise neg{"neg", "float64", 0, {}, {}, {}, {}, {}, {}, {}};
  const auto value = [&](const Elementwise& row, double want, double got) {
    return agrees(row, What::value, want, got, bounds);
  };
  const double epsilon = std::numeric_limits<double>::epsilon();
  EXPECT_TRUE(value(exp, 1, 1 + 16 * epsilon));
  EXPECT_FALSE(value(exp, 1, 1 + 17 * epsilon));
  EXPECT_TRUE(value(exp, nan, nan));
  EXPECT_FALSE(value(exp, nan, 1));
  EXPECT_FALSE(value(exp, 1, nan));
  EXPECT_TRUE(value(exp, infinity, infinity));
  EXPECT_FALSE(value(exp, infinity, std::numeric_limits<double>::max()));
  EXPECT_FALSE(value(exp, infinity, -infinity));
  EXPECT_TRUE(value(exp, 1e-310, 0));
  EXPECT_FALSE(value(exp, 1e-300, 0));
  EXPECT_FALSE(value(neg, -0.0, 0.0));
  EXPECT_FALSE(value(neg, 1e-310, 0));
  const auto second = [&](const Elementwise& row) {
    return agrees(row, What::second_derivative, 1e-3, 1e-3 + 3 * epsilon, bounds);
  };
  EXPECT_FALSE(second(exp));
  EXPECT_TRUE(second({"exp", "float64", 0.5, {}, {}, {}, {}, {}, {}, {}}));
}

TEST(GoldenCases, ContainEveryFamily) {
  std::set<std::string> ops;
  for (const Case& one : read_cases()) ops.insert(one.op);
  for (const char* op : {"sum",
                         "mean",
                         "prod",
                         "max",
                         "min",
                         "logsumexp",
                         "variance",
                         "any",
                         "all",
                         "argmax",
                         "argmin",
                         "reshape",
                         "flatten",
                         "squeeze",
                         "unsqueeze",
                         "transpose",
                         "broadcast_to",
                         "concat",
                         "stack",
                         "split",
                         "slice",
                         "pad",
                         "matmul",
                         "softmax",
                         "log_softmax",
                         "mse",
                         "half_squared_error",
                         "binary_cross_entropy",
                         "binary_cross_entropy_with_logits",
                         "cross_entropy",
                         "one_hot",
                         "iota",
                         "full",
                         "where",
                         "clamp",
                         "add_n",
                         "cast",
                         "add",
                         "remainder",
                         "floor_divide",
                         "trunc",
                         "copysign",
                         "lerp",
                         "celu",
                         "isclose",
                         "equal",
                         "less",
                         "logical_xor",
                         "is_nan"}) {
    EXPECT_TRUE(ops.contains(op)) << op;
  }
}

TEST(GoldenCases, AreComplete) {
  for (const Case& one : read_cases()) {
    SCOPED_TRACE(one.place + " " + one.op);
    EXPECT_NE(one.error.empty(), one.out.empty());
    ASSERT_TRUE(one.dout.empty() || one.dout.size() == one.out.size());
    EXPECT_EQ(one.din.size(), one.dout.empty() ? 0 : one.in.size());
    for (std::size_t i = 0; i < one.dout.size(); ++i)
      EXPECT_EQ(one.dout[i].shape, one.out[i].shape);
    for (std::size_t i = 0; i < one.din.size(); ++i) {
      EXPECT_EQ(one.din[i].value_or(one.in[i]).shape, one.in[i].shape);
    }
  }
}

TEST(GoldenCases, ContainKnownValues) {
  int checked = 0;
  for (const Case& one : read_cases()) {
    if (one.op == "sum" && one.error.empty() && !one.attributes.has("axes") &&
        one.in[0].is_float()) {
      const double sum = std::accumulate(one.in[0].real.begin(), one.in[0].real.end(), 0.0);
      if (!std::isfinite(sum)) continue;
      EXPECT_NEAR(one.out[0].real[0], sum, 1e-12);
      ++checked;
    }
    if (one.op == "slice" && one.in[0].shape.size() == 1) {
      EXPECT_EQ(one.attributes.integers("steps"), Attributes::Integers{-2});
      EXPECT_EQ(one.out[0].integer, (std::vector<std::int64_t>{5, 3}));
      ++checked;
    }
  }
  EXPECT_GE(checked, 6);
}

TEST(GoldenCases, NameMissingAttributes) {
  Attributes attributes;
  attributes.set("axis", std::int64_t{2});
  EXPECT_EQ(attributes.integer("axis"), 2);
  EXPECT_EQ(attributes.integer("ddof", 0), 0);
  EXPECT_FALSE(attributes.flag("keep_dims", false));
  EXPECT_THROW(attributes.integer("sizes"), FileProblem);
  EXPECT_THROW(attributes.text("axis"), FileProblem);
}

TEST(GoldenXor, ContainsTwentyRuns) {
  const Xor file = read_xor();
  EXPECT_EQ(file.learning_rate, 0.5);
  EXPECT_EQ(file.epochs, 2500);
  ASSERT_EQ(file.runs.size(), 20U);
  EXPECT_EQ(std::ranges::count(file.runs, 1.0, &XorRun::accuracy), 19);
  for (const XorRun& run : file.runs) {
    EXPECT_EQ(run.initial.w1.size(), 6U);
    EXPECT_EQ(run.gradients.w2.size(), 3U);
    EXPECT_EQ(run.output.size(), 4U);
    EXPECT_EQ(run.cost.size(), 7U);
    EXPECT_GT(run.cost.at(0), run.cost.at(2499));
  }
}

/// Philox4x32 as specified in its paper (Salmon et al., SC 2011, section 3.3).
std::vector<std::uint32_t> philox(std::vector<std::uint32_t> c, std::vector<std::uint32_t> k,
                                  int rounds) {
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0],
                        p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k = {k[0] + 0x9E3779B9, k[1] + 0xBB67AE85};
  }
  return c;
}

TEST(GoldenPhilox, IsTheGeneratorOfThePaper) {
  const auto answers = read_philox();
  ASSERT_EQ(answers.size(), 3U);
  for (const Philox& known : answers)
    EXPECT_EQ(philox(known.counter, known.key, known.rounds), known.answer);
}

}  // namespace
}  // namespace dagrad::golden
