#include "dagrad/train/network.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dagrad/apply.hpp"
#include "dagrad/error.hpp"
#include "dagrad/ops/random.hpp"
#include "dagrad/random.hpp"
#include "src/tensor/list_text.hpp"
#include "src/train/layer.hpp"

namespace dagrad::layers {

namespace {

/// A number of at least 0 for a name: FNV-1a.
std::int64_t number_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char letter : name) {
    hash ^= static_cast<unsigned char>(letter);
    hash *= 0x100000001b3U;
  }
  return static_cast<std::int64_t>(hash >> 1);
}

}  // namespace

Network::Network(Graph& graph, std::int64_t key, const NetworkOptions& options, Location where)
    : graph_(&graph),
      key_(key),
      dtype_(options.dtype),
      mode_(options.mode),
      made_(std::make_shared<std::vector<Named>>()) {
  if (dtype_ != f32 && dtype_ != f64)
    throw TypeError(fmt::format("layers::Network: the dtype must be float32 or float64, got {}{}",
                                dagrad::name(dtype_), made_at(where)));
}

Network Network::inference() const {
  Network other;
  other.graph_ = graph_;
  other.key_ = key_;
  other.dtype_ = dtype_;
  other.mode_ = Mode::inference;
  other.finds_ = true;
  other.made_ = made_;
  return other;
}

Value Network::found(const std::string& name, const Type& type) const {
  const auto at = std::find_if(made_->begin(), made_->end(),
                               [&](const Named& made) { return made.name == name; });
  if (at == made_->end()) {
    std::vector<std::string_view> names;
    for (const Named& made : *made_) names.push_back(made.name);
    throw GraphError(fmt::format("the network has made no parameter \"{}\"; it has {}", name,
                                 names.empty() ? "none yet" : detail::list_text(names)));
  }
  if (at->parameter.type() != type)
    throw ShapeError(fmt::format("the parameter \"{}\" is {}, but {} is needed here", name,
                                 to_string(at->parameter.type()), to_string(type)));
  return at->parameter;
}

template <class Draw>
Value Network::parameter(std::string_view name, const Type& type, Location where, Draw draw) {
  const Building building(*graph_, where);
  const Undo undo(*this);
  const std::string scope = graph_->current_scope();
  const std::string full = scope.empty() ? std::string(name) : fmt::format("{}/{}", scope, name);
  const Value parameter = building.checked([&] {
    for (const Named& other : used_)
      if (other.name == full)
        throw ArgumentError(
            fmt::format("the network already has a parameter \"{}\"; give the layer another name, "
                        "or open a scope around it",
                        full));
    if (finds_) return found(full, type);
    const Tensor initial = draw(fold_in(key_, number_of(full)));
    if (initial.type() != type)
      throw TypeError(fmt::format("the initialiser of \"{}\" returned {}, but {} is needed", full,
                                  to_string(initial.type()), to_string(type)));
    return building.parameter(name, initial);
  });
  if (!finds_) made_->push_back({full, parameter});
  used_.push_back({full, parameter});
  return parameter;
}

std::vector<Value> Network::parameters() const {
  std::vector<Value> all;
  for (const Named& named : used_) all.push_back(named.parameter);
  return all;
}

Value Network::weight(std::string_view name, const Shape& shape, const Initializer& initial,
                      Location where) {
  const Building building(*graph_, where);
  const Undo undo(*this);
  const Type type{dtype_, shape};
  return weights_.emplace_back(parameter(name, type, where, [&](std::int64_t key) {
    if (!initial) throw ArgumentError(fmt::format("the initialiser of \"{}\" is empty", name));
    return initial(type, key);
  }));
}

Value Network::statistic(std::string_view name, const Shape& shape, double initial,
                         Location where) {
  const Type type{dtype_, shape};
  return parameter(name, type, where, [&](std::int64_t) { return Tensor::full(type, initial); });
}

Value Network::random_key(std::string_view name, Location where) {
  const Building building(*graph_, where);
  const Undo undo(*this);
  const Value key =
      parameter(name, {i64, {}}, where, [](std::int64_t drawn) { return Tensor(drawn); });
  if (training()) update(key, next_key({key, where}));
  return key;
}

void Network::update(const Value& parameter, const Value& next) {
  if (training()) updates_.push_back({parameter, next});
}

}  // namespace dagrad::layers
