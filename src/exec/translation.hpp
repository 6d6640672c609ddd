#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dagrad/unrolled.hpp"
#include "src/exec/lifetimes.hpp"
#include "src/exec/plan.hpp"
#include "src/loops/straight_line.hpp"

namespace dagrad::detail {

/// Why a step of a plan has no straight-line code.
enum class NoCode : std::uint8_t {
  possible,  ///< it has
  ordered,
  validates,  ///< it checks its operands before it runs
  many_elements,
  no_elements,
  narrow,  ///< a dtype is computed as another one
  long_formula,
  repeated,  ///< many steps share a loop
  no_instruction,
  checked,      ///< its results are, by `check_finite`
  not_unrolled  ///< its op has no form for these types
};

/// Translates runs of steps of a plan on few elements into straight-line code: elementwise steps by
/// their programs, others by what their op records in `unroll`.
class Translation {
 public:
  Translation(const Plan& plan, const Lifetimes& lifetimes);

  static constexpr std::int64_t most_elements = 64;  ///< of a result

  /// Whether a step can be part of such a run.
  bool takes(std::uint32_t step) { return why_not(step) == NoCode::possible; }
  NoCode why_not(std::uint32_t step);
  /// The code of steps [first, end), which `takes` has accepted.
  StraightLine run(std::uint32_t first, std::uint32_t end);

 private:
  static constexpr std::uint32_t none = LineStep::none;
  /// How the steps of a kernel are translated.
  struct Form {
    enum class Kind : std::uint8_t { unknown, refused, program, unrolled } kind = Kind::unknown;
    bool wide = false;  ///< whether a dtype has 8 bytes
    NoCode why = NoCode::possible;
    std::unique_ptr<const Unrolled> code;
  };
  /// An element of the value in a slot.
  struct Element {
    std::uint32_t slot = 0;
    const Type* type = nullptr;
    std::int64_t index = 0;
  };

  Form form_of(std::uint32_t kernel) const;
  NoCode misfit(const Kernel& kernel, std::uint32_t uses) const;

  void translate(const Step& step, StraightLine& line);
  void translate_program(const Step& step, StraightLine& line);
  void translate_unrolled(const Step& step, const Unrolled& code, StraightLine& line);
  std::uint32_t operand_lanes(const Step& step, std::size_t operand, const Shape& shape,
                              std::int64_t first, int n, StraightLine& line);
  std::uint32_t gather(std::span<const Element> elements, StraightLine& line) const;
  std::uint32_t pick_from(std::span<const Element> elements, StraightLine& line) const;
  std::uint32_t vector_of(const Element& element, StraightLine& line) const;
  bool is_internal(std::uint32_t slot) const { return first_vector_[slot] != none; }
  void finish(const Step& step, std::size_t result, std::span<const std::uint32_t> vectors,
              StraightLine& line);

  const Plan& plan_;
  const Lifetimes& lifetimes_;
  const InstructionSet set_;
  std::vector<std::uint32_t> uses_;  ///< number of steps of each kernel
  std::vector<Form> forms_;          ///< of each kernel
  std::uint32_t end_ = 0;            ///< of the run
  /// The values that the run computes, as vectors of lanes: for each slot, the first of them.
  std::vector<std::uint32_t> first_vector_, vectors_;
  std::vector<std::uint32_t> written_;  ///< slots with vectors
  // of the step that is translated
  std::vector<Element> elements_;
  std::vector<std::uint32_t> at_, results_;
};

}  // namespace dagrad::detail
