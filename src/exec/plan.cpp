#include "src/exec/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace dagrad::detail {

std::uint32_t Plan::input_of_node(std::uint32_t node) const {
  const auto others = inputs.begin() + static_cast<std::ptrdiff_t>(needed_inputs);
  for (const auto& [begin, end] :
       {std::pair(inputs.begin(), others), std::pair(others, inputs.end())}) {
    const auto at = std::lower_bound(
        begin, end, node, [](const Leaf& leaf, std::uint32_t other) { return leaf.node < other; });
    if (at != end && at->node == node) return static_cast<std::uint32_t>(at - inputs.begin());
  }
  return no_slot;
}

void Plan::add_alias(const InputAlias& alias) {
  if (const std::uint32_t input = input_of_node(alias.input); input != no_slot)
    aliases.emplace(key(alias.graph, alias.node, alias.port), Alias{alias.graph, input});
}

std::uint32_t Plan::input(const Value& value) const {
  const ControlPtr& control = Access::control(value);
  if (control.get() == graph.get()) return input_of_node(value.node_id());
  const auto at = aliases.find(key(control, value.node_id(), value.port()));
  return at == aliases.end() ? no_slot : at->second.input;
}

void Plan::refer_to(const GraphView& user, const Mapping& mapping) {
  graph = user.control();
  for (const std::uint32_t node : user.inputs()) {
    const std::uint32_t input = input_names.find(user.name(node));
    if (input != NameTable::none) inputs[input].node = node;
  }
  aliases.clear();
  for (const InputAlias& alias : user.input_aliases()) add_alias(alias);
  if (observer == nullptr) return;
  std::unordered_map<std::uint32_t, std::uint32_t> user_node;
  for (std::uint32_t node = 0; node < user.size(); ++node)
    for (std::uint32_t port = 0; port < user.results(node).size(); ++port)
      if (const std::optional<Value> now = mapping.find(user.value(node, port)))
        user_node[now->node_id()] = node;
  for (Step& step : steps) {
    const auto at = user_node.find(step.node);
    step.node = at == user_node.end() ? NodeEvent::no_id : at->second;
  }
}

void Plan::shrink_to_fit() {
  kernels.shrink_to_fit();
  wires.shrink_to_fit();
  slots.shrink_to_fit();
  inputs.shrink_to_fit();
  parameters.shrink_to_fit();
  initial.shrink_to_fit();
  constants.shrink_to_fit();
  outputs.shrink_to_fit();
}

std::string Plan::slot_text(std::uint32_t slot) const {
  if (slot == no_slot) return "-";
  const std::uint64_t at = slots[slot].at;
  switch (slots[slot].home) {
    case Slot::Home::arena:
      return fmt::format("@{}", at);
    case Slot::Home::input:
      return std::string(input_names[at]);
    case Slot::Home::parameter:
      return std::string(parameter_names[at]);
    case Slot::Home::constant:
      return fmt::format("constant {}", at);
    case Slot::Home::nowhere:
      return "unused";
    case Slot::Home::output:
      break;
  }
  return fmt::format("output {}", at);
}

std::string Plan::text() const {
  std::string text = fmt::format(
      "{} steps, {} bytes of arena, {}\n", steps.size(), arena_bytes,
      threads == 1 ? "in order on the caller's thread" : fmt::format("up to {} threads", threads));
  for (std::uint32_t s = 0; s < steps.size(); ++s) {
    const Kernel& kernel = kernel_of(steps[s]);
    const auto wires_here = wires_of(steps[s]);
    text += fmt::format("{:>6}  {} = {}(", s, origins.name(s), kernel.op().name());
    for (std::size_t i = 0; i < kernel.in().size(); ++i)
      text += (i == 0 ? "" : ", ") + slot_text(wires_here[i]);
    text += ") -> ";
    for (std::size_t i = 0; i < kernel.out().size(); ++i)
      text +=
          fmt::format("{}{} {}", i == 0 ? "" : ", ", slot_text(wires_here[kernel.in().size() + i]),
                      to_string(kernel.out()[i]));
    if (kernel.scratch() > 0)
      text +=
          fmt::format(", scratch {} of {} bytes", slot_text(wires_here.back()), kernel.scratch());
    text += kernel.remark() + '\n';
  }
  return text;
}

}  // namespace dagrad::detail
