// Guide: lets passes simplify a graph, and stabilises a loss before it is differentiated.

#include <dagrad/dagrad.hpp>

#include <cmath>
#include <iostream>

using namespace dagrad;

int main() {
  // [optimize]
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value w = graph.parameter("w", Tensor::of({1.0, -2.0, 0.5}));
  const Value score = sum(transpose(transpose(x * w)) * 1);
  const Value loss = log(1 + exp(-score)).named("loss");

  const Optimized better = optimize(graph, loss);
  std::cout << graph << "\n" << better.graph;
  // [/optimize]

  // [reports]
  for (const PassReport& report : better.reports)
    for (const RuleCount& rule : report.rules)
      std::cout << report.pass << ": " << rule.rule << " (" << rule.count << ")\n";
  std::cout << graph.size() << " nodes became " << better.graph.size() << "\n";
  // [/reports]

  // [compile]
  const Function optimized = compile(loss);
  const Function plain = compile(loss, {.passes = {}});
  const Feeds far{{x, Tensor::of({-1000.0, 0.0, 0.0})}};
  std::cout << "as written " << plain(far)[0].item<double>() << ", optimised "
            << optimized(far)[0].item<double>() << "\n";
  // [/compile]

  // [stabilize]
  const Value slope = gradient(loss, w), stable = gradient(stabilize(loss), w);
  std::cout << "gradient as written " << evaluate(slope, far).at(0) << ", stabilised "
            << evaluate(stable, far).at(0) << "\n";
  // [/stabilize]

  // [rules]
  const std::vector<Rule> rules{
      {"sin² + cos²", [](Value a) { return square(sin(a)) + square(cos(a)); },
       [](Value a) { return ones_like(a); }},
      Rule::for_op<Tan>("tan(atan(x))", [](const RuleSite& at) {
        return made_by<Atan>(at.in()) ? operand_of(at.in()) : Value();
      })};
  const Value y = tan(atan(x)) * (square(cos(x)) + square(sin(x)));
  const PassResult mine = apply_rules(graph, std::vector{y}, rules);
  std::cout << mine.graph;
  // [/rules]

  // [list]
  std::vector<Pass> passes = compile_passes();
  passes.insert(passes.begin(),
                {"trigonometry", [&](const Graph& g, std::span<const Value> values) {
                   return apply_rules(g, values, rules);
                 }});
  std::cout << "steps: " << compile(y).nodes() << ", or " << compile(y, {.passes = passes}).nodes()
            << "\n";
  // [/list]

  return optimized(far)[0].item<double>() == 1000 && evaluate(stable, far).at(0) == 1000 &&
                 better.graph.size() < graph.size() && mine.rules.size() == 2
             ? 0
             : 1;
}
