#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/eval.hpp"
#include "src/exec/plan.hpp"
#include "src/exec/scheduler.hpp"
#include "src/exec/state_data.hpp"
#include "src/exec/wired_addresses.hpp"
#include "src/tensor/storage.hpp"

namespace dagrad::detail {

/// The error of a run that was cancelled or missed its deadline.
class InterruptedRun final : public RunError {
 public:
  using RunError::RunError;
};

/// When a run computed a step, and on which worker.
struct StepTime {
  std::chrono::steady_clock::time_point start = {}, end = {};
  int worker = 0;
};

/// Everything that one run of a plan needs: memory, the address of each slot, and queues. It is
/// made once and used for many runs, one at a time; after the first few, which allocate memory for
/// the outputs, runs allocate nothing.
class RunContext final : private Steps {
 public:
  explicit RunContext(const Plan& plan);
  RunContext(const RunContext&) = delete;
  RunContext& operator=(const RunContext&) = delete;
  ~RunContext();

  const Plan& plan() const { return plan_; }
  /// Prepares the first run for many others.
  void expect_runs() { wired_.expect_runs(); }

  /// Position of an input. Throws ArgumentError naming the inputs that the function needs if there
  /// is no such input, GraphError if the value belongs to another graph.
  std::uint32_t input(const Value& value) const;
  std::uint32_t input(std::string_view name) const;
  /// Position of the input of a feed. Also throws ArgumentError if it has been fed already.
  std::uint32_t unfed(const FeedRef& feed) const;
  /// Throws TypeError or ShapeError if the type is not the input's, ArgumentError if the data is
  /// null or not aligned.
  void feed(std::uint32_t input, const View& view);
  void feed(std::uint32_t input, const Tensor& tensor);
  /// Makes later runs write result `i` to this memory. Throws ArgumentError, TypeError or
  /// ShapeError if there is no such result or the view does not fit it.
  void store(std::size_t i, const MutableView& view);
  /// Feeds a tensor that outlives the run.
  void lend(const FeedRef& feed);
  bool fed(std::uint32_t input) const { return fed_[input].how != Fed::How::not_yet; }
  /// Forgets all feeds and releases the tensors of the user and of the State.
  void clear();

  /// Runs all steps, puts the fetched values into `results` unless it is null, and commits the
  /// updates after everything that can fail. `state` may be null; it is written only if `update` is
  /// set. If the plan only watches, this may run its steps twice (finite.hpp).
  void run(StateData* state, bool update, const RunOptions& options,
           std::vector<Tensor>* results = nullptr);

  /// Makes later runs note the times of their steps in `times`, one for each step, instead of
  /// calling the observer; an empty span ends this. Runs that search for a value that is not finite
  /// note nothing.
  void time_steps(std::span<StepTime> times) { times_ = times; }

  /// Result `i` of the last run. Throws ArgumentError if there is none.
  View fetch(std::size_t i) const;

 private:
  /// Runs tasks one after the other on the thread of the run.
  class InOrder final : public Parallel {
   public:
    explicit InOrder(const RunContext& context) : context_(context) {}

   private:
    void run(std::int64_t tasks, Body body, const void* with) const override {
      for (std::int64_t task = 0; task < tasks; ++task) {
        context_.check();
        body(with, task);
      }
    }
    const RunContext& context_;
  };

  void run(std::uint32_t task, int worker) override;
  void run_step(std::uint32_t step, int worker);
  void check() const override;
  void execute(std::uint32_t step, StepFrame& frame, const Parallel& parallel);
  void** find(const Step& step, StepFrame& frame) const;
  void compute(StateData* state, bool update, const RunOptions& options,
               std::vector<Tensor>* results);
  void run_steps();
  std::span<const Routines::Stretch> routines();
  void make_room(const Routines& routines);
  [[noreturn]] void fail(std::uint32_t step, const std::exception_ptr& error) const;
  [[noreturn]] void fail(std::uint32_t step, std::string_view why) const;

  bool completes(StateData* state, bool update, const RunOptions& options,
                 std::vector<Tensor>* results);
  RunContext& search(StateData* state, bool update, const RunOptions& options,
                     std::vector<Tensor>* results);
  void share_views(const RunContext& other);

  void make_workers();
  void check_feeds() const;
  ArgumentError no_input(std::string_view name) const;
  void match(const StateData& state);
  void take_parameters(StateData* state, bool update);
  void prepare_outputs();
  void copy_outputs();
  void copy_stored() const;
  Tensor result(std::size_t i);
  Tensor next_value(const Plan::Updated& update, const StateData& state) noexcept;
  void commit(StateData& state) noexcept;
  void let_go() noexcept;

  const Plan& plan_;
  Blocks arena_, routine_scratch_;
  std::vector<void*> address_;            ///< of each slot
  WiredAddresses wired_;                  ///< of each operand and result
  std::vector<StepFrame> frames_;         ///< of each worker
  std::unique_ptr<Scheduler> scheduler_;  ///< null if the plan runs on one thread
  InOrder in_order_{*this};

  struct Fed {
    enum class How : std::uint8_t { not_yet, view, tensor } how = How::not_yet;
    Tensor tensor;
  };
  std::vector<Fed> fed_;                   ///< of each input
  const std::vector<Fed>* feeds_ = &fed_;  ///< those of this run
  std::vector<Tensor> parameters_;    ///< handles that keep the values which this run reads alive
  std::vector<bool> fetched_;         ///< whether a parameter is fetched
  std::vector<bool> fetched_inputs_;  ///< whether an input is
  struct OutputMemory {
    Tensor now, spare;
    void* given = nullptr;  ///< where a step writes the value instead
    int uses = 0;           ///< number of fetches and updates that need it
    bool lent = true;       ///< whether others may have handles of `now`, or it is empty
  };
  std::vector<OutputMemory> outputs_;
  std::vector<void*> stored_;  ///< where each fetch is to be stored, or null
  std::vector<Tensor>
      exchanged_;  ///< the new values of a State before the exchange, the old ones after it
  std::vector<std::size_t> small_;  ///< the bytes of each new value if it may be copied, else 0
  std::shared_ptr<const StateLayout> matched_;  ///< the layout to which `position_` refers
  std::vector<std::uint32_t> position_;         ///< of each parameter in the State

  const RunOptions* options_ = nullptr;   ///< null if nothing can interrupt the run
  std::span<StepTime> times_;             ///< empty unless steps are timed
  const RunContext* answered_ = nullptr;  ///< has the results of the last run; null if it failed
  int searches_ = 0;                      ///< how many of the next runs search from the start
  std::unique_ptr<const Plan> search_plan_;
  std::unique_ptr<RunContext> search_;  ///< null unless the last run was a search
};

}  // namespace dagrad::detail
