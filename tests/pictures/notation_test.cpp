#include "dagrad/notation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "dagrad/catalog.hpp"
#include "dagrad/dagrad.hpp"
#include "src/pictures/op_notation.hpp"
#include "src/tensor/utf8.hpp"
#include "tests/pictures/formula_reader.hpp"

namespace dagrad::test {
namespace {

const Notation a = Notation::name("a"), b = Notation::name("b"), c = Notation::name("c");

TEST(Notation, WritesBracketsOnlyWhereTheyAreNeeded) {
  EXPECT_EQ((a + b * c).text(), "a + b ⊙ c");
  EXPECT_EQ(((a + b) * c).text(), "(a + b) ⊙ c");
  EXPECT_EQ((a * (b * c)).text(), "a ⊙ b ⊙ c");
  EXPECT_EQ((a - (b - c)).text(), "a − (b − c)");
  EXPECT_EQ((a - b - c).text(), "a − b − c");
  EXPECT_EQ((a + (b - c)).text(), "a + b − c");
  EXPECT_EQ((a / (b * c)).text(), "a / (b ⊙ c)");
  EXPECT_EQ((a / b / c).text(), "a / b / c");
  EXPECT_EQ((-(a + b)).text(), "−(a + b)");
  EXPECT_EQ((-(a * b)).text(), "−a ⊙ b");
  EXPECT_EQ((-(-a)).text(), "a");
  EXPECT_EQ((a + -b).text(), "a − b");
  EXPECT_EQ((a - -b).text(), "a − (−b)");
  EXPECT_EQ((a + (-b + c)).text(), "a + (−b + c)");
  EXPECT_EQ((-a * b).text(), "−a ⊙ b");
  EXPECT_EQ(Notation::power(a + b, Notation::number(2.0)).text(), "(a + b)²");
  EXPECT_EQ(Notation::power(Notation::power(a, b), c).text(), "(a^b)^c");
  EXPECT_EQ(Notation::power(a, b + c).text(), "a^(b + c)");
  EXPECT_EQ(Notation::power(a, Notation::number(-12.0)).text(), "a⁻¹²");
  EXPECT_EQ(Notation::matmul(a + b, c).text(), "(a + b)·c");
  EXPECT_EQ(Notation::matmul(a, b * c).text(), "a·(b ⊙ c)");
  EXPECT_EQ(Notation::matmul(Notation::matmul(a, b), c).text(), "a·b·c");
  EXPECT_EQ(Notation::matmul(a, Notation::matmul(b, c)).text(), "a·(b·c)");
  EXPECT_EQ(Notation::matmul(Notation::transposed(a), b).text(), "aᵀb");
  EXPECT_EQ(Notation::transposed(Notation::matmul(a, b)).text(), "(a·b)ᵀ");
  EXPECT_EQ((Notation::matmul(a, b) + c).text(), "a·b + c");
  EXPECT_EQ(Notation::series("Σ", "\\sum", a * b).text(), "Σ a ⊙ b");
  EXPECT_EQ(Notation::series("Σ", "\\sum", a + b, "0,1").text(), "Σ₀,₁ (a + b)");
  EXPECT_EQ((Notation::series("Σ", "\\sum", a) * b).text(), "(Σ a) ⊙ b");
  EXPECT_EQ((a - Notation::series("Σ", "\\sum", b)).text(), "a − Σ b");
  EXPECT_EQ(Notation::infix(a, "<", "<", b + c, Precedence::comparison).text(), "a < b + c");
}

TEST(Notation, WritesLatex) {
  EXPECT_EQ((a / (b + c)).latex(), "\\frac{a}{b + c}");
  EXPECT_EQ((a / b * c).latex(), "\\frac{a}{b} \\odot c");
  EXPECT_EQ(Notation::power(a + b, Notation::number(2.0)).latex(), "\\left(a + b\\right)^{2}");
  EXPECT_EQ(Notation::matmul(Notation::transposed(a), b).latex(), "a^{\\top}\\,b");
  EXPECT_EQ(Notation::call("softmax", a, "1").latex(),
            "\\operatorname{softmax}_{1}\\left(a\\right)");
  EXPECT_EQ(Notation::name("w1").latex(), "w_{1}");
  EXPECT_EQ(Notation::name("weight").latex(), "\\mathrm{weight}");
  EXPECT_EQ(Notation::name("layer_2").latex(), "\\mathrm{layer\\_}_{2}");
  EXPECT_EQ(Notation::name("ŷ").latex(), "ŷ");
}

TEST(Notation, ProductsWithScalarsAreDots) {
  const Notation two = Notation::number(2.0);
  EXPECT_EQ((two * a).text(), "2 · a");
  EXPECT_EQ((two * (a * b)).text(), "2 · a ⊙ b");
  EXPECT_EQ((Notation::number(1.0) * a).text(), "a");
  EXPECT_EQ((a / Notation::number(1.0)).text(), "a");
  EXPECT_EQ((Notation::number(-2.0) * a).text(), "−2 · a");
}

TEST(Notation, WritesNumbersInTheirShortestForm) {
  EXPECT_EQ(Notation::number(0.1).text(), "0.1");
  EXPECT_EQ(Notation::number(0.1F).text(), "0.1");
  EXPECT_EQ(Notation::number(0.5).text(), "½");
  EXPECT_EQ(Notation::number(-3.0).text(), "−3");
  EXPECT_EQ(Notation::number(1e-8).text(), "1e-8");
  EXPECT_EQ(Notation::number(1e-8).latex(), "10^{-8}");
  EXPECT_EQ(Notation::number(2.5e20).latex(), "2.5 \\cdot 10^{20}");
  EXPECT_EQ(Notation::number(std::numeric_limits<double>::infinity()).text(), "∞");
  EXPECT_EQ(Notation::number(std::numeric_limits<double>::quiet_NaN()).text(), "NaN");
  EXPECT_EQ((a + Notation::number(-3.0)).text(), "a − 3");
  EXPECT_EQ(Notation::power(Notation::number(-3.0), a).text(), "(−3)^a");
}

TEST(Notation, QuotesNamesThatLookLikeFormulas) {
  EXPECT_EQ(Notation::name("a-b").text(), "‘a-b’");
  EXPECT_EQ(Notation::name("2x").text(), "‘2x’");
  EXPECT_EQ(Notation::name("x$y&z").latex(), "\\mathrm{x\\$y\\&z}");
}

// ---- ops

/// The formula of an op applied to operands of these types that are called a, b, ….
Notation formula_of(const Op& op, std::span<const Type> types) {
  std::vector<Notation> in;
  for (std::size_t i = 0; i < types.size(); ++i)
    in.push_back(Notation::name(std::string(1, static_cast<char>('a' + i)))
                     .set_scalar(types[i].elements() == 1));
  return detail::op_notation(op, in, types);
}

std::vector<Type> types_of(const Sample& sample) {
  std::vector<Type> types;
  for (const Tensor& tensor : sample.in) types.push_back(tensor.type());
  return types;
}

TEST(Notation, EveryOpHasAFormula) {
  Rng rng(1);
  for (const Catalog::Entry& entry : Catalog::builtin())
    for (const Sample& sample : entry.op->samples(rng)) {
      if (sample.in.size() > 26) continue;
      const Notation formula = formula_of(sample.op, types_of(sample));
      SCOPED_TRACE(entry.op.name());
      EXPECT_FALSE(formula.text().empty());
      EXPECT_TRUE(is_balanced(formula.text())) << formula.text();
      EXPECT_TRUE(is_balanced(formula.latex())) << formula.latex();
      EXPECT_EQ(detail::invalid_utf8(formula.text()), std::string::npos) << formula.text();
      EXPECT_EQ(detail::invalid_utf8(formula.latex()), std::string::npos) << formula.latex();
      EXPECT_EQ(formula.text().find('\n'), std::string::npos) << formula.text();
      EXPECT_EQ(formula.latex().find('|'), std::string::npos) << formula.latex();
    }
}

/// Scalars of these dtypes, away from kinks and poles.
std::vector<Tensor> scalars(std::span<const DType> dtypes) {
  std::vector<Tensor> values;
  const std::array numbers{0.3, 0.7, 0.45, 0.2, 0.6, 0.35, 0.55, 0.8};
  for (std::size_t i = 0; i < dtypes.size(); ++i)
    values.push_back(Tensor(numbers[i % numbers.size()]).cast(dtypes[i]));
  return values;
}

/// The number of operands and their dtypes, such that the op takes them.
std::optional<std::vector<DType>> signature(const Op& op) {
  for (const DType dtype : {f64, i64, b8})
    for (std::size_t count = 1; count <= 8; ++count) {
      std::vector<DType> dtypes(count, dtype);
      for (std::size_t i = 0; i < std::min(op.traits().conditions, count); ++i) dtypes[i] = b8;
      std::vector<Type> in, out;
      for (const DType each : dtypes) in.push_back({each, {}});
      try {
        op->infer(in, out);
        return dtypes;
      } catch (const Error&) {
      }
    }
  return {};
}

TEST(Notation, ElementwiseFormulasComputeWhatTheOpComputes) {
  std::size_t compared = 0;
  for (const Catalog::Entry& entry : Catalog::builtin()) {
    if (!entry.op.traits().elementwise) continue;
    const auto dtypes = signature(entry.op);
    ASSERT_TRUE(dtypes) << entry.op.name();
    const std::vector<Tensor> in = scalars(*dtypes);
    std::vector<Type> types;
    std::map<std::string, double> names;
    for (std::size_t i = 0; i < in.size(); ++i) {
      types.push_back(in[i].type());
      names[std::string(1, static_cast<char>('a' + i))] = in[i].at(0);
    }
    const std::string formula = formula_of(entry.op, types).text();
    if (formula.starts_with(std::string(entry.op.name()) + "(")) {
      try {
        value_of(formula, names);
      } catch (const std::runtime_error&) {
        continue;  // by name only
      }
    }
    const std::vector<Tensor> out = evaluate_op(entry.op, in);
    double value = 0;
    ASSERT_NO_THROW(value = value_of(formula, names)) << entry.op.name() << ": " << formula;
    const double expected = out[0].at(0);
    const bool both_nan = std::isnan(value) && std::isnan(expected);
    EXPECT_TRUE(both_nan || std::abs(value - expected) <= 1e-12 * (1 + std::abs(value)))
        << entry.op.name() << ": " << formula << " is " << value << ", not " << expected;
    ++compared;
  }
  EXPECT_GE(compared, 60U);
}

TEST(Notation, UsersElementwiseOpsAreTheirFormula) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const auto text = [&](const Value& y) {
    return detail::node_notation(detail::GraphView(graph), y.node_id(),
                                 std::array{Notation::name("x")})
        .text();
  };
  EXPECT_EQ(text(elementwise("mine", [](auto v) { return 2 * v * v + 1; })(x)), "2 · x ⊙ x + 1");
  EXPECT_EQ(text(elementwise("mine", [](auto v) { return v * v; })(x)), "x²");
  EXPECT_EQ(text(elementwise("mine", [](auto v) { return exp(sin(v)) + tanh(cos(v)); })(x)),
            "mine(x)");
}

struct Outer {
  static constexpr auto name = "outer", doc = "x yᵀ.";
  static constexpr std::size_t operands = 2;
  Type infer(std::span<const Type> in) const { return {f64, {in[0].shape[0], in[1].shape[0]}}; }
  void eval(const EvalContext&) const {}
  static constexpr no_grad grad{"it is an example"};
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const {
    EXPECT_EQ(types.size(), 2U);
    return Notation::matmul(in[0], Notation::transposed(in[1]));
  }
};

struct Windowed {
  std::int64_t width = 3;
  bool centred = false;
  using attributes = dagrad::attributes<&Windowed::width, &Windowed::centred>;
  static constexpr auto name = "windowed", doc = "Like its operand.";
  static constexpr std::size_t operands = 1;
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const {}
  static constexpr no_grad grad{"it is an example"};
};

TEST(Notation, UsersOpsSayHowTheyAreWritten) {
  const std::array types{Type{f64, {2}}, Type{f64, {3}}};
  EXPECT_EQ(formula_of(Outer{}, types).text(), "a·bᵀ");
}

TEST(Notation, OtherOpsAreCallsWithTheAttributesThatDiffer) {
  const std::array types{Type{f64, {2}}};
  EXPECT_EQ(formula_of(Windowed{}, types).text(), "windowed(a)");
  EXPECT_EQ(formula_of(Windowed{5, false}, types).text(), "windowed(a, width=5)");
  EXPECT_EQ(formula_of(Windowed{5, true}, types).text(), "windowed(a, width=5, centred)");
  EXPECT_EQ(formula_of(Windowed{5, true}, types).latex(),
            "\\operatorname{windowed}\\left(a, \\text{width=5, centred}\\right)");
}

std::string text_of(const Op& op, std::initializer_list<Shape> shapes) {
  std::vector<Type> types;
  for (const Shape& shape : shapes) types.push_back({f64, shape});
  return formula_of(op, types).text();
}

TEST(Notation, GoldensOfEveryFamily) {
  EXPECT_EQ(text_of(Matmul{}, {{2, 3}, {3, 4}}), "a·b");
  EXPECT_EQ(text_of(Matmul{true, false}, {{3, 2}, {3, 4}}), "aᵀb");
  EXPECT_EQ(text_of(Matmul{false, true}, {{2, 3}, {4, 3}}), "a·bᵀ");
  EXPECT_EQ(text_of(Sum{{{0, 1}}}, {{2, 3}}), "Σ a");
  EXPECT_EQ(text_of(Sum{{{1}}}, {{2, 3}}), "Σ₁ a");
  EXPECT_EQ(text_of(Mean{{{0, 1}}}, {{2, 3}}), "mean(a)");
  EXPECT_EQ(text_of(Sum{}, {{2, 3}}), "a");
  EXPECT_EQ(text_of(Sum{}, {{}}), "Σ a");
  EXPECT_EQ(text_of(Norm{}, {{2}}), "|a|");
  EXPECT_EQ(text_of(Digamma{}, {{2}}), "ψ(a)");
  EXPECT_EQ(text_of(Max{{{0}}}, {{2, 3}}), "max₀(a)");
  EXPECT_EQ(text_of(Prod{{{0}}}, {{2}}), "Π a");
  EXPECT_EQ(text_of(LogSumExp{{{0}}}, {{2}}), "logsumexp(a, axes=[0])");
  EXPECT_EQ(text_of(Norm{{{0, 1}}}, {{2, 3}}), "‖a‖");
  EXPECT_EQ(text_of(Transpose{{1, 0}}, {{2, 3}}), "aᵀ");
  EXPECT_EQ(text_of(Transpose{{1, 2, 0}}, {{2, 3, 4}}), "transpose₁,₂,₀(a)");
  EXPECT_EQ(text_of(Reshape{{6}}, {{2, 3}}), "reshape(a, 6)");
  EXPECT_EQ(text_of(SumToLike{}, {{4, 3}, {1, 3}}), "Σ₀ a");
  EXPECT_EQ(text_of(SumToLike{}, {{4, 3}, {4, 3}}), "a");
  EXPECT_EQ(text_of(BroadcastLike{}, {{1, 3}, {4, 3}}), "a");
  EXPECT_EQ(text_of(FullLike{2.5}, {{3}}), "2.5");
  EXPECT_EQ(text_of(CountLike{{{0, 1}}}, {{3, 4}}), "12");
  EXPECT_EQ(text_of(Inverse{}, {{2, 2}}), "a⁻¹");
  EXPECT_EQ(text_of(Solve{}, {{2, 2}, {2, 1}}), "a⁻¹·b");
  EXPECT_EQ(text_of(Det{}, {{2, 2}}), "det(a)");
  EXPECT_EQ(text_of(AddN{}, {{2}, {2}, {2}}), "a + b + c");
  EXPECT_EQ(text_of(Add{}, {{2}, {2}}), "a + b");
  EXPECT_EQ(text_of(Mul{}, {{2}, {}}), "a · b");
  EXPECT_EQ(text_of(Square{}, {{2}}), "a²");
  EXPECT_EQ(text_of(Reciprocal{}, {{2}}), "1 / a");
  EXPECT_EQ(text_of(Sqrt{}, {{2}}), "√a");
  EXPECT_EQ(text_of(Abs{}, {{2}}), "|a|");
  EXPECT_EQ(text_of(Floor{}, {{2}}), "⌊a⌋");
  EXPECT_EQ(text_of(Log1p{}, {{2}}), "log(1 + a)");
  EXPECT_EQ(text_of(Sigmoid{}, {{2}}), "σ(a)");
  EXPECT_EQ(text_of(Relu{}, {{2}}), "relu(a)");
  EXPECT_EQ(text_of(LeakyRelu{}, {{2}}), "leaky_relu(a)");
  EXPECT_EQ(text_of(LeakyRelu{0.5}, {{2}}), "leaky_relu(a, slope=0.5)");
  EXPECT_EQ(text_of(Gelu{}, {{2}}), "gelu(a)");
  EXPECT_EQ(text_of(HalfSquaredError{}, {{2}, {2}}), "(a − b)² / 2");
  EXPECT_EQ(text_of(Less{}, {{2}, {2}}), "a < b");
  EXPECT_EQ(text_of(Softmax{}, {{2, 3}}), "softmax(a)");
  EXPECT_EQ(text_of(Descend{}, {{2}, {2}, {}}), "a − c · b");
  EXPECT_EQ(text_of(StopGradient{}, {{2}}), "stop_gradient(a)");
}

}  // namespace
}  // namespace dagrad::test
