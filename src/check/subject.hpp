#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dagrad/check.hpp"
#include "dagrad/random.hpp"

namespace dagrad::detail {

/// What is being checked: float values ys of a graph as functions of its inputs xs, at a point.
struct Subject {
  Graph graph;
  std::vector<Value> ys, xs;
  std::vector<std::string> names;  ///< of the xs, for reports
  std::vector<Tensor> seeds;       ///< the cotangent of each y
  std::vector<Tensor> point;       ///< the value of each x
  Feeds feeds;                     ///< values of the other inputs, by name
  std::vector<Value> originals;    ///< by node: the value in another graph from which it was copied
};

/// The warning if all slopes are negligible.
inline constexpr const char* all_negligible =
    "all slopes are negligible compared with the values, so finite differences cannot confirm any";

/// Extracts the computation from xs to y. Results of stop_gradient become inputs that are fed their
/// values.
Subject extract_subject(const Value& y, std::span<const Value> xs, const Feeds& feeds,
                        Runtime* runtime, Rng& rng);
/// The same in float64, with the same constants and random numbers as in the narrow dtypes.
Subject widened(const Subject& subject);
/// The float dtype with the fewest digits in the subject; float64 if there is no float.
DType narrowest(const Subject& subject);
/// Appends the gradients of the seeded ys, with zeros where there is no path.
std::vector<Value> append_gradient(Subject& subject);
/// The feeds of all its inputs.
Feeds all_feeds(const Subject& subject);
/// Describes the node from which it was copied: "'hidden', matmul, made at model.cpp:41".
std::string describe(const Subject& subject, std::uint32_t node);

/// Random elements in ±[0.5, 2), exact in float32, so that a cotangent that is dropped or taken for
/// 1 is noticed.
Tensor random_seed(Rng& rng, const Type& type);
/// Marks the nodes whose values, not only types, depend on one of `xs`.
std::vector<bool> dependents(const Graph& graph, std::span<const Value> xs);
/// Marks the nodes from which `values` are computed, including their own.
std::vector<bool> leading_to(const Graph& graph, std::span<const Value> values);
/// Computes values at the feeds; feeds that they do not need are ignored.
std::vector<Tensor> evaluate_at(std::span<const Value> values, const Feeds& feeds,
                                Runtime* runtime);

/// Values of a graph, computed repeatedly from memory that is bound to its inputs once.
class Values {
 public:
  Values(std::span<const Value> values, Runtime* runtime);
  /// From now on, reads the input from `view`. Ignored if no value needs the input.
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
