// Guide, second page: graphs, names, types, rewrites, functions, errors.
#include <dagrad/dagrad.hpp>

#include <iostream>

using namespace dagrad;

int main() {
  // [names]
  Graph graph;
  const Value x = graph.input("x", {f32, {8, 4}});
  Value hidden;
  {
    const Scope scope = graph.scope("encoder");
    const Value w = graph.parameter("w", Rng(1).he_normal({4, 2}, f32));
    hidden = relu(matmul(x, w));
  }
  std::cout << hidden.name() << " is " << hidden.type() << "\n";
  std::cout << graph.at("encoder/w").node().users().front().name() << " reads encoder/w\n";
  // [/names]

  // [errors]
  try {
    (void)matmul(hidden, x);
  } catch (const ShapeError& error) {
    std::string text = error.what();
    std::cout << text.substr(0, text.find('\n')) << "\n";
  }
  // [/errors]

  // [replay]
  const Value loss = mean(square(hidden));
  const Value dw = gradient(loss, graph.at("encoder/w"));
  const Retyped batch[] = {{x, {f32, {32, 4}}}};
  const Rewritten larger = replay(graph, batch);  // includes the gradient
  std::cout << "hidden is " << larger.mapping(hidden).type() << " at batch 32, dw still "
            << larger.mapping(dw).type() << "\n";
  const Rewritten precise = replay(graph, f32, f64);
  std::cout << "and " << precise.mapping(dw).type() << " in double\n";
  // [/replay]

  // [listing]
  std::cout << graph;
  // [/listing]

  // [bound]
  const Function f = compile({loss, dw});
  State state(graph);
  BoundRun run = f.bind(state);  // holds all memory: no call below allocates
  std::vector<float> pixels(32, 0.5F);
  run.feed(x, View{pixels.data(), {f32, {8, 4}}});
  run();
  pixels.assign(32, 1.0F);  // the feed is a view, so the run sees this
  run();
  std::cout << "loss = " << run.fetch(0).as<float>()[0] << ", " << f.nodes() << " nodes, "
            << f.peak_bytes() << " bytes\n";
  // [/bound]
  return larger.mapping(dw).type() == dw.type() ? 0 : 1;
}
