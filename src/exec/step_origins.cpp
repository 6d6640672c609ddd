#include "src/exec/step_origins.hpp"

#include <fmt/format.h>

#include <functional>

namespace dagrad::detail {

std::string StepOrigins::name(std::uint32_t step) const {
  const Origin& origin = origins_[step];
  return Names::joined(stems_[origin.stem], origin.number);
}

std::string StepOrigins::text(std::uint32_t step) const {
  return fmt::format("node '{}', made at {}", name(step), to_string(where(step)));
}

std::size_t StepOrigins::Writer::Hash::operator()(Location where) const noexcept {
  return std::hash<const void*>{}(where.file) * 31 + static_cast<std::size_t>(where.line);
}

void StepOrigins::Writer::add(std::uint32_t node) {
  const Names::Parts name = graph_.name_parts(node);
  const auto [stem, new_stem] =
      stems_.try_emplace(name.stem, static_cast<std::uint32_t>(origins_.stems_.size()));
  if (new_stem) origins_.stems_.push_back(graph_.stem_text(name.stem));
  const Location where = graph_.where(node);
  const auto [place, new_place] =
      places_.try_emplace(where, static_cast<std::uint32_t>(origins_.places_.size()));
  if (new_place) origins_.places_.push_back(where);
  origins_.origins_.push_back({stem->second, name.number, place->second});
}

}  // namespace dagrad::detail
