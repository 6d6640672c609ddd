// Loops over operands that broadcast, compared with the interpreter over operands that are copied
// out by hand.

#include <gtest/gtest.h>

#include <random>

#include "src/loops/broadcast_loop.hpp"
#include "tests/loops/support.hpp"

namespace dagrad::loops {
namespace {

/// a * b - c with elements of different sizes: a and b of `dtype`, c a bool.
Program formula(DType dtype) {
  Recorder recorder;
  const Symbol a = recorder.input(dtype), b = recorder.input(dtype), c = recorder.input(b8);
  const Symbol result[] = {a * b - Symbol::cast(c, dtype)};
  return *std::move(recorder).finish(result, dtype);
}

Array random_array(DType dtype, std::int64_t n, std::mt19937& random) {
  Array array(dtype, static_cast<std::size_t>(n));
  dispatch_stored(dtype, [&]<class T>(std::type_identity<T>) {
    for (std::size_t i = 0; i < array.size(); ++i)
      array.set<T>(i, static_cast<T>(random() % (dtype == b8 ? 2 : 1000)));
  });
  return array;
}

/// The operand broadcast to the shape element by element, by NumPy's rule.
Array broadcast_by_hand(const Array& operand, const Shape& from, const Shape& to) {
  Array result(operand.dtype, static_cast<std::size_t>(to.elements()));
  const std::size_t size = size_of(operand.dtype);
  for (std::int64_t i = 0; i < to.elements(); ++i) {
    std::int64_t rest = i, at = 0, stride = 1;
    for (int axis = 1; axis <= to.rank(); ++axis) {
      const std::int64_t dimension = axis <= from.rank() ? from[from.rank() - axis] : 1;
      at += rest % to[to.rank() - axis] % dimension * stride;
      stride *= dimension;
      rest /= to[to.rank() - axis];
    }
    std::memcpy(&result.bytes[static_cast<std::size_t>(i) * size],
                &operand.bytes[static_cast<std::size_t>(at) * size], size);
  }
  return result;
}

void expect_broadcast(DType dtype, const std::vector<Shape>& shapes, std::mt19937& random) {
  const Program program = formula(dtype);
  const Shape shape = broadcast(broadcast(shapes[0], shapes[1]), shapes[2]);
  std::vector<Array> in, dense;
  std::vector<Type> types;
  std::string what;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    types.push_back({program.inputs[i], shapes[i]});
    in.push_back(random_array(program.inputs[i], shapes[i].elements(), random));
    dense.push_back(broadcast_by_hand(in[i], shapes[i], shape));
    what += to_string(types[i]) + " ";
  }
  const auto n = static_cast<std::size_t>(shape.elements());
  const auto wanted = run_interpreted(program, dense, std::vector<std::int64_t>(3, 1), n);
  const std::vector<Type> out_types{{dtype, shape}};
  for (InstructionSet set : {InstructionSet::plain, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!available(set)) continue;
    detail::LoopCache cache(set);
    const detail::BroadcastLoop kernel(cache, std::make_shared<const Program>(program), types,
                                       out_types);
    std::vector<Array> out = results(program, n);
    with_pointers(in, out, [&](auto& from, auto& to) {
      for (std::int64_t task = kernel.tasks(); task-- > 0;)
        kernel.run(task, from.data(), to.data());
    });
    EXPECT_EQ(difference(out[0], wanted[0]), "") << what << "in " << name(set);
  }
}

TEST(Rows, KnownPatterns) {
  std::mt19937 random(1);
  for (DType dtype : {i32, f16, bf16, f32, f64}) {
    for (std::int64_t n : {1, 2, 3, 7, 47, 48, 49, 100, 1023, 1024, 1500}) {
      expect_broadcast(dtype, {{5, n}, {n}, {}}, random);         // one row for all
      expect_broadcast(dtype, {{5, n}, {5, 1}, {1}}, random);     // one element per row
      expect_broadcast(dtype, {{5, 1}, {1, n}, {5, n}}, random);  // outer product
      expect_broadcast(dtype, {{n, 1}, {1, 3}, {n, 3}}, random);
      expect_broadcast(dtype, {{2, 3, n}, {3, 1}, {2, 1, n}}, random);
      expect_broadcast(dtype, {{2, 1, n}, {2, 3, 1}, {3, n}}, random);
    }
  }
}

TEST(Rows, ScalarsAndSingleElements) {
  std::mt19937 random(2);
  expect_broadcast(f64, {{}, {}, {}}, random);
  expect_broadcast(f64, {{1}, {}, {1, 1}}, random);
  expect_broadcast(f64, {{}, {300}, {}}, random);
  expect_broadcast(f64, {{1, 1, 7}, {7}, {1}}, random);
}

TEST(Rows, RandomShapesOfRankUpTo8) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    const auto rank = static_cast<std::size_t>(random() % 9);
    std::vector<std::int64_t> full;
    for (std::size_t axis = 0; axis < rank; ++axis)
      full.push_back(static_cast<std::int64_t>(1 + random() % 4));
    if (rank > 0) full.back() = static_cast<std::int64_t>(1 + random() % 70);
    std::vector<Shape> shapes;
    for (int i = 0; i < 3; ++i) {
      std::vector<std::int64_t> dims(
          full.begin() + static_cast<std::ptrdiff_t>(random() % (rank + 1)), full.end());
      for (std::int64_t& d : dims) {
        if (random() % 3 == 0) d = 1;
      }
      shapes.emplace_back(std::span<const std::int64_t>(dims));
    }
    expect_broadcast(round % 2 == 0 ? f32 : f64, shapes, random);
  }
}

TEST(Rows, ManyTasks) {
  std::mt19937 random(4);
  expect_broadcast(f32, {{300'000}, {300'000}, {}}, random);
  expect_broadcast(f32, {{100'000, 3}, {3}, {100'000, 1}}, random);
  expect_broadcast(f32, {{100, 3001}, {3001}, {100, 1}}, random);
}

TEST(Rows, Bands) {  // of rows that repeat more than the cache holds
  std::mt19937 random(5);
  for (DType dtype : {f16, f32, f64}) {
    for (std::int64_t n : {65'536, 150'001}) {
      expect_broadcast(dtype, {{3, n}, {n}, {3, 1}}, random);
      expect_broadcast(dtype, {{n}, {3, 1}, {n}}, random);
      expect_broadcast(dtype, {{2, 3, n}, {2, 1, n}, {3, n}}, random);
      expect_broadcast(dtype, {{3, 1, n}, {2, 1}, {}}, random);
    }
  }
}

TEST(Rows, ManyOperands) {  // more than fit without an allocation, with alternating shapes
  for (std::int64_t columns : {5, 700}) {
    const Shape shapes[] = {{4, columns}, {columns}, {4, 1}, {}};
    Recorder recorder;
    std::vector<Type> types;
    std::vector<Array> in, dense;
    std::mt19937 random(9);
    Symbol sum = 0;
    for (int i = 0; i < 50; ++i) {
      sum = sum + recorder.input(i64);
      types.push_back({i64, shapes[i % 4]});
      in.push_back(random_array(i64, types.back().elements(), random));
      dense.push_back(broadcast_by_hand(in.back(), types.back().shape, shapes[0]));
    }
    const Symbol result[] = {sum};
    const ProgramPtr program = std::move(recorder).finish(result, i64);
    const auto n = static_cast<std::size_t>(shapes[0].elements());
    const auto wanted = run_interpreted(*program, dense, std::vector<std::int64_t>(50, 1), n);
    for (InstructionSet set : assembled_sets()) {
      detail::LoopCache cache(set);
      const std::vector<Type> out_types{{i64, shapes[0]}};
      const detail::BroadcastLoop kernel(cache, program, types, out_types);
      std::vector<Array> out = results(*program, n);
      with_pointers(in, out, [&](auto& from, auto& to) {
        for (std::int64_t t = 0; t < kernel.tasks(); ++t) kernel.run(t, from.data(), to.data());
      });
      EXPECT_EQ(difference(out[0], wanted[0]), "") << name(set) << " " << columns;
    }
  }
}

TEST(Rows, TasksDependOnlyOnTheShape) {
  const auto tasks = [](InstructionSet set, const Shape& shape) {
    detail::LoopCache cache(set);
    const std::vector<Type> in{{f32, shape}, {f32, {}}, {b8, {}}};
    const std::vector<Type> out{{f32, shape}};
    return detail::BroadcastLoop(cache, std::make_shared<const Program>(formula(f32)), in, out)
        .tasks();
  };
  EXPECT_EQ(tasks(InstructionSet::plain, {0, 5}), 0);
  EXPECT_EQ(tasks(InstructionSet::plain, {}), 1);
  EXPECT_EQ(tasks(InstructionSet::plain, {1000}), 1);
  EXPECT_GT(tasks(InstructionSet::plain, {10'000'000}), 50);
  for (InstructionSet set : assembled_sets()) {
    EXPECT_EQ(tasks(set, {10'000'000}), tasks(InstructionSet::plain, {10'000'000}));
  }
}

TEST(Rows, CompositePrimitivesAreLowered) {
  Recorder recorder;
  const Symbol result[] = {sigmoid(recorder.input(f64))};
  const ProgramPtr program = std::move(recorder).finish(result, f64);
  const std::vector<Array> in{edge_array(f64)};
  const std::size_t n = in[0].size();
  const std::vector<Type> types{{f64, {static_cast<std::int64_t>(n)}}};
  const auto wanted = run_interpreted(*program, in, std::vector<std::int64_t>{1}, n);
  for (InstructionSet set : assembled_sets()) {
    detail::LoopCache cache(set);
    const detail::BroadcastLoop kernel(cache, program, types, types);
    std::vector<Array> out = results(*program, n);
    with_pointers(in, out, [&](auto& from, auto& to) { kernel.run(0, from.data(), to.data()); });
    EXPECT_EQ(difference(out[0], wanted[0], 8), "") << name(set);
  }
}

}  // namespace
}  // namespace dagrad::loops
