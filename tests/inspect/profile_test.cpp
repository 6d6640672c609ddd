#include <dagrad/dagrad.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;
using testing::HasSubstr;

/// A layer in a scope, a loss outside of it, and a training step.
class ProfileTest : public test::InFolder {
 protected:
  ProfileTest() {
    const Scope outer = g.scope("model");
    const Scope inner = g.scope("layer");
    hidden = tanh(matmul(x, w).named("product")).named("hidden");
  }

  Graph g;
  const Value x = g.input("x", {f64, {8, 4}}), w = g.parameter("w", Rng(1).uniform({4, 3}, -1, 1));
  Value hidden;
  const Tensor data = Rng(2).uniform({8, 4}, -1, 1);

  /// Without passes, every node keeps its name.
  CompileOptions plain(std::vector<Update> updates = {}, int threads = 1) const {
    return {.update = std::move(updates), .threads = threads, .passes = {}};
  }
  static const ProfileRow& row(const std::vector<ProfileRow>& rows, const std::string& name) {
    for (const ProfileRow& row : rows)
      if (row.name == name) return row;
    throw std::out_of_range("no row " + name);
  }
};

TEST_F(ProfileTest, HasARowForEachNode) {
  const Value y = sum(hidden).named("y");
  const Profile p = profile(compile({y}, plain()), {{x, data}}, {.runs = 3, .warm_up = 0});
  ASSERT_EQ(p.nodes.size(), 3U);
  const ProfileRow &product = p.nodes[0], &tanhs = p.nodes[1], &total = p.nodes[2];
  EXPECT_EQ(product.name, "model/layer/product");
  EXPECT_EQ(product.op, "matmul");
  EXPECT_EQ(product.merged, (std::vector<std::string>{"model/layer/product"}));
  EXPECT_EQ(product.bytes, 8 * (8 * 4 + 4 * 3 + 8 * 3));
  EXPECT_EQ(product.flops, 2 * 8 * 4 * 3);
  EXPECT_EQ(tanhs.flops, 8 * 3);
  EXPECT_EQ(tanhs.bytes, 8 * 2 * 8 * 3);
  EXPECT_EQ(total.flops, 8 * 3);
  double shares = 0;
  for (const ProfileRow& row : p.nodes) {
    EXPECT_EQ(row.nodes, 1U);
    EXPECT_EQ(row.unknown, 0U);
    EXPECT_EQ(row.gradient, 0);
    EXPECT_GT(row.seconds.minimum, 0);
    EXPECT_LE(row.seconds.minimum, row.seconds.median);
    EXPECT_DOUBLE_EQ(row.gflops(), row.flops / row.seconds.minimum * 1e-9);
    EXPECT_DOUBLE_EQ(row.gigabytes_per_second(), row.bytes / row.seconds.minimum * 1e-9);
    shares += row.share;
  }
  EXPECT_NEAR(shares, 1, 1e-12);
  EXPECT_GT(p.run.minimum, 0);
  EXPECT_LE(p.run.minimum, p.run.median);
  EXPECT_GE(p.timed_run.minimum, p.nodes[0].seconds.minimum);
}

TEST_F(ProfileTest, GroupsGradientsWithTheirForwardNodes) {
  const Value y = sum(hidden).named("y"), dw = gradient(y, w);
  State state(g);
  const Profile p =
      profile(compile({y}, plain({{w, w - 0.1 * dw}})), state, {{x, data}}, {.runs = 5});
  const ProfileRow& product = row(p.forward, "model/layer/product");
  EXPECT_EQ(product.op, "matmul");
  EXPECT_EQ(product.nodes, 2U);
  EXPECT_EQ(product.flops, 2 * 2 * 8 * 4 * 3);
  EXPECT_GT(product.gradient, 0);
  EXPECT_LT(product.gradient, 1);
  const ProfileRow &outer = row(p.scopes, "model"), &inner = row(p.scopes, "model/layer");
  EXPECT_EQ(outer.seconds.median, inner.seconds.median);
  EXPECT_EQ(outer.nodes, inner.nodes);
  EXPECT_GE(inner.seconds.median, product.seconds.median);
  EXPECT_EQ(p.scopes.front().name, "");
  double by_nodes = 0, by_forward = 0;
  for (const ProfileRow& r : p.nodes) by_nodes += r.bytes;
  for (const ProfileRow& r : p.forward) by_forward += r.bytes;
  EXPECT_DOUBLE_EQ(by_forward, by_nodes);
  EXPECT_EQ(state.get(w).to_vector<double>(), w.node().tensor().to_vector<double>());
}

TEST_F(ProfileTest, FollowsGradientsOfGradients) {
  const Value y = sum(square(hidden)), d = gradient(y, x), second = gradient(sum(square(d)), x);
  const Profile p = profile(compile({second}, plain()), {{x, data}}, {.runs = 1});
  for (const ProfileRow& r : p.forward) {
    const auto value = g.find(r.name);
    ASSERT_TRUE(value) << r.name;
    EXPECT_EQ(value->node().gradient_order(), 0) << r.name;
  }
}

TEST_F(ProfileTest, DividesMergedNodesAmongTheirOrigins) {
  const Pass merge{"merge", [](const Graph& graph, std::span<const Value> values) {
                     return merge_equal(graph, values);
                   }};
  const Value a = tanh(x).named("a"), b = tanh(x).named("b"), y = sum(a + b).named("y");
  const Profile p =
      profile(compile({y}, {.threads = 1, .passes = {merge}}), {{x, data}}, {.runs = 2});
  const ProfileRow& merged = p.nodes[0];
  EXPECT_EQ(merged.merged, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(row(p.forward, "a").flops, merged.flops / 2);
  EXPECT_EQ(row(p.forward, "b").bytes, merged.bytes / 2);
  EXPECT_EQ(row(p.forward, "b").nodes, 1U);
  const auto marked = marks(p);
  EXPECT_THAT(marked.at("a").note, HasSubstr("2 nodes in one"));
  EXPECT_EQ(marked.at("a").note, marked.at("b").note);
}

TEST_F(ProfileTest, SaysWhichOperationsAreUnknown) {
  const Value y = sort(x, 0).named("y");
  const Profile p = profile(compile({y}, plain()), {{x, data}}, {.runs = 1});
  EXPECT_EQ(p.nodes[0].unknown, 1U);
  EXPECT_EQ(p.nodes[0].flops, 0);
  EXPECT_THAT(to_string(p), HasSubstr(" -"));
}

TEST_F(ProfileTest, HasNoRowsWithoutSteps) {
  const Profile p = profile(compile({x}, plain()), {{x, data}});
  EXPECT_TRUE(p.nodes.empty() && p.forward.empty() && p.scopes.empty() && p.events.empty());
  EXPECT_THAT(to_string(p), HasSubstr("0 nodes, on one thread"));
  EXPECT_EQ(::testing::PrintToString(p), to_string(p));
  EXPECT_TRUE(marks(p).empty());
}

TEST_F(ProfileTest, MeasuresSeveralThreads) {
  Runtime runtime({.threads = 2});
  const Value big = g.input("big", {f64, {400, 400}});
  std::vector<Value> products;
  for (int i = 0; i < 4; ++i) products.push_back(matmul(big, big + i));
  const Function f = compile({add_n(products)}, {.runtime = &runtime, .passes = {}});
  const Profile p = profile(f, {{big, Tensor(big.type())}}, {.runs = 3});
  EXPECT_EQ(p.threads, 2);
  ASSERT_EQ(p.events.size(), p.nodes.size());
  for (const ProfileEvent& event : p.events) {
    EXPECT_TRUE(event.worker == 0 || event.worker == 1);
    EXPECT_GE(event.start, 0);
    EXPECT_LE(event.start + event.seconds, p.timed_run.minimum);
  }
  std::vector<ProfileEvent> events = p.events;  // those of one thread do not overlap
  std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) {
    return std::tie(a.worker, a.start) < std::tie(b.worker, b.start);
  });
  for (std::size_t i = 1; i < events.size(); ++i)
    if (events[i].worker == events[i - 1].worker) {
      EXPECT_GE(events[i].start, events[i - 1].start + events[i - 1].seconds - 1e-12);
    }
}

TEST_F(ProfileTest, WritesTables) {
  const Value y = sum(hidden).named("y");
  const Profile p = profile(compile({y}, plain()), {{x, data}}, {.runs = 1});
  const std::string text = to_string(p, {.by = ProfileBy::node, .rows = 2});
  EXPECT_THAT(text, HasSubstr("3 nodes, on one thread: a run takes "));
  EXPECT_THAT(text, HasSubstr("\nnode "));
  EXPECT_THAT(text, HasSubstr("… and 1 more\n"));
  EXPECT_THAT(to_string(p, {.by = ProfileBy::scope}), HasSubstr("\n(no scope)"));
  EXPECT_THAT(to_string(p), HasSubstr("\nmodel/layer/hidden     tanh  "));
  write_csv(folder / "nodes.csv", p);
  const std::string csv = test::bytes_of(folder / "nodes.csv");
  EXPECT_THAT(csv, HasSubstr("name,op,nodes,minimum,median,share,gradient,bytes,flops,unknown\n"
                             "model/layer/product,matmul,1,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 4);
  const std::string json = to_json(p);
  EXPECT_THAT(json, HasSubstr(R"("name": "model/layer/hidden", "op": "tanh", "merged": )"
                              R"(["model/layer/hidden"], "nodes": 1, "seconds": {"minimum": )"));
  EXPECT_EQ(std::count(json.begin(), json.end(), '{'), std::count(json.begin(), json.end(), '}'));
}

TEST_F(ProfileTest, WritesTraces) {
  const Value y = sum(hidden).named("y"), dw = gradient(y, w);
  const Profile p = profile(compile({y, dw}, plain()), {{x, data}}, {.runs = 1});
  write_chrome_trace(folder / "trace.json", p);
  const std::string trace = test::bytes_of(folder / "trace.json");
  EXPECT_EQ(trace, to_chrome_trace(p));
  EXPECT_THAT(trace, HasSubstr(R"({"displayTimeUnit": "ns", "traceEvents": [)"));
  EXPECT_THAT(trace,
              HasSubstr(R"("thread_name", "pid": 1, "tid": 0, "args": {"name": "caller"}})"));
  EXPECT_THAT(trace, HasSubstr(R"({"ph": "X", "name": "model/layer/product", "cat": "forward", )"
                               R"("pid": 1, "tid": 0, "ts": )"));
  EXPECT_THAT(trace, HasSubstr(R"("cat": "gradient")"));
  EXPECT_EQ(trace.find(",\n]"), trace.npos);
}

TEST_F(ProfileTest, MarksPictures) {
  const Value y = sum(hidden).named("y");
  const Profile p = profile(compile({y}, plain()), {{x, data}}, {.runs = 3});
  const auto marked = marks(p);
  EXPECT_EQ(marked.size(), 5U);  // three nodes and two scopes
  EXPECT_THAT(marked.at("model/layer/product").note, HasSubstr("FLOP/s"));
  EXPECT_THAT(to_dot(g, {.open_scopes = 0, .marks = marked}), HasSubstr(marked.at("model").note));
}

TEST_F(ProfileTest, Refuses) {
  const Function f = compile({sum(hidden)}, plain());
  EXPECT_EQ(mistake<ArgumentError>([&] {
              profile(f, {{x, data}}, {.runs = 0});
            }),
            "profile: runs must be at least 1 and warm_up at least 0, got 0 and 3");
  EXPECT_THAT(mistake<ArgumentError>([&] { profile(f); }),
              HasSubstr("these inputs were not fed: x"));
  EXPECT_THAT(mistake<ArgumentError>([&] {
                profile(Function(), {{x, data}});
              }),
              HasSubstr("this Function is empty"));
  const Function alone = [] {
    Graph short_lived;
    return compile({tanh(short_lived.input("x", {f64, {}}))});
  }();
  EXPECT_THAT(mistake<GraphError>([&] {
                profile(alone, {{"x", Tensor(1.0)}});
              }),
              HasSubstr("the graph from which this function was compiled is gone"));
}

TEST_F(ProfileTest, RefusesRunsThatSearchForValuesThatAreNotFinite) {
  const Function f = compile({log(x)}, {.threads = 1, .check_finite = true, .passes = {}});
  Tensor infinite = data;
  std::fill_n(infinite.mutate<double>().begin(), 32, std::numeric_limits<double>::infinity());
  EXPECT_THROW(profile(f, {{x, infinite}}), RunError);
}

}  // namespace
