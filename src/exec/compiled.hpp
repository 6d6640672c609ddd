#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "src/exec/context.hpp"
#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// Keeps idle contexts of a plan, so that not every run has to make its own. Any number of threads
/// may use it at once.
class ContextPool {
 public:
  explicit ContextPool(const Plan& plan) : plan_(plan) {}
  ContextPool(const ContextPool&) = delete;
  ContextPool& operator=(const ContextPool&) = delete;
  ~ContextPool();

  /// Lends a context for the duration of one run: an idle one, or a new one if there is none.
  class Lease {
   public:
    explicit Lease(ContextPool& pool) : pool_(pool), context_(pool.take()) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();
    RunContext& operator*() const { return *context_; }

   private:
    ContextPool& pool_;
    std::unique_ptr<RunContext> context_;
  };

 private:
  std::unique_ptr<RunContext> take();
  void give_back(std::unique_ptr<RunContext> context) noexcept;

  const Plan& plan_;
  std::atomic<RunContext*> last_{nullptr};  ///< an idle one, which needs no lock
  std::mutex mutex_;
  std::vector<std::unique_ptr<RunContext>> waiting_;
};

/// What the copies of a Function share.
class Compiled {
 public:
  explicit Compiled(std::unique_ptr<const Plan> plan) : plan_(std::move(plan)), contexts_(*plan_) {}

  const Plan& plan() const { return *plan_; }
  ContextPool& contexts() { return contexts_; }
  bool updates() const { return !plan_->updates.empty(); }
  /// Throws ArgumentError if runs update parameters, which needs a State that is not const.
  void require_const() const;

 private:
  std::unique_ptr<const Plan> plan_;
  ContextPool contexts_;
};

/// Gives the library's sources access to what functions and States hold.
struct FunctionAccess {
  /// Throws ArgumentError if the function is empty.
  static Compiled& compiled(const Function& function) { return function.compiled(); }
  static StateData* data(const State& state) { return Function::data_of(state); }
};

/// What a BoundRun holds: its own context and everything that the context refers to.
struct BoundContext {
  BoundContext(std::shared_ptr<Compiled> compiled, std::shared_ptr<StateData> with)
      : function(std::move(compiled)), state(std::move(with)), context(bound(function->plan())) {
    context.expect_runs();
  }

  std::shared_ptr<Compiled> function;
  std::shared_ptr<StateData> state;  ///< null: parameters have their initial values
  RunContext context;

 private:
  /// A bound run is for many runs, so that routines are worth it.
  static const Plan& bound(const Plan& plan) {
    plan.routines.make(plan);
    return plan;
  }
};

}  // namespace dagrad::detail
