#include "dagrad/state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "src/exec/state_data.hpp"
#include "src/graph/told_at.hpp"
#include "src/tensor/storage.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace detail {

StateLayout::StateLayout(std::span<const Value> parameters) {
  type_of.reserve(parameters.size());
  for (const Value& parameter : parameters) {
    names.add(parameter.name());
    type_of.push_back(types.index(parameter.type()));
  }
  names.shrink_to_fit();
}

StateData::Updating::Updating(StateData& state) : state_(state) {
  if (state.updating_.exchange(true, std::memory_order_acquire))
    throw RunError("another run is updating this State; only one run at a time may do so");
}

Tensor own(const Tensor& tensor) {
  if (tensor.owned()) return tensor;
  Tensor copy = uninitialized(tensor.type());
  std::copy_n(static_cast<const std::byte*>(tensor.data()), tensor.type().bytes(),
              static_cast<std::byte*>(copy.mutable_view().data));
  return copy;
}

}  // namespace detail

namespace {

std::uint32_t position(const detail::StateLayout& layout, std::string_view parameter) {
  const std::uint32_t at = layout.names.find(parameter);
  if (at == detail::NameTable::none)
    throw ArgumentError(fmt::format("the State has no parameter {}; its parameters are: {}",
                                    detail::in_quotes(parameter), layout.names.listed()));
  return at;
}

/// The position of the parameter. Throws TypeError if the value is not of its type.
std::uint32_t position_for(const detail::StateLayout& layout, std::string_view parameter,
                           const Tensor& value) {
  const std::uint32_t at = position(layout, parameter);
  if (value.type() != layout.type(at))
    throw TypeError(fmt::format("parameter '{}' must be {}, got {}", parameter,
                                to_string(layout.type(at)), to_string(value.type())));
  return at;
}

}  // namespace

State::State(const Graph& graph) : data_(std::make_shared<detail::StateData>()) {
  const std::vector<Value> parameters = graph.parameters();
  data_->layout = std::make_shared<detail::StateLayout>(parameters);
  data_->values.reserve(parameters.size());
  for (const Value& parameter : parameters)
    data_->values.push_back(detail::own(parameter.node().tensor()));
}

State::State(State&&) noexcept = default;
State& State::operator=(State&&) noexcept = default;
State::~State() = default;

const std::shared_ptr<detail::StateData>& State::data() const {
  if (data_ == nullptr) throw ArgumentError("this State is empty: it has been moved from");
  return data_;
}

Tensor State::get(std::string_view parameter, Location where) const {
  const std::uint32_t at =
      detail::told_at(where, [&] { return position(*data()->layout, parameter); });
  const std::lock_guard lock(data_->exchange);
  return data_->values[at];
}
Tensor State::get(const Value& parameter, Location where) const {
  return get(parameter.name(), where);
}

void State::set(std::string_view parameter, const Tensor& value, Location where) {
  const std::uint32_t at =
      detail::told_at(where, [&] { return position_for(*data()->layout, parameter, value); });
  Tensor owned = detail::own(value);
  const detail::StateData::Updating updating(*data_);
  const std::lock_guard lock(data_->exchange);
  std::swap(data_->values[at], owned);
}
void State::set(const Value& parameter, const Tensor& value, Location where) {
  set(parameter.name(), value, where);
}

void State::set(const std::map<std::string, Tensor>& values, Location where) {
  std::vector<std::pair<std::uint32_t, Tensor>> owned;
  detail::told_at(where, [&] {
    for (const auto& [parameter, value] : values)
      owned.emplace_back(position_for(*data()->layout, parameter, value), detail::own(value));
  });
  const detail::StateData::Updating updating(*data());
  const std::lock_guard lock(data_->exchange);
  for (auto& [at, value] : owned) std::swap(data_->values[at], value);
}

std::vector<std::string> State::names() const { return data()->layout->names.to_vector(); }

std::map<std::string, Tensor> State::values() const {
  std::map<std::string, Tensor> all;
  const State now = copy();
  for (std::size_t i = 0; i < now.data_->values.size(); ++i)
    all.emplace(now.data_->layout->names[i], now.data_->values[i]);
  return all;
}

State State::copy() const {
  auto other = std::make_shared<detail::StateData>();
  other->layout = data()->layout;
  const std::lock_guard lock(data_->exchange);
  other->values = data_->values;
  return State(std::move(other));
}

}  // namespace dagrad
