#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/graph.hpp"

namespace dagrad {

namespace detail {
class StateData;
}

/// The values of a model's parameters, by name. It starts with their initial values and works with
/// every function whose parameters are among those of its graph. Any number of threads may read it
/// and run functions without updates at once; only one run at a time may update it.
class State {
 public:
  explicit State(const Graph& graph);
  State(State&&) noexcept;
  State& operator=(State&&) noexcept;
  ~State();

  /// The value of a parameter. Throws ArgumentError listing all names if there is no such
  /// parameter.
  Tensor get(std::string_view parameter) const;
  Tensor get(const Value& parameter) const;
  /// Sets the value of a parameter. Throws TypeError if the type differs from the parameter's,
  /// RunError while a run is updating the State, and as `get` does.
  void set(std::string_view parameter, const Tensor& value);
  void set(const Value& parameter, const Tensor& value);
  /// Sets several values at once: readers see either all of the new values or none. If it throws,
  /// as it does for a single value, nothing has changed.
  void set(const std::map<std::string, Tensor>& values);
  std::vector<std::string> names() const;
  /// All values, as they were at a single moment.
  std::map<std::string, Tensor> values() const;
  /// An independent State with the same values.
  State copy() const;

 private:
  friend class Function;
  State() = default;
  /// Throws ArgumentError if the State has been moved from.
  const std::shared_ptr<detail::StateData>& data() const;
  std::shared_ptr<detail::StateData> data_;  // shared with bound runs
};

}  // namespace dagrad
