#include "src/train/layer.hpp"

#include <fmt/format.h>

#include <exception>

#include "dagrad/error.hpp"

namespace dagrad::layers {

Layer::Layer(std::string_view function, Network& network, std::string_view name, Location where)
    : network_(network),
      before_(network.extent()),
      exceptions_(std::uncaught_exceptions()),
      building_(function, network.graph(), where),
      scope_(network.graph().scope(name, where)) {}

Layer::~Layer() {
  if (std::uncaught_exceptions() > exceptions_) network_.go_back(before_);
}

void Layer::require_size(std::string_view what, std::int64_t size) const {
  check([&] {
    if (size < 1) throw ArgumentError(fmt::format("{} must be at least 1, got {}", what, size));
  });
}

void Layer::require_input(const Operand& x, std::int64_t least_rank) const {
  check([&] {
    const Type type = x.type();
    if (type.dtype != network_.dtype())
      throw TypeError(fmt::format("the network is {}, but x is {}; convert x with cast",
                                  name(network_.dtype()), to_string(type)));
    if (type.shape.rank() < least_rank)
      throw ShapeError(fmt::format("x must have at least {} {}, got {}", least_rank,
                                   least_rank == 1 ? "axis" : "axes", to_string(type)));
  });
}

}  // namespace dagrad::layers
