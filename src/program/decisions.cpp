#include "src/program/decisions.hpp"

#include <vector>

#include "dagrad/detail/plain_functor.hpp"
#include "dagrad/probe.hpp"
#include "dagrad/strides.hpp"
#include "src/program/loops.hpp"
#include "src/program/primitives.hpp"

namespace dagrad {
namespace {

/// The decision of a step for the operands and result at these places, if any.
std::optional<std::int64_t> decision(const Program& program, const Instruction& step,
                                     std::span<const std::uint64_t> values, std::uint64_t out) {
  if (step.primitive == Primitive::select && is_float(step.dtype))
    return static_cast<std::int64_t>(detail::element<bool>(values[step.a]));
  const DType operand = detail::operand_dtype(program, step);
  return dispatch(compute_dtype(is_float(step.dtype) ? operand : step.dtype),
                  [&]<class T>(std::type_identity<T>) -> std::optional<std::int64_t> {
                    if constexpr (std::is_floating_point_v<T>) {
                      const std::uint64_t a = values[step.a];
                      const std::uint64_t b = step.b == Instruction::none ? a : values[step.b];
                      return detail::decision<T>(step.primitive, detail::element<T>(a),
                                                 detail::element<T>(b), detail::element<T>(out));
                    } else if (!is_float(step.dtype)) {
                      return static_cast<std::int64_t>(detail::element<T>(out));
                    }
                    return {};  // a cast from an integer or bool, which is a decision itself
                  });
}

}  // namespace

void decisions(const Program& program, std::span<const void* const> in, const DecisionSink& sink) {
  static thread_local std::vector<std::uint64_t> values;
  values.assign(program.steps.size(), 0);
  const auto at = [&](std::uint32_t step) -> const void* {
    return step == Instruction::none ? nullptr : &values[step];
  };
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const Instruction& step = program.steps[i];
    if (detail::arity_of(step.primitive) == 0) {
      const bool constant = step.primitive == Primitive::constant;
      const void* const element = constant ? &program.constants[step.data] : in[step.data];
      if (const detail::WordLoop load = detail::load_loop(step.dtype))
        load(element, nullptr, nullptr, &values[i], 1);
      else
        std::memcpy(&values[i], element, size_of(step.dtype));
    } else {
      const DType operand = detail::operand_dtype(program, step);
      detail::loop_of(step.primitive, operand, step.dtype)(at(step.a), at(step.b), at(step.c),
                                                           &values[i], 1);
      if (const auto branch = decision(program, step, values, values[i])) sink(*branch);
    }
  }
}

void detail::program_decisions(const Program& program, std::span<const View> in, const Shape& shape,
                               const DecisionSink& sink) {
  const StridedAxes<> axes = broadcast_axes(types_of(in), shape);
  std::vector<const void*> at(in.size());
  for (std::int64_t element = 0; element < shape.elements(); ++element) {
    for (std::size_t i = 0; i < in.size(); ++i)
      if (in[i].data)
        at[i] = static_cast<const std::byte*>(in[i].data) +
                static_cast<std::size_t>(axes.offset(element, i)) * size_of(in[i].type.dtype);
    dagrad::decisions(program, at, sink);
  }
}

}  // namespace dagrad
