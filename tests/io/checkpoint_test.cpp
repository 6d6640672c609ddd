#include "dagrad/checkpoint.hpp"

#include <gtest/gtest.h>

#include "dagrad/compile.hpp"
#include "dagrad/error.hpp"
#include "dagrad/ops/operators.hpp"
#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using Names = std::vector<std::string>;

class CheckpointTest : public test::InFolder {
 protected:
  Graph g;
  const Value w = g.parameter("hidden/w", Tensor::of({{1.0, 2.0}, {3.0, 4.0}})),
              b = g.parameter("b", Tensor::of({1.0F})), step = g.parameter("step", Tensor(7));
  const std::filesystem::path file = folder / "state.npz";
};

TEST_F(CheckpointTest, RestoresAState) {
  State s(g);
  s.set(w, Tensor::of({{-1.0, 0.5}, {0.25, -0.0}}));
  save(file, s);
  State other(g);
  const Loaded loaded = load(file, other);
  EXPECT_TRUE(loaded.missing.empty() && loaded.unexpected.empty());
  for (const std::string& name : s.names()) EXPECT_TRUE(same_bits(other.get(name), s.get(name)));
  const std::string bytes = test::bytes_of(file);
  save(file, other);
  EXPECT_EQ(test::bytes_of(file), bytes);
}

// Parameters with any valid name can be saved and loaded.
TEST_F(CheckpointTest, AcceptsTheLongestNames) {
  Graph graph;
  std::vector<Scope> scopes;
  for (int i = 0; i < 15; ++i) scopes.push_back(graph.scope(std::string(4096, 'a')));
  const Value p = graph.parameter(std::string(65'531 - 15 * 4097, 'b'), Tensor(1.5));
  ASSERT_EQ(p.name().size(), 65'531U);
  State s(graph);
  save(file, s);
  s.set(p, Tensor(0.0));
  EXPECT_TRUE(load(file, s).unexpected.empty());
  EXPECT_EQ(s.get(p).item<double>(), 1.5);
}

TEST_F(CheckpointTest, ListsEveryDifferenceAndSetsNothing) {
  write_npz(file, {{"hidden/w", Tensor(1.0)}, {"b", Tensor::of({9.0F})}, {"c", Tensor(true)}});
  State s(g);
  EXPECT_THROWS(
      load(file, s), ArgumentError,
      "load: '" + file.string() +
          "' does not fit the State:\n"
          "  parameter 'hidden/w' is float64[] in the file, but float64[2,2] in the State\n"
          "  parameter 'step', int32[], is not in the file\n"
          "  array 'c', bool[], belongs to no parameter");
  EXPECT_EQ(s.get(b).item<float>(), 1.0F);
}

TEST_F(CheckpointTest, PartialLoadSetsWhatTheFileHas) {
  write_npz(file, {{"b", Tensor::of({9.0F})}, {"c", Tensor(true)}});
  State s(g);
  const Loaded loaded = load(file, s, {.partial = true});
  EXPECT_EQ(loaded.missing, (Names{"hidden/w", "step"}));
  EXPECT_EQ(loaded.unexpected, Names{"c"});
  EXPECT_EQ(s.get(b).item<float>(), 9.0F);
  EXPECT_EQ(s.get(step).item<int>(), 7);
  write_npz(file, {{"b", Tensor::of({5.0})}, {"step", Tensor(8)}});
  EXPECT_THROWS(load(file, s, {.partial = true}), ArgumentError,
                "load: '" + file.string() +
                    "' does not fit the State:\n"
                    "  parameter 'b' is float64[1] in the file, but float32[1] in the State");
  EXPECT_EQ(s.get(step).item<int>(), 7);
}

TEST_F(CheckpointTest, WidensOnRequest) {
  Graph small;
  const Value half = small.parameter("w", Tensor(Type{f32, {2, 2}})),
              byte = small.parameter("step", Tensor(0));
  State s(small);
  const std::filesystem::path narrow = "tests/golden/npz/narrow.npz";
  EXPECT_THROW(load(narrow, s), ArgumentError);
  load(narrow, s, {.widen = true});
  EXPECT_EQ(s.get(half).to_vector<float>(), (std::vector<float>{-1.25F, 0.5F, -0.5F, 1.25F}));
  EXPECT_EQ(s.get(byte).item<int>(), 200);
}

TEST_F(CheckpointTest, ABadFileSetsNothing) {
  State s(g);
  save(file, s);
  s.set(step, Tensor(8));
  write("state.npz", test::bytes_of(file).substr(0, 300));
  EXPECT_THROW(load(file, s), FileError);
  EXPECT_EQ(s.get(step).item<int>(), 8);
}

TEST_F(CheckpointTest, SavesChosenParameters) {
  save(file, State(g), {w, step});
  const auto arrays = read_npz(file);
  EXPECT_EQ(arrays.size(), 2U);
  EXPECT_TRUE(same_bits(arrays.at("hidden/w"), Tensor::of({{1.0, 2.0}, {3.0, 4.0}})));
  EXPECT_TRUE(arrays.contains("step"));
  save(file, State(g), std::span<const Value>());
  EXPECT_TRUE(read_npz(file).empty());
  EXPECT_THROWS(save(file, State(g), {w, w * 2.0}), ArgumentError,
                "save: the State has no parameter 'mul'");
  EXPECT_TRUE(read_npz(file).empty());
}

TEST_F(CheckpointTest, LoadsForInferenceWhatATrainingSaved) {
  save(file, State(g));
  Graph model;
  const Value v = model.parameter("hidden/w", Tensor(Type{f64, {2, 2}}));
  State s(model);
  EXPECT_THROWS(load(file, s), ArgumentError,
                "load: '" + file.string() +
                    "' does not fit the State:\n"
                    "  array 'b', float32[1], belongs to no parameter\n"
                    "  array 'step', int32[], belongs to no parameter");
  const Loaded loaded = load(file, s, {.ignore_extra = true});
  EXPECT_EQ(loaded.unexpected, (Names{"b", "step"}));
  EXPECT_TRUE(same_bits(s.get(v), Tensor::of({{1.0, 2.0}, {3.0, 4.0}})));
}

TEST_F(CheckpointTest, WantsEveryParameterWhereItIgnoresExtraArrays) {
  write_npz(file, {{"hidden/w", Tensor::of({{9.0, 9.0}, {9.0, 9.0}})}, {"c", Tensor(true)}});
  State s(g);
  EXPECT_THROWS(load(file, s, {.ignore_extra = true}), ArgumentError,
                "load: '" + file.string() +
                    "' does not fit the State:\n"
                    "  parameter 'b', float32[1], is not in the file\n"
                    "  parameter 'step', int32[], is not in the file");
  EXPECT_EQ(s.get(w).at(0), 1.0);
}

}  // namespace
}  // namespace dagrad
