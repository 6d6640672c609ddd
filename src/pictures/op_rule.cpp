#include "src/pictures/op_rule.hpp"

#include "dagrad/apply.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/passes.hpp"
#include "src/pictures/equations.hpp"
#include "src/pictures/op_notation.hpp"
#include "src/pictures/symbols.hpp"

namespace dagrad::detail {

namespace {

std::string letter_of(std::size_t i, std::size_t count) {
  if (count == 1) return "x";
  return i < 12 ? std::string(1, static_cast<char>('a' + i)) : "x" + std::to_string(i);
}

/// A graph of the node alone, with inputs for its operands; numbers stay numbers.
struct Alone {
  Graph graph;
  std::vector<Value> operands;
  Value y, seed;
};

Alone alone(const GraphView& view, std::uint32_t node) {
  Alone made;
  const auto edges = view.operands(node);
  std::vector<Operand> operands;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const std::uint32_t from = edges[i].node;
    const bool number =
        view.kind(from) == NodeKind::constant && !constant_notation(view.tensor(from)).empty();
    made.operands.push_back(
        number ? made.graph.constant(view.tensor(from))
               : made.graph.input(letter_of(i, edges.size()), view.type(edges[i])));
    operands.emplace_back(made.operands.back());
  }
  made.y = append(view.op(node), operands, &made.graph).output(0).named("y");
  made.seed = made.graph.input("δ", made.y.type());
  return made;
}

}  // namespace

std::optional<OpRule> rule_of(const GraphView& graph, std::uint32_t node, std::uint32_t operand) {
  if (graph.results(node).size() != 1 || !is_float(graph.results(node)[0].dtype)) return {};
  try {
    const Alone one = alone(graph, node);
    const Value derivative = gradient({Seeded{one.y, one.seed}}, one.operands[operand]);
    const Optimized simple = optimize(one.graph, {one.y, derivative});
    const Value result = simple.mapping(derivative), y = simple.mapping(one.y);
    EquationBounds bounds;
    bounds.region.assign(simple.graph.size(), 0);
    bounds.kept.assign(simple.graph.size(), false);
    bounds.kept[result.node_id()] = bounds.kept[y.node_id()] = true;
    const WrittenEquations equations = write_equations(simple.graph, bounds);
    const Notation x = Notation::name(letter_of(operand, one.operands.size()));
    const Notation left = Derivatives().symbol(Notation::name("L"), x, false);
    OpRule rule;
    rule.forward = {Notation::name("y"), equations.formula[y.node_id()]};
    for (std::uint32_t id = 0; id < result.node_id(); ++id)
      if (equations.root[id] == id && !equations.formula[id].empty() && id != y.node_id())
        rule.gradient.push_back({equations.symbol[id], equations.formula[id]});
    const Notation& formula = equations.formula[result.node_id()];
    rule.gradient.push_back({left, formula.empty() ? equations.symbol[result.node_id()] : formula});
    return rule;
  } catch (const Error&) {  // such as an op that needs values, or has no gradient
    return {};
  }
}

}  // namespace dagrad::detail
