#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/gradient.hpp"
#include "src/gradient/paths.hpp"
#include "src/graph/view.hpp"

/// The two modes of differentiation. `function` is what the user called; errors begin with it.
namespace dagrad::detail {

/// The gradients of Σ seed·y for each x.
std::vector<Value> reverse_mode(std::string_view function, std::span<const Seeded> ys,
                                std::span<const Value> xs, Unconnected unconnected, Location where);
/// The tangents of the ys.
std::vector<Value> forward_mode(std::string_view function, std::span<const Value> ys,
                                std::span<const Value> xs, std::span<const Value> tangents,
                                Unconnected unconnected, Location where);

/// Throws GradientError if an x leads to no y, or if no x leads to a y.
void check_connected(std::string_view function, const Paths& paths, std::span<const Value> ys,
                     std::span<const Value> xs);

/// "'x', float64[3]"
std::string typed_name(const Value& value);
/// Throws unless there are as many cotangents or tangents as values for them.
void check_one_each(std::string_view function, std::size_t given, std::string_view what,
                    std::size_t wanted, std::string_view each);
/// Throws ArgumentError if the value, which is the tangent or the like of another, is empty.
void check_given(std::string_view function, const Value& value, std::string_view what,
                 std::string_view role, const Value& of);
/// Throws ArgumentError if there are none.
void check_any(std::string_view function, std::size_t number, std::string_view what);
/// The graph of the ys and xs, which must be floats of one graph. Throws ArgumentError if there is
/// no y.
GraphData& checked_graph(std::string_view function, std::span<const Value> ys,
                         std::span<const Value> xs);

}  // namespace dagrad::detail
