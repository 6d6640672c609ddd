#pragma once

#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "dagrad/passes.hpp"

namespace dagrad::detail {

/// A graph that passes rewrite one after the other.
class PassChain {
 public:
  /// The graph must outlive this. `values` are what the passes have to keep.
  PassChain(const GraphData& graph, std::span<const Value> values);

  /// Runs a pass on the graph that the passes before have made. The report lacks the numbers of
  /// nodes for each op.
  PassReport run(const Pass& pass, Runtime* runtime);

  /// The graph that the last pass has made.
  const GraphData& graph() const;
  /// The nodes of it that the values need.
  std::vector<std::uint32_t> nodes() const;
  /// The mapping to it from the first graph; null if that has not been changed.
  const Mapping* mapping() const { return now_ ? &now_->mapping : nullptr; }
  /// The graph as one of its own, even if no pass has changed it.
  Rewritten finish() &&;

 private:
  const GraphData& first_;
  std::vector<Value> values_;  ///< of the graph as it is now
  std::optional<Rewritten> now_;
  std::size_t size_ = 0;                  ///< the number of nodes that the values need
  std::unordered_set<std::string> idle_;  ///< names of passes that need not run on it again
};

}  // namespace dagrad::detail
