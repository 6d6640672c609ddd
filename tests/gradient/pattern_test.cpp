#include <gtest/gtest.h>

#include <array>
#include <string>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

/// A pattern as text, such as "x../.x./..x".
std::string text(const SparsityPattern& pattern) {
  std::string lines;
  for (std::int64_t i = 0; i < pattern.rows(); ++i) {
    if (i > 0) lines += '/';
    for (std::int64_t j = 0; j < pattern.columns(); ++j)
      lines += pattern.find(i, j) >= 0 ? 'x' : '.';
  }
  return lines;
}

class Patterns : public ::testing::Test {
 protected:
  std::string of(const Value& y) const { return text(jacobian_pattern(y, x)); }
  Graph graph;
  Value x = graph.input("x", {f64, {3}});
  Value m = graph.input("m", {f64, {2, 2}});
};

TEST_F(Patterns, OfElementwiseOps) {
  EXPECT_EQ(of(exp(x) * x), "x../.x./..x");
  EXPECT_EQ(of(x), "x../.x./..x");
  EXPECT_EQ(of(floor(x) + x * 0.0), "x../.x./..x");
  EXPECT_EQ(of(floor(x)), ".../.../...");
  EXPECT_EQ(of(stop_gradient(x)), ".../.../...");
  EXPECT_EQ(of(where(graph.constant({true, false, true}), x, 1.0)), "x../.x./..x");
}

TEST_F(Patterns, OfBroadcastOperands) {
  EXPECT_EQ(of(x[0] * x), "x../xx./x.x");
  EXPECT_EQ(of(unsqueeze(x, 1) + graph.constant({1.0, 2.0})), "x../x../.x./.x./..x/..x");
  EXPECT_EQ(of(broadcast_to(x, {2, 3})), "x../.x./..x/x../.x./..x");
}

TEST_F(Patterns, OfMovedElements) {
  EXPECT_EQ(of(slice(x, 0, {.step = -1})), "..x/.x./x..");
  EXPECT_EQ(of(concat({x[{{1, 3}}], x[{{0, 1}}]})), ".x./..x/x..");
  EXPECT_EQ(of(pad(x, {1}, {1}, 7)), ".../x../.x./..x/...");
  EXPECT_EQ(of(roll(x, 1)), "..x/x../.x.");
  EXPECT_EQ(of(take(x, graph.constant({2, 0, -1, 2}), 0)), "..x/x../..x/..x");
  EXPECT_EQ(of(scatter_add(x, graph.constant({1, 1}), x[{{0, 2}}], 0)), "x../xx./..x");
  EXPECT_EQ(of(scatter(x, graph.constant({1}), x[{{0, 1}}], 0)), "x../x../..x");
  EXPECT_EQ(text(jacobian_pattern(transpose(m), m)), "x.../..x./.x../...x");
  EXPECT_EQ(text(jacobian_pattern(tril(m), m)), "x.../..../..x./...x");
  EXPECT_EQ(text(jacobian_pattern(diagonal(m), m)), "x.../...x");
  EXPECT_EQ(text(jacobian_pattern(reshape(m, {4}), m)), "x.../.x../..x./...x");
  EXPECT_EQ(of(take(x, graph.input("i", {i64, {2}}), 0)), "xxx/xxx");
}

TEST_F(Patterns, OfReductionsAndScans) {
  EXPECT_EQ(of(sum(x)), "xxx");
  EXPECT_EQ(text(jacobian_pattern(sum(m, 0), m)), "x.x./.x.x");
  EXPECT_EQ(text(jacobian_pattern(max(m, 1, true), m)), "xx../..xx");
  EXPECT_EQ(text(jacobian_pattern(logsumexp(m, 1), m)), "xx../..xx");
  EXPECT_EQ(of(cumsum(x, 0)), "x../xx./xxx");
  EXPECT_EQ(of(cumsum(x, 0, {.reverse = true, .exclusive = true})), ".xx/..x/...");
  EXPECT_EQ(text(jacobian_pattern(cumprod(m, 0), m)), "x.../.x../x.x./.x.x");
  EXPECT_EQ(text(jacobian_pattern(softmax(m, 1), m)), "xx../xx../..xx/..xx");
}

TEST_F(Patterns, OfProducts) {
  EXPECT_EQ(of(matmul(graph.constant({{1.0, 0.0, 2.0}, {0.0, 0.0, 3.0}}), x)), "x.x/..x");
  EXPECT_EQ(of(matmul(x, graph.constant({{1.0, 0.0}, {0.0, 1.0}, {1.0, 0.0}}))), "x.x/.x.");
  EXPECT_EQ(of(matmul(x, x)), "xxx");
  EXPECT_EQ(text(jacobian_pattern(matmul(m, graph.input("v", {f64, {2}})), m)), "xx../..xx");
  EXPECT_EQ(text(jacobian_pattern(matmul(transpose(m), m), m)), "x.x./xxxx/xxxx/.x.x");
  const Value signal = graph.input("signal", {f64, {1, 1, 4}});
  const Value kernel = graph.constant(Tensor::of({{{1.0, 0.0, 2.0}}}));
  EXPECT_EQ(text(jacobian_pattern(conv1d(signal, kernel, {.padding = {1}}), signal)),
            ".x../x.x./.x.x/..x.");
  const Value taps = graph.input("taps", {f64, {1, 1, 2}});
  EXPECT_EQ(text(jacobian_pattern(conv1d(signal, taps), {signal, taps})), "xx..xx/.xx.xx/..xxxx");
}

TEST_F(Patterns, OfPooling) {
  const Value image = graph.input("image", {f64, {1, 2, 1, 5}});
  const auto pooled = [&](const Value& y) { return text(jacobian_pattern(y, image)); };
  EXPECT_EQ(pooled(max_pool2d(image, {.window = {1, 2}})),
            "xx......../..xx....../.....xx.../.......xx.");
  EXPECT_EQ(pooled(avg_pool2d(image, {.window = {1, 3}, .stride = {1, 2}, .padding = {0, 1}})),
            "xx......../.xxx....../...xx...../.....xx.../......xxx./........xx");
}

TEST_F(Patterns, OfMaskedOps) {
  const Value scores = graph.input("scores", {f64, {3, 3}});
  const auto from = [](const Value& y, const Value& of) { return text(jacobian_pattern(y, of)); };
  const Value causal = apply(MaskedSoftmax{{.causal = true}}, {scores});
  EXPECT_EQ(from(causal, scores),
            "x......../........./........./...xx..../...xx..../........./......xxx/......xxx/"
            "......xxx");
  const Value q = graph.input("q", {f64, {3, 1}}), k = graph.input("k", {f64, {3, 1}}),
              v = graph.input("v", {f64, {3, 1}});
  const Value out = attention(q, k, v, {.causal = true});
  EXPECT_EQ(from(out, q), "x../.x./..x");
  EXPECT_EQ(from(out, k), "x../xx./xxx");
  EXPECT_EQ(from(out, v), "x../xx./xxx");
  const Value mask = graph.constant(
      Tensor::of<bool>({{true, false, true}, {false, true, true}, {false, false, false}}));
  EXPECT_EQ(from(attention(q, k, v, {.mask = mask}), v), "x.x/.xx/...");
  EXPECT_EQ(from(attention(q, k, v, {.mask = graph.input("any", {b8, {3, 3}})}), v), "xxx/xxx/xxx");
}

TEST_F(Patterns, OfMatrices) {
  const auto from = [](const Value& y, const Value& of) { return text(jacobian_pattern(y, of)); };
  const Value a = graph.input("a", {f64, {3, 3}}), b = graph.input("b", {f64, {3, 2}});
  EXPECT_EQ(from(cholesky(m), m), "x.../..../x.x./x.xx");
  EXPECT_EQ(from(triangular_solve(a, b), b), "x...../.x..../x.x.../.x.x../x.x.x./.x.x.x");
  EXPECT_EQ(from(triangular_solve(m, m[0]), m), "x.../xxxx") << "of both operands";
  EXPECT_EQ(from(triangular_solve(a, x), a), "x......../x..xx..../x..xx.xxx");
  EXPECT_EQ(from(triangular_solve(a, x, {.transposed = true}), x), "xxx/.xx/..x");
  EXPECT_EQ(from(triangular_solve(a, x, {.transposed = true, .unit_diagonal = true}), a),
            "...x..xx./.......x./.........");
  EXPECT_EQ(from(solve(a, b), b), "x.x.x./.x.x.x/x.x.x./.x.x.x/x.x.x./.x.x.x");
  const Value two = graph.input("two", {f64, {2, 2, 2}});
  EXPECT_EQ(from(det(two), two), "xxxx..../....xxxx");
  EXPECT_EQ(from(slogdet(two).log_abs, two), "xxxx..../....xxxx");
  EXPECT_EQ(jacobian_pattern(gradient(sum(det(two)), two), two).entries(), 32);
  EXPECT_EQ(jacobian_pattern(inverse(two), two).entries(), 32);
}

TEST_F(Patterns, OfLines) {
  const Value t = graph.input("t", {f64, {2, 2, 3}});
  for (const std::int64_t axis : {0, 1, 2}) {
    const std::int64_t lines = 12 * t.shape()[static_cast<int>(axis)];
    EXPECT_EQ(jacobian_pattern(softmax(t, axis), t).entries(), lines);
    EXPECT_EQ(jacobian_pattern(log_softmax(t, axis), t).entries(), lines);
    EXPECT_EQ(jacobian_pattern(sort(t, axis), t).entries(), lines);
    EXPECT_EQ(jacobian_pattern(gradient(sum(square(softmax(t, axis))), t), t).entries(), lines);
  }
  EXPECT_EQ(jacobian_pattern(topk(t, 2, 2).values, t).entries(), 8 * 3);
  const Value scale = graph.input("scale", {f64, {3}}), shift = graph.input("shift", {f64, {3}});
  const Value normal = layer_norm(t, scale, shift);
  EXPECT_EQ(jacobian_pattern(normal, t).entries(), 36);
  EXPECT_EQ(jacobian_pattern(normal, scale).entries(), 12);
  EXPECT_EQ(jacobian_pattern(gradient(sum(square(normal)), shift), {t, scale, shift}).entries(),
            36 + 3 + 3 - 24 + 24);
}

/// An op that says nothing about its pattern.
struct Unknown {
  static constexpr auto name = "unknown";
  static constexpr DTypes dtypes{f64};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const {}
  Grads grad(const GradContext& g) const { return {g.dout}; }
};

TEST_F(Patterns, AreDenseByDefault) { EXPECT_EQ(of(apply(Unknown{}, {x})), "xxx/xxx/xxx"); }

TEST_F(Patterns, OfSeveralValues) {
  const Value s = graph.input("s", {f64, {}});
  EXPECT_EQ(text(jacobian_pattern({x * s, sum(x)}, {s, x})), "xx../x.x./x..x/.xxx");
  EXPECT_EQ(text(jacobian_pattern(x, {x, x})), "x..x../.x..x./..x..x");
  const Value inner = square(x);
  EXPECT_EQ(text(jacobian_pattern(inner + 1.0, {x, inner})), "x..x../.x..x./..x..x");
}

TEST_F(Patterns, OfHessians) {
  const Value head = x[{{0, 2}}], tail = x[{{1, 3}}];
  EXPECT_EQ(text(hessian_pattern(sum(square(tail - square(head))), x)), "xx./xxx/.xx");
  EXPECT_EQ(text(hessian_pattern(sum(square(x)) + x[0] * x[2], x)), "x.x/.x./x.x");
  EXPECT_EQ(text(hessian_pattern(sum(x) + exp(x[1]), x)), ".../.x./...");
  const Value fixed = graph.constant({{1.0, 0.0, 2.0}, {0.0, 5.0, 0.0}});
  EXPECT_EQ(text(hessian_pattern(sum(square(matmul(fixed, x))), x)), "x.x/.x./x.x");
  EXPECT_EQ(text(hessian_pattern(sum(m) * x[0], {x, m})),
            "...xxxx/......./......./x....../x....../x....../x......");
}

TEST_F(Patterns, AppendNothing) {
  const Value y = prod(x);
  const std::size_t size = graph.size();
  hessian_pattern(y, x);
  jacobian_pattern(y, x);
  EXPECT_EQ(graph.size(), size);
}

TEST_F(Patterns, HaveEdges) {
  const Value none = graph.input("none", {f64, {0}}), s = graph.input("s", {f64, {}});
  EXPECT_EQ(jacobian_pattern(none * 2.0, none), SparsityPattern(0, 0));
  EXPECT_EQ(text(jacobian_pattern(sum(none) + s, {none, s})), "x");
  EXPECT_EQ(text(hessian_pattern(s * s, s)), "x");
}

TEST_F(Patterns, MistakesAreExplained) {
  const Value y = exp(x).named("y"), s = graph.input("s", {f64, {}}),
              n = graph.input("n", {i64, {3}});
  EXPECT_EQ(mistake<GradientError>([&] { jacobian_pattern(y, s); }),
            "jacobian_pattern: y 'y' does not depend on x 's': no path connects them; with "
            "Unconnected::zeros, the derivative is zeros");
  EXPECT_EQ(mistake<GradientError>([&] {
              jacobian_pattern({s, y}, {x});
            }),
            "jacobian_pattern: y 's' does not depend on x 'x': no path connects them; with "
            "Unconnected::zeros, the derivative is zeros");
  EXPECT_EQ(text(jacobian_pattern(y, s, Unconnected::zeros)), "././.");
  EXPECT_EQ(mistake<GradientError>([&] { jacobian_pattern(y, n); }),
            "jacobian_pattern: x 'n', int64[3], is not a float: only floats have gradients");
  EXPECT_EQ(mistake<GradientError>([&] { hessian_pattern(y, x); }),
            "hessian_pattern: y 'y', float64[3], is not a scalar: give a seed of its type, or take "
            "the gradient of its sum");
  EXPECT_EQ(mistake<ArgumentError>([&] { jacobian_pattern({}, {x}); }),
            "jacobian_pattern: needs at least one y");
  EXPECT_EQ(mistake<ArgumentError>([&] { jacobian_pattern({y}, {}); }),
            "jacobian_pattern: needs at least one x");
}

/// The elements of x in reverse; a fault leaves out the first.
struct Backwards {
  std::int64_t fault = 0;
  using attributes = dagrad::attributes<&Backwards::fault>;
  static constexpr auto name = "backwards";
  static constexpr DTypes dtypes{f64};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    const auto in = c.in<double>(0);
    std::reverse_copy(in.begin(), in.end(), c.out<double>().begin());
  }
  Grads grad(const GradContext& g) const { return {flip(g.dout)}; }
  Dependence pattern(const PatternContext& at) const {
    std::vector<std::int64_t> sources;
    for (std::int64_t i = at.operand_shape()[0]; i-- > 0;) sources.push_back(i);
    if (fault == 1) sources[0] = Dependence::nothing;
    if (fault == 2) sources.pop_back();
    return Dependence::one(sources);
  }
  static Samples samples(Rng& rng) { return {{Op(), {rng.uniform({3})}}}; }
};

TEST_F(Patterns, AnOpMayBringItsOwn) {
  EXPECT_EQ(of(apply(Backwards{}, {x})), "..x/.x./x..");
  EXPECT_OP(Backwards{});
}

TEST_F(Patterns, ThatAreTooSmallAreNoticed) {
  const OpReport report = check_op(Backwards{1});
  EXPECT_FALSE(report.passed());
  EXPECT_NE(report.text().find("its pattern is too small: element 0 of result 0 depends on element "
                               "2 of the float operands, with derivative 1.0"),
            std::string::npos)
      << report.text();
}

TEST_F(Patterns, OfAnotherSizeAreRefused) {
  try {
    of(apply(Backwards{2}, {x}));
    ADD_FAILURE();
  } catch (const GradientError& error) {
    EXPECT_EQ(std::string(error.what()).substr(0, 118),
              "the pattern of 'backwards' for result 0, float64[3], and operand 0, float64[3], has "
              "another size\n  node 'backwards', m");
  }
}

/// How many entries of the patterns of an op's samples are 0, for operands from 0.5 to 2 or, if
/// `as_given`, those of the samples.
std::int64_t excess_of(const Op& wanted, bool as_given) {
  std::int64_t excess = 0;
  Rng rng(1);
  for (const Sample& sample : wanted->samples(rng)) {
    Graph graph;
    std::vector<Operand> operands;
    std::vector<Value> xs;
    for (const Tensor& in : sample.in) {
      if (!is_float(in.dtype())) {
        operands.emplace_back(graph.constant(in));
        continue;
      }
      const Value x = graph.parameter("x" + std::to_string(operands.size()),
                                      as_given ? in : rng.uniform(in.shape(), 0.5, 2));
      if (in.size() > 0) xs.push_back(x);
      operands.emplace_back(x);
    }
    std::vector<Value> ys;
    for (const Value& y : apply(sample.op ? sample.op : wanted, operands))
      if (is_float(y.dtype()) && y.size() > 0) ys.push_back(y);
    if (ys.empty() || xs.empty()) continue;
    std::vector<Value> values;
    for (const auto& row : jacobian(ys, xs, {JacobianBy::rows, Unconnected::zeros}))
      values.insert(values.end(), row.begin(), row.end());
    excess += jacobian_pattern(ys, xs, Unconnected::zeros).entries();
    for (const Tensor& block : compile(values)(State(graph)))
      for (const double slope : block.values<double>()) excess -= slope != 0 ? 1 : 0;
  }
  return excess;
}

TEST(PatternsOfSamples, AreExact) {
  for (const Op& op :
       {Op(AvgPool{}), Op(AvgPoolGradient{}), Op(Masked{}), Op(MaskedScores{}), Op(MaskedMatmul{}),
        Op(Matmul{}), Op(Conv{}), Op(ConvTranspose{}), Op(Concat{}), Op(CumSum{})})
    EXPECT_EQ(excess_of(op, false), 0) << op.name();
  for (const Op& op : {Op(Cholesky{}), Op(TriangularSolve{}), Op(Solve{}), Op(Inverse{})})
    EXPECT_EQ(excess_of(op, true), 0) << op.name();
}

TEST(SparsityPatterns, AreSortedAndTransposed) {
  using Entry = std::pair<std::int64_t, std::int64_t>;
  const std::array entries{Entry{1, 2}, Entry{0, 1}, Entry{1, 0}, Entry{1, 2}};
  const SparsityPattern pattern(2, 3, entries);
  EXPECT_EQ(text(pattern), ".x./x.x");
  EXPECT_EQ(pattern.entries(), 3);
  EXPECT_EQ(pattern.find(1, 2), 2);
  EXPECT_EQ(pattern.find(0, 0), -1);
  EXPECT_EQ(text(pattern.transposed()), ".x/x./.x");
  EXPECT_EQ(pattern.transposed().transposed(), pattern);
  const std::array outside{Entry{2, 0}};
  EXPECT_THROWS(SparsityPattern(2, 3, outside), ArgumentError,
                "entry (2, 0) is outside of a pattern of 2 rows and 3 columns");
  EXPECT_THROWS(SparsityPattern(-1, 3), ArgumentError,
                "a pattern has from 0 to 2^31 - 1 rows and columns, not -1");
}

}  // namespace
}  // namespace dagrad
