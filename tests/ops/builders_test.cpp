#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::message;
using testing::HasSubstr;

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

}  // namespace
}  // namespace dagrad
