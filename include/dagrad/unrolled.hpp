#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "dagrad/eval.hpp"
#include "dagrad/program.hpp"

namespace dagrad {

/// What an op does to operands of a few elements, as straight-line code. An op that has the member
///
///     bool unroll(Unrolled& code) const
///
/// records here how its results are computed from elements of its operands, and returns true; or it
/// returns false, and has recorded nothing that counts, if these types are not worth it. Results
/// must have the same bits as those of `eval`. Where the steps around a node are small too, all of
/// them become one routine of machine code, in which values stay in registers. Otherwise, and
/// without an assembler, `eval` runs.
class Unrolled {
 public:
  /// An element of an operand, in row-major order.
  struct Element {
    std::uint32_t operand = 0;
    std::uint32_t index = 0;
    friend bool operator==(const Element&, const Element&) = default;
  };
  /// Some elements of the same dtype, which are computed side by side.
  class Lanes {
   public:
    Lanes() = default;
    std::size_t size() const { return size_; }

   private:
    friend class Unrolled;
    Lanes(std::uint32_t step, std::size_t size) : step_(step), size_(size) {}
    std::uint32_t step_ = Instruction::none;
    std::size_t size_ = 0;
  };
  /// One recorded step. `a`, `b` and `c` are positions of earlier steps.
  struct Step {
    enum class Kind : std::uint8_t { read, fill, compute, multiply_add };
    Kind kind = Kind::read;
    Primitive primitive = Primitive::add;  ///< of a `compute`
    DType dtype = f64;
    std::uint32_t a = Instruction::none, b = Instruction::none, c = Instruction::none;
    std::size_t lanes = 0;
    double value = 0;               ///< of a `fill`
    std::vector<Element> elements;  ///< of a `read`
  };

  /// Operands and results have these types.
  explicit Unrolled(const PlanContext& plan);

  std::span<const Type> in, out;

  /// Elements of operands that have the same dtype, in any order, repeated or not. Throws
  /// ArgumentError if an operand does not have an element.
  Lanes read(std::vector<Element> elements);
  /// The elements first, first + stride, … of one operand.
  Lanes read(std::size_t operand, std::int64_t first, std::int64_t stride, std::size_t lanes);
  /// A number in all lanes.
  Lanes fill(DType dtype, double value, std::size_t lanes);
  /// A primitive of one or two operands whose result has their dtype. Throws ArgumentError if the
  /// operands differ in size or dtype, or the primitive takes another number of them.
  Lanes compute(Primitive primitive, const Lanes& a);
  Lanes compute(Primitive primitive, const Lanes& a, const Lanes& b);
  /// a * b + c, as `kernels::gemm` adds a product to a sum: rounded once.
  Lanes multiply_add(const Lanes& a, const Lanes& b, const Lanes& c);
  /// Makes the lanes the elements of a result. Throws ArgumentError unless their number and dtype
  /// are those of the result.
  void write(std::size_t result, const Lanes& lanes);

  const std::vector<Step>& steps() const { return steps_; }
  /// The step that computes a result; `Instruction::none` if none is written.
  std::uint32_t result(std::size_t i) const { return results_[i]; }

 private:
  Lanes add(Step step);
  Lanes compute(Primitive primitive, std::initializer_list<Lanes> operands);
  const Step& same(const Lanes& a, const Lanes& b) const;

  std::vector<Step> steps_;
  std::vector<std::uint32_t> results_;
};

}  // namespace dagrad
