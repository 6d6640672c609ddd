#include "src/check/magnitudes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dagrad/gradient.hpp"

namespace dagrad::detail {

namespace {

/// All float values that lead to a result, including itself.
std::vector<Value> floats_leading_to(const Graph& graph, const Value& result) {
  const std::vector<bool> leads = leading_to(graph, {&result, 1});
  std::vector<Value> values;
  for (std::uint32_t id = result.node_id() + 1; id-- > 0;) {
    if (!leads[id]) continue;
    const Node node = graph.node(id);
    for (std::size_t port = 0; port < node.outputs(); ++port)
      if (is_float(node.output(port).dtype())) values.push_back(node.output(port));
  }
  return values;
}

}  // namespace

Magnitudes::Magnitudes(Subject& subject, const Value& result, Runtime* runtime)
    : weight_(result.type()),
      weights_(weight_.mutate<double>()),
      through_(floats_leading_to(subject.graph, result)),
      values_(prepare(subject, result), runtime) {
  values_.feed(all_feeds(subject));
  values_.feed(input_, {weights_.data(), weight_.type()});
}

/// The values that lead to the result, then its derivatives with respect to them.
std::vector<Value> Magnitudes::prepare(Subject& subject, const Value& result) {
  std::string name = "weights";
  while (subject.graph.find(name)) name += "_";
  input_ = subject.graph.input(name, result.type());
  std::vector<Value> all = through_;
  for (const Value& slope :
       gradient(result, through_, {.seed = input_, .unconnected = Unconnected::zeros}))
    all.push_back(slope);
  return all;
}

double Magnitudes::sum(double smallest, double largest) {
  values_.compute();
  double sum = 0;
  for (std::size_t i = 0; i < through_.size(); ++i) {
    const auto value = values_[i].as<double>(), slope = values_[through_.size() + i].as<double>();
    for (std::size_t e = 0; e < value.size(); ++e) {
      if (slope[e] == 0) continue;
      const double size = std::max(std::abs(value[e]), smallest);
      if (!(size <= largest)) return std::numeric_limits<double>::infinity();
      sum += std::abs(slope[e]) * size;
    }
  }
  return std::isfinite(sum) ? sum : std::numeric_limits<double>::infinity();
}

}  // namespace dagrad::detail
