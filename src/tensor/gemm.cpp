#include "src/tensor/gemm.hpp"

#include <algorithm>
#include <type_traits>

#include "src/tensor/storage.hpp"

namespace dagrad::kernels {

namespace {

constexpr double small_work = 50;  // up to this many multiplications, tiles do not pay off
constexpr double task_work = 3e6;  // multiplications per task: about 60 µs
constexpr double row_work = 4e5;   // the same for one row, whose product reads b just once
constexpr double tasks_per_thread = 2;

template <class T>
Multiply<T> multiply_of([[maybe_unused]] InstructionSet set) {
#if defined(__x86_64__)
  if constexpr (std::is_floating_point_v<T>) {
    if (set == InstructionSet::avx512) return multiply_avx512<T>();
    if (set == InstructionSet::avx2) return multiply_avx2<T>();
  }
#endif
  return multiply_plain<T>();
}

/// Memory for packed operands, kept for this thread's next product.
template <class T>
T* scratch(std::int64_t elements) {
  thread_local detail::Blocks blocks;
  thread_local std::int64_t size = 0;
  const auto bytes = elements * std::int64_t{sizeof(T)};
  if (bytes > size) {
    blocks = detail::allocate_blocks(static_cast<std::size_t>(bytes));
    size = bytes;
  }
  return reinterpret_cast<T*>(blocks.get());
}

/// Stores the product for k = 0, which is 0.
template <class T>
void clear(const Product<T>& p) {
  for (std::int64_t i = 0; i < p.m; ++i) std::fill_n(p.c.data + i * p.c.stride, p.n, T(0));
}

/// An epilogue as the kernels call it, for a product or for its transpose.
PartEpilogue part_of(const Epilogue& epilogue, bool transposed) {
  if (!epilogue) return {};
  using Index = std::int64_t;
  const auto plain = [](const void* body, Index row, Index column, Index rows, Index columns) {
    (*static_cast<const Epilogue*>(body))(row, column, rows, columns);
  };
  const auto swapped = [](const void* body, Index row, Index column, Index rows, Index columns) {
    (*static_cast<const Epilogue*>(body))(column, row, columns, rows);
  };
  PartEpilogue part{.body = &epilogue};
  part.call = transposed ? +swapped : +plain;
  return part;
}

/// Divides a side of the output into pieces of similar size.
struct Cut {
  std::int64_t size, pieces;

  /// At most `wanted` pieces, none much smaller than `least`, in multiples of `step`.
  Cut(std::int64_t length, std::int64_t wanted, std::int64_t least, std::int64_t step) {
    pieces = std::clamp(length / least, std::int64_t{1}, wanted);
    size = ((length + pieces - 1) / pieces + step - 1) / step * step;
    pieces = (length + size - 1) / size;
  }
};

/// Multiplications that are worth a task.
template <class T>
double per_task(const Product<T>& p) {
  return p.m == 1 ? row_work : task_work;
}

/// Divides the output into about `tasks` pieces. Each task packs its own rows of a and columns of
/// b, so of the divisions into most pieces, the one with the shortest sides is chosen.
struct Division {
  Cut rows, columns;

  static Division of(std::int64_t m, std::int64_t n, std::int64_t tasks) {
    constexpr std::int64_t row_step = 12, column_step = 32;  // whole tiles on every processor
    Division best{{m, 1, m, row_step}, {n, 1, n, column_step}};
    for (std::int64_t pieces = 1; pieces <= tasks; ++pieces) {
      const Cut columns(n, pieces, 64, column_step);
      const Division next{{m, tasks / columns.pieces, 96, row_step}, columns};
      if (next.tasks() > best.tasks() ||
          (next.tasks() == best.tasks() && next.packed(m, n) < best.packed(m, n)))
        best = next;
    }
    return best;
  }
  std::int64_t tasks() const { return rows.pieces * columns.pieces; }
  /// Elements that all tasks together pack for one step of k.
  std::int64_t packed(std::int64_t m, std::int64_t n) const {
    return columns.pieces * m + rows.pieces * n;
  }
};

/// Runs the product as tasks. Their number may depend on that of threads, since no bit of the
/// result depends on the division.
template <class T>
void run(const Machine& machine, const Parallel& parallel, const Multiply<T>& multiply,
         const Product<T>& p, double work) {
  const double most = machine.threads() == 1 ? 1 : tasks_per_thread * machine.threads();
  const double tasks = std::min(1.5 + work / per_task(p), most);
  const auto [rows, columns] = Division::of(p.m, p.n, static_cast<std::int64_t>(tasks));
  parallel(rows.pieces * columns.pieces, [&, rows = rows, columns = columns](std::int64_t task) {
    const std::int64_t i = task / columns.pieces * rows.size;
    const std::int64_t j = task % columns.pieces * columns.size;
    Product<T> part = p;
    part.m = std::min(rows.size, p.m - i);
    part.n = std::min(columns.size, p.n - j);
    part.a = from(p.a, i, 0);
    part.b = from(p.b, 0, j);
    part.c = from(p.c, i, j);
    part.epilogue = from(p.epilogue, i, j);
    multiply.large(part, scratch<T>(multiply.scratch));
  });
}

}  // namespace

template <class T>
void gemm(const Machine& machine, const Parallel& parallel, std::int64_t m, std::int64_t n,
          std::int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool accumulate,
          const Epilogue& epilogue) {
  const Multiply<T> multiply = multiply_of<T>(machine.instruction_set());
  Product<T> p{m, n, k, a, b, c, accumulate, part_of(epilogue, false)};
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (!accumulate) clear(p);
    return follow_up(p.epilogue, m, n);
  }
  if (n == 1 && c.stride == 1) {  // computed as a row of the transpose, because rows fill the lanes
    std::swap(p.m, p.n);
    p.a = {b.data, b.stride, !b.transposed};
    p.b = {a.data, a.stride, !a.transposed};
    p.c.stride = m;
    p.epilogue = part_of(epilogue, true);
  }
  const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  if (work <= small_work) {
    multiply.small(p);
    follow_up(p.epilogue, m, n);
  } else if (work < per_task(p) / 2) {
    multiply.large(p, scratch<T>(multiply.scratch));
  } else {
    run(machine, parallel, multiply, p, work);
  }
}

template void gemm(const Machine&, const Parallel&, std::int64_t, std::int64_t, std::int64_t,
                   Matrix<const float>, Matrix<const float>, Matrix<float>, bool, const Epilogue&);
template void gemm(const Machine&, const Parallel&, std::int64_t, std::int64_t, std::int64_t,
                   Matrix<const double>, Matrix<const double>, Matrix<double>, bool,
                   const Epilogue&);
template void gemm(const Machine&, const Parallel&, std::int64_t, std::int64_t, std::int64_t,
                   Matrix<const std::int32_t>, Matrix<const std::int32_t>, Matrix<std::int32_t>,
                   bool, const Epilogue&);
template void gemm(const Machine&, const Parallel&, std::int64_t, std::int64_t, std::int64_t,
                   Matrix<const std::int64_t>, Matrix<const std::int64_t>, Matrix<std::int64_t>,
                   bool, const Epilogue&);

}  // namespace dagrad::kernels
