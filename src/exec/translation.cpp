#include "src/exec/translation.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "dagrad/convert.hpp"
#include "dagrad/strides.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

constexpr std::int64_t most_steps = 1024;  // of the code for one step of a plan
// Straight-line code runs once and has to be fetched from memory, while a loop that many steps
// share stays in the instruction cache. For longer programs, that outweighs the cost of a step.
constexpr std::int64_t most_repeated_steps = 48;
constexpr std::uint32_t many_uses = 8;

std::uint64_t bits_of(DType dtype, double value) {
  return dispatch_stored(dtype, [&]<class T>(std::type_identity<T>) {
    const T number = convert<T>(value);
    std::uint64_t bits = 0;
    std::memcpy(&bits, &number, sizeof number);
    return bits;
  });
}

}  // namespace

Translation::Translation(const Plan& plan, const Lifetimes& lifetimes)
    : plan_(plan),
      lifetimes_(lifetimes),
      set_(plan.runtime->machine.instruction_set()),
      uses_(plan.kernels.size(), 0),
      forms_(plan.kernels.size()),
      first_vector_(plan.slots.size(), none) {
  for (const Step& step : plan.steps) ++uses_[step.kernel];
}

// ---- what can be translated

NoCode Translation::why_not(std::uint32_t step) {
  Form& form = forms_[plan_.steps[step].kernel];
  if (form.kind == Form::Kind::unknown) form = form_of(plan_.steps[step].kernel);
  return form.why;
}

Translation::Form Translation::form_of(std::uint32_t index) const {
  const Kernel& kernel = *plan_.kernels[index];
  Form form;
  form.kind = Form::Kind::refused;
  form.why = misfit(kernel, uses_[index]);
  if (form.why != NoCode::possible) return form;
  const auto is_wide = [](const Type& type) { return size_of(type.dtype) == 8; };
  form.wide = std::any_of(kernel.in().begin(), kernel.in().end(), is_wide) ||
              std::any_of(kernel.out().begin(), kernel.out().end(), is_wide);
  if (const Program* const program = kernel.program()) {
    const auto& steps = program->steps;
    const bool has_form = std::all_of(steps.begin(), steps.end(), [&](const Instruction& step) {
      return has_straight_line_form(*program, step, set_);
    });
    form.kind = has_form ? Form::Kind::program : Form::Kind::refused;
    form.why = has_form ? NoCode::possible : NoCode::no_instruction;
    form.wide = form.wide || std::any_of(steps.begin(), steps.end(), [](const Instruction& step) {
                  return size_of(step.dtype) == 8;
                });
    return form;
  }
  auto code =
      std::make_unique<Unrolled>(PlanContext(kernel.in(), kernel.out(), plan_.runtime->machine));
  form.why = NoCode::not_unrolled;
  if (!kernel.unroll(*code)) return form;
  for (std::size_t i = 0; i < kernel.out().size(); ++i)
    if (code->result(i) == Instruction::none) return form;
  for (const Unrolled::Step& step : code->steps())
    if (step.kind == Unrolled::Step::Kind::fill && step.dtype == b8) return form;
  form.code = std::move(code);
  form.kind = Form::Kind::unrolled;
  form.why = NoCode::possible;
  return form;
}

/// Results must have few elements, of dtypes that are computed as they are stored.
NoCode Translation::misfit(const Kernel& kernel, std::uint32_t uses) const {
  const OpTraits& traits = kernel.op().traits();
  if (traits.ordered) return NoCode::ordered;
  if (traits.has_validate) return NoCode::validates;
  if (kernel.checks()) return NoCode::checked;
  for (const Type& type : kernel.out()) {
    if (type.elements() > most_elements) return NoCode::many_elements;
    if (type.elements() == 0) return NoCode::no_elements;
    if (is_stored_only(type.dtype)) return NoCode::narrow;
  }
  for (std::size_t i = 0; i < kernel.in().size(); ++i)
    if (is_stored_only(kernel.in()[i].dtype) && !traits.uses_type_only(i)) return NoCode::narrow;
  const Program* const program = kernel.program();
  const auto bytes = static_cast<std::int64_t>(kernel.out()[0].bytes());
  const std::int64_t vectors = 1 + bytes / vector_bytes(set_);
  const bool is_repeated = uses >= many_uses && kernel.out()[0].elements() > 1;
  const std::int64_t steps =
      program == nullptr ? 0 : static_cast<std::int64_t>(program->steps.size()) * vectors;
  if (steps > most_steps) return NoCode::long_formula;
  return is_repeated && steps > most_repeated_steps ? NoCode::repeated : NoCode::possible;
}

// ---- translating

StraightLine Translation::run(std::uint32_t first, std::uint32_t end) {
  const auto steps = std::span(plan_.steps).subspan(first, end - first);
  const bool wide = std::any_of(steps.begin(), steps.end(),
                                [&](const Step& step) { return forms_[step.kernel].wide; });
  StraightLine line(wide ? 8 : 4, vector_bytes(set_));
  end_ = end;
  for (const Step& step : steps) translate(step, line);
  for (const std::uint32_t slot : written_) first_vector_[slot] = none;
  written_.clear();
  vectors_.clear();
  return line;
}

void Translation::translate(const Step& step, StraightLine& line) {
  const Form& form = forms_[step.kernel];
  form.kind == Form::Kind::program ? translate_program(step, line)
                                   : translate_unrolled(step, *form.code, line);
}

void Translation::translate_program(const Step& step, StraightLine& line) {
  const Kernel& kernel = plan_.kernel_of(step);
  const Program& program = *kernel.program();
  const Shape& shape = kernel.out()[0].shape;
  const std::int64_t elements = shape.elements();
  const auto vectors = static_cast<std::size_t>((elements + line.lanes - 1) / line.lanes);
  results_.resize(program.outputs.size() * vectors);
  at_.resize(program.steps.size());
  for (std::size_t v = 0; v < vectors; ++v) {
    const std::int64_t first = static_cast<std::int64_t>(v) * line.lanes;
    const int n = static_cast<int>(std::min<std::int64_t>(line.lanes, elements - first));
    for (std::size_t i = 0; i < at_.size(); ++i) {
      const Instruction& from = program.steps[i];
      const auto operand = [&](std::uint32_t s) { return s == none ? none : at_[s]; };
      if (from.primitive == Primitive::input)
        at_[i] = operand_lanes(step, from.data, shape, first, n, line);
      else if (from.primitive == Primitive::constant)
        at_[i] = line.constant(from.dtype, program.constants[from.data], n);
      else
        at_[i] = line.add({.kind = LineStep::Kind::compute,
                           .primitive = from.primitive,
                           .dtype = from.dtype,
                           .operand_dtype = operand_dtype(program, from),
                           .lanes = static_cast<std::uint8_t>(n),
                           .a = operand(from.a),
                           .b = operand(from.b),
                           .c = operand(from.c)});
    }
    for (std::size_t i = 0; i < program.outputs.size(); ++i)
      results_[i * vectors + v] = at_[program.outputs[i]];
  }
  for (std::size_t i = 0; i < program.outputs.size(); ++i)
    finish(step, i, std::span(results_).subspan(i * vectors, vectors), line);
}

/// Elements [first, first + n) of an operand that is broadcast to the shape.
std::uint32_t Translation::operand_lanes(const Step& step, std::size_t operand, const Shape& shape,
                                         std::int64_t first, int n, StraightLine& line) {
  const Type& type = plan_.kernel_of(step).in()[operand];
  const std::uint32_t slot = plan_.operands_of(step)[operand];
  elements_.assign(static_cast<std::size_t>(n), Element{slot, &type, first});
  if (type.elements() == shape.elements()) {
    for (Element& element : elements_) element.index = first++;
    return gather(elements_, line);
  }
  const Strides strides = broadcast_strides(type.shape, shape);
  MultiIndex index(std::span(shape.begin(), shape.end()), first);
  for (Element& element : elements_) {
    element.index = 0;
    for (int axis = 0; axis < shape.rank(); ++axis)
      element.index += index[axis] * strides[static_cast<std::size_t>(axis)];
    index.next();
  }
  return gather(elements_, line);
}

void Translation::translate_unrolled(const Step& step, const Unrolled& code, StraightLine& line) {
  const Kernel& kernel = plan_.kernel_of(step);
  const auto slots = plan_.operands_of(step);
  at_.clear();       // of each step of the code: its first vector, in `results_`
  results_.clear();  // the vectors of all steps
  for (const Unrolled::Step& from : code.steps()) {
    at_.push_back(static_cast<std::uint32_t>(results_.size()));
    const auto lanes = static_cast<std::size_t>(line.lanes);
    for (std::size_t first = 0; first < from.lanes; first += lanes) {
      const std::size_t n = std::min(from.lanes - first, lanes);
      const auto vector = [&](std::uint32_t s) {
        return s == none ? none : results_[at_[s] + first / lanes];
      };
      switch (from.kind) {
        case Unrolled::Step::Kind::read:
          elements_.clear();
          for (const auto [operand, index] : std::span(from.elements).subspan(first, n))
            elements_.push_back({slots[operand], &kernel.in()[operand], index});
          results_.push_back(gather(elements_, line));
          break;
        case Unrolled::Step::Kind::fill:
          results_.push_back(
              line.constant(from.dtype, bits_of(from.dtype, from.value), static_cast<int>(n)));
          break;
        default:
          results_.push_back(line.add({.kind = from.kind == Unrolled::Step::Kind::multiply_add
                                                   ? LineStep::Kind::multiply_add
                                                   : LineStep::Kind::compute,
                                       .primitive = from.primitive,
                                       .dtype = from.dtype,
                                       .operand_dtype = from.dtype,
                                       .lanes = static_cast<std::uint8_t>(n),
                                       .a = vector(from.a),
                                       .b = vector(from.b),
                                       .c = vector(from.c)}));
      }
    }
  }
  at_.push_back(static_cast<std::uint32_t>(results_.size()));
  for (std::size_t i = 0; i < kernel.out().size(); ++i) {
    const std::uint32_t from = code.result(i);
    finish(step, i, std::span(results_).subspan(at_[from], at_[from + 1] - at_[from]), line);
  }
}

/// Takes note of a result, and stores it if something reads it after the run.
void Translation::finish(const Step& step, std::size_t result,
                         std::span<const std::uint32_t> vectors, StraightLine& line) {
  const std::uint32_t slot = plan_.results_of(step)[result];
  const Type& type = plan_.kernel_of(step).out()[result];
  first_vector_[slot] = static_cast<std::uint32_t>(vectors_.size());
  written_.push_back(slot);
  vectors_.insert(vectors_.end(), vectors.begin(), vectors.end());
  const Slot::Home home = plan_.slots[slot].home;
  const bool in_arena = home == Slot::Home::arena;
  if (home == Slot::Home::nowhere || (in_arena && lifetimes_.last(slot) < end_)) return;
  const auto size = static_cast<std::int64_t>(size_of(type.dtype));
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const std::int64_t first = static_cast<std::int64_t>(i) * line.lanes;
    const auto n = static_cast<int>(std::min<std::int64_t>(line.lanes, type.elements() - first));
    line.store(vectors[i], {slot, static_cast<std::uint32_t>(first * size)}, n, in_arena);
  }
}

// ---- lanes

/// The vector that holds an element.
std::uint32_t Translation::vector_of(const Element& element, StraightLine& line) const {
  const std::int64_t vector = element.index / line.lanes, first = vector * line.lanes;
  if (is_internal(element.slot))
    return vectors_[first_vector_[element.slot] + static_cast<std::size_t>(vector)];
  const std::int64_t n = std::min<std::int64_t>(line.lanes, element.type->elements() - first);
  const auto byte = first * static_cast<std::int64_t>(size_of(element.type->dtype));
  return line.load(element.type->dtype, {element.slot, static_cast<std::uint32_t>(byte)},
                   static_cast<int>(n));
}

/// Elements side by side in the lanes of a vector.
std::uint32_t Translation::gather(std::span<const Element> elements, StraightLine& line) const {
  const auto [slot, type, index] = elements[0];
  const auto n = static_cast<int>(elements.size());
  bool is_one = true, is_row = true;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    is_one = is_one && elements[i].slot == slot && elements[i].index == index;
    is_row = is_row && elements[i].slot == slot &&
             elements[i].index == index + static_cast<std::int64_t>(i);
  }
  const Place place{
      slot, static_cast<std::uint32_t>(index * static_cast<std::int64_t>(size_of(type->dtype)))};
  if (!is_internal(slot)) {
    if (is_row) return line.load(type->dtype, place, n);
    if (is_one) return line.repeat(type->dtype, place, n);
    return pick_from(elements, line);
  }
  const std::uint32_t vector = vector_of(elements[0], line);
  if (is_row && index % line.lanes == 0 && n <= line.lanes) return vector;
  const LineStep& held = line.steps[vector];
  if (is_one && held.kind == LineStep::Kind::constant)
    return line.constant(type->dtype, line.constants[held.data], n);
  return pick_from(elements, line);
}

/// Elements that are taken from lanes of other vectors, one vector after the other. Those of bools
/// are numbers in the meantime.
std::uint32_t Translation::pick_from(std::span<const Element> elements, StraightLine& line) const {
  std::array<std::uint32_t, 16> from{}, sources{};  // no vector has more lanes
  std::size_t known = 0;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    from[i] = vector_of(elements[i], line);
    const auto end = sources.begin() + static_cast<std::ptrdiff_t>(known);
    if (std::find(sources.begin(), end, from[i]) == end) sources[known++] = from[i];
  }
  const bool bools = elements[0].type->dtype == b8;
  const DType number = line.lane_bytes == 8 ? f64 : f32;
  const auto cast = [&](std::uint32_t a, DType to) {
    return line.add({.primitive = Primitive::cast,
                     .dtype = to,
                     .operand_dtype = line.steps[a].dtype,
                     .lanes = line.steps[a].lanes,
                     .a = a});
  };
  std::uint32_t picked = none;
  for (const std::uint32_t source : std::span(sources).first(known)) {
    Pick pick;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (from[i] != source) continue;
      pick.from[i] = static_cast<std::uint8_t>(elements[i].index % line.lanes);
      pick.mask = static_cast<std::uint16_t>(pick.mask | 1U << i);
    }
    picked = line.pick(bools ? cast(source, number) : source, picked, pick,
                       static_cast<int>(elements.size()));
  }
  return bools ? cast(picked, b8) : picked;
}

}  // namespace dagrad::detail
