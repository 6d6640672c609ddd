#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/rewrite.hpp"

/// Batching: from the computation of one member of a batch, that of all of them.
namespace dagrad {

/// What becomes of an op that does not say how it works on batches: it is applied to each member in
/// turn, which appends as many nodes as the batch has members, or it is an error.
enum class Loops { allowed, refused };

struct BatchOptions {
  /// The position of the new axis among those of an input's batch. Negative ones count from the
  /// end. Results always have it in front.
  std::int64_t axis = 0;
  Loops loops = Loops::allowed;
};

/// A value that one member of the batch is computed from, and its values for all members.
struct Batched {
  Value value;
  /// Of the same dtype, with one more axis.
  Value batch;
};

/// Appends nodes that compute the ys for each member of a batch, and returns them with the batch
/// axis in front of their other axes: [n, …] for a y of […]. What does not depend on the inputs is
/// computed once, for all members; a y that does not is repeated. Results are those of n separate
/// computations, to the bit if ops move elements or compute them one by one; ops that sum may add
/// in another order.
///
///     const Value of_one = gradient(loss, w);                       // of one sample x
///     const Value of_each = batch(of_one, {{x, samples}});          // samples: [n, …]
///
/// Throws ArgumentError without ys or inputs, if an input is given twice, or if loops are refused
/// and an op needs one; TypeError if a batch has another dtype than its value; ShapeError if it
/// lacks the axis, if its other axes are not those of the value, or if batches differ in size;
/// GraphError if values belong to several graphs; and what ops throw. It then appends nothing.
std::vector<Value> batch(ValueSpan ys, std::span<const Batched> inputs,
                         const BatchOptions& options = {}, Location where = Location::here());
std::vector<Value> batch(ValueSpan ys, std::initializer_list<Batched> inputs,
                         const BatchOptions& options = {}, Location where = Location::here());
Value batch(const Value& y, std::initializer_list<Batched> inputs, const BatchOptions& options = {},
            Location where = Location::here());

/// Makes a graph for batches of `size` members from the graph of one member. The inputs get a new
/// axis of that size, and so does every value that depends on them; all others stay as they are. A
/// result has the new axis in front of its others, an input at `BatchOptions::axis`.
///
/// Parameters can be among the inputs, as for an ensemble: all members start with the parameter's
/// initial value, unless a State is given others. So can constants.
///
///     const auto [models, to] = batch(graph, {w, b}, 10);           // ten models of the same data
///
/// Throws ArgumentError without inputs, for a negative size, if an input is given twice, or if
/// loops are refused and an op needs one; ShapeError if an input cannot have such an axis;
/// GraphError if an input belongs to another graph or is computed; and what ops throw.
Rewritten batch(const Graph& graph, ValueSpan inputs, std::int64_t size,
                const BatchOptions& options = {}, Location where = Location::here());

/// Makes the graph again with another size of the batch, which is one axis of its inputs: [size, …]
/// for inputs of [n, …]. It is a `replay` for these types, so every op infers its types again.
///
/// Throws ArgumentError without inputs, for a negative size, or if an input is given twice;
/// ShapeError if an input lacks the axis, if inputs differ in its size, or if an op that names
/// sizes does not fit; GraphError if an input belongs to another graph or is not an input.
Rewritten rebatch(const Graph& graph, ValueSpan inputs, std::int64_t size, std::int64_t axis = 0,
                  Location where = Location::here());

}  // namespace dagrad
