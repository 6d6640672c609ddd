#include "src/check/trace.hpp"

namespace dagrad::detail {

namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
  return hash ^ hash >> 32;
}

/// Whether an op ever reports a decision. For an elementwise op this depends only on its program,
/// so one element is enough to find out.
bool decides(const Op& op, std::span<const Value> operands) {
  if (!op.traits().has_decisions) return false;
  if (!op.traits().elementwise) return true;
  const double zero = 0;
  std::vector<View> in;
  for (const Value& operand : operands) in.push_back({&zero, {operand.dtype(), {}}});
  const View out{nullptr, {f64, {}}};
  bool any = false;
  op->decisions(in, {&out, 1}, [&](std::int64_t) { any = true; });
  return any;
}

}  // namespace

Trace::Trace(const Subject& subject) {
  const std::vector<bool> depends = dependents(subject.graph, subject.xs);
  const std::vector<bool> leads = leading_to(subject.graph, subject.ys);
  for (const Node& node : subject.graph.nodes())
    if (depends[node.id()] && leads[node.id()] && node.kind() == NodeKind::op) add(node);
}

void Trace::add(const Node& node) {
  Decider decider{node.id(), {}, {}, {}};
  bool floats = false;
  for (std::size_t port = 0; port < node.outputs(); ++port) {
    floats = floats || is_float(node.output(port).dtype());
    if (!is_float(node.output(port).dtype())) decider.out.push_back(read(node.output(port)));
  }
  const std::vector<Value> operands = node.operands();
  if (floats && decides(node.op(), operands)) {
    decider.op = node.op();
    for (std::size_t i = 0; i < operands.size(); ++i)
      decider.in.push_back(node.type_only(i) ? Place{operands[i].type(), none} : read(operands[i]));
    decider.out.clear();
    for (std::size_t port = 0; port < node.outputs(); ++port)
      decider.out.push_back(read(node.output(port)));
  }
  if (!decider.out.empty()) deciders_.push_back(std::move(decider));
}

Trace::Place Trace::read(const Value& value) {
  const auto [at, fresh] = known_.try_emplace(value, values_.size());
  if (fresh) values_.push_back(value);
  return {value.type(), at->second};
}

std::uint64_t Trace::of_node(std::size_t i, const Values& computed, std::size_t first) const {
  const Decider& decider = deciders_[i];
  const auto views = [&](const std::vector<Place>& places) {
    std::vector<View> found;
    for (const Place& place : places)
      found.push_back({place.at == none ? nullptr : computed[first + place.at].data, place.type});
    return found;
  };
  std::uint64_t hash = 0;
  const std::vector<View> out = views(decider.out);
  if (decider.op)
    decider.op->decisions(views(decider.in), out, [&](std::int64_t branch) {
      hash = mix(hash, static_cast<std::uint64_t>(branch));
    });
  for (const View& view : out) {
    if (is_float(view.type.dtype)) continue;
    const auto* bytes = static_cast<const unsigned char*>(view.data);
    for (std::size_t b = 0; b < view.type.bytes(); ++b) hash = mix(hash, bytes[b]);
  }
  return hash;
}

std::uint64_t Trace::operator()(const Values& computed, std::size_t first) const {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < deciders_.size(); ++i) hash = mix(hash, of_node(i, computed, first));
  return hash;
}

}  // namespace dagrad::detail
