#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/ops/support.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using test::message;
using testing::HasSubstr;
using testing::StartsWith;

/// Bad calls of builders that check arguments before making a node or that make several nodes.
struct BadCalls {
  Graph graph;
  Value s = graph.input("s", {f64, {}}), v = graph.input("v", {f64, {3}});
  Value m = graph.input("m", {f64, {2, 4}}), image = graph.input("image", {f64, {1, 4, 5, 5}});
  Value w = graph.input("w", {f64, {4}}), kernel = graph.input("kernel", {f64, {2, 4, 1, 1}});
  Value key = random_key(graph, 1).now;

  std::vector<std::function<void()>> all() {
    return {
        [&] { attention(v, v, v); },
        [&] { attention(m, m, m, {.scale = INFINITY}); },
        [&] { multi_head_attention(m, m, m, 3); },
        [&] { dot(v, s); },
        [&] { dot(v, w); },
        [&] { outer(m, v); },
        [&] { einsum("ij->", {v}); },
        [&] { einsum("i->j", {v}); },
        [&] { batch_norm(m, v, v, v, v); },
        [&] { batch_norm_inference(v, v, v, v, v); },
        [&] { layer_norm(m, v, v); },
        [&] { layer_norm(m, {.axes = 3}); },
        [&] { rms_norm(m, {.epsilon = -1}); },
        [&] { group_norm(image, 3); },
        [&] { group_norm(image, 0); },
        [&] { conv2d(m, image); },
        [&] { conv2d(image, kernel, v); },
        [&] { global_avg_pool(m); },
        [&] { split_key(key, -1); },
        [&] { diag(image); },
        [&] { celu(v, 0); },
        [&] { isclose(v, v, -1.0); },
        [&] { add_n(std::span<const Value>()); },
        [&] { custom_gradient(std::vector<Value>{}, std::vector{v}, {}); },
        [&] {
          stack(std::vector{v, m});
        },
        [&] { gather_nd(v, s); },
        [&] { tile(v, {-1}); },
        [&] { trace(v); },
    };
  }
};

TEST(Builders, NameTheLineOfABadCallAndLeaveNothingBehind) {
  BadCalls calls;
  const Scope scope = calls.graph.scope("encoder");
  const std::size_t nodes = calls.graph.nodes().size();
  int i = 0;
  for (const auto& call : calls.all()) {
    const std::string text = message<Error>(call);
    EXPECT_THAT(text, HasSubstr("\n  made at " __FILE__ ":")) << "call " << i;
    EXPECT_EQ(text.find("made at"), text.rfind("made at")) << text;
    EXPECT_EQ(calls.graph.nodes().size(), nodes) << "call " << i;
    ++i;
  }
}

TEST(Builders, NameTheScopeOfABadCall) {
  BadCalls calls;
  const Scope scope = calls.graph.scope("encoder");
  EXPECT_THAT(message<ShapeError>([&] { group_norm(calls.image, 3); }),
              AllOf(HasSubstr("3 groups do not divide the 4 channels of [1,4,5,5]"),
                    HasSubstr(", in scope 'encoder'")));
}

// Whatever ops a builder is made of, its errors begin with the name that the user called, and say
// which op it was.
TEST(Builders, AreNamedInErrorsOfTheirOps) {
  Graph graph;
  const Value s = graph.input("s", {f64, {}}), v = graph.input("v", {f64, {3}}),
              m = graph.input("m", {f64, {2, 4}}), n = graph.input("n", {f32, {2, 4}}),
              flags = graph.input("flags", {b8, {2, 4}}),
              image = graph.input("i", {b8, {1, 2, 3, 3}}), at = graph.input("at", {i64, {2}});
  const std::pair<std::string, std::function<void()>> calls[] = {
      {"stack",
       [&] {
         stack({m, v});
       }},
      {"stack",
       [&] {
         stack(std::vector{m, n});
       }},
      {"unstack", [&] { unstack(m, 2); }},
      {"slice", [&] { slice(m, 2, {}); }},
      {"flip", [&] { flip(m, 2); }},
      {"flip",
       [&] {
         flip(m, {1, -1});
       }},
      {"mse", [&] { mse(flags, flags); }},
      {"nll", [&] { nll(v, m); }},
      {"cross_entropy", [&] { cross_entropy(m, v); }},
      {"cross_entropy",
       [&] {
         cross_entropy(graph.input("e", {f64, {0, 3}}), graph.input("l", {i64, {0}}));
       }},
      {"embedding", [&] { embedding(s, at); }},
      {"gather_nd", [&] { gather_nd(m, v); }},
      {"scatter", [&] { scatter(m, at, v, 0); }},
      {"scatter_add", [&] { scatter_add(m, v, m, 0); }},
      {"dot",
       [&] {
         dot(v, graph.input("b", {f32, {3}}));
       }},
      {"outer",
       [&] {
         outer(graph.input("b1", {b8, {3}}), graph.input("b2", {b8, {3}}));
       }},
      {"einsum",
       [&] {
         einsum("ij,jk", {flags, graph.input("b3", {b8, {4, 2}})});
       }},
      {"solve",
       [&] {
         solve(m, graph.input("v2", {f64, {2}}));
       }},
      {"attention", [&] { attention(m, n, n); }},
      {"multi_head_attention", [&] { multi_head_attention(m, m, n, 2); }},
      {"layer_norm", [&] { layer_norm(flags); }},
      {"rms_norm", [&] { rms_norm(flags); }},
      {"group_norm", [&] { group_norm(image, 2); }},
      {"conv2d", [&] { conv2d(image, image); }},
      {"max_pool2d", [&] { max_pool2d(m, {}); }},
      {"avg_pool2d", [&] { avg_pool2d(m, {}); }},
      {"global_avg_pool", [&] { global_avg_pool(image); }},
      {"trace", [&] { trace(v); }},
      {"diag", [&] { diag(v, std::int64_t{1} << 50); }},
      {"tile", [&] { tile(v, {-1}); }},
      {"repeat", [&] { repeat(v, -1); }},
      {"dropout", [&] { dropout(v, s, 0.5); }},
      {"split_key", [&] { split_key(s, 2); }},
      {"next_key", [&] { next_key(s); }},
      {"clip_by_value", [&] { clip_by_value(std::vector{flags}, 0.5, 1); }},
  };
  for (const auto& [name, call] : calls)
    EXPECT_THAT(message<Error>(call), StartsWith(name + ": ")) << name;
  EXPECT_THAT(message<TypeError>([&] { mse(flags, flags); }), HasSubstr(" (in sub)\n  made at"));
}

/// A user's builder.
Value halved(const Operand& x) {
  const Building building("halved", {x});
  building.checked([&] {
    if (x.rank() == 0) throw ShapeError("needs an axis");
  });
  return slice(x, -1, {0, x.shape()[-1] / 2});
}
Value doubly_halved(const Operand& x) {
  const Building building("doubly_halved", {x});
  return halved(stack({halved(x), 2}));
}

TEST(Builders, OfUsersAreNamedToo) {
  Graph graph;
  const Value s = graph.input("s", {f64, {}}), v = graph.input("v", {f64, {4}});
  EXPECT_THROWS_HERE(halved(s), ShapeError, "halved: needs an axis");
  // The outermost name is the one that the user called.
  EXPECT_THROWS_HERE(doubly_halved(s), ShapeError, "doubly_halved: needs an axis (in halved)");
  EXPECT_THAT(message<Error>([&] { doubly_halved(v); }), StartsWith("doubly_halved: "));
  EXPECT_THROWS_HERE(halved(s), ShapeError, "halved: needs an axis");
  EXPECT_THAT(message<Error>([&] { slice(s, 0, {}); }), StartsWith("slice: "));
}

}  // namespace
}  // namespace dagrad
