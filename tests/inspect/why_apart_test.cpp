#include <dagrad/dagrad.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/inspect/special_ops.hpp"

/// The reasons that `explain_plan` gives for values that go through memory.
namespace {

using namespace dagrad;

/// "from to to: why" for each value that goes through memory, the largest first.
std::vector<std::string> reasons(const std::vector<Value>& values, std::vector<Pass> passes) {
  // Values in routines, for which this instruction set has no assembler, stay in registers.
  Runtime runtime({.threads = 1, .instruction_set = InstructionSet::plain});
  const Function function = compile(values, {.runtime = &runtime, .passes = std::move(passes)});
  std::vector<std::string> all;
  for (const PlannedTransfer& transfer : explain_plan(function).transfers)
    all.push_back(transfer.from + " to " + transfer.to + ": " + transfer.why);
  return all;
}

using Texts = std::vector<std::string>;
using testing::Contains;
using testing::HasSubstr;

TEST(WhyApart, PassesWereNotRunOrShapesDiffer) {
  Graph g;
  const Value x = g.input("x", {f64, {4}}), y = g.input("y", {f64, {3, 4}});
  const Value a = tanh(x).named("a"), b = (a * y).named("b"), c = exp(b).named("c");
  EXPECT_EQ(reasons({c}, {}),
            (Texts{"b to c: no pass was run", "a to b: they have the shapes [4] and [3,4]"}));
  EXPECT_EQ(reasons({c}, {{"merge", merge_equal}})[0], "b to c: `fuse` was not run");
  EXPECT_EQ(reasons({c}, {{"fuse", fuse}}), (Texts{"a to c: they have the shapes [4] and [3,4]"}));
}

TEST(WhyApart, AStepChecksItsOperands) {
  Graph g;
  const Value x = g.input("x", {f64, {4}});
  const Value a = exp(x).named("a"), b = apply(Checking{}, {a}).named("b"), c = tanh(b).named("c");
  EXPECT_EQ(reasons({c}, {{"fuse", fuse}}),
            (Texts{"a to b: b checks its operands before it runs",
                   "b to c: b checks its operands before it runs"}));
}

TEST(WhyApart, AStepBetweenWouldMakeACircle) {
  Graph g;
  const Value x = g.input("x", {f64, {8}});
  const Value a = exp(x).named("a"), total = sum(a).named("total"), b = (a / total).named("b");
  EXPECT_THAT(reasons({b}, {{"fuse", fuse}}),
              Contains("a to b: they would depend on each other in a circle, through total"));
}

TEST(WhyApart, AStepWaitsForAnother) {
  Graph g;
  const Value x = g.input("x", {f64, {8}}), z = g.input("z", {f64, {8}});
  const Value a = exp(x).named("a"), early = softmax(a, 0).named("early"),
              late = sum(exp(softmax(z, 0))).named("late"), b = (a * late).named("b");
  EXPECT_THAT(reasons({b, early}, {{"fuse", fuse}}),
              Contains("a to b: b also waits for late, and `fuse` computes a earlier"));
}

TEST(WhyApart, LoopsAreFull) {
  Graph g;
  Value all = g.input("x", {f64, {8}});
  for (int i = 0; i < 40; ++i) all = all * g.input("x" + std::to_string(i), {f64, {8}});
  EXPECT_THAT(reasons({all}, {{"fuse", fuse}}),
              Contains(HasSubstr("read 41 values, and a loop reads at most 24")));
  Value chain = g.at("x");
  for (int i = 0; i < 300; ++i) chain = sin(chain + 1);
  EXPECT_THAT(reasons({chain}, {{"fuse", fuse}}),
              Contains(HasSubstr("operations, and a loop takes at most 256")));
  std::vector<Value> many;
  Value last = g.at("x");
  for (int i = 0; i < 30; ++i) many.push_back(last = sin(last));
  EXPECT_THAT(reasons(many, {{"fuse", fuse}}),
              Contains(HasSubstr("results, and a loop stores at most 16")));
}

TEST(WhyApart, SumsAreNotPartOfTheLoop) {
  Graph g;
  const Value x = g.input("x", {f32, {512, 1024}}), small = g.input("small", {f32, {8, 1024}});
  const auto why = [&](const Value& value, std::vector<Pass> passes) {
    return reasons({value}, std::move(passes)).at(0);
  };
  const std::vector<Pass> both{{"fuse", fuse}, {"fuse_sums", fuse_sums}};
  const Value a = exp(x).named("a");
  EXPECT_EQ(why(sum(exp(small).named("e"), {1}).named("s1"), both),
            "e to s1: sum is not an elementwise formula, and `fuse_sums` takes values of 524 kB or "
            "more");
  EXPECT_EQ(why(sum(a, {1}).named("s2"), {}), "a to s2: no pass was run");
  EXPECT_EQ(why(sum(a, {1}).named("s3"), {{"fuse", fuse}}), "a to s3: `fuse_sums` was not run");
  EXPECT_TRUE(reasons({sum(a, {1})}, both).empty());
  const Value tall = g.input("tall", {f32, {65536, 16}});
  EXPECT_EQ(why(sum(exp(tall).named("e4"), {1}).named("s4"), both),
            "e4 to s4: one loop cannot compute sum of these axes besides the formula");
  Value chain = x;
  for (int i = 0; i < 300; ++i) chain = sqrt(chain + 1);
  EXPECT_EQ(why(sum(chain.named("c"), {1}).named("s5"), both),
            "c to s5: the formula is too long for a loop with sums");
  EXPECT_EQ(why(argmax(exp(small).named("e6"), 1).named("m"), both),
            "e6 to m: argmax is not an elementwise formula");
}

TEST(WhyApart, SumsAreLeftToTiles) {
  Graph g;
  const Value x = g.input("x", {f32, {512, 1024}}), flat = g.input("flat", {f32, {4, 64, 1024}});
  const std::vector<Pass> passes{{"fuse", fuse}, {"fuse_sums", fuse_sums}};
  const Value a = exp(x).named("a"), s = sum(a, {1}).named("s"), r = softmax(a, 1).named("r");
  EXPECT_THAT(
      reasons({s, r}, passes),
      Contains("a to s: `fuse_sums` leaves it to `tile_rows`, which can compute more of its "
               "neighbours"));
  const Value c = exp(flat).named("c"), one = sum(c, {0}).named("one"),
              two = sum(c, {0, 1}).named("two");
  EXPECT_EQ(reasons({one, two}, passes),
            (Texts{"one to two: the loop has other sums, of other axes"}));
  Value many = x;
  for (int i = 0; i < 20; ++i) many = many * g.input("x" + std::to_string(i), {f32, {512, 1024}});
  EXPECT_EQ(reasons({sum(many, {1}).named("t")}, passes)[0],
            "mul_19 to t: the formula reads too many values for a loop with sums");
  EXPECT_EQ(reasons({sum(reshape(a, {1024, 512}), {1}).named("u")}, passes)[0],
            "a to u: they have the shapes [512,1024] and [1024,512]");
}

TEST(WhyApart, LoopsWithSumsEndWithThem) {
  Graph g;
  const Value x = g.input("x", {f32, {512, 1024}});
  const Value total = sum(exp(x), {1}).named("total"), b = tanh(total).named("b");
  const std::vector<Pass> passes{{"fuse", fuse}, {"fuse_sums", fuse_sums}};
  const PlanExplanation plan = explain_plan(compile(b, {.threads = 1, .passes = passes}));
  ASSERT_EQ(plan.steps[0].op, "formula_with_sums");
  EXPECT_EQ(reasons({b}, passes), (Texts{"total to b: it is a sum, which the loop ends with"}));
}

TEST(WhyApart, ProductsAreNotJoined) {
  Graph g;
  const Value a = g.input("a", {f32, {128, 128}}), w = g.input("w", {f32, {128, 128}}),
              narrow = g.input("narrow", {f32, {128, 32}}), v = g.input("v", {f32, {128}}),
              wide = g.input("wide", {f32, {3, 128, 128}});
  const std::vector<Pass> passes{{"fuse", fuse}, {"fuse_epilogues", fuse_epilogues}};
  const Value p = matmul(a, w).named("p"), q = relu(p).named("q");
  const auto why = [&](const std::vector<Value>& values) { return reasons(values, passes).at(0); };
  EXPECT_TRUE(reasons({q}, passes).empty());
  EXPECT_EQ(reasons({q}, {})[0], "p to q: no pass was run");
  EXPECT_EQ(reasons({q}, {{"fuse", fuse}})[0], "p to q: `fuse_epilogues` was not run");
  EXPECT_EQ(why({q, p}), "p to q: the product is requested");
  EXPECT_THAT(reasons({q, softmax(p, 1).named("s")}, passes),
              Contains("p to q: s needs the product, too"));
  const Value g1 = g.input("g1", {f32, {1024, 128}});
  EXPECT_EQ(why({relu(matmul(g1, narrow).named("n1")).named("r1")}),
            "n1 to r1: the product has less than 64 columns");
  EXPECT_EQ(why({relu(matmul(a, narrow).named("n2")).named("r2")}),
            "n2 to r2: a product of less than 32.8 kB stays in the cache");
  EXPECT_EQ(why({(p * wide).named("r3")}),
            "p to r3: they have the shapes [128,128] and [3,128,128]");
  const Value vectors = g.input("vectors", {f32, {8192, 128}});
  EXPECT_EQ(why({relu(matmul(vectors, v).named("n4")).named("r4")}),
            "n4 to r4: it is a product of a vector");
  const Value other = matmul(w, a).named("other");
  EXPECT_THAT(reasons({(p + other).named("r5")}, passes),
              Contains("other to r5: r5 is computed with another product"));
  EXPECT_THAT(reasons({matmul(relu(matmul(q, w)).named("r6"), a).named("z")}, passes),
              Contains("q to r6: matmul is not an elementwise formula"));
}

TEST(WhyApart, OtherStepsTakeNoProduct) {
  Graph g;
  const Value a = g.input("a", {f32, {512, 512}}), w = g.input("w", {f32, {512, 512}}),
              whole = g.input("whole", {i64, {128, 128}});
  const std::vector<Pass> passes{
      {"fuse", fuse}, {"fuse_sums", fuse_sums}, {"fuse_epilogues", fuse_epilogues}};
  const Value p = matmul(a, w).named("p"), q = matmul(whole, whole).named("q");
  EXPECT_EQ(reasons({cast(p, f64).named("c")}, passes)[0], "p to c: they have different dtypes");
  EXPECT_EQ(reasons({(q + 1).named("i")}, passes)[0], "q to i: it is a product of integers");
  EXPECT_EQ(reasons({sum(relu(p), {0}).named("s")}, passes)[0],
            "p to s: a formula_with_sums cannot be an epilogue");
}

TEST(WhyApart, WindowsAreCopied) {
  Graph g;
  const Value x = g.input("x", {f64, {100000}});
  const std::vector<Pass> passes{{"fuse", fuse}, {"read_windows", read_windows}};
  const auto cut = [&](std::int64_t begin, std::int64_t end) {
    return slice(x, {Range{begin, end}});
  };
  const Value y = (cut(1, 100000) - cut(0, 99999)).named("y");
  EXPECT_TRUE(reasons({y}, passes).empty());
  EXPECT_EQ(reasons({y}, {})[0], "slice to y: no pass was run");
  EXPECT_EQ(reasons({y}, {{"fuse", fuse}})[0], "slice to y: `read_windows` was not run");
  EXPECT_EQ(reasons({exp(cut(0, 100)).named("e")}, passes)[0],
            "slice_2 to e: copies of less than 32.8 kB stay in the cache");
  const Value half = cut(0, 50000).named("half");
  EXPECT_EQ(reasons({exp(half).named("e2"), half}, passes)[0], "half to e2: the copy is requested");
  EXPECT_THAT(reasons({exp(half).named("e3"), softmax(half, 0).named("s")}, passes),
              Contains("half to e3: s needs the copy, too"));
  const Value every = slice(x, {Range{0, 100000, 2}}).named("every");
  EXPECT_EQ(reasons({exp(every).named("e4")}, passes)[0],
            "every to e4: it takes steps other than 1");
  const Value rows = g.input("rows", {f64, {10000, 10}});
  const Value inner = slice(rows, {Range{0, 10000}, Range{1, 9}}).named("inner");
  EXPECT_EQ(reasons({exp(inner).named("e5")}, passes)[0],
            "inner to e5: its boxes would have too few elements in a row");
  const Value padded = pad(x, {1}, {1}, 2).named("padded");
  EXPECT_EQ(reasons({exp(padded).named("e6")}, passes)[0],
            "padded to e6: it pads with a number other than 0");
  const Value wide = g.input("wide", {f32, {513, 1024}});
  const Value top = slice(wide, {Range{0, 512}}).named("top");
  EXPECT_EQ(reasons({sum(exp(top), {0}).named("s2")},
                    {{"fuse", fuse}, {"fuse_sums", fuse_sums}, {"read_windows", read_windows}})[0],
            "top to s2: a formula_with_sums cannot read through windows");
}

TEST(WhyApart, TilesAreApart) {
  Graph g;
  const Value x = g.input("x", {f32, {4096, 256}}), scale = g.input("scale", {f32, {256}}),
              w = g.input("w", {f32, {256, 256}});
  const Value a = exp(x * scale).named("a"), s = softmax(a, 1).named("s"), b = (s * a).named("b");
  const Value whole = softmax(b, 0).named("whole");
  const std::vector<Pass> passes{{"fuse", fuse}, {"tile_rows", tile_rows}};
  const PlanExplanation plan = explain_plan(compile({whole}, {.threads = 1, .passes = passes}));
  ASSERT_EQ(plan.steps[0].op, "tiled");
  EXPECT_EQ(reasons({whole}, passes)[0], "b to whole: softmax is not computed row by row");
  EXPECT_EQ(reasons({apply(Ordered{}, {b}).named("log")}, passes)[0], "b to log: log is ordered");
  EXPECT_EQ(reasons({matmul(b, w).named("p")}, passes)[0],
            "b to p: the product p is faster as a whole");
  const Value left = g.input("left", {f32, {64, 4096}});
  EXPECT_EQ(reasons({matmul(left, b).named("q")}, passes)[0], "b to q: q reads all rows at once");
  EXPECT_EQ(reasons({relu(reshape(b, {2048, 512})).named("r")}, passes)[0],
            "s to r: they have 4096 and 2048 rows");
  EXPECT_EQ(reasons({tanh(sum(b, {0}).named("sum")).named("t")}, passes)[0],
            "sum to t: it is a sum over rows, which the last tile completes");
  EXPECT_EQ(reasons({(whole * a * softmax(a, 1)).named("v")}, passes)[0],
            "b to v: `tile_rows` has put them into different groups");
  const Value e = exp(g.input("narrow", {f32, {256, 16}})).named("e");
  EXPECT_THAT(reasons({softmax(b * sum(matmul(a, e), {1}, true), 1).named("z")}, passes),
              Contains("e to z: z reads all rows at once"));
}

}  // namespace
