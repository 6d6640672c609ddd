#include <algorithm>
#include <unordered_map>

#include "dagrad/ops/control.hpp"
#include "dagrad/rewrite.hpp"

namespace dagrad {

namespace {

bool takes_floats(const Node& node) {
  const std::vector<Value> operands = node.operands();
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (!node.type_only(i) && is_float(operands[i].dtype())) return true;
  return false;
}

}  // namespace

Rewritten replay(const Graph& graph, DType from, DType to) {
  std::unordered_map<const OpInterface*, Op> known;
  const auto converted = [&](const Op& op) {
    const auto [at, added] = known.try_emplace(op.get());
    if (added) at->second = op->retyped(from, to);
    return at->second ? at->second : op;
  };
  const auto convert = [&](Rewriter& rewriter, const Node& node) {
    if (node.kind() != NodeKind::op) {
      const Type type = node.output().type();
      rewriter.copy(Type{type.dtype == from ? to : type.dtype, type.shape});
      return;
    }
    const Op op = takes_floats(node) ? converted(node.op()) : node.op();
    std::vector<Value> results = rewriter.copy(op, rewriter(node.operands()));
    // Ops that make floats from other types compute as before, and their results are cast.
    bool is_cast = false;
    for (std::size_t port = 0; port < results.size(); ++port) {
      if (node.output(port).dtype() != from || results[port].dtype() != from) continue;
      results[port] = cast(results[port], to);
      is_cast = true;
    }
    if (is_cast) rewriter.replace(results);
  };
  return rewrite(graph, convert, {.retypes = true});
}

}  // namespace dagrad
