// Guide: pictures.
#include <dagrad/dagrad.hpp>

using namespace dagrad;

int main() {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = x * tanh(x);
  const Value dy = gradient(y, x);
  // [draw]
  const PictureOptions options{.title = "x tanh(x) and its derivative", .fetches = {y, dy}};
  write_dot("derivative.dot", graph, options);  // Graphviz's language; the same bytes each time
  write_svg("derivative.svg", graph, options);  // drawn with Graphviz's program dot
  draw("derivative.png", graph, options);       // any format that dot supports
  // [/draw]

  // [second]
  const Value d2y = gradient(dy, x);
  const PictureOptions second{
      .title = "and its second derivative", .fetches = {d2y}, .only_needed = true};
  write_dot("second.dot", graph, second);
  write_svg("second.svg", graph, second);
  // [/second]
}
