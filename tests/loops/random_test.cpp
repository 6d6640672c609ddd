// Random programs of all primitives and dtypes, wide enough to run out of registers, compared with
// the interpreter.

#include <gtest/gtest.h>

#include <random>

#include "tests/loops/support.hpp"

namespace dagrad::loops {
namespace {

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return random_() % n; }
  bool chance(unsigned percent) { return below(100) < percent; }

  Program program(bool functions) {
    Program p;
    dtypes_ = {b8};
    for (int i = 0; i < 3; ++i) dtypes_.push_back(dtypes[below(std::size(dtypes))]);
    const std::size_t inputs = 1 + below(6), size = 5 + below(chance(20) ? 300 : 40);
    for (std::size_t i = 0; i < inputs; ++i) {
      p.inputs.push_back(some_dtype());
      p.steps.push_back({.primitive = Primitive::input,
                         .dtype = p.inputs[i],
                         .data = static_cast<std::uint32_t>(i)});
    }
    for (DType dtype : dtypes) constant(p, dtype);
    while (p.steps.size() < size) step(p, functions);
    for (std::size_t i = 1 + below(4); i > 0; --i)
      p.outputs.push_back(static_cast<std::uint32_t>(
          p.steps.size() - 1 - below(std::min<std::size_t>(p.steps.size(), 10))));
    return p;
  }

  Array values(DType dtype, std::size_t n) {
    Array array = edge_array(dtype);
    Array result(dtype, n);
    dispatch_stored(dtype, [&]<class T>(std::type_identity<T>) {
      for (std::size_t i = 0; i < n; ++i) {
        const auto small = convert<T>(static_cast<double>(below(2001)) / 100 - 10);
        result.set<T>(i, dtype != b8 && chance(60) ? small : array.get<T>(below(array.size())));
      }
    });
    return result;
  }

 private:
  DType some_dtype() { return dtypes_[below(dtypes_.size())]; }

  void constant(Program& p, DType dtype) {
    const Array one = values(dtype, 1);
    std::uint64_t bits = 0;
    std::memcpy(&bits, one.bytes.data(), one.bytes.size());
    p.steps.push_back({.primitive = Primitive::constant,
                       .dtype = dtype,
                       .data = static_cast<std::uint32_t>(p.constants.size())});
    p.constants.push_back(bits);
  }

  std::uint32_t operand(const Program& p, DType dtype) {
    std::vector<std::uint32_t> fit;
    for (std::uint32_t i = 0; i < p.steps.size(); ++i) {
      if (p.steps[i].dtype == dtype) fit.push_back(i);
    }
    return fit[below(fit.size())];
  }

  void step(Program& p, bool functions) {
    const auto primitive =
        static_cast<Primitive>(static_cast<std::size_t>(Primitive::cast) +
                               below(static_cast<std::size_t>(Primitive::sigmoid) -
                                     static_cast<std::size_t>(Primitive::cast)));
    if (detail::is_function(primitive) && !functions) return;
    const DType dtype = some_dtype();
    if (!detail::operand_dtypes(primitive).contains(dtype)) return;
    Instruction step{.primitive = primitive, .dtype = detail::is_test(primitive) ? b8 : dtype};
    if (primitive == Primitive::cast) step.dtype = some_dtype();
    const bool select = primitive == Primitive::select;
    step.a = operand(p, select ? b8 : dtype);
    if (arity(primitive) > 1) step.b = operand(p, dtype);
    if (select) step.c = operand(p, dtype);
    p.steps.push_back(step);
  }

  std::mt19937 random_;
  std::vector<DType> dtypes_;
};

std::string text(const Program& p) {
  std::string all;
  for (std::size_t i = 0; i < p.steps.size(); ++i) {
    const Instruction& step = p.steps[i];
    all += std::to_string(i) + " " + std::string(name(step.dtype)) + " " +
           std::string(name(step.primitive));
    for (std::uint32_t operand : {step.a, step.b, step.c}) {
      if (operand != Instruction::none) all += " " + std::to_string(operand);
    }
    all += "\n";
  }
  for (std::uint32_t output : p.outputs) all += "gives " + std::to_string(output) + "\n";
  return all;
}

void run(Generator& generator, bool functions) {
  const Program program = generator.program(functions);
  // Half of them fill one or two vectors.
  const std::size_t n = generator.chance(50) ? 9 + generator.below(24) : 1 + generator.below(70);
  std::vector<std::int64_t> in_step;
  std::vector<Array> in;
  for (DType dtype : program.inputs) {
    in_step.push_back(generator.chance(25) ? 0 : 1);
    in.push_back(generator.values(dtype, in_step.back() == 0 ? 1 : n));
  }
  for (InstructionSet set : assembled_sets()) {
    const UseFunctions same(set);
    const auto plain = run_interpreted(program, in, in_step, n);
    const auto assembled = run_assembled(program, in, in_step, n, set);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      ASSERT_EQ(difference(assembled[i], plain[i]), "")
          << "result " << i << " in " << name(set) << "\n"
          << text(program);
    }
  }
}

TEST(Random, ProgramsOfExactPrimitivesAreBitEqual) {
  Generator generator(5);
  for (int i = 0; i < 600 && !HasFatalFailure(); ++i) run(generator, false);
}

TEST(Random, ProgramsOfAllPrimitivesAreBitEqualWithTheSameFunctions) {
  Generator generator(6);
  for (int i = 0; i < 600 && !HasFatalFailure(); ++i) run(generator, true);
}

}  // namespace
}  // namespace dagrad::loops
