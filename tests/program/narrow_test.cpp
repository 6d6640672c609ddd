#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "dagrad/error.hpp"
#include "dagrad/tensor.hpp"
#include "tests/dtypes.hpp"
#include "tests/program/support.hpp"

/// Programs of storage dtypes: elements are computed in a wider dtype and rounded when they are
/// stored.
namespace dagrad::test {
namespace {

constexpr DType narrow_floats[] = {f16, bf16};

/// The results of a program for whole tensors; tensors with one element are repeated.
std::vector<Tensor> run_all(const Program& program, const std::vector<Tensor>& in) {
  std::vector<const void*> from;
  std::vector<std::int64_t> step;
  Shape shape;
  for (const Tensor& x : in) {
    from.push_back(x.data());
    step.push_back(x.rank() > 0 ? 1 : 0);
    if (x.rank() > 0) shape = x.shape();
  }
  std::vector<Tensor> out;
  std::vector<void*> to;
  for (std::size_t k = 0; k < program.outputs.size(); ++k)
    out.emplace_back(Type{program.output_dtype(k), shape});
  for (Tensor& y : out) to.push_back(y.mutable_view().data);
  interpret(program, from, step, to, shape.elements());
  return out;
}

/// 600 numbers of both signs and many magnitudes.
Tensor numbers(DType dtype) {
  std::vector<double> values;
  for (int i = 0; i < 600; ++i)
    values.push_back((i % 2 == 0 ? 1 : -1) * std::ldexp(1 + i % 37 / 37.0, i % 31 - 20));
  return Tensor({600}, values).cast(dtype);
}

TEST(NarrowPrograms, CastLikeTensors) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor wide = Tensor::of({0.0, -0.0, 0.1, -2.9, 127.5, -129.0, 255.9, 300.0, -40000.0,
                                  65519.0, 65520.0, 1e20, -1e300, nan});
  for (const DType from : every_dtype) {
    const Tensor x = wide.cast(from);
    for (const DType to : every_dtype) {
      const Program p = record1([&](const Symbol& s) { return Symbol::cast(s, to); }, from);
      EXPECT_TRUE(same_bits(run_all(p, {x})[0], x.cast(to))) << name(from) << " to " << name(to);
      // Intermediate values are rounded too, not only stored ones.
      const Program there =
          record1([&](const Symbol& s) { return Symbol::cast(Symbol::cast(s, to), f64); }, from);
      EXPECT_TRUE(same_bits(run_all(there, {x})[0], x.cast(to).cast(f64)))
          << name(from) << " through " << name(to);
    }
  }
}

TEST(NarrowPrograms, PassElementsThrough) {
  for (const DType dtype : every_dtype) {
    const Tensor x = numbers(dtype);
    const Program p = record1([](const Symbol& s) { return s; }, dtype);
    EXPECT_TRUE(same_bits(run_all(p, {x})[0], x)) << name(dtype);
  }
}

TEST(NarrowPrograms, RoundOnceWhenTheyStore) {
  for (const DType dtype : narrow_floats) {
    const Tensor x = numbers(dtype), y = Tensor(0.7).cast(dtype);
    const auto f = [](const auto& a, const auto& b) { return exp(a * b) / (a * a + 1) - b; };
    const Tensor got = run_all(record2(f, dtype), {x, y})[0];
    const Tensor wide = run_all(record2(f, f32), {x.cast(f32), y.cast(f32)})[0];
    EXPECT_TRUE(same_bits(got, wide.cast(dtype))) << name(dtype);
  }
  // In float16 the sum would be rounded to a multiple of 2.
  const Program p = record1([](const Symbol& x) { return (x + 2048) - 2048; }, f16);
  const Tensor x = Tensor::of({1.0, 0.5, 3.0}).cast(f16);
  EXPECT_TRUE(same_bits(run_all(p, {x})[0], x));
}

TEST(NarrowPrograms, RoundLiteralsFirst) {
  for (const DType dtype : narrow_floats) {
    const double rounded = Tensor(0.1).cast(dtype).at(0);
    const Tensor x = Tensor::of({1.0, 3.0, -0.3}).cast(dtype);
    const Program p = record1([](const Symbol& s) { return s * 3 * 0.1; }, dtype);
    const Program wide = record1([&](const Symbol& s) { return s * 3 * rounded; }, f32);
    EXPECT_TRUE(same_bits(run_all(p, {x})[0], run_all(wide, {x.cast(f32)})[0].cast(dtype)));
  }
}

TEST(NarrowPrograms, CompareAndChooseEveryDtype) {
  for (const DType dtype : every_dtype) {
    const Tensor a = numbers(dtype), b = Tensor(1).cast(dtype);
    const auto less = [](const Symbol& x, const Symbol& y) { return x < y; };
    EXPECT_TRUE(same_bits(run_all(record2(less, dtype), {a, b})[0],
                          run_all(record2(less), {a.cast(f64), b.cast(f64)})[0]))
        << name(dtype);
    const auto smaller = [](const Symbol& x, const Symbol& y) { return select(x < y, x, y); };
    EXPECT_TRUE(same_bits(run_all(record2(smaller, dtype), {a, b})[0],
                          run_all(record2(smaller), {a.cast(f64), b.cast(f64)})[0].cast(dtype)))
        << name(dtype);
  }
}

TEST(NarrowPrograms, MayOverwriteTheirOperands) {
  const Program p = record(
      [](auto x) {
        return std::array<Symbol, 2>{x[0] + x[1], x[0]};
      },
      {f16, f16});
  const Tensor a = numbers(f16), b = numbers(f16).cast(f32).cast(f16);
  const std::vector<Tensor> want = run_all(p, {a, b});
  Tensor x = a, y = Tensor({600}, b.to_vector<Float16>());
  void* const at_x = x.mutable_view().data;
  void* const at_y = y.mutable_view().data;
  const void* const in[] = {at_x, at_y};
  void* const out[] = {at_x, at_y};
  const std::int64_t step[] = {1, 1};
  interpret(p, in, step, out, 600);
  EXPECT_TRUE(same_bits(x, want[0]));
  EXPECT_TRUE(same_bits(y, want[1]));
}

TEST(NarrowPrograms, HaveGradientsOfTheirDtype) {
  for (const DType dtype : narrow_floats) {
    const Program p = record1([](const Symbol& x) { return sqrt(x * x + 1); }, dtype);
    const Program slope = derivative(p);
    EXPECT_EQ(slope.output_dtype(0), dtype);
    const Tensor x = Tensor::of({0.5, -3.0, 10.0}).cast(dtype);
    const Program wide = derivative(record1([](const Symbol& s) { return sqrt(s * s + 1); }, f32));
    EXPECT_TRUE(compare(run_all(slope, {x})[0].cast(f32), run_all(wide, {x.cast(f32)})[0],
                        std::ldexp(1.0, -digits(dtype)))
                    .close);
  }
}

TEST(NarrowPrograms, RoundBetweenNodesThatAreInlined) {
  const Program first = record1([](const Symbol& x) { return x / 3; }, f16);
  const Program second = record1([](const Symbol& x) { return x * x * x; }, f16);
  Recorder recorder;
  const Symbol x[] = {recorder.input(f16)};
  const std::vector<Symbol> between = inline_program(recorder, first, x);
  const std::vector<Symbol> results = inline_program(recorder, second, between);
  const Program both = *std::move(recorder).finish(results, f16);
  const Tensor a = numbers(f16);
  EXPECT_TRUE(same_bits(run_all(both, {a})[0], run_all(second, run_all(first, {a}))[0]));
}

TEST(NarrowPrograms, RefuseArithmeticOnSmallIntegers) {
  for (const DType dtype : {i8, u8, i16}) {
    const auto sum = [&] { record1([](const Symbol& x) { return x + x; }, dtype); };
    EXPECT_THROW(sum(), TypeError);
    EXPECT_THROW(record1([](const Symbol& x) { return x < 300000; }, dtype), ArgumentError);
  }
}

TEST(NarrowPrograms, ShowConstantsAndDecisions) {
  const Program p = record1([](const Symbol& x) { return select(x < 0.5, abs(x), x); }, f16);
  EXPECT_EQ(formula(p), "select(x < 0.5, abs(x), x)");
  std::vector<std::int64_t> branches;
  const Float16 x(-0.25);
  const void* const in[] = {&x};
  decisions(p, in, [&](std::int64_t branch) { branches.push_back(branch); });
  EXPECT_EQ(branches, (std::vector<std::int64_t>{1, -1, 1}));
}

}  // namespace
}  // namespace dagrad::test
