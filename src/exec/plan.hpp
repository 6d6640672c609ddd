#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/explain.hpp"
#include "src/exec/kernel.hpp"
#include "src/exec/name_table.hpp"
#include "src/exec/routines.hpp"
#include "src/exec/runtime_data.hpp"
#include "src/exec/step_origins.hpp"
#include "src/exec/topology.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// The location of a value. Values that are aliases of each other share a slot.
struct Slot {
  enum class Home : std::uint8_t {
    arena,      ///< at byte `at` of the run's arena
    input,      ///< in the tensor or view fed to input `at`
    parameter,  ///< in the State's or the initial value of parameter `at`
    constant,   ///< in constant `at`
    output,     ///< in tensor `at` of those that outlive the run (fetches and updates)
    nowhere     ///< it is not computed, and its address is null
  };
  /// The largest value of `at`.
  static constexpr std::uint64_t most = (std::uint64_t{1} << 61) - 1;
  Slot(Home in, std::uint64_t position) : at(position & most), home(in) {}

  std::uint64_t at : 61;
  Home home : 3;
};
static_assert(sizeof(Slot) == 8);

struct Step {
  std::uint32_t kernel = 0;
  std::uint32_t first_wire = 0;  ///< in Plan::wires
  std::uint32_t node = 0;        ///< in the graph
};

/// The slot of an operand whose elements are not used, only its type.
inline constexpr std::uint32_t no_slot = 0xffffffff;

/// How long a run is estimated to take, in nanoseconds.
struct SharingEstimate {
  int threads = 1;    ///< that could be used
  double alone = 0;   ///< on one thread
  double shared = 0;  ///< on all of these threads
};

/// A compiled function as flat arrays, with steps in the order in which one thread runs them. The
/// planner makes it; after that it is constant.
class Plan {
 public:
  /// An input or a parameter.
  struct Leaf {
    Type type;
    std::uint32_t node = 0;
    std::uint32_t slot = 0;
  };
  /// A value that outlives the run. `from` is the slot that is copied after all steps, or `no_slot`
  /// if a step writes the value.
  struct Output {
    Type type;
    std::uint32_t slot = 0;
    std::uint32_t from = no_slot;
  };
  struct Fetch {
    Type type;
    std::uint32_t slot = 0;
  };
  struct Updated {
    std::uint32_t parameter = 0;
    std::uint32_t slot = 0;  ///< of the next value
  };

  using AliasKey = std::tuple<const Control*, std::uint32_t, std::uint32_t>;  // graph, node, port
  struct Alias {
    ControlPtr graph;  ///< keeps its address from being reused
    std::uint32_t input = 0;
  };
  static AliasKey key(const ControlPtr& graph, std::uint32_t node, std::uint32_t port) {
    return {graph.get(), node, port};
  }

  std::shared_ptr<RuntimeData> runtime;
  std::shared_ptr<const Observer> observer;
  ControlPtr graph;  ///< identifies its handles; the graph itself may be gone

  std::vector<PlannedPass> passes;
  std::vector<std::shared_ptr<const Kernel>> kernels;
  /// If these kernels only notice values that are not finite, those that find the node instead
  /// (finite.hpp); else empty. They run the steps of `unfused`, if that is set.
  std::vector<std::shared_ptr<const Kernel>> searching;
  /// The plan, not arranged, of the graph before passes fused nodes; null if none has.
  std::shared_ptr<const Plan> unfused;
  std::vector<Step> steps;
  StepOrigins origins;  ///< names and places of the steps
  /// Names and places of the nodes that need no step, since their result is another value in
  /// another shape, and the slots of these values.
  StepOrigins alias_origins;
  std::vector<std::uint32_t> alias_slots;
  std::vector<std::uint32_t> wires;
  std::vector<Slot> slots;
  /// Inputs that the function needs come first, then the graph's other inputs, which may be fed too
  /// and have no slot. Both are in the order of their nodes.
  std::vector<Leaf> inputs, parameters;
  std::size_t needed_inputs = 0;
  NameTable input_names, parameter_names;
  /// Values of older graphs that became the inputs of this one through rewrites.
  std::map<AliasKey, Alias> aliases;
  std::vector<Tensor> initial;  ///< initial values of the parameters
  std::vector<Tensor> constants;
  std::vector<Output> outputs;
  std::vector<std::uint32_t> put;  ///< slots of values that outputs overwrite in their memory
  std::vector<Fetch> fetches;
  std::vector<Updated> updates;
  std::size_t arena_bytes = 0;

  SharingEstimate estimate;  ///< by which `threads` was chosen
  int threads = 1;           ///< the most to use; 1: steps run in order on the caller's thread
  std::optional<Topology> topology;  ///< of tasks; set if more than one thread is used
  std::vector<std::uint32_t> tasks;  ///< the first step of each task, and the end of the last
  RoutinesOnDemand routines;

  const Kernel& kernel_of(const Step& step) const { return *kernels[step.kernel]; }
  /// Slots of a step's operands; `no_slot` for an operand of which only the type is used.
  std::span<const std::uint32_t> operands_of(const Step& step) const {
    return {wires.data() + step.first_wire, kernel_of(step).in().size()};
  }
  /// Slots of a step's results, followed by that of its scratch memory if it has any.
  std::span<const std::uint32_t> results_of(const Step& step) const {
    return wires_of(step).subspan(kernel_of(step).in().size());
  }
  std::span<const std::uint32_t> wires_of(const Step& step) const {
    return {wires.data() + step.first_wire, kernel_of(step).wires()};
  }
  bool needs_input(std::size_t input) const { return input < needed_inputs; }
  /// Position of the input with this node, or `no_slot`.
  std::uint32_t input_of_node(std::uint32_t node) const;
  /// Position of the input that the value denotes, in this graph or one from which it was made by
  /// rewrites, or `no_slot`.
  std::uint32_t input(const Value& value) const;
  void add_alias(const InputAlias& alias);
  /// Makes handles and events refer to the nodes of the graph from which passes have made the one
  /// that was planned.
  void refer_to(const GraphView& user, const Mapping& mapping);
  /// Releases unused capacity of the tables.
  void shrink_to_fit();
  std::string text() const;

 private:
  std::string slot_text(std::uint32_t slot) const;
};

}  // namespace dagrad::detail
