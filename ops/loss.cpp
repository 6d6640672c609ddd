#include "dagrad/ops/loss.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/rows.hpp"

namespace dagrad {

Samples BinaryCrossEntropy::samples(Rng& rng) {
  return {{BinaryCrossEntropy{}, {rng.uniform({2, 3}, 0.05, 0.95), rng.uniform({2, 3}, 0, 1)}},
          {BinaryCrossEntropy{}, {rng.uniform({2, 3}, 0.05, 0.95), rng.uniform({3}, 0, 1)}}};
}

Samples KlDivergence::samples(Rng& rng) {
  return {{KlDivergence{}, {rng.uniform({2, 3}, -3, -1.5), rng.uniform({2, 3}, 0.4, 1)}},
          {KlDivergence{}, {rng.uniform({2, 1}, -3, -1.5), rng.uniform({3}, 0.4, 1)}}};
}

Type Huber::infer(std::span<const Type> in) const {
  if (!(delta > 0 && std::isfinite(delta)))
    throw ArgumentError("needs a positive and finite delta, got " + attribute_text(delta));
  return {common_dtype(in, 0, float_dtypes), common_shape(in)};
}

namespace {

/// How to correct targets of another shape than is wanted, if that suggests itself.
std::string remedy(const std::string& what, const Type& in, const Type& targets,
                   const Shape& wanted) {
  if (targets.shape.elements() == wanted.elements())
    return "; reshape the targets to " + to_string(wanted);
  if (what == "logits" && targets.shape == in.shape)
    return "; convert one-hot targets to " + std::string(dagrad::name(in.dtype)) +
           " with cast, which makes them probabilities";
  return "";
}

/// The type of a loss with one value for each row of [..., classes]; `what` names the rows in
/// errors.
Type loss_of_rows(const std::string& what, const Type& in, const Type& targets) {
  if (!compute_float_dtypes.contains(in.dtype))
    throw TypeError(what + " must be float32 or float64, got " + to_string(in) +
                    "; convert with cast");
  const Shape& shape = in.shape;
  if (shape.rank() == 0 || shape[shape.rank() - 1] == 0)
    throw ShapeError(what + " must be [..., classes] with at least one class, got " +
                     to_string(shape));
  const Shape rows(shape.dims().first(static_cast<std::size_t>(shape.rank()) - 1));
  const Shape& wanted = is_float(targets.dtype) ? shape : rows;
  if (targets.shape != wanted)
    throw ShapeError(what + " " + to_string(shape) + " need " +
                     (is_float(targets.dtype) ? "probabilities " : "indices ") + to_string(wanted) +
                     ", got " + to_string(targets.shape) + remedy(what, in, targets, wanted));
  return {in.dtype, rows};
}

/// True at the element of each row of [..., classes] that the row's index selects.
Value hot_in(const Value& rows, const Value& indices) {
  return apply(OneHot{.dtype = b8}, {indices, rows});
}

}  // namespace

Type NegativeLogLikelihood::infer(std::span<const Type> in) const {
  if (in[1].dtype != i32 && in[1].dtype != i64)
    throw TypeError("class labels must be integers, int32 or int64, got " + to_string(in[1]) +
                    "; convert with cast(targets, i64)");
  return loss_of_rows("log-probabilities", in[0], in[1]);
}

void NegativeLogLikelihood::eval(const EvalContext& c) const {
  const Rows rows(c.in_shape(0), -1);
  check_indices(c.ins[1], rows.length);
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const T* const x = c.in<T>(0).data();
    T* const out = c.out<T>().data();
    c.parallel.ranges(rows.count, 16384, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        out[i] = -x[i * rows.length + index_at(c.ins[1], i)];
    });
  });
}

Grads NegativeLogLikelihood::grad(const GradContext& g) const {
  const Value hot = hot_in(g.in[0], g.in[1]);
  return {where(hot, unsqueeze(-g.dout, {-1}), 0), zero};
}

Samples NegativeLogLikelihood::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -3, 0); };
  return {{NegativeLogLikelihood{}, {x({3, 4}), rng.integers({3}, 0, 4)}},
          {NegativeLogLikelihood{}, {x({2, 2, 3}), rng.integers({2, 2}, 0, 3, i32)}},
          {NegativeLogLikelihood{}, {x({4}), rng.integers({}, 0, 4)}},
          {NegativeLogLikelihood{}, {x({0, 4}), rng.integers({0}, 0, 4)}}};
}

Type CrossEntropy::infer(std::span<const Type> in) const {
  const Type &logits = in[0], &targets = in[1];
  if (!(smoothing >= 0 && smoothing < 1))
    throw ArgumentError("smoothing must be in [0, 1), got " + attribute_text(smoothing));
  if (is_float(targets.dtype) && targets.shape.rank() == logits.shape.rank() - 1)
    throw TypeError("class labels must be integers, int32 or int64, got " + to_string(targets) +
                    "; convert with cast(targets, i64), or give a probability for each class, " +
                    to_string(logits));
  if (is_float(logits.dtype) && targets.dtype != i32 && targets.dtype != i64 &&
      targets.dtype != logits.dtype)
    throw TypeError(
        "targets are integer class labels, int32 or int64, or probabilities of the "
        "logits' dtype " +
        std::string(dagrad::name(logits.dtype)) + ", got " + to_string(targets));
  return loss_of_rows("logits", logits, targets);
}

std::shared_ptr<const ProgramLoop> CrossEntropy::prepare(const PlanContext& plan) const {
  return exp_loop(plan.machine(), plan.in[0].dtype);
}
void CrossEntropy::eval(const EvalContext& c) const {
  const Rows rows(c.in_shape(0), -1);
  const bool indices = !is_float(c.ins[1].type.dtype);
  if (indices) check_indices(c.ins[1], rows.length);
  const auto run = [&](auto logits, auto out) {
    using T = typename decltype(out)::value_type;
    const T kept = static_cast<T>(1 - smoothing);
    const T spread = static_cast<T>(smoothing / static_cast<double>(rows.length));
    for_row_blocks(
        c, rows, logits.data(), [&](auto& block, std::int64_t first, std::int64_t count) {
          block.sum_exp(first, count, static_cast<T*>(nullptr));
          block.take_logs();
          for (std::int64_t i = 0; i < count; ++i) {
            const auto row = block.row(i);
            const T* x = logits.data() + row.begin;
            const auto loss_of = [&](std::int64_t k) { return row.sum - row.beyond_shift(x[k]); };
            T loss = 0;
            if (indices) {
              loss = loss_of(index_at(c.ins[1], first + i));
            } else {
              const T* target = c.in<T>(1).data() + row.begin;
              for (std::int64_t k = 0; k < rows.length; ++k)
                if (target[k] != 0) loss += target[k] * loss_of(k);
            }
            if (smoothing > 0) {
              T all = 0;
              for (std::int64_t k = 0; k < rows.length; ++k) all += loss_of(k);
              loss = kept * loss + spread * all;
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
  if (!is_float(targets.dtype()))
    return {apply(CrossEntropyGradient{smoothing}, {g.dout, logits, targets}), zero};
  const Value dout = unsqueeze(g.dout, {-1});
  const double kept = 1 - smoothing;
  const auto smooth = [&](const Value& p) {
    return smoothing > 0 ? p * kept + smoothing / count_like(logits, {-1}) : p;
  };
  return {g.if_wanted(0,
                      [&] {
                        const Value wanted = smooth(targets);
                        return pull(dout, softmax(logits) * sum(wanted, -1, true) - wanted);
                      }),
          g.if_wanted(1, [&] {
            const Value slope = -log_softmax(logits);
            return pull(dout, smoothing > 0 ? kept * slope : slope);
          })};
}

Samples CrossEntropy::samples(Rng& rng) {
  return {{CrossEntropy{}, {rng.normal({3, 4}), rng.integers({3}, 0, 4)}},
          {CrossEntropy{}, {rng.normal({2, 2, 3}), rng.integers({2, 2}, 0, 3, i32)}},
          {CrossEntropy{}, {rng.normal({4}), rng.integers({}, 0, 4)}},
          {CrossEntropy{}, {rng.normal({3, 4}), rng.uniform({3, 4})}},
          {CrossEntropy{0.25}, {rng.normal({3, 4}), rng.integers({3}, 0, 4)}},
          {CrossEntropy{0.125}, {rng.normal({2, 3}), rng.uniform({2, 3})}},
          {CrossEntropy{}, {rng.normal({0, 4}), rng.integers({0}, 0, 4)}}};
}

Type CrossEntropyGradient::infer(std::span<const Type> in) const {
  const Type &d = in[0], &logits = in[1], &targets = in[2];
  if (targets.dtype != i32 && targets.dtype != i64)
    throw TypeError("class labels must be integers, int32 or int64, got " + to_string(targets));
  if (const Type rows = loss_of_rows("logits", logits, targets); d != rows)
    throw ShapeError("needs a cotangent of " + to_string(rows) + ", got " + to_string(d));
  return logits;
}

std::shared_ptr<const ProgramLoop> CrossEntropyGradient::prepare(const PlanContext& plan) const {
  return exp_loop(plan.machine(), plan.in[1].dtype);
}
void CrossEntropyGradient::eval(const EvalContext& c) const {
  const Rows rows(c.in_shape(1), -1);
  check_indices(c.ins[2], rows.length);
  with_float(c.ins[1].type.dtype, [&]<class T>(std::type_identity<T>) {
    const T* const d = c.in<T>(0).data();
    T* const out = c.out<T>().data();
    const T spread = static_cast<T>(smoothing / static_cast<double>(rows.length));
    const T hot = static_cast<T>(1 - smoothing) + spread;
    for_row_blocks(
        c, rows, c.in<T>(1).data(), [&](auto& block, std::int64_t first, std::int64_t count) {
          block.sum_exp(first, count, out);
          block.invert();
          for (std::int64_t i = 0; i < count; ++i) {
            const auto row = block.row(i);
            const T of_row = d[first + i];
            T *const to = out + row.begin, *const chosen = to + index_at(c.ins[2], first + i);
            const T probability = *chosen * row.sum;
            for (std::int64_t k = 0; k < rows.length; ++k)
              to[k] = of_row * (to[k] * row.sum - spread);
            *chosen = of_row * (probability - hot);
            if (of_row == 0) std::fill_n(to, rows.length, T(0));  // as by `pull`
          }
        });
  });
}

Grads CrossEntropyGradient::grad(const GradContext& g) const {
  const Value &logits = g.in[1], &targets = g.in[2], &h = g.dout;
  const Value p = softmax(logits);
  return {g.if_wanted(0,
                      [&] {
                        const Value spread = smoothing / count_like(logits, {-1});
                        const Value kept = p - spread - (1 - smoothing);
                        return sum(pull(h, where(hot_in(logits, targets), kept, p - spread)), -1);
                      }),
          g.if_wanted(1,
                      [&] {
                        const Value both = joint(h, unsqueeze(g.in[0], {-1}));
                        return apply(SoftmaxGradient{}, {both, p});
                      }),
          zero};
}

Samples CrossEntropyGradient::samples(Rng& rng) {
  return {{CrossEntropyGradient{}, {rng.normal({3}), rng.normal({3, 4}), rng.integers({3}, 0, 4)}},
          {CrossEntropyGradient{0.25},
           {rng.normal({2, 2}), rng.normal({2, 2, 3}), rng.integers({2, 2}, 0, 3, i32)}},
          {CrossEntropyGradient{}, {rng.normal({}), rng.normal({4}), rng.integers({}, 0, 4)}},
          {CrossEntropyGradient{}, {rng.normal({0}), rng.normal({0, 4}), rng.integers({0}, 0, 4)}},
          {.op = CrossEntropyGradient{0.5},
           .in = {Tensor::of({2.0}), Tensor::of({{3.0, 3.0}}), Tensor::of<std::int64_t>({1})},
           .out = {Tensor::of({{0.5, -0.5}})}}};
}

namespace {

/// Tells how an operand of one shape can be made to fit another shape; empty if it cannot.
std::string cure(const std::string& operand, const Shape& from, const Shape& to) {
  if (from.elements() == to.elements()) return "; reshape the " + operand + " to " + to_string(to);
  if (broadcasts_to(from, to))
    return "; if the " + operand + " is meant to repeat, use broadcast_to";
  return "";
}

/// Throws ShapeError if one side would be repeated implicitly.
void require_one_shape(const Operand& prediction, const Operand& target) {
  if (prediction.is_literal() || target.is_literal()) return;
  const Shape predicted = prediction.shape(), wanted = target.shape();
  if (predicted == wanted || predicted.rank() == 0 || wanted.rank() == 0) return;
  std::string how = cure("target", wanted, predicted);
  if (how.empty()) how = cure("prediction", predicted, wanted);
  throw ShapeError("prediction and target must have the same shape, got " + to_string(predicted) +
                   " and " + to_string(wanted) + how);
}

template <class Loss>
Value elementwise_loss(Loss loss, const Operand& prediction, const Operand& target) {
  const Building building(Loss::name, {prediction, target});
  building.checked([&] { require_one_shape(prediction, target); });
  return apply(std::move(loss), {prediction, target});
}

}  // namespace

Value mse(const Operand& prediction, const Operand& target) {
  const Building building("mse", {prediction, target});
  building.checked([&] { require_one_shape(prediction, target); });
  return mean(square(prediction - target));
}
Value half_squared_error(const Operand& prediction, const Operand& target) {
  return elementwise_loss(HalfSquaredError{}, prediction, target);
}
Value binary_cross_entropy(const Operand& p, const Operand& target) {
  return elementwise_loss(BinaryCrossEntropy{}, p, target);
}
Value binary_cross_entropy_with_logits(const Operand& x, const Operand& target) {
  return elementwise_loss(BinaryCrossEntropyWithLogits{}, x, target);
}
Value huber(const Operand& prediction, const Operand& target, double delta) {
  return elementwise_loss(Huber{delta}, prediction, target);
}
Value hinge(const Operand& x, const Operand& target) {
  return elementwise_loss(Hinge{}, x, target);
}
Value kl_divergence(const Operand& log_probabilities, const Operand& target) {
  return elementwise_loss(KlDivergence{}, log_probabilities, target);
}
Value nll(const Operand& log_probabilities, const Operand& targets) {
  const Building building("nll", {log_probabilities, targets});
  return mean(apply(NegativeLogLikelihood{}, {log_probabilities, targets}));
}
Value cross_entropy(const Operand& logits, const Operand& targets, double smoothing) {
  const Building building("cross_entropy", {logits, targets});
  return mean(apply(CrossEntropy{smoothing}, {logits, targets}));
}

void list_loss(Catalog& catalog) {
  catalog.add<HalfSquaredError, BinaryCrossEntropy, BinaryCrossEntropyWithLogits, CrossEntropy,
              CrossEntropyGradient, Huber, Hinge, KlDivergence, NegativeLogLikelihood>("loss");
}

}  // namespace dagrad
