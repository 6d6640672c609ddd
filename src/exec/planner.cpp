#include "src/exec/planner.hpp"

#include <algorithm>
#include <utility>

#include "src/tensor/storage.hpp"

namespace dagrad::detail {

namespace {

// Below this, handing a graph to other threads costs more than they save.
constexpr double worth_sharing = 40'000;  // nanoseconds in all
constexpr double handing_on = 40;         // nanoseconds that a step takes longer among threads
constexpr double least_gain = 1.2;

std::size_t mix(std::size_t hash, std::uint64_t word) {
  return (hash ^ word) * 0x9e3779b97f4a7c15U ^ hash >> 29;
}

}  // namespace

std::size_t Planner::Hash::operator()(const std::vector<std::uint32_t>& key) const noexcept {
  std::size_t hash = key.size();
  for (const std::uint32_t word : key) hash = mix(hash, word);
  return hash;
}

Planner::Planner(const GraphView& graph, const CompileOptions& options,
                 std::shared_ptr<RuntimeData> runtime)
    : graph_(graph), options_(options), plan_(std::make_shared<Plan>()) {
  plan_->runtime = std::move(runtime);
  plan_->observer = options.observer;
  const int pool = plan_->runtime->pool.threads();
  plan_->threads = options.threads == 0 ? pool : std::min(options.threads, pool);
}

std::shared_ptr<const Plan> Planner::plan(std::span<const Value> fetches) {
  select(fetches);
  for (std::uint32_t node = 0; node < needed_.size(); ++node)
    if (needed_[node] != 0) lay_out(node);
  plan_->index_inputs();
  for (const Value& fetch : fetches) add_fetch(fetch);
  for (const Update& update : options_.update) add_update(update);
  place();
  return std::move(plan_);
}

// ---- what is needed

void Planner::want(const Value& value) {
  needed_.resize(std::max<std::size_t>(needed_.size(), value.node_id() + 1));
  needed_[value.node_id()] = 1;
  plan_->graph = value.control();
}

void Planner::select(std::span<const Value> fetches) {
  for (const Value& fetch : fetches) want(fetch);
  for (const Update& update : options_.update) {
    want(update.parameter);
    want(update.next);
  }
  for (std::size_t node = needed_.size(); node-- > 0;) {
    if (needed_[node] == 0) continue;
    for (const Edge& edge : graph_.operands(static_cast<std::uint32_t>(node)))
      if (!edge.type_only) needed_[edge.node] = 1;
  }
  first_value_.resize(needed_.size(), none);
}

// ---- slots and steps

std::uint32_t Planner::new_slot(Slot::Home home, std::uint64_t at) {
  plan_->slots.push_back({at, home});
  producer_.push_back(none);
  blocks_.push_back(0);
  return static_cast<std::uint32_t>(plan_->slots.size() - 1);
}

void Planner::lay_out(std::uint32_t node) {
  first_value_[node] = static_cast<std::uint32_t>(slot_of_value_.size());
  if (graph_.kind(node) != NodeKind::op) {
    add_leaf(node);
  } else if (const int alias = aliased(node); alias >= 0) {
    const Edge& operand = graph_.operands(node)[static_cast<std::size_t>(alias)];
    slot_of_value_.push_back(slot_of_value_[value_of(operand)]);
  } else {
    add_step(node);
  }
}

/// The operand that the node's result is, without a step; -1 where there is none.
int Planner::aliased(std::uint32_t node) const {
  const OpTraits& traits = graph_.op(node).traits();
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
      plan.inputs.push_back({graph_.name(node), type, node, slot});
      break;
    case NodeKind::parameter:
      new_slot(Slot::Home::parameter, plan.parameters.size());
      parameter_of_node_[node] = static_cast<std::uint32_t>(plan.parameters.size());
      plan.parameters.push_back({graph_.name(node), type, node, slot});
      plan.initial.push_back(graph_.tensor(node));
      break;
    default:
      new_slot(Slot::Home::constant, plan.constants.size());
      plan.constants.push_back(graph_.tensor(node));
  }
  slot_of_value_.push_back(slot);
}

void Planner::add_step(std::uint32_t node) {
  Plan& plan = *plan_;
  const auto number = static_cast<std::uint32_t>(plan.steps.size());
  const std::uint32_t at = kernel_of(node);
  const Kernel& kernel = *plan.kernels[at];
  plan.steps.push_back({at, static_cast<std::uint32_t>(plan.wires.size()), node});
  plan.name_step(graph_.name(node), graph_.where(node));
  for (const Edge& edge : graph_.operands(node))
    plan.wires.push_back(edge.type_only ? no_slot : slot_of_value_[value_of(edge)]);
  const auto add_result = [&](std::size_t bytes) {
    plan.wires.push_back(new_slot(Slot::Home::arena, 0));
    producer_.back() = number;
    blocks_.back() = padded(bytes) / block_bytes;
  };
  for (const Type& type : kernel.out()) {
    add_result(type.bytes());
    slot_of_value_.push_back(plan.wires.back());
  }
  if (kernel.scratch() > 0) add_result(kernel.scratch());
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
  computed = {plan_->outputs.size(), Slot::Home::output};
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
    // The user's memory: a State has its own.
    const std::uint32_t copy = new_slot(Slot::Home::output, plan_->outputs.size());
    plan_->outputs.push_back({update.next.type(), copy, slot});
    slot = copy;
  }
  plan_->updates.push_back({parameter_of_node_.at(update.parameter.node_id()), slot});
}

// ---- memory and threads

Lifetimes Planner::lifetimes() const {
  const Plan& plan = *plan_;
  Lifetimes l;
  l.blocks = blocks_;
  l.producer = producer_;
  l.first.assign(plan.slots.size() + 1, 0);
  const auto each_read = [&](auto&& body) {  // once a step
    std::vector<std::uint32_t> seen(plan.slots.size(), none);
    for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
      const auto wires = plan.wires_of(plan.steps[s]);
      for (const std::uint32_t slot : wires.first(plan.kernel_of(plan.steps[s]).in().size()))
        if (slot != no_slot && producer_[slot] != none && std::exchange(seen[slot], s) != s)
          body(slot, s);
    }
  };
  each_read([&](std::uint32_t slot, std::uint32_t) { ++l.first[slot + 1]; });
  for (std::size_t slot = 0; slot < plan.slots.size(); ++slot) l.first[slot + 1] += l.first[slot];
  l.readers.resize(l.first.back());
  std::vector<std::uint32_t> end(l.first.begin(), l.first.end() - 1);
  each_read([&](std::uint32_t slot, std::uint32_t s) { l.readers[end[slot]++] = s; });
  return l;
}

/// Levels of the steps, and who waits for whose results; nothing where one thread does as well.
std::vector<std::uint32_t> Planner::schedule(const Lifetimes& lifetimes,
                                             std::vector<Dependency>& dependencies) {
  Plan& plan = *plan_;
  std::vector<std::uint32_t> levels(plan.steps.size(), 0);
  std::vector<double> ready(plan.steps.size(), 0);  // when it could start, in nanoseconds
  double total = 0, longest = 0;
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
    const Kernel& kernel = plan.kernel_of(plan.steps[s]);
    const double end =
        ready[s] + handing_on + kernel.cost() / (kernel.divides() ? plan.threads : 1);
    total += kernel.cost();
    longest = std::max(longest, end);
    const auto wires = plan.wires_of(plan.steps[s]);
    for (const std::uint32_t slot : wires.subspan(kernel.in().size())) {
      for (const std::uint32_t reader : lifetimes.readers_of(slot)) {
        dependencies.push_back({s, reader});
        levels[reader] = std::max(levels[reader], levels[s] + 1);
        ready[reader] = std::max(ready[reader], end);
      }
    }
  }
  const double handed_on = handing_on * static_cast<double>(plan.steps.size());
  const double shared = std::max(longest, (total + handed_on) / plan.threads);
  if (total < worth_sharing || total < least_gain * shared) plan.threads = 1;
  return levels;
}

void Planner::place() {
  const Lifetimes uses = lifetimes();
  std::vector<Dependency> dependencies;
  std::vector<std::uint32_t> levels;
  if (plan_->threads > 1) levels = schedule(uses, dependencies);
  if (plan_->threads == 1) {
    place_slots(*plan_, uses, {});
    return;
  }
  const std::vector<Dependency> waits = place_slots(*plan_, uses, levels);
  dependencies.insert(dependencies.end(), waits.begin(), waits.end());
  plan_->topology = make_topology(static_cast<std::uint32_t>(plan_->steps.size()), dependencies);
}

}  // namespace dagrad::detail
