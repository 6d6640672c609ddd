#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "dagrad/graph.hpp"
#include "dagrad/passes.hpp"
#include "dagrad/runtime.hpp"
#include "dagrad/state.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

namespace detail {
class Compiled;
struct BoundContext;
struct FunctionAccess;
class StateData;
}  // namespace detail

/// An assignment that a run makes when it completes: `parameter` takes the value of `next`.
struct Update {
  Value parameter;
  Value next;
};

/// Asks running functions to stop. All copies of a token share one flag; any thread may call its
/// members.
class CancelToken {
 public:
  void cancel() const { flag_->store(true, std::memory_order_relaxed); }
  void reset() const { flag_->store(false, std::memory_order_relaxed); }
  bool cancelled() const { return flag_->load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

/// What an observer is told when a node starts and when it finishes. Everything it refers to is
/// valid only during the call.
struct NodeEvent {
  std::string_view node;  ///< name of the node
  std::string_view op;
  /// Of the node in the graph that was compiled; if a pass has put one node in the place of
  /// several, of the newest of them. `no_id` for a node that passes have added.
  std::uint32_t id = 0;
  static constexpr std::uint32_t no_id = 0xffffffff;
  int worker = 0;  ///< number of the thread within this run; 0 is the caller
  /// The operands. `data` is null if the op uses only the operand's type. After the node has
  /// finished, it is also null if a result has overwritten the operand.
  std::span<const View> in;
  /// The results. `data` is null until the node has finished.
  std::span<const View> out;
};
/// Functions that are called before and after each node of each run, on the thread that runs the
/// node; several threads may call them at once. An exception thrown by an observer ends the run.
/// Nodes that compute nothing, such as `reshape`, are not run and cause no event: the nodes that
/// use them read the operand's elements in the new type.
struct Observer {
  std::function<void(const NodeEvent&)> start;
  std::function<void(const NodeEvent&)> finish;
};

struct CompileOptions {
  std::vector<Update> update = {};
  int threads = 0;  ///< the most threads of the pool to use; 0: all. Results do not depend on it.
  Runtime* runtime = nullptr;  ///< null: Runtime::shared()
  std::shared_ptr<const Observer> observer = {};
  /// Stops a run at the first float result that contains an infinity or a NaN although all elements
  /// of the node's operands are finite. The RunError names the node and its line and gives the
  /// ranges of the operands. Only stored results are checked, and only of nodes with operands. If a
  /// run meets an infinity or a NaN, it is repeated, with more memory, to find the node.
  bool check_finite = false;
  /// Passes that optimise a copy of what is compiled. Feeds, updates, names and errors still refer
  /// to the graph that was given. `{}` compiles the graph as it is.
  std::vector<Pass> passes = compile_passes();
};

/// A tensor for an input, which is given by its handle or its name.
struct Feed {
  Feed(const Value& input, Tensor data) : value(input), tensor(std::move(data)) {}
  Feed(std::string_view input, Tensor data) : name(input), tensor(std::move(data)) {}
  Feed(const char* input, Tensor data) : name(input), tensor(std::move(data)) {}
  Value value;
  std::string name;
  Tensor tensor;
};
using Feeds = std::vector<Feed>;

namespace detail {
/// A feed in the braces of a call, which refers to the caller's tensor.
struct FeedRef {
  FeedRef(const Value& input, const Tensor& data) : value(&input), tensor(&data) {}
  FeedRef(std::string_view input, const Tensor& data) : name(input), tensor(&data) {}
  FeedRef(const char* input, const Tensor& data) : name(input), tensor(&data) {}
  FeedRef(const Feed& feed)
      : value(feed.value.empty() ? nullptr : &feed.value), name(feed.name), tensor(&feed.tensor) {}
  const Value* value = nullptr;  ///< null: the name is given
  std::string_view name;
  const Tensor* tensor;
};
}  // namespace detail

struct RunOptions {
  std::optional<CancelToken> cancel = {};
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
};

/// How `Function::repeat` and `BoundRun::repeat` run their steps.
struct RepeatOptions {
  /// These end the loop, during a step or between two; the step that they interrupt has no effect.
  std::optional<CancelToken> cancel = {};
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  /// Is called after each step with its number, counted from 0, and its results, which are valid
  /// only during the call.
  std::function<void(std::int64_t step, std::span<const View> results)> on_step = {};
};

/// What `Function::repeat` returns.
struct Repeated {
  std::int64_t steps =
      0;  ///< that were completed: fewer than asked for if the loop was interrupted
  /// For each fetch, its values in all completed steps, of shape [steps, …]. Empty if the options
  /// have an `on_step`, which gets the values instead.
  std::vector<Tensor> results = {};
};

class BoundRun;

/// A compiled function, as returned by `compile`. It is immutable, owns everything it needs, and
/// may outlive its graph. Any number of threads may run it at once. Equal inputs give bitwise equal
/// results, whatever the number of threads.
class Function {
 public:
  Function() = default;

  /// Runs the function and returns the fetched values. Inputs of the graph that the function does
  /// not need may be fed too. Without a State, parameters have their initial values; a function
  /// with updates needs a State. Throws RunError if a node fails (the text names it), if the run is
  /// cancelled or misses its deadline, or if another run is updating the State; ArgumentError if a
  /// feed is missing, is given twice or names no input of the graph, or if the State does not fit
  /// (the text lists all differences); GraphError if a feed belongs to another graph; TypeError or
  /// ShapeError if a feed has the wrong type. A run that throws leaves the State unchanged, and the
  /// function can be run again.
  std::vector<Tensor> operator()(const Feeds& feeds = {}, const RunOptions& options = {},
                                 Location where = Location::here()) const;
  std::vector<Tensor> operator()(State& state, const Feeds& feeds = {},
                                 const RunOptions& options = {},
                                 Location where = Location::here()) const;
  std::vector<Tensor> operator()(const State& state, const Feeds& feeds = {},
                                 const RunOptions& options = {},
                                 Location where = Location::here()) const;
  /// The same for feeds in braces, `f({{x, data}})`, of which no copy is made.
  std::vector<Tensor> operator()(std::initializer_list<detail::FeedRef> feeds,
                                 const RunOptions& options = {},
                                 Location where = Location::here()) const;
  std::vector<Tensor> operator()(State& state, std::initializer_list<detail::FeedRef> feeds,
                                 const RunOptions& options = {},
                                 Location where = Location::here()) const;
  std::vector<Tensor> operator()(const State& state, std::initializer_list<detail::FeedRef> feeds,
                                 const RunOptions& options = {},
                                 Location where = Location::here()) const;
  /// The same for a function of one input. Throws ArgumentError if it has none or several.
  template <std::same_as<Tensor> T>
  std::vector<Tensor> operator()(const T& input, const RunOptions& options = {},
                                 Location where = Location::here()) const {
    return (*this)(feed_only_input(input, where), options, where);
  }
  template <class S, std::same_as<Tensor> T>
  requires std::same_as<std::remove_const_t<S>, State> std::vector<Tensor>
  operator()(S& state, const T& input, const RunOptions& options = {},
             Location where = Location::here()) const {
    return (*this)(state, feed_only_input(input, where), options, where);
  }

  /// Runs the function `steps` times, with the same bits as that many calls, but with less overhead
  /// between them: feeds are looked up once, and the threads of the pool stay ready. A tensor may
  /// have the type of its input, and is then fed to every step, or a leading axis of length
  /// `steps`, and then step i is fed its part i. All results are kept, unless the options say
  /// otherwise. Throws as a call does; the text of the error names the step. The State keeps the
  /// updates of the steps before it. Throws ArgumentError if `steps` is negative.
  Repeated repeat(State& state, const Feeds& feeds, std::int64_t steps,
                  const RepeatOptions& options = {}, Location where = Location::here()) const;
  Repeated repeat(const State& state, const Feeds& feeds, std::int64_t steps,
                  const RepeatOptions& options = {}, Location where = Location::here()) const;
  /// The same with a function that is called before each step with its number and returns its
  /// feeds: `train.repeat(state, [&](std::int64_t step) -> Feeds { … }, 1000)`. What it throws is
  /// passed on as it is.
  template <std::invocable<std::int64_t> F>
  requires std::convertible_to<std::invoke_result_t<const F&, std::int64_t>, Feeds> Repeated
  repeat(State& state, const F& feeds, std::int64_t steps, const RepeatOptions& options = {},
         Location where = Location::here())
  const { return repeat_fed(state, feeds, steps, options, where); }

  /// Binds the function to memory of its own: after a few runs, feeding, running and fetching
  /// allocate nothing. Only one thread at a time may use the result. It keeps the State's values
  /// alive.
  BoundRun bind(Location where = Location::here()) const;
  BoundRun bind(State& state) const;

  std::size_t nodes() const;  ///< number of nodes that a run executes
  /// The memory in bytes that one run needs besides its feeds, parameters and fetches: the arena,
  /// and what all threads need for tiles, which runs share.
  std::size_t peak_bytes() const;
  std::vector<Type> fetch_types() const;
  std::vector<std::string> input_names() const;
  std::vector<std::string> parameter_names() const;
  /// A listing of the plan, with one line for each step: its number, node, op, operand and result
  /// slots, and number of tasks.
  std::string text() const;

 private:
  friend Function compile(ValueSpan fetches, const CompileOptions& options, Location where);
  friend struct detail::FunctionAccess;
  explicit Function(std::shared_ptr<detail::Compiled> compiled);
  Feeds feed_only_input(const Tensor& tensor, Location where) const;
  static detail::StateData* data_of(const State& state);
  Repeated repeat_fed(State& state, const std::function<Feeds(std::int64_t)>& feeds,
                      std::int64_t steps, const RepeatOptions& options, Location where) const;
  detail::Compiled& compiled() const;
  std::shared_ptr<detail::Compiled> compiled_;  // shared with bound runs
};

/// A function bound to memory of its own, as returned by `Function::bind`. Not copyable; only one
/// thread at a time may use it.
class BoundRun {
 public:
  BoundRun(BoundRun&&) noexcept;
  BoundRun& operator=(BoundRun&&) noexcept;
  ~BoundRun();

  /// Makes later runs read the input from this memory, which is not copied: it must stay valid
  /// until the input is fed again. Throws ArgumentError if the graph has no such input, or if the
  /// data pointer is null or not aligned to an element; GraphError if the value belongs to another
  /// graph; TypeError or ShapeError if the type differs.
  void feed(const Value& input, const View& view, Location where = Location::here());
  void feed(std::string_view input, const View& view, Location where = Location::here());
  void feed(const Value& input, const Tensor& tensor, Location where = Location::here());
  void feed(std::string_view input, const Tensor& tensor, Location where = Location::here());
  /// Makes later runs write result `i` to this memory instead of memory of their own. It must stay
  /// valid until another is given, and must not overlap what a run reads or another result. Throws
  /// ArgumentError if there is no such result, or if the data pointer is null or not aligned to an
  /// element; TypeError or ShapeError if the type differs.
  void store(std::size_t i, const MutableView& view, Location where = Location::here());
  /// Runs the function. Throws as `Function::operator()` does.
  void operator()(const RunOptions& options = {}, Location where = Location::here());
  /// Runs the function `steps` times; the threads of the pool stay ready between the steps.
  /// `before_step`, unless it is empty, is called before each step with its number, and may feed
  /// this BoundRun. Returns how many steps were completed: fewer if the options interrupt the loop.
  /// Throws as `Function::repeat` does; after a few steps, it allocates nothing.
  std::int64_t repeat(std::int64_t steps,
                      const std::function<void(std::int64_t step)>& before_step = {},
                      const RepeatOptions& options = {}, Location where = Location::here());
  /// Result `i` of the last run, valid until the next run. Throws ArgumentError if there is none.
  View fetch(std::size_t i) const;

 private:
  friend class Function;
  explicit BoundRun(std::unique_ptr<detail::BoundContext> bound);
  detail::BoundContext& bound() const;
  std::unique_ptr<detail::BoundContext> bound_;
};

/// Compiles what the fetches and updates need, and nothing else. Throws GraphError if the values
/// belong to several graphs, if an update assigns to a value that is not a parameter, or if two
/// different updates assign to one parameter; TypeError or ShapeError if an update's two types
/// differ; ArgumentError if there is nothing to compute or the number of threads is negative.
Function compile(ValueSpan fetches, const CompileOptions& options = {},
                 Location where = Location::here());

/// Compiles and runs once, with initial values for parameters. Takes one value, or several in
/// braces, a vector, an array or a span.
Tensor evaluate(const Value& value, const Feeds& feeds = {}, Location where = Location::here());
std::vector<Tensor> evaluate(std::span<const Value> values, const Feeds& feeds = {},
                             Location where = Location::here());
std::vector<Tensor> evaluate(std::initializer_list<Value> values, const Feeds& feeds = {},
                             Location where = Location::here());

}  // namespace dagrad
