#include <algorithm>

#include "dagrad/error.hpp"
#include "dagrad/evaluate_op.hpp"
#include "dagrad/passes.hpp"
#include "src/tensor/finite_elements.hpp"

namespace dagrad {

namespace {

/// The tensors of the operands, or none unless all of them are constants.
std::vector<Tensor> constants(std::span<const Value> operands) {
  std::vector<Tensor> tensors;
  for (const Value& value : operands) {
    const Node node = value.node();
    if (node.kind() != NodeKind::constant) return {};
    tensors.push_back(node.tensor());
  }
  return tensors;
}

bool is_worth_storing(const Node& node, std::span<const Tensor> operands) {
  std::size_t before = 64, after = 0;
  for (const Tensor& operand : operands) before = std::max(before, operand.type().bytes());
  for (std::size_t port = 0; port < node.outputs(); ++port)
    after += node.output(port).type().bytes();
  return after <= before;
}

/// Whether an op that uses the node looks at constants when it is made, and might refuse this one.
bool is_validated(const Node& node) {
  const std::vector<Node> users = node.users();
  return std::any_of(users.begin(), users.end(),
                     [](const Node& user) { return user.op().traits().has_validate; });
}

bool are_finite(std::span<const Tensor> tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [](const Tensor& tensor) {
    return detail::all_finite(tensor.view(), 0, tensor.size());
  });
}

void fold(Rewriter& rewriter, const Node& node, Runtime* runtime) {
  if (node.kind() != NodeKind::op || node.op().traits().ordered) return;
  const std::vector<Tensor> operands = constants(rewriter(node.operands()));
  if (operands.empty() || !is_worth_storing(node, operands) || is_validated(node)) return;
  std::vector<Tensor> results;
  try {
    results = evaluate_op(node.op(), operands, {runtime}, node.where());
  } catch (const Error&) {
    return;  // a run will tell
  }
  if (!are_finite(results) && are_finite(operands)) return;  // check_finite will tell
  std::vector<Value> values;
  for (const Tensor& result : results) values.push_back(rewriter.graph().constant(result));
  rewriter.replace(values);
}

}  // namespace

PassResult fold_constants(const Graph& graph, std::span<const Value> values, Runtime* runtime) {
  const auto visit = [&](Rewriter& rewriter, const Node& node) { fold(rewriter, node, runtime); };
  return rewrite(graph, visit, {.outputs = {values.begin(), values.end()}});
}

PassResult drop_dead(const Graph& graph, std::span<const Value> values) {
  return extract(graph, values);
}

}  // namespace dagrad
