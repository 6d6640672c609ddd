#pragma once

#include <cstdint>
#include <vector>

#include "src/exec/lifetimes.hpp"
#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// The steps of a plan as tasks for several threads, and how long these would take.
///
/// A task is one step, or several consecutive steps that are too short for a task of their own. As
/// the steps are in an order in which they can run, tasks cannot wait for each other in a circle. A
/// step joins the task before it only if that could start at about the same time; otherwise the
/// task would make steps wait that are independent of it.
struct Tasks {
  Tasks(const Plan& plan, const Lifetimes& lifetimes);

  std::vector<std::uint32_t> first;    ///< the first step of each task, and the end of the last
  std::vector<std::uint32_t> of_step;  ///< the task of each step
  std::vector<Dependency> dependencies;
  /// The length of the longest path to each step. The steps of a task follow each other.
  std::vector<std::uint32_t> levels;
  SharingEstimate estimate;
  bool pay = false;  ///< whether several threads save enough time

  std::uint32_t size() const { return static_cast<std::uint32_t>(first.size() - 1); }
  /// Adds dependencies between steps, which are given in the order of the later ones.
  void require(const std::vector<Dependency>& between_steps);
};

}  // namespace dagrad::detail
