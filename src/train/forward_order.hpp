#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "dagrad/graph.hpp"

namespace dagrad::detail {

/// An activation that the loss depends on, and the layer that it belongs to: the last one whose
/// values it depends on.
struct Activation {
  Value result;
  std::string op;
  std::size_t layer;
};

/// The order in which the forward computation of a loss uses values, and the layers that they form.
class ForwardOrder {
 public:
  ForwardOrder(const Value& loss, ValueSpan values);

  /// Indices into `values`, in the order of their first use.
  const std::vector<std::size_t>& order() const { return order_; }
  /// Names of the layers in the order of their first use.
  const std::vector<std::string>& layers() const { return layers_; }
  /// The layer of each of `values`.
  const std::vector<std::size_t>& layer_of_value() const { return layer_of_value_; }
  const std::vector<Activation>& activations() const { return activations_; }

 private:
  void sort_values(ValueSpan values);
  void find_activations(ValueSpan values);

  std::vector<Node> needed_;  ///< forward nodes that the loss needs, in the order they were made
  std::vector<std::size_t> order_, layer_of_value_;
  std::vector<std::string> layers_;
  std::vector<Activation> activations_;
};

}  // namespace dagrad::detail
