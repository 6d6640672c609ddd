#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dagrad/detail/table.hpp"
#include "dagrad/grad.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// The contributions to the cotangents or tangents of values, which are numbered as slots.
class Sums {
 public:
  Sums(const GraphData& graph, std::uint32_t slots) : graph_(graph), newest_(slots, nothing) {}

  void add(std::uint32_t slot, const Value& contribution);
  bool has(std::uint32_t slot) const { return newest_[slot] != nothing; }
  /// The sum of a slot's contributions, for which a node is made if there are several; zero if
  /// there are none.
  Gradient total(std::uint32_t slot);
  /// The node and port of a slot's only contribution, which may be a sum; empty if there are none
  /// or several.
  std::optional<Edge> only(std::uint32_t slot) const;

 private:
  static constexpr std::uint32_t nothing = 0xffffffff;
  struct Contribution {
    std::uint32_t node, port, next;
  };

  GraphView graph_;
  std::vector<std::uint32_t> newest_;  ///< index in contributions_ by slot
  Table<Contribution> contributions_;
  std::vector<Value> values_;  ///< scratch space
};

}  // namespace dagrad::detail
