#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "ops/accumulator.hpp"
#include "ops/families.hpp"
#include "ops/infinity.hpp"

namespace dagrad {

namespace {

/// exp(x - shift), with one shift for all elements or one for each, and log(sum) + shift.
struct ExpLog {
  ProgramLoop exp_of_one, exp_of_each, log;
  ExpLog(const Machine& machine, DType dtype) {
    const auto loop = [&](auto formula, std::int64_t shift_step) {
      Recorder recorder;
      const Symbol a = recorder.input(dtype), b = recorder.input(dtype);
      const Symbol result = formula(a, b);
      const std::int64_t steps[] = {1, shift_step};
      return machine.loop(std::move(recorder).finish({&result, 1}, dtype), steps);
    };
    const auto exp = [](const Symbol& x, const Symbol& shift) { return dagrad::exp(x - shift); };
    exp_of_one = loop(exp, 0);
    exp_of_each = loop(exp, 1);
    log = loop([](const Symbol& x, const Symbol& shift) { return dagrad::log(x) + shift; }, 1);
  }
};

/// Reads x as exp(x - shift).
template <class T>
struct ReadExp {
  const T* centre;  ///< shifts
  const ExpLog& loops;
  void terms(const T* x, std::int64_t n, const T* shift, std::int64_t step, T* to) const {
    const void* const in[] = {x, shift};
    void* const out[] = {to};
    (step == 0 ? loops.exp_of_one : loops.exp_of_each)(in, out, n);
  }
};

/// Leaves shifts out that are infinite.
template <class T>
void make_finite(T* shift, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i)
    if (std::isinf(shift[i])) shift[i] = 0;
}

/// Reads elements, or their absolute values, as 1 if they equal the total, else as 0.
template <class T>
struct ReadTie {
  const T* centre;  ///< totals
  bool sizes;
  void terms(const T* x, std::int64_t n, const T* total, std::int64_t step, T* to) const {
    for (std::int64_t i = 0; i < n; ++i)
      to[i] = (sizes ? std::fabs(x[i]) : x[i]) == total[i * step] ? T(1) : T(0);
  }
};

struct LogSumExpMemory {
  ScratchLayout layout;
  Reducer reducer;
  ScratchPart shifts;
  LogSumExpMemory(const Type& in, std::uint32_t axes)
      : reducer(in.shape, axes, size_of(in.dtype), layout, Reducer::several_steps),
        shifts(layout.add(in.dtype, reducer.results())) {}
};

/// Writes the sum of exp(x - shift) of some adjacent rows of x, which are short, and their shifts.
template <class T>
void sum_exp_of_short_rows(const T* x, std::int64_t length, std::int64_t rows, const ExpLog& loops,
                           T* shift, T* sum) {
  fold_short_rows<ExtremumFold<true, T>>(x, length, rows, shift);
  make_finite(shift, rows);
  T shifts[most_in_short_row * Reducer::short_rows], terms[most_in_short_row * Reducer::short_rows];
  for (std::int64_t row = 0; row < rows; ++row)
    std::fill_n(shifts + row * length, length, shift[row]);
  ReadExp<T>{shift, loops}.terms(x, rows * length, shifts, 1, terms);
  fold_short_rows<SumFold<T>>(terms, length, rows, sum);
}

}  // namespace

Type LogSumExp::infer(std::span<const Type> in) const {
  return {in[0].dtype, reduced(in[0].shape)};
}
std::size_t LogSumExp::scratch(const PlanContext& plan) const {
  return LogSumExpMemory(plan.in[0], mask(plan.in[0].shape.rank())).layout.bytes();
}
std::shared_ptr<const void> LogSumExp::prepare(const PlanContext& plan) const {
  return std::make_shared<const ExpLog>(plan.machine(), plan.in[0].dtype);
}
void LogSumExp::eval(const EvalContext& c) const {
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const LogSumExpMemory memory(c.ins[0].type, mask(c.in_shape(0).rank()));
    const auto& loops = c.state<ExpLog>();
    const T* const x = c.in<T>(0).data();
    T *const shift = memory.shifts.in<T>(c.scratch()).data(), *const out = c.out<T>().data();
    if (const std::int64_t length = memory.reducer.space().rows;
        memory.reducer.has_short_rows(most_in_short_row)) {
      memory.reducer.each_block(c, Reducer::short_rows, 1, [&](auto first, auto rows) {
        sum_exp_of_short_rows(x + first * length, length, rows, loops, shift + first, out + first);
      });
    } else {
      memory.reducer.each_part(c, Reducer::several_steps, [&](const ReductionPart& part) {
        fold_part<ExtremumFold<true, T>>(part, x, shift);
        make_finite(shift + part.first(), part.results());
        fold_part<SumFold<T>>(part, x, out, ReadExp<T>{shift, loops});
      });
    }
    const void* const in[] = {out, shift};
    void* const results[] = {out};
    loops.log(in, results, memory.reducer.results());
  });
}

Grads LogSumExp::grad(const GradContext& g) const {
  const Value& x = g.in[0];
  const Value tied = apply(TiedShare{{axes, keep_dims}}, {x, g.out});
  const Value share = apply(ExpShare{}, {x, expanded(g.out, x.rank()), expanded(tied, x.rank())});
  return {pull(expanded(g.dout, x.rank()), share)};
}

Samples LogSumExp::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{LogSumExp{{{0, 2}, false}}, {x({2, 3, 4})}},
          {LogSumExp{{{1}, true}}, {x({2, 3})}},
          {LogSumExp{{{0}, false}}, {x({2, 3})}},
          {LogSumExp{{{}, false}}, {x({})}},
          {LogSumExp{{{0}, false}}, {Tensor::of<double>({1000, 999, 1000})}},
          {LogSumExp{{{1}, false}}, {x({2, 0})}},
          {.op = LogSumExp{{{1}, false}},
           .in = {Tensor::of({{infinity, 1.0}, {-infinity, -infinity}})},
           .out = {Tensor::of({infinity, -infinity})},
           .dout = {Tensor::of({2.0, 3.0})},
           .grads = {Tensor::of({{2.0, 0.0}, {1.5, 1.5}})},
           .ties = true}};
}

Type TiedShare::infer(std::span<const Type> in) const {
  const Type total{in[0].dtype, reduced(in[0].shape)};
  if (in[1] != total)
    throw ShapeError("total must be a reduction of x to " + to_string(total) + ", got " +
                     to_string(in[1]));
  return total;
}
std::size_t TiedShare::scratch(const PlanContext& plan) const {
  return reduction_scratch(plan, mask(plan.in[0].shape.rank()));
}
void TiedShare::eval(const EvalContext& c) const {
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const auto total = c.in<T>(1);
    const auto out = c.out<T>();
    const auto infinite = [](T x) { return std::isinf(x); };
    if (std::any_of(total.begin(), total.end(), infinite)) {
      fold_into<SumFold<T>, T>(c, mask(c.in_shape(0).rank()), ReadTie<T>{total.data(), sizes});
    }
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = std::isinf(total[i]) ? 1 / out[i] : std::isnan(total[i]) ? total[i] : T(1);
  });
}

Grads TiedShare::grad(const GradContext&) const { return {zero, zero}; }

Samples TiedShare::samples(Rng& rng) {
  const Tensor x = Tensor::of({{infinity, infinity, -infinity}, {1.0, 2.0, infinity}});
  const auto sample = [&](const TiedShare& op, const Tensor& total, const Tensor& share) {
    return Sample{.op = op, .in = {x, total}, .out = {share}, .ties = true};
  };
  return {{TiedShare{{{0, 2}, false}}, {rng.uniform({2, 3, 4}), rng.uniform({3})}},
          {TiedShare{{{}, false}}, {rng.uniform({}), rng.uniform({})}},
          {TiedShare{{{1}, false}}, {rng.uniform({2, 0}), rng.uniform({2})}},
          sample({{{1}, false}}, Tensor::of({infinity, 3.0}), Tensor::of({0.5, 1.0})),
          sample({{{1}, true}, true}, Tensor::of({{infinity}, {infinity}}),
                 Tensor::of({{1.0 / 3}, {1.0}})),
          sample({{{0}, false}}, Tensor::of({-infinity, infinity, -infinity}),
                 Tensor::of({infinity, 1.0, 1.0}))};
}

Grads ExpShare::grad(const GradContext& g) const {
  const Value slope = pull(g.dout, g.out);
  return {slope, g.if_wanted(1, [&] { return -slope; }), zero};
}

Samples ExpShare::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{ExpShare{}, {x({2, 3}), x({2, 1}), x({2, 1})}},
          {ExpShare{}, {x({3}), x({3}), x({})}},
          {.op = ExpShare{},
           .in = {Tensor::of({infinity, 1.0, -infinity}), Tensor(infinity), Tensor(0.5)},
           .out = {Tensor::of({0.5, 0.0, 0.0})},
           .ties = true}};
}

Value logsumexp(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(LogSumExp{{axes.of(x.rank()), keep_dims}}, {x});
}

void list_reduce_centred(Catalog& catalog) {
  catalog.add<LogSumExp, TiedShare, ExpShare>("reduce");
}

}  // namespace dagrad
