#include "src/pictures/derivatives.hpp"

#include <fmt/format.h>

#include <vector>

#include "src/pictures/scripts.hpp"

namespace dagrad::detail {

namespace {

/// What is differentiated, and by which values in turn.
struct DerivativeOf {
  std::uint32_t y;
  std::vector<std::uint32_t> xs;
};

std::string in_quotient(const std::string& name) {
  return name.find('/') == std::string::npos ? name : "(" + name + ")";
}

std::string last_word(const std::string& name) { return name.substr(name.rfind('/') + 1); }

std::string quotient_text(const GraphView& graph, const DerivativeOf& quotient) {
  const std::size_t order = quotient.xs.size();
  std::string text =
      "∂" + (order > 1 ? superscript(order) : "") + last_word(graph.name(quotient.y)) + "/";
  for (std::size_t i = 0, end = 0; i < order; i = end) {
    while (end < order && quotient.xs[end] == quotient.xs[i]) ++end;
    text += "∂" + in_quotient(graph.name(quotient.xs[i]));
    if (end - i > 1) text += superscript(end - i);
  }
  return text;
}

}  // namespace

std::map<std::uint32_t, std::string> derivatives_of(const GraphView& graph) {
  std::map<std::uint32_t, DerivativeOf> quotients;
  for (const Cotangent& known : graph.cotangents()) {
    const auto& [y, seeded] = graph.differentiation(known);
    if (!known.asked || seeded || known.value.node == y.node) continue;
    const auto inner = quotients.find(y.node);
    DerivativeOf quotient = inner == quotients.end() ? DerivativeOf{y.node, {}} : inner->second;
    quotient.xs.push_back(known.x.node);
    quotients.try_emplace(known.value.node, std::move(quotient));
  }
  std::map<std::uint32_t, std::string> texts;
  for (const auto& [node, quotient] : quotients)
    texts.emplace(node, quotient_text(graph, quotient));
  return texts;
}

}  // namespace dagrad::detail
