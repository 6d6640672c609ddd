#pragma once

#include <span>

#include "dagrad/passes.hpp"

namespace dagrad {

/// Takes elements of operands instead of elements of results. A `take` of many elements of a vector
/// by constant indices becomes the elementwise nodes that computed the vector, for these elements
/// alone and in their order; slices, padding with zeros, transposes, broadcasts and changes of
/// shape on the way become other indices. What is not selected is then not computed, and what is
/// selected is stored once. Values of compressed Jacobians are taken in this way. No bit changes.
///
/// A take is left alone where something else needs the values on the way, or where more than two
/// values, besides constants, would be read for each element. Constants are computed for
/// `runtime`, as by `fold_constants`. The new graph is made for the shapes of this one, and cannot
/// be replayed with others. Throws GraphError if a value belongs to another graph.
PassResult take_early(const Graph& graph, std::span<const Value> values,
                      Runtime* runtime = nullptr);

}  // namespace dagrad
