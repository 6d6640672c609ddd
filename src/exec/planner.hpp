#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/exec/plan.hpp"
#include "src/exec/step_origins.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// Plans what the fetches and updates of one graph need. The caller has checked them.
std::unique_ptr<const Plan> make_plan(const GraphView& graph, const CompileOptions& options,
                                      std::shared_ptr<RuntimeData> runtime,
                                      std::span<const Value> fetches);

/// Turns the needed part of a graph into steps and slots. Memory and threads are left to `arrange`,
/// which runs after the tables of this class are freed.
class Planner {
 public:
  Planner(const GraphView& graph, const CompileOptions& options,
          std::shared_ptr<RuntimeData> runtime);

  std::unique_ptr<Plan> draft(std::span<const Value> fetches) &&;

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  /// Marks of needed nodes before their values are numbered.
  static constexpr std::uint32_t is_wanted = 0, is_read = 1;
  struct Hash {
    std::size_t operator()(const std::vector<std::uint32_t>& key) const noexcept;
  };

  void select(std::span<const Value> fetches);
  bool needed(std::uint32_t node) const {
    return node < first_value_.size() && first_value_[node] != none;
  }
  void want(const Value& value);
  void reserve();
  void add_end(std::uint32_t node);
  void lay_out_in_order();
  void lay_out(std::uint32_t node);
  int aliased(std::uint32_t node) const;
  void add_leaf(std::uint32_t node);
  void add_step(std::uint32_t node);
  void add_other_inputs();
  std::uint32_t kernel_of(std::uint32_t node);
  std::uint32_t new_slot(Slot::Home home, std::uint64_t at);
  std::uint32_t value_of(const Edge& edge) const { return first_value_[edge.node] + edge.port; }
  std::uint32_t slot_of(const Value& value) const {
    return slot_of_value_[first_value_[value.node_id()] + value.port()];
  }
  void add_fetch(const Value& value);
  void add_update(const Update& update);
  void make_output(std::uint32_t slot, const Type& type);

  const GraphView& graph_;
  const CompileOptions& options_;
  std::unique_ptr<Plan> plan_;
  StepOrigins::Writer origins_, alias_origins_;
  std::vector<std::uint32_t> first_value_;  ///< of each node, `none` unless it is needed
  /// The nodes that no other node reads, each after its last operand.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ends_;
  std::vector<std::uint32_t> slot_of_value_;
  std::unordered_map<std::vector<std::uint32_t>, std::uint32_t, Hash> known_kernels_;
  std::unordered_map<std::uint32_t, std::uint32_t> parameter_of_node_;
  std::vector<std::uint32_t> key_;
};

}  // namespace dagrad::detail
