#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/exec/lifetimes.hpp"
#include "src/exec/plan.hpp"

namespace dagrad::detail {

// Placement of slots in the arena. Memory is a set of buffers, each held by one slot at a time. A
// step may overwrite an operand that it is the last to need; other slots take the buffer of a dead
// slot. Both functions set the plan's slots and the size of its arena, and throw RunError if the
// size exceeds the address space.

/// Placement for one thread, which runs the steps in order: a slot is dead once no later step needs
/// it. Values that a step joins, or into which it divides one, lie in the memory of the whole where
/// that is possible.
void place_for_one_thread(Plan& plan, const Lifetimes& lifetimes);

/// Placement for several threads, where the moment at which a slot is dead depends on the schedule.
/// `levels` are the lengths of the longest paths to each step. A slot takes over a buffer only from
/// steps of lower levels, which will be done when its own step could start, so that reuse does not
/// delay steps that could run at once; beyond twice the memory that one thread needs, it takes any
/// buffer. The returned dependencies make the writer of a buffer wait for the earlier users of that
/// buffer.
std::vector<Dependency> place_for_threads(Plan& plan, const Lifetimes& lifetimes,
                                          std::span<const std::uint32_t> levels);

}  // namespace dagrad::detail
