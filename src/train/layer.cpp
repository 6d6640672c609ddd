#include "src/train/layer.hpp"

#include <fmt/format.h>

#include <exception>

#include "dagrad/error.hpp"

namespace dagrad::layers {

Network::Undo::Undo(Network& network)
    : network_(network),
      made_(network.made_->size()),
      used_(network.used_.size()),
      weights_(network.weights_.size()),
      updates_(network.updates_.size()),
      exceptions_(std::uncaught_exceptions()) {}

Network::Undo::~Undo() {
  if (std::uncaught_exceptions() == exceptions_) return;
  const auto shorten = [](auto& table, std::size_t size) {
    table.erase(table.begin() + static_cast<std::ptrdiff_t>(size), table.end());
  };
  shorten(*network_.made_, made_);
  shorten(network_.used_, used_);
  shorten(network_.weights_, weights_);
  shorten(network_.updates_, updates_);
}

Layer::Layer(std::string_view function, Network& network, std::string_view name, Location where)
    : network_(network),
      undo_(network),
      building_(function, network.graph(), where),
      scope_(network.graph().scope(name, where)) {}

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
