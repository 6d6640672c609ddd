#include "src/exec/step_origins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace dagrad::detail {

std::string StepOrigins::name(std::uint32_t step) const {
  const Origin& origin = origins_[step];
  return Names::joined(stems_[origin.stem], origin.number);
}

std::vector<std::string> StepOrigins::merged(std::uint32_t step) const {
  const auto [begin, end] =
      std::equal_range(merged_.begin(), merged_.end(), Merged{step, 0},
                       [](const Merged& a, const Merged& b) { return a.step < b.step; });
  if (begin == end) return {name(step)};
  std::vector<std::string> names;
  for (auto at = begin; at != end; ++at) names.push_back(stems_[at->stem]);
  return names;
}

std::string StepOrigins::text(std::uint32_t step) const {
  return fmt::format("node '{}', made at {}", name(step), to_string(where(step)));
}

std::size_t StepOrigins::Writer::Hash::operator()(const Place& place) const noexcept {
  return std::hash<const void*>{}(place.file) * 31 + static_cast<std::size_t>(place.line);
}

std::uint32_t StepOrigins::Writer::add_stem(std::string text) {
  origins_.stems_.push_back(std::move(text));
  return static_cast<std::uint32_t>(origins_.stems_.size() - 1);
}

/// Records the name that the node has in the user's graph, before any rewrites.
void StepOrigins::Writer::add(std::uint32_t node) {
  Origin origin{};
  if (graph_.has_origins(node)) {
    const std::vector<dagrad::Origin> nodes = graph_.origins(node);
    origin.stem = static_cast<std::uint32_t>(origins_.stems_.size());
    for (const dagrad::Origin& of : nodes) {
      const std::uint32_t stem = add_stem(of.node);
      if (nodes.size() > 1) origins_.merged_.push_back({origins_.size(), stem});
    }
  } else {
    const Names::Parts name = graph_.name_parts(node);
    const auto [stem, is_new] = stems_.try_emplace(name.stem, 0);
    if (is_new) stem->second = add_stem(graph_.stem_text(name.stem));
    origin = {stem->second, name.number, 0};
  }
  const Location where = graph_.where(node);
  origin.place = places_.index({where});
  if (origin.place == origins_.places_.size()) origins_.places_.push_back(where);
  origins_.origins_.push_back(origin);
}

}  // namespace dagrad::detail
