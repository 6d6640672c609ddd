#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dagrad/check.hpp"
#include "dagrad/random.hpp"

namespace dagrad::detail {

/// What is checked: float values ys of a graph as functions of its inputs xs, at a point.
struct Subject {
  Graph graph;
  std::vector<Value> ys, xs;
  std::vector<std::string> names;  ///< of the xs, for reports
  std::vector<Tensor> seeds;       ///< the cotangent of each y
  std::vector<Tensor> point;       ///< where each x is
  Feeds feeds;                     ///< of the other inputs, by name
  std::vector<Value> originals;  ///< by node: what it was copied from, where that is another graph
};

/// What a check of negligible slopes alone is worth.
inline constexpr const char* all_negligible =
    "every slope is negligible beside the values: finite differences prove none";

/// The computation from xs to y alone. Results of stop_gradient become inputs, fed with what they
/// are.
Subject extract_subject(const Value& y, std::span<const Value> xs, const Feeds& feeds,
                        Runtime* runtime, Rng& rng);
/// The same in float64: constants are those of the narrow dtypes, random numbers drawn as there.
Subject widened(const Subject& subject);
/// The float dtype in it that has the fewest digits; float64 where there is none.
DType narrowest(const Subject& subject);
/// Appends the gradient of the seeded ys; zeros where there is no path.
std::vector<Value> append_gradient(Subject& subject);
/// All that its inputs are fed with.
Feeds all_feeds(const Subject& subject);
/// "'hidden', matmul, made at model.cpp:41", of the node that it was copied from.
std::string describe(const Subject& subject, std::uint32_t node);

/// ±[0.5, 2) for each element, exact in float32: no cotangent that is lost or taken for a one goes
/// unseen.
Tensor random_seed(Rng& rng, const Type& type);
/// Marks the nodes that depend on one of `xs` by way of values, not types.
std::vector<bool> dependents(const Graph& graph, std::span<const Value> xs);
/// Marks the nodes whose values `values` are computed from, their own among them.
std::vector<bool> leading_to(const Graph& graph, std::span<const Value> values);
/// Values as they are at the feeds; feeds that they do not need are ignored.
std::vector<Tensor> evaluate_at(std::span<const Value> values, const Feeds& feeds,
                                Runtime* runtime);

/// Values of a graph, computed again and again from memory that its inputs are fed with once.
class Values {
 public:
  Values(std::span<const Value> values, Runtime* runtime);
  /// Reads an input from `view` from now on; ignores one that no value needs.
  void feed(const Value& input, const View& view);
  void feed(const Feeds& feeds);
  void compute() { run_(); }
  View operator[](std::size_t i) const { return run_.fetch(i); }

 private:
  explicit Values(const Function& function);
  std::vector<std::string> inputs_;  // sorted
  BoundRun run_;
};

}  // namespace dagrad::detail
