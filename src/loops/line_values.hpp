#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "src/loops/line_memory.hpp"
#include "src/loops/line_schedule.hpp"

namespace dagrad::detail {

/// Where the values of a routine are while its code is written: in registers, in the memory that
/// they were loaded from, in the scratch memory. If registers run out, the value whose next use is
/// farthest away (Belady 1966) leaves its register, and is written to the scratch memory unless it
/// is in memory already.
class LineValues {
 public:
  LineValues(VectorEmitter& code, LineMemory& memory, const StraightLine& line,
             const LineSchedule& schedule);

  /// The time at which the stores take place that may overwrite what other steps read.
  std::uint32_t end() const { return end_; }

  /// The register of a value, which is loaded if it is not in a register. It keeps the register
  /// until `release_pins`.
  int bring(std::uint32_t step);
  /// A register for the result of a step.
  int take(std::uint32_t step);
  /// Takes over the register of a value that is used for the last time; else copies the value.
  int take_over(std::uint32_t from, std::uint32_t step);
  /// The result of a step is in the register now.
  void hold(std::uint32_t step, int in_register);
  /// The result of a step is in the scratch memory.
  void hold_in_scratch(std::uint32_t step, std::uint32_t at) { values_[step].scratch = at; }
  /// The address of a value that an instruction of its width can read; none if it is better in a
  /// register.
  std::optional<Xbyak::Address> in_memory(std::uint32_t step);
  /// The address of a value of one element that is in no register.
  Xbyak::Address element(std::uint32_t step);
  bool is_in_register(std::uint32_t step) const { return values_[step].in_register >= 0; }
  bool is_last_use(std::uint32_t step) const {
    return values_[step].used + 1 == first_use_[step + 1] - first_use_[step];
  }
  /// Ends a use. The register and scratch memory of a value are free after the last one.
  void finish_use(std::uint32_t step);
  void release_pins() { pinned_ = 0; }
  /// Writes all values to memory that are in registers and needed again, other than by the last
  /// use of `operands`. All registers but those of the operands are free afterwards.
  void leave_registers(std::span<const std::uint32_t> operands);
  /// A call has overwritten the registers of its operands.
  void forget_registers(std::span<const std::uint32_t> operands);
  /// Makes instructions work on the registers of a value.
  void use_width(std::uint32_t step) {
    code_.use_lanes(register_lanes(line_.steps[step].lanes, line_.lane_bytes));
  }

 private:
  static constexpr std::uint32_t none = LineStep::none;
  struct Value {
    std::uint32_t used = 0;  ///< number of past uses
    std::uint32_t scratch = none;
    std::int16_t in_register = -1;
  };
  using Bank = std::vector<std::uint32_t>;

  template <class Body>
  void each_use(const LineSchedule& schedule, const Body& body) const;
  Bank& bank(std::uint32_t step) {
    return line_.steps[step].dtype == b8 && !masks_.empty() ? masks_ : vectors_;
  }
  std::uint32_t next_use(std::uint32_t step) const;
  int width(std::uint32_t step) const {
    return register_lanes(line_.steps[step].lanes, line_.lane_bytes);
  }
  int take_from(Bank& bank);
  void load(std::uint32_t step, int into);
  void evict(std::uint32_t& held);
  void pin(std::uint32_t step);

  VectorEmitter& code_;
  LineMemory& memory_;
  const StraightLine& line_;
  const bool broadcasts_;  ///< whether instructions can repeat an element that they read
  std::uint32_t end_;
  std::vector<Value> values_;
  std::vector<std::uint32_t> first_use_;  ///< of each step, in `uses_`
  std::vector<std::uint32_t> uses_;       ///< times: positions in the schedule
  Bank vectors_, masks_;                  ///< for each register, the step whose value it holds
  std::array<std::uint32_t, 8> pins_{};   ///< steps that must keep their registers
  std::size_t pinned_ = 0;
};

}  // namespace dagrad::detail
