#include "dagrad/ops/nn.hpp"

#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/infinity.hpp"
#include "ops/rows.hpp"

namespace dagrad {

Type Softmax::infer(std::span<const Type> in) const {
  normalize_axis(axis, in[0].shape.rank());
  return in[0];
}

std::shared_ptr<const ProgramLoop> Softmax::prepare(const PlanContext& plan) const {
  return exp_loop(plan.machine(), plan.in[0].dtype);
}
void Softmax::eval(const EvalContext& c) const {
  const Rows rows(c.in_shape(0), axis);
  const auto run = [&](auto in, auto out) {
    for_row_blocks(c, rows, in.data(), [&](auto& block, std::int64_t first, std::int64_t count) {
      block.sum_exp(first, count, out.data());
      block.invert();
      block.each([to = out.data()](const auto& row, std::int64_t at) { to[at] *= row.sum; });
    });
  };
  c.ins[0].type.dtype == f32 ? run(c.in<float>(0), c.out<float>())
                             : run(c.in<double>(0), c.out<double>());
}

Grads Softmax::grad(const GradContext& g) const {
  return {apply(SoftmaxGradient{axis}, {g.dout, g.out})};
}

Type LogSoftmax::infer(std::span<const Type> in) const {
  normalize_axis(axis, in[0].shape.rank());
  return in[0];
}

std::shared_ptr<const ProgramLoop> LogSoftmax::prepare(const PlanContext& plan) const {
  return exp_loop(plan.machine(), plan.in[0].dtype);
}
void LogSoftmax::eval(const EvalContext& c) const {
  const Rows rows(c.in_shape(0), axis);
  const auto run = [&](auto in, auto out) {
    using T = typename decltype(out)::value_type;
    for_row_blocks(c, rows, in.data(), [&](auto& block, std::int64_t first, std::int64_t count) {
      block.sum_exp(first, count, static_cast<T*>(nullptr));
      block.take_logs();
      block.each_shifted([to = out.data()](const auto& row, std::int64_t at, T shifted) {
        to[at] = shifted - row.sum;
      });
    });
  };
  c.ins[0].type.dtype == f32 ? run(c.in<float>(0), c.out<float>())
                             : run(c.in<double>(0), c.out<double>());
}

Grads LogSoftmax::grad(const GradContext& g) const {
  return {apply(LogSoftmaxGradient{axis}, {g.dout, g.out})};
}

namespace {
template <class T>
Samples row_samples(Rng& rng) {
  return {{T{}, {rng.normal({2, 3})}},
          {T{0}, {rng.normal({3})}},
          {T{1}, {rng.normal({2, 3, 2})}},
          {T{}, {Tensor::of({{1000.0, 999.0, -1000.0}, {-800.0, -801.0, -800.5}})}},
          {.op = T{}, .in = {Tensor::of({{-infinity, 0.5, 1.0}})}, .ties = true},
          {.op = T{0}, .in = {Tensor::of({{infinity, 0.5}, {1.0, -infinity}})}, .ties = true},
          {T{}, {rng.normal({0, 3})}},
          {T{}, {rng.normal({3, 0})}}};
}
}  // namespace

Samples Softmax::samples(Rng& rng) { return row_samples<Softmax>(rng); }
Samples LogSoftmax::samples(Rng& rng) { return row_samples<LogSoftmax>(rng); }

Type OneHot::infer(std::span<const Type> in) const {
  if (in.size() != 1) check_operand_count(in.size(), 2);
  if (classes < 0) throw ArgumentError("needs classes >= 0, got " + std::to_string(classes));
  std::vector<std::int64_t> dims(in[0].shape.begin(), in[0].shape.end());
  if (in.size() == 1)
    dims.push_back(classes);
  else
    dims.push_back(in[1].shape[normalize_axis(-1, in[1].shape.rank())]);
  return {dtype, Shape(dims)};
}

void OneHot::eval(const EvalContext& c) const {
  const std::int64_t row = c.out_shape()[c.out_shape().rank() - 1];
  check_indices(c.ins[0], row);
  dispatch_width(dtype, [&]<class T>(std::type_identity<T>) {
    const auto one = static_cast<T>(Literal(1).bits(dtype));
    auto* const out = static_cast<T*>(c.outs[0].data);
    c.parallel.ranges(c.ins[0].type.elements(), 1 + 16384 / std::max<std::int64_t>(row, 1),
                      [&](std::int64_t begin, std::int64_t end) {
                        std::fill(out + begin * row, out + end * row, T(0));
                        for (std::int64_t i = begin; i < end; ++i)
                          out[i * row + index_at(c.ins[0], i)] = one;
                      });
  });
}

Grads OneHot::grad(const GradContext& g) const { return Grads(g.in.size(), zero); }

Samples OneHot::samples(Rng& rng) {
  return {{OneHot{4}, {rng.integers({2, 3}, 0, 4)}},
          {OneHot{3, f32}, {rng.integers({}, 0, 3, i32)}},
          {OneHot{2, b8}, {rng.integers({0}, 0, 2)}},
          {.op = OneHot{0, b8},
           .in = {Tensor(std::int64_t{1}), rng.uniform({2, 3})},
           .out = {Tensor::of({false, true, false})}}};
}

Value softmax(const Operand& x, std::int64_t axis) { return apply(Softmax{axis}, {x}); }
Value log_softmax(const Operand& x, std::int64_t axis) { return apply(LogSoftmax{axis}, {x}); }
Value one_hot(const Operand& indices, std::int64_t classes, DType dtype) {
  return apply(OneHot{classes, dtype}, {indices});
}

void list_nn(Catalog& catalog) {
  catalog.add<Softmax, LogSoftmax, SoftmaxGradient, LogSoftmaxGradient, OneHot>("nn");
}

}  // namespace dagrad
