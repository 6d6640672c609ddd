// Reading graphs, ops and formulas as data.
#include <dagrad/dagrad.hpp>

#include <iostream>
#include <optional>
#include <string>
#include <variant>
#include <vector>

using namespace dagrad;

int main() {
  // [graph]
  Graph graph;
  const Value x = graph.input("x", {f64, {4}});
  const Value w = graph.parameter("w", Tensor::of({1.0, 2.0, 3.0, 4.0}));
  const Value y = sum(leaky_relu(x * w, 0.2)).named("y");
  const Value dw = gradient(y, w);

  std::cout << graph.size() << " nodes, " << graph.edges() << " edges\n";
  for (const Value& input : graph.inputs()) std::cout << "input " << input.name() << "\n";
  for (const Node& node : graph.nodes()) {
    if (node.gradient_order() == 0) continue;
    std::cout << node.id() << " " << node.name() << ", gradient of "
              << graph.node(node.forward_node().value()).name() << "\n";
  }
  if (const std::optional<Provenance> made = dw.node().provenance())
    std::cout << dw.name() << " comes from '" << made->node << "'\n";
  // [/graph]

  // [op]
  const Op op = graph.at("leaky_relu").node().op();
  std::cout << op.name() << "(" << op.attributes() << "): " << op->doc() << "\n";
  op.visit_attributes([](std::string_view name, const Attribute& value) {
    std::cout << name << " is " << attribute_text(value) << "\n";
  });
  const Op steeper = op.with("slope", 0.5);  // the same op with another attribute
  std::cout << steeper.attributes() << ", equal: " << std::boolalpha << (steeper == op) << "\n";
  if (const LeakyRelu* typed = op.get_if<LeakyRelu>()) std::cout << typed->slope << "\n";
  // [/op]

  // [program]
  const ProgramPtr program = op->program(std::vector{Type{f64, {}}});
  std::cout << formula(*program) << "\n";
  for (const Instruction& step : program->steps) std::cout << name(step.primitive) << " ";
  std::cout << "\n";
  const double in = -2;
  double out = 0;
  const void* const inputs[] = {&in};
  void* const outputs[] = {&out};
  const std::int64_t steps[] = {1};
  interpret(*program, inputs, steps, outputs, 1);  // one element, without compiling anything
  std::cout << "leaky_relu(-2) = " << out << "\n";
  // [/program]

  // [catalog]
  const Catalog all = Catalog::builtin();
  const Catalog::Entry* entry = all.find("matmul");
  std::cout << all.size() - all.size() % 100 << " and more ops; " << entry->op.name()
            << " is of the family '" << entry->family << "'\n";
  // [/catalog]
}
