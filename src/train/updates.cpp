#include "dagrad/updates.hpp"

#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/random.hpp"

namespace dagrad {

std::vector<Update> join(std::initializer_list<std::vector<Update>> lists) {
  std::vector<Update> all;
  for (const std::vector<Update>& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

Advancing step_counter(Graph& graph, std::string_view name, Location where) {
  const Building building(graph, where);
  const Value now = graph.parameter(name, Tensor(std::int64_t{0}), where);
  return {now, {now, now + 1}};
}

Advancing random_key(Graph& graph, std::int64_t seed, std::string_view name, Location where) {
  const Building building(graph, where);
  const Value now = graph.parameter(name, Tensor(seed), where);
  return {now, {now, next_key(now)}};
}

}  // namespace dagrad
