// Guide: a graph as mathematics, and as pages and files for other tools.
#include <dagrad/dagrad.hpp>

#include <iostream>
#include <string>
#include <vector>

#include "docs/examples/xor_network.hpp"

using namespace dagrad;

namespace {

void heading(const std::string& part) { std::cout << "== " << part << " ==\n"; }

// [op]
/// The dot product of each row of two matrices.
struct RowDots {
  static constexpr auto name = "row_dots", doc = "The dot product of each row of two matrices.";
  static constexpr std::size_t operands = 2;
  Type infer(std::span<const Type> in) const { return {in[0].dtype, {in[0].shape[0]}}; }
  void eval(const EvalContext& c) const {
    const auto a = c.in<double>(0), b = c.in<double>(1);
    const std::size_t columns = a.size() / c.out<double>().size();
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (i % columns == 0) c.out<double>()[i / columns] = 0;
      c.out<double>()[i / columns] += a[i] * b[i];
    }
  }
  Grads grad(const GradContext& g) const {
    const Value dout = unsqueeze(g.dout, {1});
    return {dout * g.in[1], dout * g.in[0]};
  }
  Notation notation(std::span<const Notation> in, std::span<const Type> /*types*/) const {
    return Notation::delimited(
        "⟨", "⟩", "\\langle ", "\\rangle",
        Notation::of(in[0].text() + ", " + in[1].text(), in[0].latex() + ", " + in[1].latex()));
  }
};
// [/op]

}  // namespace

int main() {
  Rng rng(7);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  const XorNetwork network(weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1}));

  heading("xor");
  // [xor]
  std::cout << mathematics(network.graph, {.fetches = {network.cost}, .updates = network.update});
  // [/xor]

  heading("entropy");
  // [entropy]
  XorNetwork classifier(weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1}));
  const Value entropy = sum(binary_cross_entropy(classifier.out, classifier.y)).named("L");
  std::vector<Value> wanted = gradient(entropy, {classifier.w2, classifier.b2});
  wanted.push_back(entropy);
  const Rewritten alone = extract(wanted);  // without the gradient of the other loss
  std::cout << mathematics(alone.graph, {.fetches = alone.mapping(wanted)});
  // [/entropy]

  heading("own");
  // [own]
  Graph graph;
  const Value a = graph.input("a", {f64, {4, 3}}), b = graph.input("b", {f64, {4, 3}});
  const Value dots = apply(RowDots{}, {a, b});
  gradient(sum(exp(-dots)), {a, b});
  std::cout << mathematics(graph, {.format = MathematicsFormat::text});
  // [/own]

  heading("mermaid");
  // [mermaid]
  std::cout << to_mermaid(
      network.graph, {.fetches = {network.cost}, .only_needed = true, .detail = Detail::equations});
  // [/mermaid]

  // [files]
  const PictureOptions options{.title = "XOR", .updates = network.update};
  write_html("xor.html", network.graph, options);
  write_json("xor.json", network.graph, options);
  write_mermaid("xor.mmd", network.graph, options);
  write_model_explorer("xor_explorer.json", network.graph, options);
  write_mathematics("xor.tex", network.graph,
                    {.updates = network.update, .format = MathematicsFormat::latex});
  // [/files]
}
