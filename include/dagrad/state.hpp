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

/// The values of a model's parameters, by name. It starts with the initial values of all parameters
/// that the graph has at that moment: make it after the optimisers, which add parameters. It works
/// with every function whose parameters are among its own. Any number of threads may read it and
/// run functions without updates at once; only one run at a time may update it.
class State {
 public:
  explicit State(const Graph& graph);
  State(State&&) noexcept;
  State& operator=(State&&) noexcept;
  ~State();

  /// The value of a parameter. Throws ArgumentError listing all names if there is no such
  /// parameter.
  Tensor get(std::string_view parameter, Location where = Location::here()) const;
  Tensor get(const Value& parameter, Location where = Location::here()) const;
  /// Sets the value of a parameter. Throws TypeError if the type differs from the parameter's,
  /// RunError while a run is updating the State, and as `get` does.
  void set(std::string_view parameter, const Tensor& value, Location where = Location::here());
  void set(const Value& parameter, const Tensor& value, Location where = Location::here());
  /// Sets several values at once: readers see either all of the new values or none. If it throws,
  /// as it does for a single value, nothing has changed.
  void set(const std::map<std::string, Tensor>& values, Location where = Location::here());
  std::vector<std::string> names() const;
  /// All values, as they were at a single moment.
  std::map<std::string, Tensor> values() const;
  /// An independent State with the same values.
  State copy() const;

 private:
  friend class Function;
  explicit State(std::shared_ptr<detail::StateData> data) : data_(std::move(data)) {}
  /// Throws ArgumentError if the State has been moved from.
  const std::shared_ptr<detail::StateData>& data() const;
  std::shared_ptr<detail::StateData> data_;  // shared with bound runs
};

}  // namespace dagrad
