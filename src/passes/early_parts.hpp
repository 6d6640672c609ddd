#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "src/passes/fusion_groups.hpp"

namespace dagrad::detail {

/// A formula in two parts: one that does not read a certain operand, and the rest.
struct DividedProgram {
  std::uint32_t late_operand;
  ProgramPtr early;  ///< reads the others
  ProgramPtr late;   ///< reads that operand, and the result of the early part as one more
};

/// Finds parts of nodes that are computed in the group of what they read, before the rest of their
/// node.
///
/// The gradient of a nonlinear function, say of `y = sigmoid(x)`, is `dy * slope(x, y)`. If nothing
/// else needs x by then, the group that computes x can store the slope in its place, which takes no
/// more memory. There, the slope shares what it has in common with y, such as its exponential.
class EarlyParts {
 public:
  EarlyParts(const GraphData& graph, const FusibleNodes& nodes, const FusionGroups& groups);

  /// From here on, every node is computed in one.
  void forget();

  /// Null if the node is computed in one.
  const DividedProgram* of(std::uint32_t node) const {
    return node < divided_.size() && divided_[node] ? *division_[nodes_.program_number(node)]
                                                    : nullptr;
  }
  /// The nodes whose early parts a group computes.
  std::span<const std::uint32_t> computed_by(std::uint32_t group) const {
    const auto at = parts_.find(group);
    return at == parts_.end() ? std::span<const std::uint32_t>() : at->second;
  }
  /// Whether a node's result, which was only read for early parts, need not be stored any more.
  bool replaces(std::uint32_t node) const { return !divided_.empty() && replaced_[node]; }
  /// The groups that compute early or late parts, each once.
  std::vector<std::uint32_t> groups() const;

 private:
  /// Gradients of elementwise functions read no more.
  static constexpr std::size_t most_operands = 4;
  /// For each operand of one program, that of another one which is the same value.
  using Wiring = std::array<std::uint32_t, most_operands>;

  const DividedProgram* division(std::uint32_t node);
  void count_readers();
  void divide(std::uint32_t node, const DividedProgram& program);
  bool saves(const Edge& value, DType instead) const;
  bool shares(std::uint32_t value, std::uint32_t user, const Program& early);

  const GraphData& graph_;
  const FusibleNodes& nodes_;
  const FusionGroups& groups_;
  std::unordered_map<const Program*, std::optional<DividedProgram>> divisions_;
  /// By the number of a program; null if it is not divided.
  std::vector<std::optional<const DividedProgram*>> division_;
  /// By two programs and their wiring: whether they share a function.
  std::map<std::tuple<const Program*, const Program*, Wiring>, bool> shared_;
  /// By node: how many edges lead out of its group; empty once all nodes are divided.
  std::vector<std::uint32_t> readers_;
  std::vector<bool> divided_;  ///< by node; empty if none is divided
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> parts_;  ///< by group
  std::vector<bool> replaced_;                                           ///< by node
};

}  // namespace dagrad::detail
