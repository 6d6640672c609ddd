#pragma once

#include <dagrad/eval.hpp>
#include <dagrad/graph.hpp>
#include <dagrad/runtime.hpp>

#include <map>
#include <utility>
#include <vector>

namespace dagrad::test {

/// The value of every result of a graph, computed as simply as possible: nodes in order, each into
/// its own memory, and formulas element by element.
class Reference {
 public:
  Reference(const Graph& graph, const std::map<std::string, Tensor>& leaves) {
    for (const Node& node : graph.nodes()) results_.push_back(compute(node, leaves));
  }
  const Tensor& operator()(const Value& value) const {
    return results_[value.node_id()][value.port()];
  }

 private:
  std::vector<Tensor> compute(const Node& node, const std::map<std::string, Tensor>& leaves) {
    if (const auto given = leaves.find(node.name()); given != leaves.end()) return {given->second};
    if (node.kind() != NodeKind::op) return {node.tensor()};
    std::vector<Type> types;
    std::vector<View> in;
    for (const Value& operand : node.operands()) {
      types.push_back(operand.type());
      in.push_back((*this)(operand).view());
    }
    std::vector<Tensor> results;
    std::vector<MutableView> out;
    for (std::size_t i = 0; i < node.outputs(); ++i) results.emplace_back(node.output(i).type());
    for (Tensor& result : results) out.push_back(result.mutable_view());
    const Op& op = node.op();
    if (const ProgramPtr program = op->program(types)) {
      loop(*program, in, out);
    } else {
      std::vector<Type> out_types;
      for (const Tensor& result : results) out_types.push_back(result.type());
      const Machine& machine = Runtime::shared().machine();
      const PlanContext plan(types, out_types, machine);
      std::vector<double> scratch(op->scratch(plan) / sizeof(double) + 1);
      const auto prepared = op->prepare(plan);
      op->eval(EvalContext(in, out, scratch.data(), machine, Inline(), prepared.get()));
    }
    return results;
  }

  static void loop(const Program& program, const std::vector<View>& in,
                   const std::vector<MutableView>& out) {
    const Shape& shape = out[0].type.shape;
    const std::int64_t row = shape.rank() == 0 ? 1 : shape[shape.rank() - 1];
    std::vector<std::int64_t> steps;
    for (const View& view : in) {
      const Shape& own = view.type.shape;
      steps.push_back(own.rank() == 0 || own[own.rank() - 1] == 1 ? 0 : 1);
    }
    std::vector<const void*> from(in.size());
    std::vector<void*> to(out.size());
    for (std::int64_t at = 0; at < shape.elements(); at += row) {
      for (std::size_t i = 0; i < in.size(); ++i) from[i] = element(in[i], shape, at);
      for (std::size_t i = 0; i < out.size(); ++i)
        to[i] = static_cast<std::byte*>(out[i].data) +
                at * static_cast<std::int64_t>(size_of(out[i].type.dtype));
      interpret(program, from, steps, to, row);
    }
  }

  /// The element of an operand at position `at` of the result to which it broadcasts.
  static const void* element(const View& view, const Shape& shape, std::int64_t at) {
    std::int64_t offset = 0, stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      const std::int64_t index = at % shape[axis];
      at /= shape[axis];
      const int own = axis - (shape.rank() - view.type.shape.rank());
      if (own < 0) continue;
      if (view.type.shape[own] != 1) offset += index * stride;
      stride *= view.type.shape[own];
    }
    return static_cast<const std::byte*>(view.data) +
           offset * static_cast<std::int64_t>(size_of(view.type.dtype));
  }

  std::vector<std::vector<Tensor>> results_;
};

}  // namespace dagrad::test
