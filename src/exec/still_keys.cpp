#include "src/exec/still_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/graph/data.hpp"

namespace dagrad::detail {

namespace {

/// Whether the graph has the next key of this int64 scalar, as `random_key` makes it.
bool is_random_key(const Value& parameter) {
  const std::vector<Node> users = parameter.node().users();
  return std::any_of(users.begin(), users.end(), [&](const Node& user) {
    if (user.op()->name() != "fold_in") return false;
    const std::vector<Value> operands = user.operands();
    const Node number = operands[1].node();
    return operands[0] == parameter && number.kind() == NodeKind::constant &&
           number.tensor().rank() == 0 && number.tensor().item<std::int64_t>() == -1;
  });
}

}  // namespace

void warn_of_still_keys(const Plan& plan, const CompileOptions& options, Location where) {
  if (options.update.empty()) return;
  const GraphData& graph = Access::data(options.update.front().parameter);
  const std::vector<std::string> names = plan.parameter_names.to_vector();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (plan.parameters[i].type != Type{i64, {}}) continue;
    // Passes may have numbered the nodes anew, but they keep the names of parameters.
    const Value parameter = GraphView(graph).value(graph.names.find(names[i]));
    const auto advances = [&](const Update& update) { return update.parameter == parameter; };
    if (std::none_of(options.update.begin(), options.update.end(), advances) &&
        is_random_key(parameter))
      plan.runtime->log.write(
          LogLevel::warning,
          fmt::format("compile: nothing advances the random key '{}', so every run draws the same "
                      "numbers; add the key's update to the other updates with join{}",
                      names[i], where.line == 0 ? "" : "\n  called at " + to_string(where)));
  }
}

}  // namespace dagrad::detail
