#include "src/loops/straight_line.hpp"

#include <string>

#include "dagrad/error.hpp"

#include "src/program/functions.hpp"
#include "src/program/primitives.hpp"

#if DAGRAD_XBYAK && defined(__x86_64__)
#define DAGRAD_ASSEMBLER 1
#include "src/loops/line_assembler.hpp"
#endif

namespace dagrad::detail {

std::uint32_t StraightLine::add(const LineStep& step) {
  steps.push_back(step);
  return static_cast<std::uint32_t>(steps.size() - 1);
}

/// A load or repeat, which exists once for each place.
std::uint32_t StraightLine::leaf(LineStep::Kind kind, DType dtype, Place place, int n) {
  const auto [at, is_new] = known_.try_emplace(
      leaf_key(kind, dtype, std::uint64_t{place.slot} << 32 | place.byte, n), LineStep::none);
  if (is_new) {
    places.push_back(place);
    at->second = add({.kind = kind,
                      .dtype = dtype,
                      .lanes = static_cast<std::uint8_t>(n),
                      .data = static_cast<std::uint32_t>(places.size() - 1)});
  }
  return at->second;
}

std::uint32_t StraightLine::load(DType dtype, Place from, int n) {
  return leaf(LineStep::Kind::load, dtype, from, n);
}

std::uint32_t StraightLine::repeat(DType dtype, Place from, int n) {
  return n == 1 ? load(dtype, from, 1)
                : leaf(LineStep::Kind::repeat, dtype, from, register_lanes(n, lane_bytes));
}

std::uint32_t StraightLine::constant(DType dtype, std::uint64_t bits, int n) {
  const int all = register_lanes(n, lane_bytes);
  const auto [at, is_new] =
      known_.try_emplace(leaf_key(LineStep::Kind::constant, dtype, bits, all), LineStep::none);
  if (is_new) {
    constants.push_back(bits);
    at->second = add({.kind = LineStep::Kind::constant,
                      .dtype = dtype,
                      .lanes = static_cast<std::uint8_t>(all),
                      .data = static_cast<std::uint32_t>(constants.size() - 1)});
  }
  return at->second;
}

std::uint32_t StraightLine::pick(std::uint32_t a, std::uint32_t b, const Pick& pick, int n) {
  picks.push_back(pick);
  return add({.kind = LineStep::Kind::pick,
              .dtype = steps[a].dtype,
              .operand_dtype = steps[a].dtype,
              .lanes = static_cast<std::uint8_t>(n),
              .a = a,
              .b = b,
              .data = static_cast<std::uint32_t>(picks.size() - 1)});
}

bool has_assembler([[maybe_unused]] InstructionSet set) {
#if DAGRAD_ASSEMBLER
  return set != InstructionSet::plain;
#else
  return false;
#endif
}

bool has_straight_line_form(const Program& program, const Instruction& step, InstructionSet set) {
  const DType from = operand_dtype(program, step);
  if (step.primitive == Primitive::constant && step.dtype == b8) return false;
  if (is_stored_only(from) || is_stored_only(step.dtype)) return false;
  if (is_function(step.primitive)) return vector_function(set, step.primitive, from) != nullptr;
  const bool has_instruction = set == InstructionSet::avx512 || step.primitive != Primitive::cast ||
                               (from != i64 && step.dtype != i64);
  return has_instruction && !is_composite(step.primitive);
}

Assembled assemble([[maybe_unused]] const StraightLine& line, [[maybe_unused]] InstructionSet set) {
#if DAGRAD_ASSEMBLER
  try {
    if (set != InstructionSet::plain) return LineAssembler(line, set).run();
  } catch (const Xbyak::Error& error) {
    throw InternalError(std::string("a routine could not be assembled: ") + error.what());
  }
#endif
  return {};
}

}  // namespace dagrad::detail
