#include "src/graph/rewriting.hpp"

namespace dagrad {

namespace {

/// Throws GraphError for a leaf, which has no op and no operands to change.
void refuse_leaf(const detail::GraphData& from, std::uint32_t node, std::string_view rewrite) {
  if (from.records[node].kind != NodeKind::op)
    throw GraphError(std::string(rewrite) + ": '" + from.names.text(node) +
                     "' is not computed: it has no op and no operands to change");
}

}  // namespace

Graph& Rewriter::graph() const { return rewriting_.graph(); }

Value Rewriter::operator()(const Value& old) const { return rewriting_.mapping()(old); }
std::vector<Value> Rewriter::operator()(std::span<const Value> old) const {
  return rewriting_.mapping()(old);
}

/// A node can be copied once and then replaced with nodes made from its copy.
void Rewriter::say(Said what) {
  if (said_ == Said::nothing || (said_ == Said::copy && what == Said::replacement)) {
    said_ = what;
    return;
  }
  throw GraphError(
      std::string(rewriting_.name()) + ": the visitor decided twice what becomes of '" +
      rewriting_.from().names.text(node_) + "': a node can be copied, replaced or dropped once");
}

std::vector<Value> Rewriter::copy() {
  say(Said::copy);
  rewriting_.copy(node_);
  return rewriting_.results(node_);
}
std::vector<Value> Rewriter::copy(std::span<const Value> operands) {
  const detail::GraphData& from = rewriting_.from();
  refuse_leaf(from, node_, rewriting_.name());
  return copy(from.ops[from.records[node_].op].op, operands);
}
std::vector<Value> Rewriter::copy(const Op& op, std::span<const Value> operands) {
  refuse_leaf(rewriting_.from(), node_, rewriting_.name());
  say(Said::copy);
  rewriting_.copy(node_, op, operands);
  return rewriting_.results(node_);
}
Value Rewriter::copy(const Type& type) {
  const detail::GraphData& from = rewriting_.from();
  if (from.records[node_].kind == NodeKind::op)
    throw GraphError(std::string(rewriting_.name()) + ": '" + from.names.text(node_) +
                     "' is computed; only inputs, parameters and constants can be given a type");
  say(Said::copy);
  rewriting_.copy_leaf(node_, type);
  return rewriting_.results(node_).front();
}
void Rewriter::replace(const Value& result) { replace({&result, 1}); }
void Rewriter::replace(std::span<const Value> results) {
  say(Said::replacement);
  rewriting_.replace(node_, results);
}
void Rewriter::drop() { say(Said::drop); }

Rewritten rewrite(const Graph& graph, const std::function<void(Rewriter&, const Node&)>& visit,
                  const RewriteOptions& options) {
  const detail::GraphData& from = detail::Access::data(graph);
  if (options.outputs.empty() && !options.cut.empty())
    throw ArgumentError("rewrite: values can be cut only if outputs are given");
  detail::Rewriting rewriting(from, "rewrite",
                              options.retypes ? detail::Retypes::sizes : detail::Retypes::none);
  if (options.outputs.empty()) {
    const std::uint32_t size = from.size();  // a visit may also append to the old graph
    for (std::uint32_t id = 0; id < size; ++id) rewriting.visit(id, visit);
  } else {
    const auto nodes = detail::needed(from, options.outputs, options.cut, "rewrite");
    for (const Value& value : options.cut) rewriting.cut(value);
    for (const std::uint32_t id : nodes) rewriting.visit(id, visit);
  }
  return std::move(rewriting).finish();
}

}  // namespace dagrad
