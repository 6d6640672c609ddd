#include "dagrad/unrolled.hpp"

#include <string>
#include <utility>

#include "dagrad/error.hpp"

namespace dagrad {

Unrolled::Unrolled(const PlanContext& plan)
    : in(plan.in), out(plan.out), results_(plan.out.size(), Instruction::none) {}

Unrolled::Lanes Unrolled::add(Step step) {
  const std::size_t lanes = step.lanes;
  steps_.push_back(std::move(step));
  return {static_cast<std::uint32_t>(steps_.size() - 1), lanes};
}

Unrolled::Lanes Unrolled::read(std::vector<Element> elements) {
  if (elements.empty()) throw ArgumentError("Unrolled::read: no elements are given");
  for (const auto [operand, index] : elements) {
    if (operand < in.size() && index < in[operand].elements() &&
        in[operand].dtype == in[elements[0].operand].dtype)
      continue;
    throw ArgumentError("Unrolled::read: there is no element " + std::to_string(index) +
                        " of this dtype in operand " + std::to_string(operand));
  }
  const DType dtype = in[elements[0].operand].dtype;
  const std::size_t lanes = elements.size();
  return add(
      {.kind = Step::Kind::read, .dtype = dtype, .lanes = lanes, .elements = std::move(elements)});
}

Unrolled::Lanes Unrolled::read(std::size_t operand, std::int64_t first, std::int64_t stride,
                               std::size_t lanes) {
  std::vector<Element> elements(lanes);
  for (Element& element : elements) {
    element = {static_cast<std::uint32_t>(operand), static_cast<std::uint32_t>(first)};
    first += stride;
  }
  return read(std::move(elements));
}

Unrolled::Lanes Unrolled::fill(DType dtype, double value, std::size_t lanes) {
  return add(
      {.kind = Step::Kind::fill, .dtype = dtype, .lanes = lanes, .value = value, .elements = {}});
}

/// The step of `a`, which must be like that of `b`.
const Unrolled::Step& Unrolled::same(const Lanes& a, const Lanes& b) const {
  if (a.step_ >= steps_.size() || b.step_ >= steps_.size() || a.size_ != b.size_ ||
      steps_[a.step_].dtype != steps_[b.step_].dtype)
    throw ArgumentError("Unrolled: the operands of a step must have the same size and dtype, got " +
                        std::to_string(a.size_) + " and " + std::to_string(b.size_) + " lanes");
  return steps_[a.step_];
}

Unrolled::Lanes Unrolled::compute(Primitive primitive, std::initializer_list<Lanes> operands) {
  if (arity(primitive) != static_cast<int>(operands.size()))
    throw ArgumentError("Unrolled::compute: " + std::string(name(primitive)) + " takes " +
                        std::to_string(arity(primitive)) + " operands, got " +
                        std::to_string(operands.size()));
  const Lanes a = *operands.begin(), b = *(operands.end() - 1);
  const DType dtype = same(a, b).dtype;
  return add({.kind = Step::Kind::compute,
              .primitive = primitive,
              .dtype = dtype,
              .a = a.step_,
              .b = operands.size() == 1 ? Instruction::none : b.step_,
              .lanes = a.size_,
              .elements = {}});
}

Unrolled::Lanes Unrolled::compute(Primitive primitive, const Lanes& a) {
  return compute(primitive, {a});
}
Unrolled::Lanes Unrolled::compute(Primitive primitive, const Lanes& a, const Lanes& b) {
  return compute(primitive, {a, b});
}

Unrolled::Lanes Unrolled::multiply_add(const Lanes& a, const Lanes& b, const Lanes& c) {
  same(a, b);
  const DType dtype = same(b, c).dtype;
  return add({.kind = Step::Kind::multiply_add,
              .dtype = dtype,
              .a = a.step_,
              .b = b.step_,
              .c = c.step_,
              .lanes = a.size_,
              .elements = {}});
}

void Unrolled::write(std::size_t result, const Lanes& lanes) {
  if (result >= out.size() || lanes.step_ >= steps_.size() ||
      static_cast<std::int64_t>(lanes.size_) != out[result].elements() ||
      steps_[lanes.step_].dtype != out[result].dtype)
    throw ArgumentError("Unrolled::write: result " + std::to_string(result) +
                        " does not consist of " + std::to_string(lanes.size_) +
                        " elements of this dtype");
  results_[result] = lanes.step_;
}

}  // namespace dagrad
