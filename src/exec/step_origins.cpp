#include "src/exec/step_origins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace dagrad::detail {

std::string StepOrigins::text_of(const Numbered& name) const {
  const Stem& stem = stems_[name.stem];
  return names_.text({stem.scope, stem.word, name.number});
}

std::string StepOrigins::name(std::uint32_t step) const { return text_of(origins_[step].name); }

std::vector<std::string> StepOrigins::merged(std::uint32_t step) const {
  const auto [begin, end] =
      std::equal_range(merged_.begin(), merged_.end(), Merged{step, {}},
                       [](const Merged& a, const Merged& b) { return a.step < b.step; });
  if (begin == end) return {name(step)};
  std::vector<std::string> names;
  for (auto at = begin; at != end; ++at) names.push_back(text_of(at->name));
  return names;
}

std::string StepOrigins::text(std::uint32_t step) const {
  return fmt::format("node '{}', made at {}", name(step), to_string(where(step)));
}

std::size_t StepOrigins::Writer::Hash::operator()(const Place& place) const noexcept {
  return std::hash<const void*>{}(place.file) * 31 + static_cast<std::size_t>(place.line);
}

StepOrigins::Numbered StepOrigins::Writer::numbered(const PartedNames::Name& name) {
  if (name.word >= recent_.size()) recent_.resize(name.word + 1);
  Recent& recent = recent_[name.word];
  if (recent.stem != Names::none && recent.scope == name.scope) return {recent.stem, name.number};
  recent = {name.scope, static_cast<std::uint32_t>(origins_.stems_.size())};
  origins_.stems_.push_back({name.scope, name.word});
  return {recent.stem, name.number};
}

/// Records the name that the node has in the user's graph, before any rewrites.
void StepOrigins::Writer::add(std::uint32_t node) {
  graph_.origin_names(node, reader_, nodes_);
  Origin origin{numbered(nodes_[0]), 0};
  if (nodes_.size() > 1)
    for (const PartedNames::Name& name : nodes_)
      origins_.merged_.push_back({origins_.size(), numbered(name)});
  const Location where = graph_.where(node);
  origin.place = places_.index({where});
  if (origin.place == origins_.places_.size()) origins_.places_.push_back(where);
  origins_.origins_.push_back(origin);
}

}  // namespace dagrad::detail
