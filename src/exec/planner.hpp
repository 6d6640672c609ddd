#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "src/exec/memory.hpp"
#include "src/exec/plan.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// Makes a plan of what the fetches and updates of one graph need. They have been checked.
class Planner {
 public:
  Planner(const GraphView& graph, const CompileOptions& options,
          std::shared_ptr<RuntimeData> runtime);
  std::shared_ptr<const Plan> plan(std::span<const Value> fetches);

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  struct Hash {
    std::size_t operator()(const std::vector<std::uint32_t>& key) const noexcept;
  };

  void select(std::span<const Value> fetches);
  void want(const Value& value);
  void lay_out(std::uint32_t node);
  int aliased(std::uint32_t node) const;
  void add_leaf(std::uint32_t node);
  void add_step(std::uint32_t node);
  std::uint32_t kernel_of(std::uint32_t node);
  std::uint32_t new_slot(Slot::Home home, std::uint64_t at);
  std::uint32_t value_of(const Edge& edge) const { return first_value_[edge.node] + edge.port; }
  std::uint32_t slot_of(const Value& value) const {
    return slot_of_value_[first_value_[value.node_id()] + value.port()];
  }
  void add_fetch(const Value& value);
  void add_update(const Update& update);
  void make_output(std::uint32_t slot, const Type& type);

  Lifetimes lifetimes() const;
  std::vector<std::uint32_t> schedule(const Lifetimes& lifetimes,
                                      std::vector<Dependency>& dependencies);
  void place();

  const GraphView& graph_;
  const CompileOptions& options_;
  std::shared_ptr<Plan> plan_;
  std::vector<std::uint8_t> needed_;
  std::vector<std::uint32_t> first_value_;  ///< of each needed node
  std::vector<std::uint32_t> slot_of_value_;
  std::vector<std::uint32_t> producer_;       ///< step of each slot
  std::vector<std::uint64_t> blocks_;         ///< of each slot
  std::unordered_map<std::vector<std::uint32_t>, std::uint32_t, Hash> known_kernels_;
  std::unordered_map<std::uint32_t, std::uint32_t> parameter_of_node_;
  std::vector<std::uint32_t> key_;
};

}  // namespace dagrad::detail
