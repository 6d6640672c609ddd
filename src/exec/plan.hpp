#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "dagrad/compile.hpp"
#include "src/exec/kernel.hpp"
#include "src/exec/runtime_data.hpp"
#include "src/exec/scheduler.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// Where a value lies; values that are aliases of each other have one slot.
struct Slot {
  enum class Home : std::uint8_t {
    arena,      ///< at byte `at` of the run's arena
    input,      ///< in what input `at` was fed with
    parameter,  ///< in the State, or the initial value of parameter `at`
    constant,   ///< in constant `at`
    output      ///< in tensor `at` of those that outlive the run: fetches and updates
  };
  std::uint64_t at = 0;
  Home home = Home::arena;
};

struct Step {
  std::uint32_t kernel = 0;
  std::uint32_t first_wire = 0;  ///< in Plan::wires
  std::uint32_t node = 0;        ///< in the graph
};

/// The slot of an operand of which only the type is there.
inline constexpr std::uint32_t no_slot = 0xffffffff;

struct RunContext;

/// A function as flat arrays, in the order of one thread. Immutable but for the pool of contexts.
class Plan {
 public:
  Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan();

  struct Leaf {
    std::string name;
    Type type;
    std::uint32_t node = 0;
    std::uint32_t slot = 0;
  };
  /// A value that outlives the run. `from`: the slot that is copied when all steps are done, or
  /// `no_slot` where a step writes it.
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
    ControlPtr graph;  ///< so that nothing else gets its address
    std::uint32_t input = 0;
  };
  static AliasKey key(const ControlPtr& graph, std::uint32_t node, std::uint32_t port) {
    return {graph.get(), node, port};
  }

  std::shared_ptr<RuntimeData> runtime;
  std::shared_ptr<const Observer> observer;
  ControlPtr graph;  ///< to know its handles; the graph itself may be gone

  std::vector<std::unique_ptr<const Kernel>> kernels;
  std::vector<Step> steps;
  std::vector<std::uint32_t> wires;
  std::vector<Slot> slots;
  std::vector<Leaf> inputs, parameters;
  /// Values of older graphs that the inputs stand for, where rewrites lie between.
  std::map<AliasKey, Alias> aliases;
  std::vector<std::uint32_t> inputs_by_name;  ///< positions in `inputs`
  std::vector<Tensor> initial;                ///< values of the parameters
  std::vector<Tensor> constants;
  std::vector<Output> outputs;
  std::vector<Fetch> fetches;
  std::vector<Updated> updates;
  std::size_t arena_bytes = 0;

  int threads = 1;                   ///< at most; 1: steps run in order on the caller's thread
  std::optional<Topology> topology;  ///< where more than one thread is worth it

  const Kernel& kernel_of(const Step& step) const { return *kernels[step.kernel]; }
  std::span<const std::uint32_t> wires_of(const Step& step) const {
    return {wires.data() + step.first_wire, kernel_of(step).wires()};
  }
  std::string_view name(std::uint32_t step) const {
    return std::string_view(names_).substr(name_ends_[step],
                                           name_ends_[step + 1] - name_ends_[step]);
  }
  Location where(std::uint32_t step) const { return places_[step]; }
  /// "node 'hidden', made at model.cpp:41".
  std::string place(std::uint32_t step) const;
  void name_step(std::string_view name, Location where);
  /// Sorts the inputs by name, once they are all there.
  void index_inputs();
  /// Position of the input that is that node, or `no_slot`.
  std::uint32_t input_of_node(std::uint32_t node) const;
  /// Position of the input that the value is, in the graph or in one that it was made of, or
  /// `no_slot`.
  std::uint32_t input(const Value& value) const;
  void add_alias(const InputAlias& alias);
  /// Position of the input of that name, or `no_slot`.
  std::uint32_t input(std::string_view name) const;
  std::string text() const;

  /// A context that nobody uses, made where there is none.
  std::unique_ptr<RunContext> take_context() const;
  void give_back(std::unique_ptr<RunContext> context) const noexcept;

 private:
  std::string slot_text(std::uint32_t slot) const;

  std::string names_;  // of all steps, one behind the other
  std::vector<std::uint32_t> name_ends_{0};
  std::vector<Location> places_;
  mutable std::mutex pool_;
  mutable std::vector<std::unique_ptr<RunContext>> contexts_;
};

}  // namespace dagrad::detail
