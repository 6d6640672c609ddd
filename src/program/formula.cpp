#include <charconv>

#include "src/program/primitives.hpp"

namespace dagrad {
namespace {

constexpr int deepest = 48;            // levels of nested operands that are written out
constexpr std::size_t longest = 2000;  // characters; the rest is left out

struct Infix {
  const char* text = nullptr;
  int strength = 0;  ///< precedence; larger numbers bind tighter
};
constexpr int prefix_strength = 6;
constexpr int call_strength = 7;

constexpr Infix infix(Primitive p) {
  switch (p) {
    case Primitive::logical_or:
      return {" || ", 1};
    case Primitive::logical_and:
      return {" && ", 2};
    case Primitive::equal:
      return {" == ", 3};
    case Primitive::not_equal:
      return {" != ", 3};
    case Primitive::less:
      return {" < ", 3};
    case Primitive::less_equal:
      return {" <= ", 3};
    case Primitive::greater:
      return {" > ", 3};
    case Primitive::greater_equal:
      return {" >= ", 3};
    case Primitive::add:
      return {" + ", 4};
    case Primitive::sub:
      return {" - ", 4};
    case Primitive::mul:
      return {" * ", 5};
    case Primitive::div:
      return {" / ", 5};
    default:
      return {};
  }
}

template <class T>
std::string shortest(T value) {
  if constexpr (std::is_same_v<T, bool>)
    return value ? "true" : "false";
  else {
    char text[32];
    return {text, std::to_chars(std::begin(text), std::end(text), value).ptr};
  }
}

class Writer {
 public:
  Writer(const Program& program, std::span<const std::string> names)
      : program_(program), names_(names) {}
  /// Writes a step; `outer` is the precedence of the surrounding operator.
  void write(std::uint32_t at, int outer, int depth);
  std::string text;

 private:
  void write_input(std::uint32_t index);
  void write_constant(const Instruction& step, int outer);
  void write_call(const Instruction& step, int depth);

  const Program& program_;
  std::span<const std::string> names_;
};

void Writer::write(std::uint32_t at, int outer, int depth) {
  const Instruction& step = program_.steps[at];
  if (step.primitive == Primitive::input) return write_input(step.data);
  if (step.primitive == Primitive::constant) return write_constant(step, outer);
  if (depth > deepest || text.size() > longest) {
    text += "…";
    return;
  }
  const Infix between = infix(step.primitive);
  const bool prefix = step.primitive == Primitive::neg || step.primitive == Primitive::logical_not;
  const int strength = between.text != nullptr ? between.strength
                       : prefix                ? prefix_strength
                                               : call_strength;
  if (strength < outer) text += '(';
  if (between.text != nullptr) {
    const bool chains = strength > 3;  // a < b < c means something else
    write(step.a, chains ? strength : strength + 1, depth + 1);
    text += between.text;
    write(step.b, strength + 1, depth + 1);
  } else if (prefix) {
    text += step.primitive == Primitive::neg ? '-' : '!';
    write(step.a, call_strength, depth + 1);
  } else {
    write_call(step, depth);
  }
  if (strength < outer) text += ')';
}

void Writer::write_call(const Instruction& step, int depth) {
  text += step.primitive == Primitive::cast ? name(step.dtype) : name(step.primitive);
  text += '(';
  write(step.a, 0, depth + 1);
  for (std::uint32_t operand : {step.b, step.c}) {
    if (operand == Instruction::none) continue;
    text += ", ";
    write(operand, 0, depth + 1);
  }
  text += ')';
}

void Writer::write_input(std::uint32_t index) {
  if (index < names_.size())
    text += names_[index];
  else if (index < 4)
    text += "xyzw"[index];
  else
    text += 'x' + std::to_string(index);
}

void Writer::write_constant(const Instruction& step, int outer) {
  const std::string number = dispatch_stored(step.dtype, [&]<class T>(std::type_identity<T>) {
    return shortest(widen(detail::element<T>(program_.constants[step.data])));
  });
  const bool enclosed = number[0] == '-' && outer > prefix_strength;
  text += enclosed ? '(' + number + ')' : number;
}

}  // namespace

std::string formula(const Program& program, std::size_t output,
                    std::span<const std::string> names) {
  Writer writer(program, names);
  writer.write(program.outputs[output], 0, 0);
  return std::move(writer.text);
}

}  // namespace dagrad
