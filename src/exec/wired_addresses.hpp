#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// The addresses of the operands, results and scratch memory of all steps, step by step, so that a
/// step need not look them up. Most graphs run once, so they are put together for the second run,
/// or for the first one if many are expected.
class WiredAddresses {
 public:
  void expect_runs() { expects_runs_ = true; }
  /// Takes over the addresses of all slots, before a run. Those in the arena and those of constants
  /// stay the same.
  void update(const Plan& plan, std::span<void* const> slots);
  bool empty() const { return addresses_.empty(); }
  /// Those of a step, one after the other.
  void** of(const Step& step) { return addresses_.data() + step.first_wire; }

 private:
  /// A slot whose address may differ from run to run.
  struct Changing {
    std::uint32_t slot;
    void* known;
    std::vector<std::uint32_t> wires;
  };

  void make(const Plan& plan, std::span<void* const> slots);

  bool expects_runs_ = false;
  std::vector<void*> addresses_;  ///< by wire
  std::vector<Changing> changing_;
};

}  // namespace dagrad::detail
