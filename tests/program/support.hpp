#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "dagrad/number.hpp"
#include "dagrad/program.hpp"
#include "src/program/lower.hpp"
#include "src/program/pull_back.hpp"

/// Programs of functors, run on single numbers.
namespace dagrad::test {

using detail::lower;
using detail::pull_back;
using detail::Pullback;
using detail::Source;

template <class F>
Program record(const F& functor, std::vector<DType> in) {
  Recorder recorder;
  std::vector<Symbol> x;
  for (DType dtype : in) x.push_back(recorder.input(dtype));
  const auto results = functor(std::span<const Symbol>(x));
  if constexpr (std::is_convertible_v<decltype(results), Symbol>) {
    const Symbol one = results;
    return *std::move(recorder).finish({&one, 1}, f64);
  } else {
    return *std::move(recorder).finish(results, f64);
  }
}

/// A functor of one operand.
template <class F>
Program record1(const F& functor, DType dtype = f64) {
  return record([&](std::span<const Symbol> x) { return Symbol(functor(x[0])); }, {dtype});
}
template <class F>
Program record2(const F& functor, DType dtype = f64) {
  return record([&](std::span<const Symbol> x) { return Symbol(functor(x[0], x[1])); },
                {dtype, dtype});
}

template <class T>
std::uint64_t to_bits(T value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}
template <class T>
T from_bits(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// All results for one element. Numbers are converted to and from each dtype.
inline std::vector<double> run(const Program& program, const std::vector<double>& in) {
  std::vector<std::uint64_t> x(in.size()), y(program.outputs.size());
  std::vector<const void*> from;
  std::vector<void*> to;
  for (std::size_t i = 0; i < in.size(); ++i) {
    dispatch(program.inputs[i],
             [&]<class T>(std::type_identity<T>) { x[i] = to_bits(static_cast<T>(in[i])); });
    from.push_back(&x[i]);
  }
  for (std::uint64_t& bits : y) to.push_back(&bits);
  const std::vector<std::int64_t> step(in.size(), 1);
  interpret(program, from, step, to, 1);
  std::vector<double> out;
  for (std::size_t k = 0; k < y.size(); ++k) {
    dispatch(program.output_dtype(k), [&]<class T>(std::type_identity<T>) {
      out.push_back(static_cast<double>(from_bits<T>(y[k])));
    });
  }
  return out;
}

/// Σₖ ∂outₖ/∂inᵢ as a program of the same operands, with structural zeros as the number 0.
inline Program derivative(const Program& program, std::size_t operand = 0) {
  std::vector<char> flags(program.inputs.size() + program.outputs.size(), 1);
  const std::span<const bool> all(reinterpret_cast<const bool*>(flags.data()), flags.size());
  const Pullback rule =
      pull_back(program, all.first(program.inputs.size()), all.first(program.outputs.size()));
  Recorder recorder;
  std::vector<Symbol> in;
  for (DType dtype : program.inputs) in.push_back(recorder.input(dtype));
  const std::vector<Symbol> out = inline_program(recorder, program, in);
  Symbol result = recorder.constant(0, program.inputs[operand]);
  if (rule.result[operand] >= 0) {
    std::vector<Symbol> sources;
    for (const Source& s : rule.sources) {
      if (s.kind == Source::Kind::in)
        sources.push_back(in[s.index]);
      else if (s.kind == Source::Kind::out)
        sources.push_back(out[s.index]);
      else
        sources.push_back(1);
    }
    result = inline_program(recorder, *rule.program,
                            sources)[static_cast<std::size_t>(rule.result[operand])];
  }
  return *std::move(recorder).finish({&result, 1}, f64);
}

}  // namespace dagrad::test
