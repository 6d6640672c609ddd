#include "dagrad/rewrite.hpp"
#include "src/graph/access.hpp"

namespace dagrad {

std::optional<Value> Mapping::find(const Value& old) const {
  if (detail::Access::control(old).get() != from_.get() || old.node_id() >= first_.size() ||
      first_[old.node_id()] == none)
    return {};
  const To& to = results_[first_[old.node_id()] + old.port()];
  if (to.node == none) return {};
  return detail::Access::value(to_, to.node, to.port);
}

Value Mapping::operator()(const Value& old) const {
  if (auto value = find(old)) return *std::move(value);
  throw GraphError("the value '" + old.name() + "' " +
                   (detail::Access::control(old).get() == from_.get()
                        ? "has no counterpart in the new graph"
                        : "belongs to another graph than the one that was rewritten"));
}

std::vector<Value> Mapping::operator()(std::span<const Value> old) const {
  std::vector<Value> values;
  values.reserve(old.size());
  for (const Value& value : old) values.push_back((*this)(value));
  return values;
}

Mapping Mapping::then(const Mapping& next) const {
  if (next.from_.get() != to_.get())
    throw GraphError("the mapping that is to follow maps values of another graph");
  Mapping both = *this;
  both.to_ = next.to_;
  both.size_ = 0;
  for (To& to : both.results_) {
    if (to.node == none) continue;
    const bool kept = to.node < next.first_.size() && next.first_[to.node] != none;
    to = kept ? next.results_[next.first_[to.node] + to.port] : To{};
    if (to.node != none) ++both.size_;
  }
  return both;
}

}  // namespace dagrad
