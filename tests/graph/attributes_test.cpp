#include "dagrad/attributes.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "dagrad/catalog.hpp"
#include "dagrad/random.hpp"
#include "dagrad/traced.hpp"
#include "tests/graph/test_ops.hpp"

namespace test {
namespace {

enum class Mode { constant, reflect, wrap };

/// An attribute type defined by a user.
struct Colour {
  int red = 0, green = 0;
  friend bool operator==(const Colour&, const Colour&) = default;
};
std::string to_string(const Colour& c) {
  return std::to_string(c.red) + "/" + std::to_string(c.green);
}
bool from_string(std::string_view text, Colour& c) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  c = {std::stoi(std::string(text.substr(0, slash))),
       std::stoi(std::string(text.substr(slash + 1)))};
  return true;
}

struct OfEveryKind {
  bool flag = false;
  int small = 1;
  std::int64_t large = 2;
  std::uint8_t byte = 3;
  float narrow = 0.5F;
  double wide = 0.25;
  std::string text;
  Mode mode = Mode::constant;
  DType dtype = f32;
  Shape shape;
  Type type;
  Tensor tensor;
  ProgramPtr program;
  std::vector<int> ints;
  std::vector<std::int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string> texts;
  std::vector<Range> ranges;
  Colour colour;
  using E = OfEveryKind;
  using attributes =
      dagrad::attributes<&E::flag, &E::small, &E::large, &E::byte, &E::narrow, &E::wide, &E::text,
                         &E::mode, &E::dtype, &E::shape, &E::type, &E::tensor, &E::program,
                         &E::ints, &E::integers, &E::reals, &E::texts, &E::ranges, &E::colour>;
  static constexpr auto name = "of_every_kind";
  static constexpr no_grad grad{"it is only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const {}
};

ProgramPtr doubling() {
  Recorder recorder;
  const Symbol x = recorder.input(f64), twice = x + x;
  return std::move(recorder).finish({&twice, 1}, f64);
}

OfEveryKind filled() {
  return {.flag = true,
          .small = -7,
          .large = std::numeric_limits<std::int64_t>::min(),
          .byte = 255,
          .narrow = 0.1F,
          .wide = -0.0,
          .text = "say \"hi\"\n\\",
          .mode = Mode::wrap,
          .dtype = b8,
          .shape = {2, 3},
          .type = {i64, {4}},
          .tensor = Tensor::of({1.5, 2.5}),
          .program = doubling(),
          .ints = {1, -2},
          .integers = {3},
          .reals = {0.1, std::numeric_limits<double>::quiet_NaN()},
          .texts = {"a", "b,\""},
          .ranges = {{1, 3}, {.step = -1}},
          .colour = {3, 4}};
}

std::map<std::string, Attribute> attributes_of(const Op& op) {
  std::map<std::string, Attribute> all;
  op.visit_attributes(
      [&](std::string_view name, const Attribute& value) { all.emplace(name, value); });
  return all;
}

/// A default op with all attributes set to those of another.
Op rebuilt(Op op, const Op& like) {
  for (const auto& [name, value] : attributes_of(like)) op = op.with(name, value);
  return op;
}

TEST(Attributes, OfEveryKindAreReadAndAssigned) {
  const Op full(filled()), empty(OfEveryKind{});
  EXPECT_EQ(attributes_of(full).size(), 19U);
  const Op copy = rebuilt(empty, full);
  EXPECT_TRUE(copy == full);
  EXPECT_EQ(copy->hash(), full->hash());
  EXPECT_FALSE(copy == empty);
  EXPECT_TRUE(empty == Op(OfEveryKind{})) << "the original is unchanged";
}

TEST(Attributes, EachCountsInIdentity) {
  const Op full(filled()), empty(OfEveryKind{});
  for (const auto& [name, value] : attributes_of(full))
    EXPECT_FALSE(empty.with(name, value) == empty) << name;
}

TEST(Attributes, AreTyped) {
  const auto all = attributes_of(Op(filled()));
  EXPECT_EQ(std::get<std::int64_t>(all.at("small")), -7);
  EXPECT_EQ(std::get<double>(all.at("narrow")), 0.1F);
  const Enumerator mode = std::get<Enumerator>(all.at("mode"));
  EXPECT_EQ(mode.name, "wrap");
  EXPECT_EQ(std::vector(mode.allowed.begin(), mode.allowed.end()),
            (std::vector<std::string_view>{"constant", "reflect", "wrap"}));
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(all.at("ints")),
            (std::vector<std::int64_t>{1, -2}));
  EXPECT_EQ(std::get<std::string>(all.at("colour")), "3/4");
}

TEST(Attributes, AreShownInOneLineOfText) {
  const auto all = attributes_of(Op(filled()));
  const auto text = [&](const char* name) { return attribute_text(all.at(name)); };
  EXPECT_EQ(text("flag"), "true");
  EXPECT_EQ(text("large"), "-9223372036854775808");
  EXPECT_EQ(text("wide"), "-0");
  EXPECT_EQ(text("text"), R"("say \"hi\"\n\\")");
  EXPECT_EQ(text("mode"), "wrap");
  EXPECT_EQ(text("dtype"), "bool");
  EXPECT_EQ(text("shape"), "[2,3]");
  EXPECT_EQ(text("type"), "int64[4]");
  EXPECT_EQ(text("tensor"), "float64[2]{1.5,2.5}");
  EXPECT_EQ(text("program"), "x + x");
  EXPECT_EQ(text("ints"), "[1,-2]");
  EXPECT_EQ(text("reals"), "[0.1,nan]");
  EXPECT_EQ(text("texts"), R"(["a","b,\""])");
  EXPECT_EQ(text("ranges"), "[1:3,::-1]");
  EXPECT_EQ(text("colour"), "\"3/4\"");
}

TEST(Attributes, DistinguishTensorsInText) {
  EXPECT_EQ(attribute_text(Tensor(0.1F)), "0.1");
  EXPECT_EQ(attribute_text(Tensor(0.5).cast(bf16)), "0.5");
  EXPECT_EQ(attribute_text(Tensor(3.0).cast(u8)), "3");
  EXPECT_EQ(attribute_text(Tensor(Type{f64, {0, 3}})), "float64[0,3]{}");
  EXPECT_EQ(attribute_text(Tensor({1}, {true})), "bool[1]{true}");
  Tensor large(Type{i64, {4, 100}});
  const std::string zeros = attribute_text(large);
  EXPECT_TRUE(zeros.starts_with("int64[4,100]#")) << zeros;
  EXPECT_EQ(zeros.size(), 13U + 16U);
  large.mutate<std::int64_t>()[399] = 1;
  EXPECT_NE(attribute_text(large), zeros);
}

TEST(Attributes, AcceptIntegersForFloatsAndStringsForEnumerators) {
  const Op op(OfEveryKind{});
  EXPECT_EQ(op.with("wide", 3).get_if<OfEveryKind>()->wide, 3.0);
  EXPECT_EQ(op.with("reals", std::vector<std::int64_t>{1, 2}).get_if<OfEveryKind>()->reals,
            (std::vector<double>{1, 2}));
  EXPECT_EQ(op.with("mode", std::string("reflect")).get_if<OfEveryKind>()->mode, Mode::reflect);
  EXPECT_EQ(op.with("mode", Enumerator{"reflect"}).get_if<OfEveryKind>()->mode, Mode::reflect);
}

TEST(Attributes, ErrorsSayWhatIsExpected) {
  const Op op(OfEveryKind{});
  const auto said = [&](const char* name, const Attribute& value) {
    return message<ArgumentError>([&] { op.with(name, value); });
  };
  EXPECT_EQ(said("flag", 1), "of_every_kind: attribute 'flag' must be a bool, got an integer, 1");
  EXPECT_EQ(said("small", 0.5),
            "of_every_kind: attribute 'small' must be an integer, got a number, 0.5");
  EXPECT_EQ(
      said("small", std::int64_t{1} << 40),
      "of_every_kind: attribute 'small' must be from -2147483648 to 2147483647, got 1099511627776");
  EXPECT_EQ(said("byte", -1), "of_every_kind: attribute 'byte' must be from 0 to 255, got -1");
  EXPECT_EQ(
      said("ints", std::vector<std::int64_t>{1, std::int64_t{1} << 31}),
      "of_every_kind: attribute 'ints' must be from -2147483648 to 2147483647, got 2147483648");
  EXPECT_EQ(said("mode", std::string("mirror")),
            "of_every_kind: attribute 'mode' must be one of constant, reflect, wrap, got 'mirror'");
  EXPECT_EQ(said("colour", std::string("red")),
            "of_every_kind: attribute 'colour' cannot be read from 'red'");
  EXPECT_EQ(said("shape", f64),
            "of_every_kind: attribute 'shape' must be a shape, got a dtype, float64");
  EXPECT_EQ(message<ArgumentError>([&] { Op(Scale{}).with("bi", 1); }),
            "scale: has no attribute 'bi'; its attributes are by");
  EXPECT_EQ(message<ArgumentError>([&] { Op(Plus{}).with("by", 1); }),
            "plus: has no attribute 'by'");
}

TEST(Attributes, RebuildAllSamplesOfTheCatalogue) {
  Rng rng(1);
  std::size_t rebuilt_with_attributes = 0;
  const Catalog catalog = Catalog::builtin();
  for (const auto& entry : catalog) {
    if (entry.op.name() == "custom_gradient") continue;  // a closure is equal only to itself
    for (const Sample& sample : entry.op->samples(rng)) {
      const Op& op = sample.op ? sample.op : entry.op;
      const Op same = rebuilt(entry.op, op);
      EXPECT_TRUE(same == op) << entry.op.name() << " " << op.attributes();
      EXPECT_EQ(same.attributes(), op.attributes());
      if (!op.attributes().empty()) ++rebuilt_with_attributes;
    }
  }
  EXPECT_GE(rebuilt_with_attributes, 200U);
}

TEST(Attributes, OfATracedOpShowItsProgram) {
  const Op traced(Traced{"double", doubling()});
  EXPECT_EQ(traced.attributes(), "formula=x + x");
  Recorder recorder;
  const Symbol x = recorder.input(f64), square = x * x;
  const ProgramPtr other = std::move(recorder).finish({&square, 1}, f64);
  EXPECT_EQ(traced.with("formula", other).attributes(), "formula=x * x");
  EXPECT_EQ(message<ArgumentError>([&] { traced.with("formula", ProgramPtr()); }),
            "double: attribute 'formula' must be a program, got none");
}

/// A functor that counts how often it is recorded.
struct Counted {
  double by = 1;
  using attributes = dagrad::attributes<&Counted::by>;
  static constexpr auto name = "counted";
  static inline int recorded = 0;
  Symbol operator()(const Symbol& x) const {
    ++recorded;
    return x * by;
  }
};

TEST(Attributes, EqualOpsAreRecordedOnce) {
  Graph graph;
  Value x = graph.input("x", {f64, {2}});
  Counted::recorded = 0;
  for (int i = 0; i < 100; ++i) x = apply(Counted{3}, {x});
  EXPECT_EQ(Counted::recorded, 1);
  apply(Counted{4}, {x});
  EXPECT_EQ(Counted::recorded, 2);
}

}  // namespace
}  // namespace test
