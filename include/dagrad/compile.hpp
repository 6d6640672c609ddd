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
#include "dagrad/runtime.hpp"
#include "dagrad/state.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

namespace detail {
class Compiled;
struct BoundContext;
}  // namespace detail

/// `parameter` gets the value of `next` at the end of each run.
struct Update {
  Value parameter;
  Value next;
};

/// Asks running functions to stop; copies share it.
class CancelToken {
 public:
  void cancel() const { flag_->store(true, std::memory_order_relaxed); }
  void reset() const { flag_->store(false, std::memory_order_relaxed); }
  bool cancelled() const { return flag_->load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

/// What an observer is told when a node starts and when it has finished. All that it refers to is
/// valid during the call only.
struct NodeEvent {
  std::string_view node;  ///< its name
  std::string_view op;
  std::uint32_t id = 0;  ///< in the graph that was compiled
  int worker = 0;        ///< of the pool; 0 is the caller
  /// The operands. `data` is null where the op uses only the type, and, when the node has finished,
  /// where a result was written over the operand.
  std::span<const View> in;
  /// The results. `data` is null until the node has finished.
  std::span<const View> out;
};
/// Called around each node of each run, from the thread that runs it; several threads may call at
/// once. What an observer throws ends the run. Nodes that compute nothing, such as `reshape`, are
/// not run and have no event: their users see the operand's elements in the new type.
struct Observer {
  std::function<void(const NodeEvent&)> start;
  std::function<void(const NodeEvent&)> finish;
};

struct CompileOptions {
  std::vector<Update> update = {};
  int threads = 0;  ///< at most as many of the pool; 0: all. Results do not depend on it.
  Runtime* runtime = nullptr;  ///< null: Runtime::shared()
  std::shared_ptr<const Observer> observer = {};
  /// Stops a run at the first float result that holds an infinity or a NaN although all elements of
  /// the node's operands are finite, with a RunError that names the node and its line and gives the
  /// ranges of the operands. It looks at the results that nodes store, not inside of a node, nor at
  /// nodes without operands. Needs more memory, since no result is written over an operand.
  bool check_finite = false;
};

/// A value for an input, named by its handle or its name.
struct Feed {
  Feed(const Value& input, Tensor data) : value(input), tensor(std::move(data)) {}
  Feed(std::string_view input, Tensor data) : name(input), tensor(std::move(data)) {}
  Feed(const char* input, Tensor data) : name(input), tensor(std::move(data)) {}
  Value value;
  std::string name;
  Tensor tensor;
};
using Feeds = std::vector<Feed>;

struct RunOptions {
  std::optional<CancelToken> cancel = {};
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
};

class BoundRun;

/// What `compile` returns: a flat plan, immutable, that owns all it needs and outlives its graph.
/// Any number of threads may run it at once. The same inputs give the same bits on any number of
/// threads.
class Function {
 public:
  Function() = default;

  /// Runs it. An input of the graph that the function does not need may be fed, too. Throws
  /// RunError, naming the node where one failed; ArgumentError for a feed that is missing, given
  /// twice or not of an input; GraphError for one of another graph; TypeError, ShapeError where its
  /// type differs. Without a State parameters have their initial values; a function with updates
  /// needs one. Throws ArgumentError for a State that does not fit, listing all differences, and
  /// RunError while another run updates it. A run that throws has changed nothing, and the next may
  /// succeed.
  std::vector<Tensor> operator()(const Feeds& feeds = {}, const RunOptions& options = {},
                                 Location where = Location::here()) const;
  std::vector<Tensor> operator()(State& state, const Feeds& feeds = {},
                                 const RunOptions& options = {},
                                 Location where = Location::here()) const;
  std::vector<Tensor> operator()(const State& state, const Feeds& feeds = {},
                                 const RunOptions& options = {},
                                 Location where = Location::here()) const;
  /// The same for a function of one input. Throws ArgumentError where it has another number.
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

  /// A run with all its memory held ready: once it has run a few times, feeding, running and
  /// fetching allocate nothing. For one thread at a time. It keeps the State's values alive.
  BoundRun bind(Location where = Location::here()) const;
  BoundRun bind(State& state) const;

  std::size_t nodes() const;  ///< that a run executes
  /// Of the arena: everything that one run holds beside feeds, state and fetches.
  std::size_t peak_bytes() const;
  std::vector<Type> fetch_types() const;
  std::vector<std::string> input_names() const;
  std::vector<std::string> parameter_names() const;
  /// One line a step: order, op, operand and result slots, offsets, tasks.
  std::string text() const;

 private:
  friend Function compile(ValueSpan fetches, const CompileOptions& options, Location where);
  explicit Function(std::shared_ptr<detail::Compiled> compiled);
  Feeds feed_only_input(const Tensor& tensor, Location where) const;
  detail::Compiled& compiled() const;
  std::shared_ptr<detail::Compiled> compiled_;  // shared with bound runs
};

/// A function with its memory. Not copyable; for one thread at a time.
class BoundRun {
 public:
  BoundRun(BoundRun&&) noexcept;
  BoundRun& operator=(BoundRun&&) noexcept;
  ~BoundRun();

  /// Binds memory to read from: it must stay until the next feed of this input. Not copied. Throws
  /// ArgumentError for a value that is not an input, and for data that are null or not aligned to
  /// an element; GraphError for a value of another graph; TypeError, ShapeError where its type
  /// differs.
  void feed(const Value& input, const View& view, Location where = Location::here());
  void feed(std::string_view input, const View& view, Location where = Location::here());
  void feed(const Value& input, const Tensor& tensor, Location where = Location::here());
  void feed(std::string_view input, const Tensor& tensor, Location where = Location::here());
  /// Throws as the function does.
  void operator()(const RunOptions& options = {}, Location where = Location::here());
  /// Result `i` of the last run, valid until the next. Throws ArgumentError where there is none.
  View fetch(std::size_t i) const;

 private:
  friend class Function;
  explicit BoundRun(std::unique_ptr<detail::BoundContext> bound);
  detail::BoundContext& bound() const;
  std::unique_ptr<detail::BoundContext> bound_;
};

/// Plans what the fetches and updates need, and nothing else. Throws GraphError for values of
/// several graphs, two different updates of a parameter, or an update of a value that is not a
/// parameter; TypeError, ShapeError where an update's type differs; ArgumentError for negative
/// threads.
Function compile(ValueSpan fetches, const CompileOptions& options = {},
                 Location where = Location::here());

/// Compiles and runs once. Takes one value, or several in braces, a vector, an array or a span.
Tensor evaluate(const Value& value, const Feeds& feeds = {}, Location where = Location::here());
std::vector<Tensor> evaluate(std::span<const Value> values, const Feeds& feeds = {},
                             Location where = Location::here());
std::vector<Tensor> evaluate(std::initializer_list<Value> values, const Feeds& feeds = {},
                             Location where = Location::here());

}  // namespace dagrad
