#include "src/exec/planner.hpp"

#include <algorithm>
#include <utility>

#include "src/exec/arrange.hpp"
#include "src/exec/finite.hpp"

namespace dagrad::detail {

std::size_t Planner::Hash::operator()(const std::vector<std::uint32_t>& key) const noexcept {
  std::size_t hash = key.size();
  for (const std::uint32_t word : key) hash = (hash ^ word) * 0x9e3779b97f4a7c15U ^ hash >> 29;
  return hash;
}

Planner::Planner(const GraphView& graph, const CompileOptions& options,
                 std::shared_ptr<RuntimeData> runtime)
    : graph_(graph),
      options_(options),
      plan_(std::make_unique<Plan>()),
      origins_(plan_->origins, graph),
      alias_origins_(plan_->alias_origins, graph) {
  plan_->runtime = std::move(runtime);
  plan_->observer = options.observer;
  const int pool = plan_->runtime->pool.threads();
  plan_->threads = options.threads == 0 ? pool : std::min(options.threads, pool);
}

std::unique_ptr<Plan> Planner::draft(std::span<const Value> fetches) && {
  select(fetches);
  reserve();
  lay_out_in_order();
  add_other_inputs();
  for (const InputAlias& alias : graph_.input_aliases()) plan_->add_alias(alias);
  for (const Value& fetch : fetches) add_fetch(fetch);
  for (const Update& update : options_.update) add_update(update);
  plan_->shrink_to_fit();
  return std::move(plan_);
}

std::unique_ptr<const Plan> make_plan(const GraphView& graph, const CompileOptions& options,
                                      std::shared_ptr<RuntimeData> runtime,
                                      std::span<const Value> fetches) {
  std::unique_ptr<Plan> plan = Planner(graph, options, std::move(runtime)).draft(fetches);
  if (options.check_finite) check_finite(*plan, nullptr);
  arrange(*plan);
  return plan;
}

// ---- what is needed

void Planner::want(const Value& value) {
  if (value.node_id() >= first_value_.size()) first_value_.resize(value.node_id() + 1, none);
  first_value_[value.node_id()] = is_wanted;
  plan_->graph = Access::control(value);
}

/// Marks the nodes that are needed; `lay_out` numbers their values. Finds those that no other node
/// reads, as it visits them last.
void Planner::select(std::span<const Value> fetches) {
  for (const Value& fetch : fetches) want(fetch);
  for (const Update& update : options_.update) {
    want(update.parameter);
    want(update.next);
  }
  for (std::size_t node = first_value_.size(); node-- > 0;) {
    const auto id = static_cast<std::uint32_t>(node);
    if (!needed(id)) continue;
    for (const Edge& edge : graph_.operands(id))
      if (!edge.type_only) first_value_[edge.node] = is_read;
    if (first_value_[id] != is_read) add_end(id);
  }
  std::sort(ends_.begin(), ends_.end());
}

/// Notes a node that no other node reads, and the last operand of it that is computed.
void Planner::add_end(std::uint32_t node) {
  std::uint32_t last_operand = none;
  for (const Edge& edge : graph_.operands(node))
    if (!edge.type_only && graph_.kind(edge.node) == NodeKind::op &&
        (last_operand == none || edge.node > last_operand))
      last_operand = edge.node;
  if (last_operand != none && !graph_.op(node).traits().ordered)
    ends_.push_back({last_operand, node});
}

/// Lays out leaves, and then nodes in the order of their ids, except for those that no other node
/// reads, such as updates: they follow their last operand at once, while it is in the cache, and
/// set its memory free.
void Planner::lay_out_in_order() {
  const auto nodes = static_cast<std::uint32_t>(first_value_.size());
  std::vector<bool> is_end(nodes);
  for (std::uint32_t node = 0; node < nodes; ++node)
    if (needed(node) && graph_.kind(node) != NodeKind::op) lay_out(node);
  for (const auto& [after, end] : ends_) is_end[end] = true;
  auto next = ends_.begin();
  for (std::uint32_t node = 0; node < nodes; ++node) {
    if (!needed(node) || is_end[node] || graph_.kind(node) != NodeKind::op) continue;
    lay_out(node);
    for (; next != ends_.end() && next->first == node; ++next) lay_out(next->second);
  }
}

/// Reserves what most plans need, so that tables are not grown and copied repeatedly.
void Planner::reserve() {
  std::size_t steps = 0, operands = 0, values = 0;
  for (std::uint32_t node = 0; node < first_value_.size(); ++node) {
    if (!needed(node)) continue;
    values += graph_.results(node).size();
    operands += graph_.operands(node).size();
    if (graph_.kind(node) == NodeKind::op) ++steps;
  }
  plan_->steps.reserve(steps);
  plan_->wires.reserve(operands + values);
  plan_->slots.reserve(values);
  origins_.reserve(steps);
  slot_of_value_.reserve(values);
}

// ---- slots and steps

std::uint32_t Planner::new_slot(Slot::Home home, std::uint64_t at) {
  plan_->slots.emplace_back(home, at);
  return static_cast<std::uint32_t>(plan_->slots.size() - 1);
}

void Planner::lay_out(std::uint32_t node) {
  first_value_[node] = static_cast<std::uint32_t>(slot_of_value_.size());
  if (graph_.kind(node) != NodeKind::op) {
    add_leaf(node);
  } else if (const int alias = aliased(node); alias >= 0) {
    const Edge& operand = graph_.operands(node)[static_cast<std::size_t>(alias)];
    slot_of_value_.push_back(slot_of_value_[value_of(operand)]);
    plan_->alias_slots.push_back(slot_of_value_.back());
    alias_origins_.add(node);
  } else {
    add_step(node);
  }
}

/// The operand that the node's result is an alias of, so that it needs no step; -1 if there is
/// none, or if there is something to do at run time.
int Planner::aliased(std::uint32_t node) const {
  const OpTraits& traits = graph_.op(node).traits();
  if (traits.ordered || traits.has_validate) return -1;
  if (traits.alias >= 0 || traits.identity < 0) return traits.alias;
  const Edge& operand = graph_.operands(node)[static_cast<std::size_t>(traits.identity)];
  return graph_.type(operand) == graph_.results(node)[0] ? traits.identity : -1;
}

void Planner::add_leaf(std::uint32_t node) {
  Plan& plan = *plan_;
  const Type& type = graph_.results(node)[0];
  const auto slot = static_cast<std::uint32_t>(plan.slots.size());
  switch (graph_.kind(node)) {
    case NodeKind::input:
      new_slot(Slot::Home::input, plan.inputs.size());
      plan.inputs.push_back({type, node, slot});
      plan.input_names.add(graph_.name(node));
      break;
    case NodeKind::parameter:
      new_slot(Slot::Home::parameter, plan.parameters.size());
      parameter_of_node_[node] = static_cast<std::uint32_t>(plan.parameters.size());
      plan.parameters.push_back({type, node, slot});
      plan.parameter_names.add(graph_.name(node));
      plan.initial.push_back(graph_.tensor(node));
      break;
    default:
      new_slot(Slot::Home::constant, plan.constants.size());
      plan.constants.push_back(graph_.tensor(node));
  }
  slot_of_value_.push_back(slot);
}

void Planner::add_other_inputs() {
  plan_->needed_inputs = plan_->inputs.size();
  for (const std::uint32_t node : graph_.inputs()) {
    if (needed(node)) continue;
    plan_->inputs.push_back({graph_.results(node)[0], node, no_slot});
    plan_->input_names.add(graph_.name(node));
  }
}

void Planner::add_step(std::uint32_t node) {
  Plan& plan = *plan_;
  const std::uint32_t at = kernel_of(node);
  const Kernel& kernel = *plan.kernels[at];
  plan.steps.push_back({at, static_cast<std::uint32_t>(plan.wires.size()), node});
  origins_.add(node);
  for (const Edge& edge : graph_.operands(node))
    plan.wires.push_back(edge.type_only ? no_slot : slot_of_value_[value_of(edge)]);
  for (std::size_t i = 0; i < kernel.out().size(); ++i) {
    plan.wires.push_back(new_slot(Slot::Home::arena, 0));
    slot_of_value_.push_back(plan.wires.back());
  }
  if (kernel.scratch() > 0) plan.wires.push_back(new_slot(Slot::Home::arena, 0));
}

/// Nodes with the same op on the same types share a kernel.
std::uint32_t Planner::kernel_of(std::uint32_t node) {
  key_.assign(1, graph_.op_index(node));
  for (const Edge& edge : graph_.operands(node)) key_.push_back(graph_.type_index(edge));
  if (const auto at = known_kernels_.find(key_); at != known_kernels_.end()) return at->second;
  std::vector<Type> in, out;
  graph_.operand_types(node, in);
  graph_.result_types(node, out);
  plan_->kernels.push_back(
      make_kernel(graph_.op(node), std::move(in), std::move(out), *plan_->runtime));
  const auto index = static_cast<std::uint32_t>(plan_->kernels.size() - 1);
  known_kernels_.emplace(key_, index);
  return index;
}

// ---- what outlives a run

void Planner::make_output(std::uint32_t slot, const Type& type) {
  Slot& computed = plan_->slots[slot];
  if (computed.home != Slot::Home::arena) return;
  computed = {Slot::Home::output, plan_->outputs.size()};
  plan_->outputs.push_back({type, slot, no_slot});
}

void Planner::add_fetch(const Value& value) {
  const std::uint32_t slot = slot_of(value);
  make_output(slot, value.type());
  plan_->fetches.push_back({value.type(), slot});
}

void Planner::add_update(const Update& update) {
  std::uint32_t slot = slot_of(update.next);
  make_output(slot, update.next.type());
  const Slot& next = plan_->slots[slot];
  if (next.home == Slot::Home::input ||
      (next.home == Slot::Home::constant && !plan_->constants[next.at].owned())) {
    // The value lies in the user's memory, but a State needs memory of its own: copy it.
    const std::uint32_t copy = new_slot(Slot::Home::output, plan_->outputs.size());
    plan_->outputs.push_back({update.next.type(), copy, slot});
    slot = copy;
  }
  plan_->updates.push_back({parameter_of_node_.at(update.parameter.node_id()), slot});
}

}  // namespace dagrad::detail
