#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/config.hpp"
#include "dagrad/train/initializers.hpp"

namespace dagrad::layers {

class Layer;

/// Training draws dropout masks and normalises by the batch; inference does neither.
enum class Mode : std::uint8_t { training, inference };

struct NetworkOptions {
  DType dtype = f32;  ///< of the weights: float32 or float64
  Mode mode = Mode::training;
};

/// What layers need to know and collect while a network is built. A network is a function of the
/// user's that takes one of these and calls layers:
///
///     Value reader(layers::Network& network, const Value& images) {
///       const Value hidden = relu(layers::linear(network, "hidden", images, 64));
///       return layers::linear(network, "out", layers::dropout(network, "drop", hidden, 0.1), 10);
///     }
///
///     layers::Network network(graph, 1);
///     const Value loss = cross_entropy(reader(network, x), y);
///     layers::Network inference = network.inference();
///     const Value logits = reader(inference, x);  // the same weights, without dropout
///
/// A layer opens the scope of its name, and parameters are made there, so that "hidden/w" is the
/// first weight above; `Graph::scope` groups layers. The initial value of a parameter depends on
/// the key and on the parameter's full name alone: adding, removing or moving a layer changes no
/// other one. A layer that throws leaves the network and the graph as they were.
///
/// The graph must outlive the network and must not be moved while the network is in use.
class Network {
 public:
  /// Starts a network of its own in the graph. Throws TypeError unless the dtype is float32 or
  /// float64.
  Network(Graph& graph, std::int64_t key, const NetworkOptions& options = {},
          Location where = Location::here());
  /// The same network for inference, in the same graph: layers find the parameters that this one
  /// has made instead of making others.
  Network inference() const;

  Network(Network&&) noexcept = default;
  Network& operator=(Network&&) noexcept = default;

  Graph& graph() const { return *graph_; }
  DType dtype() const { return dtype_; }
  bool training() const { return mode_ == Mode::training; }

  /// What the layers so far have made or, in inference, found: the parameters to train, in the
  /// order of the calls.
  const std::vector<Value>& weights() const { return weights_; }
  /// The weights, and what is not trained: running statistics and, in training, keys of dropout.
  /// Those of an inference network are what a file for inference has to hold.
  std::vector<Value> parameters() const;
  /// Further updates of a training step, to be joined with those of the optimiser: they advance
  /// running statistics and the keys of dropout. Empty for inference.
  const std::vector<Update>& updates() const { return updates_; }

  // ---- for layers of your own

  /// A parameter to train, of the network's dtype, in the current scope. Throws ArgumentError if
  /// the network already has a parameter of that name; GraphError if the name is taken otherwise
  /// or, in inference, if the network has made no such parameter; ShapeError if that has another
  /// shape; TypeError if the initialiser returns another type.
  Value weight(std::string_view name, const Shape& shape, const Initializer& initial,
               Location where = Location::here());
  /// A parameter that is not trained, such as a running mean, with all elements the same at first.
  /// Throws as `weight` does.
  Value statistic(std::string_view name, const Shape& shape, double initial,
                  Location where = Location::here());
  /// A random key of the network's own, which each training step advances. Throws as `weight` does.
  Value random_key(std::string_view name, Location where = Location::here());
  /// Adds an update to those of a training step; without effect in inference.
  void update(const Value& parameter, const Value& next);

 private:
  friend class Layer;
  struct Named {
    std::string name;  ///< with its scopes
    Value parameter;
  };
  class Undo;
  Network() = default;
  template <class Draw>
  Value parameter(std::string_view name, const Type& type, Location where, Draw draw);
  Value found(const std::string& name, const Type& type) const;

  Graph* graph_ = nullptr;
  std::int64_t key_ = 0;
  DType dtype_ = f32;
  Mode mode_ = Mode::training;
  bool finds_ = false;                        ///< whether it finds parameters and makes none
  std::shared_ptr<std::vector<Named>> made_;  ///< shared with the inference networks
  std::vector<Named> used_;                   ///< in this pass
  std::vector<Value> weights_;
  std::vector<Update> updates_;
};

}  // namespace dagrad::layers
