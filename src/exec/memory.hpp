#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/exec/lifetimes.hpp"
#include "src/exec/plan.hpp"

namespace dagrad::detail {

// Where the slots of the arena lie. Memory is a set of buffers, each held by one slot at a time. A
// step may write over an operand that dies with it; other slots take the buffer of one that is
// dead. Both set the plan's slots and the size of its arena, and throw RunError where no address
// would suffice.

/// One thread runs the steps in order: what no later step needs is dead.
void place_for_one_thread(Plan& plan, const Lifetimes& lifetimes);

/// Several threads run the plan, and when a slot is dead depends on who runs first. `levels` are
/// the lengths of the longest paths to each step. A slot takes over a buffer only from steps of
/// lower levels, which are done by the time that its own could start, so that the order of reuse
/// does not hold back what could run at once; beyond twice the memory that one thread needs, any
/// buffer will do. The returned dependencies make whoever writes a buffer wait for those who used
/// it before.
std::vector<Dependency> place_for_threads(Plan& plan, const Lifetimes& lifetimes,
                                          std::span<const std::uint32_t> levels);

}  // namespace dagrad::detail
