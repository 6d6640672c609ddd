#include <cmath>
#include <utility>

#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "ops/folds.hpp"
#include "ops/reduction.hpp"

namespace dagrad {

namespace {

/// exp(x - shift), and log(sum) + shift.
struct ExpLog {
  ProgramPtr exp, log;
  explicit ExpLog(DType dtype) {
    const auto recorded = [dtype](auto formula) {
      Recorder recorder;
      const Symbol a = recorder.input(dtype), b = recorder.input(dtype);
      const Symbol result = formula(a, b);
      return std::move(recorder).finish({&result, 1}, dtype);
    };
    exp = recorded([](const Symbol& x, const Symbol& shift) { return dagrad::exp(x - shift); });
    log = recorded([](const Symbol& sum, const Symbol& shift) { return dagrad::log(sum) + shift; });
  }
};

template <class T>
struct ExpFold : SumFold<T> {
  const T* centre;
  const Program& exp;
  void terms(const T* x, const T* shift, std::int64_t step, std::int64_t n, T* to) const {
    const void* const in[] = {x, shift};
    const std::int64_t steps[] = {1, step};
    void* const out[] = {to};
    interpret(exp, in, steps, out, n);
  }
};

/// Scratch memory of a reduction in two passes: what the first found, then that of either pass.
std::size_t first_pass_bytes(const Type& out) { return (out.bytes() + 63) / 64 * 64; }

template <class T>
T* first_pass(const EvalContext& c) {
  return static_cast<T*>(c.scratch());
}
void* partial_results(const EvalContext& c) {
  return static_cast<std::byte*>(c.scratch()) + first_pass_bytes(c.outs[0].type);
}

}  // namespace

Type LogSumExp::infer(std::span<const Type> in) const {
  return {in[0].dtype, reduced(in[0].shape)};
}
std::size_t LogSumExp::scratch(const PlanContext& plan) const {
  return first_pass_bytes(plan.out[0]) + reduction_scratch(plan, mask(plan.in[0].shape.rank()));
}
std::shared_ptr<const void> LogSumExp::prepare(const PlanContext& plan) const {
  return std::make_shared<const ExpLog>(plan.in[0].dtype);
}
void LogSumExp::eval(const EvalContext& c) const {
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const ReductionSpace space(c.in_shape(0), mask(c.in_shape(0).rank()));
    const auto& formulas = c.state<ExpLog>();
    const T* const x = c.in<T>(0).data();
    T *const shift = first_pass<T>(c), *const out = c.out<T>().data();
    reduce(space, c.parallel, ExtremumFold<true, T>{}, x, shift, partial_results(c));
    for (std::int64_t i = 0; i < space.results(); ++i) {
      if (std::isinf(shift[i])) shift[i] = 0;
    }
    reduce(space, c.parallel, ExpFold<T>{{}, shift, *formulas.exp}, x, out, partial_results(c));
    const void* const in[] = {out, shift};
    const std::int64_t steps[] = {1, 1};
    void* const results[] = {out};
    interpret(*formulas.log, in, steps, results, space.results());
  });
}

Grads LogSumExp::grad(const GradContext& g) const {
  const Value& x = g.in[0];
  return {pull(expanded(g.dout, x.rank()), exp(x - expanded(g.out, x.rank())))};
}

Samples LogSumExp::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{LogSumExp{{{0, 2}, false}}, {x({2, 3, 4})}},
          {LogSumExp{{{1}, true}}, {x({2, 3})}},
          {LogSumExp{{{0}, false}}, {x({2, 3})}},
          {LogSumExp{{{}, false}}, {x({})}},
          {LogSumExp{{{0}, false}}, {Tensor::of<double>({1000, 999, 1000})}},
          {LogSumExp{{{1}, false}}, {x({2, 0})}}};
}

Value logsumexp(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(LogSumExp{{axes.of(x.rank()), keep_dims}}, {x});
}

}  // namespace dagrad
