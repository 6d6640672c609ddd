#include "src/exec/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <numeric>
#include <utility>

#include "src/exec/context.hpp"

namespace dagrad::detail {

Plan::Plan() = default;
Plan::~Plan() = default;

void Plan::name_step(std::string_view name, Location where) {
  names_ += name;
  name_ends_.push_back(static_cast<std::uint32_t>(names_.size()));
  places_.push_back(where);
}

void Plan::index_inputs() {
  inputs_by_name.resize(inputs.size());
  std::iota(inputs_by_name.begin(), inputs_by_name.end(), 0U);
  std::sort(inputs_by_name.begin(), inputs_by_name.end(),
            [&](std::uint32_t a, std::uint32_t b) { return inputs[a].name < inputs[b].name; });
}

std::uint32_t Plan::input_of_node(std::uint32_t node) const {
  const auto at =
      std::lower_bound(inputs.begin(), inputs.end(), node,
                       [](const Leaf& leaf, std::uint32_t other) { return leaf.node < other; });
  return at != inputs.end() && at->node == node ? static_cast<std::uint32_t>(at - inputs.begin())
                                                : no_slot;
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

std::uint32_t Plan::input(std::string_view name) const {
  const auto at = std::lower_bound(
      inputs_by_name.begin(), inputs_by_name.end(), name,
      [&](std::uint32_t input, std::string_view other) { return inputs[input].name < other; });
  return at != inputs_by_name.end() && inputs[*at].name == name ? *at : no_slot;
}

std::string Plan::place(std::uint32_t step) const {
  return fmt::format("node '{}', made at {}", name(step), to_string(places_[step]));
}

std::unique_ptr<RunContext> Plan::take_context() const {
  {
    const std::lock_guard lock(pool_);
    if (!contexts_.empty()) {
      std::unique_ptr<RunContext> context = std::move(contexts_.back());
      contexts_.pop_back();
      return context;
    }
  }
  return std::make_unique<RunContext>(*this);
}

void Plan::give_back(std::unique_ptr<RunContext> context) const noexcept {
  const std::lock_guard lock(pool_);
  try {
    contexts_.push_back(std::move(context));
  } catch (const std::bad_alloc&) {  // one fewer to use again
  }
}

std::string Plan::slot_text(std::uint32_t slot) const {
  if (slot == no_slot) return "-";
  const std::uint64_t at = slots[slot].at;
  switch (slots[slot].home) {
    case Slot::Home::arena:
      return fmt::format("@{}", at);
    case Slot::Home::input:
      return inputs[at].name;
    case Slot::Home::parameter:
      return parameters[at].name;
    case Slot::Home::constant:
      return fmt::format("constant {}", at);
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
    text += fmt::format("{:>6}  {} = {}(", s, name(s), kernel.op().name());
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
