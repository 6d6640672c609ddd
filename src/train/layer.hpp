#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dagrad/apply.hpp"
#include "dagrad/train/network.hpp"

namespace dagrad::layers {

/// If an exception ends its life, the network is again as it was when it was made.
class Network::Undo {
 public:
  explicit Undo(Network& network);
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo();

 private:
  Network& network_;
  std::size_t made_, used_, weights_, updates_;  ///< how many there were
  int exceptions_;                               ///< in flight when it was made
};

/// While one is open, a layer is being built: new nodes are in the layer's scope and have the line
/// of the user's call, with which errors end. If an exception leaves it, the network and the graph
/// are as they were before.
class Layer {
 public:
  Layer(std::string_view function, Network& network, std::string_view name, Location where);

  /// Calls `f`, which checks arguments.
  template <class F>
  void check(F&& f) const {
    building_.checked(f);
  }
  /// Throws ArgumentError unless the number is at least 1.
  void require_size(std::string_view what, std::int64_t size) const;
  /// Throws TypeError unless x is of the network's dtype, ShapeError if it has fewer axes.
  void require_input(const Operand& x, std::int64_t least_rank) const;

 private:
  Network& network_;
  Network::Undo undo_;
  Building building_;
  Scope scope_;
};

}  // namespace dagrad::layers
