// Values that a step joins or divides along the outermost axis lie in the memory of the whole.

#include <gtest/gtest.h>

#include <random>

#include "dagrad/dagrad.hpp"

namespace dagrad {
namespace {

constexpr std::int64_t n = 72;  // more elements than routines take
constexpr std::size_t bytes = 576;

Value reversed(const Value& x) { return slice(x, 0, {.step = -1}); }

struct Values {
  /// Compiles the values, and expects them to have the bits that they have if all values of the
  /// graph are fetched: each then has memory of its own.
  Function checked(std::vector<Value> values) const {
    const Feeds feeds{{x, Rng(1).uniform(x.shape())}, {y, Rng(2).uniform(y.shape())}};
    const Function f = compile(values, {.threads = 1, .passes = {}});
    for (const Node& node : graph.nodes())
      for (std::size_t port = 0; port < node.outputs(); ++port) values.push_back(node.output(port));
    const auto expected = compile(values, {.threads = 1, .passes = {}})(feeds);
    for (int run = 0; run < 2; ++run) {
      const auto results = f(feeds);
      for (std::size_t i = 0; i < results.size(); ++i)
        EXPECT_TRUE(same_bits(results[i], expected[i])) << i << "\n" << graph << f.text();
    }
    return f;
  }

  Graph graph;
  const Value x = graph.input("x", {f64, {n}}), y = graph.input("y", {f64, {n}});
  const Value a = reversed(x), b = reversed(y);  // in the arena
};
class Wholes : public testing::Test, protected Values {};

TEST_F(Wholes, PartsAreWrittenWhereTheyAreJoined) {
  EXPECT_EQ(checked({reversed(concat({a, b}))}).peak_bytes(), 2 * bytes);
  EXPECT_EQ(checked({reversed(stack({a, b}))}).peak_bytes(), 2 * bytes);
}

TEST_F(Wholes, PartsAreReadWhereTheyWereDivided) {
  const auto part = split(a, 3);
  EXPECT_EQ(checked({reversed(part[0]), reversed(part[2])}).peak_bytes(), bytes);
  const auto row = unstack(reshape(a, {8, 9}));
  EXPECT_EQ(checked({reversed(row[7]) + row[0]}).peak_bytes(), bytes + 128);
}

TEST_F(Wholes, MayBePartsThemselves) {
  const Value inner = concat({a, b}), outer = concat({inner, reversed(a)});
  EXPECT_EQ(checked({reversed(outer), reversed(inner)}).peak_bytes(), 3 * bytes);
  const auto half = split(outer, 3);
  EXPECT_EQ(checked({reversed(half[1]) * 2.0 + split(half[0], 2)[1][0]}).peak_bytes(),
            4 * bytes + 64);
}

TEST_F(Wholes, CopyWhatIsJoinedTwice) {
  checked({reversed(concat({a, a}))});
  checked({reversed(concat({a, b})), reversed(concat({b, a}))});
  const auto part = split(a, 2);
  checked({reversed(concat({part[1], part[0]})), reversed(a)});
}

TEST_F(Wholes, AreNotOverwrittenWhileAPartIsNeeded) {
  const auto part = split(a, 2);
  checked({reversed(part[0] * 2.0 + part[1]), reversed(part[1] * part[1]), reversed(a + 1.0)});
  const Value whole = concat({a, b}), doubled = whole * 2.0;
  checked({reversed(doubled), reversed(a + 1.0) + b});
}

TEST_F(Wholes, CopyWhatOutlivesARun) {
  const Value whole = concat({a, b});
  checked({whole, reversed(a)});
  checked({reversed(whole), a});
  const auto part = split(whole, 4);
  checked({part[1], reversed(part[0])});
  checked({split(x, 2)[1] * 2.0, concat({x, y}), concat({x, a})});
}

TEST_F(Wholes, HaveAnyShapeAndDtype) {
  const Value matrix = reshape(a, {8, 9}), one = reshape(a, {1, n});
  checked({reversed(concat({matrix, reshape(b, {8, 9})}, 1)), transpose(split(matrix, 3, 1)[1])});
  checked({transpose(concat({one, reshape(b, {1, n})}, 1)), transpose(split(one, 2, -1)[1])});
  const Value empty = slice(a, 0, {.end = 0});
  checked({reversed(concat({empty, a, empty, b, empty})), split(a, {0, n, 0})[0]});
  const Value mask = concat({a > 0.5, b > 0.5, a > 0.25});
  checked({reversed(mask), reversed(split(cast(a, f32), {1, n - 1})[1])});
}

TEST(RandomWholes, KeepBits) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    const Values in;
    std::mt19937 random(seed);
    const auto below = [&](std::size_t k) { return static_cast<std::size_t>(random() % k); };
    std::vector<Value> values{in.x, in.y, in.a, in.b};
    const auto any = [&] {
      return values[values.size() - 1 - below(std::min<std::size_t>(6, values.size()))];
    };
    for (int node = 0; node < 14; ++node) {
      const Value v = any();
      const std::int64_t size = v.shape()[0];
      switch (below(5)) {
        case 0:
          values.push_back(v * 2.0 + 1.0);
          break;
        case 1:
          values.push_back(reversed(v));
          break;
        case 2:
          if (size < 1000) values.push_back(concat({v, any(), any()}));
          break;
        case 3:
          for (const Value& part : split(v, {size / 3, size - size / 3})) values.push_back(part);
          break;
        default:
          values.push_back(v + reversed(v));
      }
    }
    std::vector<Value> wanted{reversed(values.back())};
    for (const Value& value : values)
      if (below(3) == 0) wanted.push_back(below(4) == 0 ? value : reversed(value));
    in.checked(wanted);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace dagrad
