#include "dagrad/overlays.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "src/graph/view.hpp"
#include "src/io/units.hpp"

namespace dagrad {

namespace {

/// The order of the classes of a check, from harmless to grave.
constexpr Verdict by_gravity[] = {Verdict::agree, Verdict::negligible, Verdict::unresolved,
                                  Verdict::disagree};

void raise(Overlay& overlay, const std::string& node, double amount) {
  const auto [at, fresh] = overlay.amounts.try_emplace(node, amount);
  if (!fresh) at->second = std::max(at->second, amount);
}

/// The name of the node that makes a value, which may end in ":port".
std::string node_of(const std::string& value) { return value.substr(0, value.find(':')); }

double amount_of(const ProfileRow& row, Profiled shown) {
  if (shown == Profiled::time) return row.seconds.median;
  return shown == Profiled::bytes ? row.bytes : row.flops;
}

}  // namespace

Overlay overlay_of(const Profile& profile, Profiled shown) {
  Overlay overlay{.title = shown == Profiled::time    ? "time of a run"
                           : shown == Profiled::bytes ? "memory read and written"
                                                      : "operations",
                  .unit = shown == Profiled::time    ? "s"
                          : shown == Profiled::bytes ? "B"
                                                     : "FLOP"};
  for (const ProfileRow& row : profile.nodes) {
    if (shown == Profiled::flops && row.flops == 0 && row.unknown > 0) continue;
    const double share =
        amount_of(row, shown) / static_cast<double>(std::max<std::size_t>(row.merged.size(), 1));
    if (row.merged.empty()) overlay.amounts[row.name] += share;
    for (const std::string& name : row.merged) overlay.amounts[name] += share;
  }
  return overlay;
}

Overlay lifetime_overlay(const PlanExplanation& plan) {
  Overlay overlay{.title = "steps in the arena", .unit = "steps", .summed = false};
  for (const PlannedValue& value : plan.values) {
    const std::string note =
        fmt::format("{}, steps {} to {}", detail::with_unit(static_cast<double>(value.bytes), "B"),
                    value.first, value.last);
    const PlannedStep& step = plan.steps[value.first];
    if (node_of(value.name) != step.name) continue;  // scratch memory
    raise(overlay, step.name, static_cast<double>(value.last - value.first + 1));
    overlay.notes.try_emplace(step.name, note);
  }
  return overlay;
}

Overlay value_overlay(std::span<const ValueRange> ranges) {
  Overlay overlay{.title = "largest |value|", .summed = false, .scale = OverlayScale::logarithmic};
  for (const ValueRange& range : ranges) raise(overlay, range.node, range.largest);
  return overlay;
}

Overlay gradient_overlay(const Graph& graph, std::span<const ValueRange> ranges) {
  Overlay overlay{
      .title = "largest |gradient|", .summed = false, .scale = OverlayScale::logarithmic};
  std::map<std::string_view, double> known;
  for (const ValueRange& range : ranges) known.emplace(range.node, range.largest);
  const detail::GraphView view(graph);
  for (const detail::Cotangent& derivative : view.cotangents())
    if (const auto at = known.find(view.name(derivative.value.node)); at != known.end())
      overlay.amounts.try_emplace(view.name(derivative.x.node), at->second);
  return overlay;
}

Overlay not_finite_overlay(std::span<const ValueRange> ranges) {
  Overlay overlay{.title = "not finite",
                  .scale = OverlayScale::classes,
                  .classes = {"as an operand is", "first"}};
  for (const ValueRange& range : ranges) {
    if (range.not_finite == 0) continue;
    overlay.amounts[range.node] = range.first ? 1 : 0;
    overlay.notes[range.node] = fmt::format("{}{} of {} not finite", range.first ? "first: " : "",
                                            range.not_finite, range.elements);
  }
  return overlay;
}

Overlay overlay_of(const CheckReport& report) {
  Overlay overlay{.title = "gradient and finite differences", .scale = OverlayScale::classes};
  for (const Verdict verdict : by_gravity) overlay.classes.emplace_back(name(verdict));
  const auto add = [&](const std::string& node, Verdict verdict) {
    const auto* const at = std::ranges::find(by_gravity, verdict);
    if (at != std::end(by_gravity))
      raise(overlay, node, static_cast<double>(at - std::begin(by_gravity)));
  };
  for (const Comparison& comparison : report.comparisons)
    add(node_of(comparison.x), comparison.verdict);
  if (report.culprit.empty()) return overlay;
  add(report.culprit, Verdict::disagree);
  overlay.notes[report.culprit] = "fails alone";
  return overlay;
}

Overlay overlay_of(const Graph& graph, std::span<const OpReport> reports) {
  Overlay overlay{
      .title = "check of the op", .scale = OverlayScale::classes, .classes = {"passed", "failed"}};
  for (const Node& node : graph.nodes())
    for (const OpReport& report : reports)
      if (node.kind() == NodeKind::op && node.op().name() == report.op)
        raise(overlay, node.name(), report.passed() ? 0 : 1);
  return overlay;
}

}  // namespace dagrad
