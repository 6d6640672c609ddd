#include "src/inspect/profile_rows.hpp"

#include <algorithm>
#include <cmath>

#include "dagrad/error.hpp"
#include "src/graph/view.hpp"
#include "src/program/operations.hpp"

namespace dagrad::detail {

StepNodes::StepNodes(const Plan& plan) : graph_(plan.graph->graph) {
  if (graph_ == nullptr)
    throw GraphError(
        "profile: the graph from which this function was compiled is gone, but its nodes tell what "
        "belongs together");
  const GraphView graph(*graph_);
  for (std::uint32_t id = 0; id < graph.size(); ++id) {
    if (graph.kind(id) != NodeKind::op) continue;
    for (const Origin& origin : graph.origins(id)) ids_.try_emplace(origin.node, id);
  }
}

std::vector<StepNodes::Node> StepNodes::of(const std::vector<std::string>& merged) const {
  std::vector<Node> nodes;
  for (const std::string& name : merged)
    if (const auto at = ids_.find(name); at != ids_.end()) nodes.push_back(node(name, at->second));
  return nodes;
}

StepNodes::Node StepNodes::node(const std::string& name, std::uint32_t id) const {
  const auto op_name = [&](std::uint32_t of) {
    return std::string(GraphView(*graph_).op(of).name());
  };
  const dagrad::Node found = GraphView(*graph_).value(id).node();
  const auto provenance = found.provenance();
  if (found.gradient_order() == 0 || !provenance) return {name, op_name(id), found.scope(), false};
  const std::string& root =
      provenance->parents.empty() ? provenance->node : provenance->parents.back();
  const auto forward = ids_.find(root);
  return {root, forward == ids_.end() ? "" : op_name(forward->second), found.scope(), true};
}

namespace {

double median_of(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  if (numbers.size() % 2 != 0) return *middle;
  return (*middle + *std::max_element(numbers.begin(), middle)) / 2;
}

/// NaN if the op does not say.
double flops_of(const Kernel& kernel, const Machine& machine) {
  const ProgramPtr program = kernel.op()->program(kernel.in());
  if (!program) return kernel.op()->flops(PlanContext(kernel.in(), kernel.out(), machine));
  std::int64_t elements = 0;
  for (const Type& type : kernel.out()) elements = std::max(elements, type.elements());
  return float_operations(*program) * static_cast<double>(elements);
}

double bytes_of(const Plan& plan, const Step& step) {
  const Kernel& kernel = plan.kernel_of(step);
  const auto operands = plan.operands_of(step);
  double bytes = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const bool again =
        std::find(operands.begin(), operands.begin() + static_cast<std::ptrdiff_t>(i),
                  operands[i]) != operands.begin() + static_cast<std::ptrdiff_t>(i);
    if (operands[i] != no_slot && !again) bytes += static_cast<double>(kernel.in()[i].bytes());
  }
  const auto results = plan.results_of(step);
  for (std::size_t i = 0; i < kernel.out().size(); ++i)
    if (plan.slots[results[i]].home != Slot::Home::nowhere)
      bytes += static_cast<double>(kernel.out()[i].bytes());
  return bytes;
}

}  // namespace

ProfileRows::Group& ProfileRows::Groups::at(const std::string& name) {
  const auto [at, is_new] = known.try_emplace(name, all.size());
  if (is_new) {
    all.emplace_back();
    all.back().row.name = name;
    all.back().row.nodes = 0;
  }
  return all[at->second];
}

ProfileRows::ProfileRows(const Plan& plan, const std::vector<std::vector<double>>& seconds)
    : plan_(plan), seconds_(seconds), nodes_(plan) {
  for (std::uint32_t step = 0; step < plan_.steps.size(); ++step) {
    steps_.push_back({node_row(step), {}});
    add_step(step, steps_.back().row);
  }
}

ProfileRow ProfileRows::node_row(std::uint32_t step) const {
  const Kernel& kernel = plan_.kernel_of(plan_.steps[step]);
  ProfileRow row;
  row.name = plan_.origins.name(step);
  row.op = std::string(kernel.op().name());
  row.merged = plan_.origins.merged(step);
  row.bytes = bytes_of(plan_, plan_.steps[step]);
  const double flops = flops_of(kernel, plan_.runtime->machine);
  row.unknown = std::isnan(flops) ? 1 : 0;
  row.flops = std::isnan(flops) ? 0 : flops;
  return row;
}

/// Divides the step among the forward nodes and the scopes of its nodes.
void ProfileRows::add_step(std::uint32_t step, const ProfileRow& row) {
  std::vector<StepNodes::Node> nodes = nodes_.of(row.merged);
  if (nodes.empty()) nodes.push_back({row.name, row.op, "", false});
  const double weight = 1 / static_cast<double>(nodes.size());
  for (const StepNodes::Node& node : nodes) {
    const Group::Part part{step, weight, node.gradient};
    add_part(steps_[step], part);
    Group& forward = forward_.at(node.forward);
    forward.row.op = node.op;
    add_part(forward, part);
    add_part(scopes_.at(node.scope), part);
    for (std::size_t end = node.scope.rfind('/'); end != std::string::npos && end > 0;
         end = node.scope.rfind('/', end - 1))
      add_part(scopes_.at(node.scope.substr(0, end)), part);
  }
}

void ProfileRows::add_part(Group& group, Group::Part part) const {
  const bool counted = !group.parts.empty() && group.parts.back().step == part.step;
  const ProfileRow& step = steps_[part.step].row;
  if (&group != &steps_[part.step]) {
    group.row.nodes += counted ? 0 : 1;
    group.row.unknown += counted ? 0 : step.unknown;
    group.row.bytes += part.weight * step.bytes;
    group.row.flops += part.weight * step.flops;
  }
  group.parts.push_back(part);
}

/// Sums the times of the group's steps in each run.
void ProfileRows::measure(Group& group) const {
  std::vector<double> sums(seconds_.size(), 0);
  double all = 0, gradient = 0;
  for (std::size_t run = 0; run < sums.size(); ++run) {
    for (const Group::Part& part : group.parts) {
      const double seconds = part.weight * seconds_[run][part.step];
      sums[run] += seconds;
      if (part.gradient) gradient += seconds;
    }
    all += sums[run];
  }
  group.row.seconds = {*std::min_element(sums.begin(), sums.end()), median_of(sums)};
  group.row.gradient = all > 0 ? gradient / all : 0;
}

std::vector<ProfileRow> ProfileRows::rows(Groups& groups) const {
  std::vector<ProfileRow> rows;
  for (Group& group : groups.all) {
    measure(group);
    rows.push_back(std::move(group.row));
    rows.back().share = total_ > 0 ? rows.back().seconds.median / total_ : 0;
  }
  return rows;
}

void ProfileRows::add_to(Profile& profile) {
  for (Group& step : steps_) {
    measure(step);
    total_ += step.row.seconds.median;
  }
  for (Group& step : steps_) {
    step.row.share = total_ > 0 ? step.row.seconds.median / total_ : 0;
    profile.nodes.push_back(std::move(step.row));
  }
  profile.forward = rows(forward_);
  profile.scopes = rows(scopes_);
  std::sort(profile.scopes.begin(), profile.scopes.end(),
            [](const ProfileRow& a, const ProfileRow& b) { return a.name < b.name; });
}

}  // namespace dagrad::detail
