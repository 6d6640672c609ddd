#pragma once

#include <filesystem>
#include <string>

#include "dagrad/explain.hpp"
#include "dagrad/profile.hpp"

/// Plans and profiles as figures in SVG. Point at a part of a figure to read what it shows. Equal
/// plans, profiles and options give equal bytes.
namespace dagrad {

struct FigureOptions {
  std::string title = {};
  Theme theme = Theme::light();
  double width = 170, height = 90;  ///< in millimetres
};

// All of these throw ArgumentError if the width or the height is less than 40 mm, and those that
// write a file FileError.

/// The arena over the steps of a plan: a box for each value, as high as its bytes, where they lie,
/// and as wide as the steps in which they are needed. A line shows how many bytes are needed at
/// once. Updated parameters and fetches are not in the arena.
std::string to_memory_svg(const PlanExplanation& plan, const FigureOptions& options = {});
void write_memory_svg(const std::filesystem::path& file, const PlanExplanation& plan,
                      const FigureOptions& options = {});

/// The fastest timed run of a profile: a row for each thread, with a box for each node that it ran.
std::string to_timeline_svg(const Profile& profile, const FigureOptions& options = {});
void write_timeline_svg(const std::filesystem::path& file, const Profile& profile,
                        const FigureOptions& options = {});

}  // namespace dagrad
