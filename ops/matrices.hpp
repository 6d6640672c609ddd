#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dagrad/eval.hpp"

/// How ops go over batches of matrices, the last two axes.
namespace dagrad {

inline Shape batch_of(const Shape& shape) {
  return Shape(shape.dims().first(static_cast<std::size_t>(shape.rank() - 2)));
}
inline std::int64_t matrices_in(const Shape& shape) { return batch_of(shape).elements(); }
inline std::int64_t side_of(const Shape& shape) { return shape[shape.rank() - 1]; }
inline void check_square(const Shape& shape) {
  if (shape.rank() < 2 || shape[shape.rank() - 2] != side_of(shape))
    throw ShapeError("takes square matrices, got " + to_string(shape));
}

/// "matrix [2]" of a batch; "the matrix" where there is but one.
inline std::string matrix_text(const Shape& shape, std::int64_t matrix) {
  const Shape batch = batch_of(shape);
  return batch.rank() == 0 ? "the matrix" : "matrix " + index_text(batch, matrix);
}

/// The first matrix that a factorisation stopped at, and where in it; order 0 for none.
struct Refusal {
  std::int64_t matrix = 0, order = 0;
};
inline void refuse_singular(const Refusal& refusal, const Shape& shape) {
  if (refusal.order == 0) return;
  throw ArgumentError(matrix_text(shape, refusal.matrix) + " is singular: pivot " +
                      std::to_string(refusal.order) + " is 0");
}

/// How a batch is cut into tasks, by its size alone.
struct Tasks {
  static constexpr std::int64_t most = 64;
  std::int64_t grain, count;
  Tasks(std::int64_t matrices, std::int64_t n) {
    grain = std::max((matrices + most - 1) / most, 1 + (1 << 16) / (n * n * n + 1));
    count = (matrices + grain - 1) / grain;
  }
};

/// Calls `one(parallel, matrix, task)` for all matrices of result 0's batch, or of the first
/// operand's; each returns the order at which it stopped, or 0. A single matrix has the pool for
/// itself.
template <class One>
Refusal each_matrix(const EvalContext& c, std::int64_t n, One one) {
  const bool reduced = c.out_shape().rank() < c.in_shape(0).rank();  // results are the batch
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

/// Calls `product(parallel, at)` for all products of a batch, of so many multiplications each:
/// small ones side by side, others one after the other, each with the pool for itself.
template <class Product>
void each_product(const Parallel& parallel, std::int64_t products, std::int64_t multiplications,
                  Product product) {
  constexpr std::int64_t small = 1 << 18;  // multiplications that are not worth to be split
  if (products > 1 && multiplications < small) {
    const std::int64_t grain = 1 + small / (multiplications + 1);
    parallel.ranges(products, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t at = begin; at < end; ++at) product(Inline(), at);
    });
  } else {
    for (std::int64_t at = 0; at < products; ++at) product(parallel, at);
  }
}

/// Which matrices of two operands go into one of the result, batches broadcast.
class Pairing {
 public:
  Pairing(const Shape& left, const Shape& right)
      : left_(batch_of(left)), right_(batch_of(right)), batch_(broadcast(left_, right_)) {}
  std::int64_t left(std::int64_t at) const { return of(left_, at); }
  std::int64_t right(std::int64_t at) const { return of(right_, at); }

 private:
  std::int64_t of(const Shape& own, std::int64_t at) const {
    std::int64_t matrix = 0, step = 1;
    for (int i = 1; i <= own.rank(); ++i) {
      const std::int64_t size = own[own.rank() - i], along = batch_[batch_.rank() - i];
      if (size > 1) matrix += at % along * step;
      step *= size;
      at /= along;
    }
    return matrix;
  }
  Shape left_, right_, batch_;
};

/// Memory that each task factorises a matrix in.
class LuScratch {
 public:
  template <class T>
  struct Part {
    T *factors, *diagonal;
    std::int32_t* pivots;
  };

  LuScratch(const Type& a, std::int64_t matrices)
      : n_(side_of(a.shape)), tasks_(Tasks(matrices, n_).count) {
    const auto n = static_cast<std::size_t>(n_);
    const std::size_t all = (n * n + n) * size_of(a.dtype) + n * sizeof(std::int32_t);
    part_ = (all + 63) / 64 * 64;
  }
  std::size_t bytes() const { return part_ * static_cast<std::size_t>(tasks_); }
  template <class T>
  Part<T> at(void* memory, std::int64_t task) const {
    auto* const begin = static_cast<std::byte*>(memory) + part_ * static_cast<std::size_t>(task);
    T* const factors = reinterpret_cast<T*>(begin);
    T* const diagonal = factors + n_ * n_;
    return {factors, diagonal, reinterpret_cast<std::int32_t*>(diagonal + n_)};
  }

 private:
  std::int64_t n_, tasks_;
  std::size_t part_;
};

}  // namespace dagrad
