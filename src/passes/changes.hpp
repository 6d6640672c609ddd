#pragma once

#include <optional>
#include <span>

#include "dagrad/passes.hpp"

// The passes of the default list. Each is empty where its pass has nothing to change, so that the
// next one can go on with the same graph; the functions of the same purpose in `dagrad/passes.hpp`
// then copy what the values need.
namespace dagrad::detail {

using Change = std::optional<PassResult>;

Change merge_equal_nodes(const Graph& graph, std::span<const Value> values);
Change apply_some_rules(const Graph& graph, std::span<const Value> values,
                        std::span<const Rule> rules);
Change fold_known_nodes(const Graph& graph, std::span<const Value> values, Runtime* runtime);
Change sum_products_early(const Graph& graph, std::span<const Value> values);
Change take_elements_early(const Graph& graph, std::span<const Value> values, Runtime* runtime);
Change fuse_groups(const Graph& graph, std::span<const Value> values);
Change sum_groups(const Graph& graph, std::span<const Value> values);
Change tile_groups(const Graph& graph, std::span<const Value> values);
Change window_groups(const Graph& graph, std::span<const Value> values);
Change epilogue_groups(const Graph& graph, std::span<const Value> values);

/// The graph that a pass has made, or a copy of what the values need if it has changed nothing.
inline PassResult or_copy(Change&& change, const Graph& graph, std::span<const Value> values) {
  return change ? *std::move(change) : extract(graph, values);
}

}  // namespace dagrad::detail
