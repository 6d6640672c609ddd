#include "dagrad/ops/loss.hpp"

#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "ops/rows.hpp"

namespace dagrad {

Samples BinaryCrossEntropy::samples(Rng& rng) {
  return {{BinaryCrossEntropy{}, {rng.uniform({2, 3}, 0.05, 0.95), rng.uniform({2, 3}, 0, 1)}},
          {BinaryCrossEntropy{}, {rng.uniform({2, 3}, 0.05, 0.95), rng.uniform({3}, 0, 1)}}};
}

Type CrossEntropy::infer(std::span<const Type> in) const {
  const Type &logits = in[0], &targets = in[1];
  if (!is_float(logits.dtype))
    throw TypeError("logits are float32 or float64, got " + to_string(logits));
  if (targets.dtype != i32 && targets.dtype != i64 && targets.dtype != logits.dtype)
    throw TypeError("targets are int32 or int64 indices, or probabilities of the logits' dtype " +
                    std::string(dagrad::name(logits.dtype)) + ", got " + to_string(targets));
  const Shape& shape = logits.shape;
  if (shape.rank() == 0 || shape[shape.rank() - 1] == 0)
    throw ShapeError("logits are [..., classes] with a class or more, got " + to_string(shape));
  const Shape rows(shape.dims().first(static_cast<std::size_t>(shape.rank()) - 1));
  const Shape& wanted = is_float(targets.dtype) ? shape : rows;
  if (targets.shape != wanted)
    throw ShapeError("logits " + to_string(shape) + " want " +
                     (is_float(targets.dtype) ? "probabilities " : "indices ") + to_string(wanted) +
                     ", got " + to_string(targets.shape));
  return {logits.dtype, rows};
}

void CrossEntropy::eval(const EvalContext& c) const {
  const Rows rows(c.in_shape(0), -1);
  const bool indices = !is_float(c.ins[1].type.dtype);
  if (indices) check_indices(c.ins[1], rows.length);
  const auto run = [&](auto logits, auto out) {
    using T = typename decltype(out)::value_type;
    for_row_blocks(
        c, rows, logits.data(), [&](auto& block, std::int64_t first, std::int64_t count) {
          block.sum_exp(first, count, static_cast<T*>(nullptr));
          block.take_logs();
          for (std::int64_t i = 0; i < count; ++i) {
            const auto row = block.row(i);
            const T* x = logits.data() + row.begin;
            const auto loss_of = [&](std::int64_t k) { return row.sum - (x[k] - row.shift); };
            T loss = 0;
            if (indices) {
              loss = loss_of(index_at(c.ins[1], first + i));
            } else {
              const T* target = c.in<T>(1).data() + row.begin;
              for (std::int64_t k = 0; k < rows.length; ++k)
                if (target[k] != 0) loss += target[k] * loss_of(k);
            }
            out[static_cast<std::size_t>(first + i)] = loss;
          }
        });
  };
  c.ins[0].type.dtype == f32 ? run(c.in<float>(0), c.out<float>())
                             : run(c.in<double>(0), c.out<double>());
}

Grads CrossEntropy::grad(const GradContext& g) const {
  const Value &logits = g.in[0], &targets = g.in[1];
  const Value dout = unsqueeze(g.dout, {-1});
  if (!is_float(targets.dtype())) {
    const Value hot = one_hot(targets, logits.shape()[logits.rank() - 1], b8);
    const Value p = softmax(logits);
    return {pull(dout, where(hot, p - 1, p)), zero};
  }
  return {g.if_wanted(
              0, [&] { return pull(dout, softmax(logits) * sum(targets, -1, true) - targets); }),
          g.if_wanted(1, [&] { return pull(dout, -log_softmax(logits)); })};
}

Samples CrossEntropy::samples(Rng& rng) {
  return {{CrossEntropy{}, {rng.normal({3, 4}), rng.integers({3}, 0, 4)}},
          {CrossEntropy{}, {rng.normal({2, 2, 3}), rng.integers({2, 2}, 0, 3, i32)}},
          {CrossEntropy{}, {rng.normal({4}), rng.integers({}, 0, 4)}},
          {CrossEntropy{}, {rng.normal({3, 4}), rng.uniform({3, 4})}},
          {CrossEntropy{}, {rng.normal({0, 4}), rng.integers({0}, 0, 4)}}};
}

Value mse(const Operand& prediction, const Operand& target) {
  Transaction transaction{prediction, target};
  return transaction.keep(mean(square(prediction - target)));
}
Value half_squared_error(const Operand& prediction, const Operand& target) {
  return apply(HalfSquaredError{}, {prediction, target});
}
Value binary_cross_entropy(const Operand& p, const Operand& target) {
  return apply(BinaryCrossEntropy{}, {p, target});
}
Value binary_cross_entropy_with_logits(const Operand& x, const Operand& target) {
  return apply(BinaryCrossEntropyWithLogits{}, {x, target});
}
Value cross_entropy(const Operand& logits, const Operand& targets) {
  Transaction transaction{logits, targets};
  return transaction.keep(mean(apply(CrossEntropy{}, {logits, targets})));
}

}  // namespace dagrad
