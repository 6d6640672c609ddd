// Tools for the authors of ops: dtypes, strides, scratch memory, random streams, machines.
#include <dagrad/dagrad.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <vector>

using namespace dagrad;

namespace {

// [strides]
/// a + b of float64 operands that broadcast, computed one row of the innermost axis at a time.
struct BroadcastAdd {
  static constexpr auto name = "broadcast_add";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = f64;
  static constexpr no_grad grad{"it only shows how to walk operands"};

  Type infer(std::span<const Type> in) const {
    return {common_dtype(in, 0, f64), common_shape(in)};
  }
  void eval(const EvalContext& c) const {
    const Shape operands_of[] = {c.in_shape(0), c.in_shape(1)};
    const StridedAxes axes = broadcast_axes(operands_of, c.out_shape());
    const auto a = c.in<double>(0), b = c.in<double>(1);
    const auto out = c.out<double>();
    c.parallel.ranges(axes.positions(), 1024, [&](std::int64_t begin, std::int64_t end) {
      each_row(axes, begin, end, [&](const StridedRow<2>& row) {
        for (std::int64_t i = 0; i < row.length; ++i)
          out[at(row.position + i)] = a[at(row.offsets[0] + i * row.strides[0])] +
                                      b[at(row.offsets[1] + i * row.strides[1])];
      });
    });
  }
  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
};
// [/strides]

// [scratch]
/// The (upper) median of each row. Sorting needs a copy of the row, which is in scratch memory.
struct RowMedian {
  static constexpr auto name = "row_median";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = f64;
  static constexpr no_grad grad{"it only shows how to use scratch memory"};

  struct Memory {  // the same in `scratch` and in `eval`
    ScratchLayout layout;
    ScratchPart row;
    explicit Memory(std::int64_t length) : row(layout.add<double>(length)) {}
  };

  Type infer(std::span<const Type> in) const {
    if (in[0].shape.rank() != 2 || in[0].shape[1] == 0)
      throw ShapeError("takes a matrix with at least one column, got " + to_string(in[0]));
    return {f64, {in[0].shape[0]}};
  }
  std::size_t scratch(const PlanContext& plan) const {
    return Memory(plan.in[0].shape[1]).layout.bytes();
  }
  void eval(const EvalContext& c) const {
    const std::int64_t length = c.in_shape(0)[1];
    const std::span<double> row = Memory(length).row.in<double>(c.scratch());
    const double* x = c.in<double>(0).data();
    for (double& median : c.out<double>()) {
      std::copy_n(x, length, row.begin());
      std::ranges::sort(row);
      median = row[row.size() / 2];
      x += length;
    }
  }
};
// [/scratch]

void random_streams() {
  // [random]
  const std::int64_t key = fold_in(42, 1);  // the key of an independent stream
  std::array<double, 4> numbers{};
  fill_normal(key, 0, numbers);  // elements 0 to 3 of that stream
  std::cout << std::boolalpha << (numbers[3] == normal_double(key, 3)) << "\n";
  // [/random]
}

void dtypes() {
  // [dtypes]
  const Tensor x({2}, {1.5F, -2.5F});
  const double total = dispatch(x.dtype(), [&]<class T>(std::type_identity<T>) {
    double sum = 0;
    for (const T element : x.values<T>()) sum += convert<double>(element);
    return sum;
  });
  std::cout << total << " " << name(promote(i32, f32)) << " " << name(compute_dtype(f16)) << "\n";
  // [/dtypes]
}

void kernels_and_loops() {
  // [machine]
  const Machine& machine = Runtime::shared().machine();
  const std::vector<double> a{1, 2, 3, 4}, b{5, 6, 7, 8};
  std::vector<double> product(4);
  kernels::gemm<double>(machine, Inline(), 2, 2, 2, {a.data(), 2}, {b.data(), 2},
                        {product.data(), 2});
  machine.apply(Primitive::log, product.data(), nullptr, product.data(), 4);
  std::cout << product[0] << "\n";
  // [/machine]
}

}  // namespace

int main() {
  Graph graph;
  const Value column = graph.constant(Tensor::of({{1.0}, {2.0}}));
  const Value row = graph.constant(Tensor::of({10.0, 20.0, 30.0}));
  const Value table = apply(BroadcastAdd{}, {column, row});
  std::cout << evaluate(table) << "\n" << evaluate(apply(RowMedian{}, {table})) << "\n";
  random_streams();
  dtypes();
  kernels_and_loops();
}
