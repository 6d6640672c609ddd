#include "dagrad/traced.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "dagrad/op.hpp"
#include "src/gradient/derivation.hpp"

namespace dagrad {

namespace detail {

namespace {

/// The bits of a constant converted to another dtype.
std::uint64_t converted(std::uint64_t bits, DType from, DType to) {
  Tensor scalar(Type{from, {}});
  std::memcpy(scalar.mutable_view().data, &bits, size_of(from));
  scalar = scalar.cast(to);
  bits = 0;
  std::memcpy(&bits, scalar.data(), size_of(to));
  return bits;
}

/// Records the program again with `to` instead of `from`, and constants converted.
ProgramPtr recorded_again(const Program& old, DType from, DType to) {
  const auto retyped = [&](DType dtype) { return dtype == from ? to : dtype; };
  Recorder recorder;
  std::vector<Symbol> inputs, at, results;
  for (const DType dtype : old.inputs) inputs.push_back(recorder.input(retyped(dtype)));
  for (const Instruction& step : old.steps) {
    Instruction now = step;
    now.dtype = retyped(step.dtype);
    switch (step.primitive) {
      case Primitive::input:
        at.push_back(inputs[step.data]);
        break;
      case Primitive::constant:
        at.push_back(recorder.constant(converted(old.constants[step.data], step.dtype, now.dtype),
                                       now.dtype));
        break;
      case Primitive::cast:
        at.push_back(Symbol::cast(at[step.a], now.dtype));
        break;
      default:
        for (std::uint32_t* operand : {&now.a, &now.b, &now.c})
          if (*operand != Instruction::none) *operand = at[*operand].step();
        at.push_back(recorder.step(now));
    }
  }
  for (const std::uint32_t result : old.outputs) results.push_back(at[result]);
  return std::move(recorder).finish(results, to);
}

}  // namespace

Pullback Derivation::pull_back() const {
  const auto flags = [](const std::vector<bool>& bits) {
    auto copy = std::make_unique<bool[]>(bits.size());
    std::copy(bits.begin(), bits.end(), copy.get());
    return copy;
  };
  return detail::pull_back(*forward, {flags(wanted).get(), wanted.size()},
                           {flags(present).get(), present.size()});
}

namespace {

/// Retypes a program in place. A derived program that would then read other sources is recorded
/// again instead.
void retype_program(ProgramPtr& program, std::shared_ptr<const Derivation>& derivation, DType from,
                    DType to) {
  if (derivation) {
    Derivation again = *derivation;
    retype_program(again.forward, again.of_forward, from, to);
    const Pullback old = derivation->pull_back(), now = again.pull_back();
    if (now.program && now.sources == old.sources && now.result == old.result) {
      program = now.program;
      derivation = std::make_shared<const Derivation>(std::move(again));
      return;
    }
  }
  program = recorded_again(*program, from, to);
  derivation = nullptr;
}

}  // namespace

}  // namespace detail

const ProgramPtr& Traced::program(std::span<const Type> in) const {
  check_operand_count(in.size(), recorded->inputs.size());
  for (std::size_t i = 0; i < in.size(); ++i)
    if (in[i].dtype != recorded->inputs[i])
      throw TypeError("operand " + std::to_string(i) + " is " + to_string(in[i]) +
                      ", but the program was recorded for " +
                      std::string(dagrad::name(recorded->inputs[i])));
  return recorded;
}

bool Traced::retype(DType from, DType to) {
  const ProgramPtr old = recorded;
  detail::retype_program(recorded, derivation, from, to);
  return *recorded != *old;
}

std::size_t Traced::attributes::hash(const Traced& op) {
  return detail::attribute_hash(op.recorded);
}
bool Traced::attributes::equal(const Traced& a, const Traced& b) {
  return a.name == b.name && detail::attribute_equal(a.recorded, b.recorded);
}
void Traced::attributes::visit(const Traced& op, const AttributeVisitor& visit) {
  visit("formula", op.recorded);
}
bool Traced::attributes::assign(Traced& op, std::string_view name, const Attribute& value) {
  if (name != "formula") return false;
  detail::assign_attribute(op.recorded, value);
  if (!op.recorded) throw ArgumentError("must be a program, got none");
  op.derivation = nullptr;
  return true;
}

}  // namespace dagrad
