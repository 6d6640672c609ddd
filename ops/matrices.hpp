#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dagrad/eval.hpp"
#include "dagrad/scratch.hpp"
#include "dagrad/strides.hpp"

/// How ops process batches of matrices, which are the last two axes.
namespace dagrad {

inline Shape batch_of(const Shape& shape) {
  return Shape(shape.dims().first(static_cast<std::size_t>(shape.rank() - 2)));
}
inline std::int64_t matrices_in(const Shape& shape) { return batch_of(shape).elements(); }
inline std::int64_t side_of(const Shape& shape) { return shape[shape.rank() - 1]; }
inline void check_square(const Shape& shape) {
  if (shape.rank() < 2 || shape[shape.rank() - 2] != side_of(shape))
    throw ShapeError("needs square matrices, got " + to_string(shape));
}

/// "matrix [2]" in a batch; "the matrix" if there is only one.
inline std::string matrix_text(const Shape& shape, std::int64_t matrix) {
  const Shape batch = batch_of(shape);
  return batch.rank() == 0 ? "the matrix" : "matrix " + index_text(batch, matrix);
}

/// The first matrix at which a factorisation stopped, and the order at which it did; order 0 if
/// there is none.
struct Refusal {
  std::int64_t matrix = 0, order = 0;
};
inline void refuse_singular(const Refusal& refusal, const Shape& shape) {
  if (refusal.order == 0) return;
  throw ArgumentError(matrix_text(shape, refusal.matrix) + " is singular: pivot " +
                      std::to_string(refusal.order) + " is 0");
}

/// How a batch is divided into tasks; depends on its size alone.
struct Tasks {
  static constexpr std::int64_t most = 64;
  std::int64_t grain, count;
  Tasks(std::int64_t matrices, std::int64_t n) {
    grain = std::max((matrices + most - 1) / most, 1 + (1 << 16) / (n * n * n + 1));
    count = (matrices + grain - 1) / grain;
  }
};

/// Calls `one(parallel, matrix, task)` for all matrices of the batch of result 0, or of the first
/// operand; each call returns the order at which it stopped, or 0. A single matrix has the pool to
/// itself.
template <class One>
Refusal each_matrix(const EvalContext& c, std::int64_t n, One one) {
  const bool reduced =
      c.out_shape().rank() < c.in_shape(0).rank();  // the shape of the result is the batch
  const std::int64_t matrices = matrices_in(reduced ? c.in_shape(0) : c.out_shape());
  if (matrices == 1) return {0, one(c.parallel, 0, 0)};
  std::array<Refusal, Tasks::most> refusals{};
  const Tasks tasks(matrices, n);
  c.parallel(tasks.count, [&](std::int64_t task) {
    Refusal& refusal = refusals[static_cast<std::size_t>(task)];
    const std::int64_t end = std::min((task + 1) * tasks.grain, matrices);
    for (std::int64_t at = task * tasks.grain; at < end && refusal.order == 0; ++at)
      refusal = {at, one(Inline(), at, task)};
  });
  for (const Refusal& refusal : refusals)
    if (refusal.order != 0) return refusal;
  return {};
}

/// Calls `product(parallel, at)` for all products of a batch, each of the given number of
/// multiplications: small ones in parallel, others one after the other, each with the pool to
/// itself.
template <class Product>
void each_product(const Parallel& parallel, std::int64_t products, std::int64_t multiplications,
                  Product product) {
  constexpr std::int64_t small = 1 << 18;  // too few multiplications to be worth splitting
  const bool in_parallel = products > 1 && multiplications < small;
  const std::int64_t grain =
      in_parallel ? 1 + small / (multiplications + 1) : std::max<std::int64_t>(products, 1);
  parallel.ranges(products, grain, [&](std::int64_t begin, std::int64_t end) {
    const Inline alone;
    for (std::int64_t at = begin; at < end; ++at)  // the only call, so that it is inlined once
      product(in_parallel ? static_cast<const Parallel&>(alone) : parallel, at);
  });
}

/// Which matrices of two operands go into each matrix of the result; batches broadcast.
class Pairing {
 public:
  Pairing(const Shape& left, const Shape& right)
      : matrices_(broadcast_axes({batch_of(left), batch_of(right)},
                                 broadcast(batch_of(left), batch_of(right)))) {}
  std::int64_t left(std::int64_t at) const { return matrices_.offset(at, 0); }
  std::int64_t right(std::int64_t at) const { return matrices_.offset(at, 1); }

 private:
  StridedAxes<2> matrices_;
};

/// The memory in which each task factorises a matrix.
class LuScratch {
 public:
  template <class T>
  struct Part {
    T *factors, *diagonal;
    std::int32_t* pivots;
  };

  LuScratch(const Type& a, std::int64_t matrices) {
    const std::int64_t n = side_of(a.shape);
    factors_ = task_.add(a.dtype, n * n);
    diagonal_ = task_.add(a.dtype, n);
    pivots_ = task_.add<std::int32_t>(n);
    tasks_ = layout_.add(task_, Tasks(matrices, n).count);
  }
  std::size_t bytes() const { return layout_.bytes(); }
  template <class T>
  Part<T> at(void* scratch, std::int64_t task) const {
    std::byte* const own =
        tasks_.in<std::byte>(scratch).data() + task_.bytes() * static_cast<std::size_t>(task);
    return {factors_.in<T>(own).data(), diagonal_.in<T>(own).data(),
            pivots_.in<std::int32_t>(own).data()};
  }

 private:
  ScratchLayout task_, layout_;
  ScratchPart factors_, diagonal_, pivots_, tasks_;
};

}  // namespace dagrad
