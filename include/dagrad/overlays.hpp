#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dagrad/check.hpp"
#include "dagrad/explain.hpp"
#include "dagrad/profile.hpp"

/// Measurements and verdicts as overlays of pictures (`PictureOptions::overlay`). Draw the graph
/// from which the function was compiled.
namespace dagrad {

/// What an overlay shows of a profile.
enum class Profiled : std::uint8_t {
  time,   ///< median of the seconds
  bytes,  ///< of operands and results
  flops,  ///< floating-point operations, of nodes that tell them
};
/// What passes have merged into one node is divided equally among the nodes that it was made of, as
/// far as the graph has them.
Overlay overlay_of(const Profile& profile, Profiled shown = Profiled::time);

/// How long each value stays in the arena, in steps, with its size and the steps between which it
/// is needed.
Overlay lifetime_overlay(const PlanExplanation& plan);

/// The float elements of a node's results in a run; those of an input or a parameter are what was
/// fed or stored.
struct ValueRange {
  std::string node;
  double largest = 0;  ///< magnitude of the finite elements
  std::size_t elements = 0;
  std::size_t not_finite = 0;  ///< number of infinities and NaNs
  bool first = false;          ///< whether it has some although no operand has any
};
/// Runs what the values need once, node by node as the graph has them, without passes. Results in
/// the order of the nodes. Without a State, parameters have their initial values. Throws what
/// `compile` and a run throw.
std::vector<ValueRange> value_ranges(ValueSpan values, const State& state, const Feeds& feeds = {},
                                     Location where = Location::here());
std::vector<ValueRange> value_ranges(ValueSpan values, const Feeds& feeds = {},
                                     Location where = Location::here());
/// The largest magnitude of each value.
Overlay value_overlay(std::span<const ValueRange> ranges);
/// The largest magnitude of the gradient of each value that has one, as far as the ranges tell it:
/// they must be those of a run that computes the gradients. Of several derivatives of a value, the
/// first counts.
Overlay gradient_overlay(const Graph& graph, std::span<const ValueRange> ranges);
/// Where infinities and NaNs come from and which nodes pass them on.
Overlay not_finite_overlay(std::span<const ValueRange> ranges);

/// The gravest verdict on the gradient of each x, and the node that fails alone.
Overlay overlay_of(const CheckReport& report);
/// Whether the op of each node has passed `check_op`.
Overlay overlay_of(const Graph& graph, std::span<const OpReport> reports);

}  // namespace dagrad
