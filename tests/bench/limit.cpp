#include "tests/bench/limit.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "dagrad/ops/linalg.hpp"
#include "dagrad/passes.hpp"
#include "tests/bench/products.hpp"

namespace dagrad::bench {

namespace {

/// Memory for values, so that products share operands as they do in the step.
class Operands {
 public:
  float* of(const Value& value) {
    std::vector<float>& memory = memory_[{value.node().id(), value.port()}];
    if (memory.empty()) memory.assign(static_cast<std::size_t>(value.size()), 0.01F);
    return memory.data();
  }

 private:
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<float>> memory_;
};

/// The product of a node, with the batches of `matmul`: one product if the right operand is shared.
Multiplication<float> product_of(const Node& node, const Matmul& op, Operands& operands) {
  const Value left = node.operands()[0], right = node.operands()[1], out = node.output();
  if (left.dtype() != f32 || left.rank() < 2 || right.rank() < 2)
    throw std::runtime_error("limit: " + to_string(node) + " is not a product of float matrices");
  const auto dim = [](const Value& x, int from_end) { return x.shape()[x.rank() - from_end]; };
  Multiplication<float> p{.m = dim(out, 2),
                          .n = dim(out, 1),
                          .k = dim(left, op.transpose_left ? 2 : 1),
                          .transpose_a = op.transpose_left,
                          .transpose_b = op.transpose_right,
                          .a = operands.of(left),
                          .b = operands.of(right),
                          .c = operands.of(out)};
  const std::int64_t batch = out.size() / (p.m * p.n);
  if (right.rank() == 2 && !op.transpose_left)
    p.m *= batch;
  else
    p.batch = batch;
  return p;
}

std::vector<Multiplication<float>> products_of(const Graph& graph, Operands& operands) {
  std::vector<Multiplication<float>> all;
  for (const Node& node : graph.nodes())
    if (const auto* const op = node.op().get_if<Matmul>())
      all.push_back(product_of(node, *op, operands));
  return all;
}

/// Seconds that one way needs for each product, the fastest of several rounds in which all of them
/// are computed in the order of the step, so that operands are as warm as there. A way that uses
/// one thread counts as if several would share its work perfectly.
std::vector<double> times_of(const Way<float>& way, const std::vector<Multiplication<float>>& all,
                             const Settings& settings) {
  std::vector<std::function<void()>> steps;
  for (const Multiplication<float>& product : all) steps.push_back(way.prepare(product));
  std::vector<double> best(all.size(), 1e9);
  const double begin = now();
  for (int round = 0; round < 5 || now() - begin < settings.seconds / 4; ++round) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const double start = now();
      steps[i]();
      best[i] = std::min(best[i], (now() - start) * way.threads / settings.threads);
    }
  }
  return best;
}

/// Seconds for reading and writing each parameter once.
double time_of_parameters(const std::vector<Value>& parameters, const Crew& crew, double seconds) {
  std::vector<std::vector<float>> all;
  for (const Value& parameter : parameters)
    all.emplace_back(static_cast<std::size_t>(parameter.size()), 1.0F);
  double best = 1e9;
  const double begin = now();
  for (int round = 0; round < 5 || now() - begin < seconds; ++round) {
    const double start = now();
    for (std::vector<float>& values : all) {
      constexpr std::size_t grain = 1 << 14;
      const auto tasks = static_cast<std::int64_t>((values.size() + grain - 1) / grain);
      const auto part = [&](std::int64_t task) {
        const std::size_t first = static_cast<std::size_t>(task) * grain,
                          last = std::min(values.size(), first + grain);
        for (std::size_t i = first; i < last; ++i) values[i] *= 0.999F;
      };
      if (tasks == 1)
        part(0);
      else
        crew(tasks, part);
    }
    best = std::min(best, now() - start);
  }
  return best;
}

}  // namespace

Times limit(const Settings& settings, const Graph& graph, const std::vector<Value>& results,
            const std::vector<Value>& parameters) {
  const Optimized step = optimize(graph, results);
  Operands operands;
  const std::vector<Multiplication<float>> products = products_of(step.graph, operands);
  const Crew crew(settings.threads);
  std::vector<double> best(products.size(), 1e9);
  for (const Way<float>& way : ways<float>(crew)) {
    const std::vector<double> times = times_of(way, products, settings);
    for (std::size_t i = 0; i < best.size(); ++i) best[i] = std::min(best[i], times[i]);
  }
  double sum = std::min(time_of_parameters(parameters, crew, settings.seconds / 4),
                        time_of_parameters(parameters, Crew(1), settings.seconds / 4));
  for (const double time : best) sum += time;
  return {0, 1e3 * sum, 1e3 * sum};
}

}  // namespace dagrad::bench
