#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dagrad/graph.hpp"

namespace dagrad {

namespace detail {
class StateData;
}

/// The values of a model's parameters, by name. It holds the parameters that the graph has when the
/// State is made, with their initial values: make it after optimisers, which add parameters. It
/// works with every function whose parameters are among its own. Any number of threads may read it
/// and run functions that only read; one updating run at a time.
class State {
 public:
  explicit State(const Graph& graph);
  State(State&&) noexcept;
  State& operator=(State&&) noexcept;
  ~State();

  /// Throws ArgumentError listing the names there are.
  Tensor get(std::string_view parameter, Location where = Location::here()) const;
  Tensor get(const Value& parameter, Location where = Location::here()) const;
  /// Throws TypeError where the type differs from the parameter's, RunError while a run updates.
  void set(std::string_view parameter, const Tensor& value, Location where = Location::here());
  void set(const Value& parameter, const Tensor& value, Location where = Location::here());
  /// Several at once, or none: who reads sees all of them or none. Throws as for one.
  void set(const std::map<std::string, Tensor>& values, Location where = Location::here());
  std::vector<std::string> names() const;
  /// All values, as they were at a single moment.
  std::map<std::string, Tensor> values() const;
  /// An independent State with the same values.
  State copy() const;

 private:
  friend class Function;
  explicit State(std::shared_ptr<detail::StateData> data) : data_(std::move(data)) {}
  /// Throws ArgumentError for a State that has been moved from.
  const std::shared_ptr<detail::StateData>& data() const;
  std::shared_ptr<detail::StateData> data_;  // shared with bound runs
};

}  // namespace dagrad
