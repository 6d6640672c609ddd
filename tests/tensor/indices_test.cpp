#include "dagrad/indices.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "dagrad/gtest.hpp"
#include "dagrad/tensor.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

/// 0, 1, 2, … in a shape.
Tensor counted(const Shape& shape) {
  std::vector<std::int32_t> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int32_t>(i);
  return Tensor(shape, values);
}
bool shares(const Tensor& part, const Tensor& whole, std::int64_t offset) {
  return part.data() == whole.values<std::int32_t>().data() + offset;
}

TEST(TensorIndexing, PositionsDropTheirAxes) {
  const Tensor x = counted({2, 3, 4});
  EXPECT_TENSOR_SAME(x[1], Tensor({3, 4}, x.values<std::int32_t>().subspan(12)));
  EXPECT_TENSOR_SAME(x[-1], x[1]);
  EXPECT_TENSOR_SAME((x[{1, -3}]), Tensor::of({12, 13, 14, 15}));
  EXPECT_TENSOR_SAME((x[{-2, 2, 3}]), Tensor(11));
  EXPECT_TENSOR_SAME((x[std::size_t{1}]), x[1]);
}

TEST(TensorIndexing, RangesKeepTheirAxes) {
  const Tensor x = counted({4, 3});
  EXPECT_TENSOR_SAME((x[Range{1, 3}]), Tensor::of({{3, 4, 5}, {6, 7, 8}}));
  EXPECT_TENSOR_SAME((x[{{1, 2}}]), Tensor::of({{3, 4, 5}}));
  EXPECT_TENSOR_SAME((x[{{.end = 1}, {.step = -1}}]), Tensor::of({{2, 1, 0}}));
  EXPECT_TENSOR_SAME((x[{Range{-2, {}, 1}, 1}]), Tensor::of({7, 10}));
  EXPECT_TENSOR_SAME((x[{{}, 2}]), Tensor::of({2, 5, 8, 11}));
  EXPECT_TENSOR_SAME((x[Range{2, 2}]), Tensor(Type{i32, {0, 3}}));
  EXPECT_TENSOR_SAME((x[Range{0, 99, 3}]), Tensor::of({{0, 1, 2}, {9, 10, 11}}));
  EXPECT_TENSOR_SAME((x[std::vector<Range>{}]), x);
  EXPECT_TENSOR_SAME((counted({0, 3})[Range{0, 5}]), Tensor(Type{i32, {0, 3}}));
}

// Designators in a single pair of braces are those of a range; numbers in it are positions.
TEST(TensorIndexing, ARangeNeedsNoNameIfItHasDesignators) {
  const Tensor x = counted({4, 3});
  EXPECT_TENSOR_SAME((x[{.begin = 1}]), (x[Range{1}]));
  EXPECT_TENSOR_SAME((x[{.end = -1}]), (x[Range{.end = -1}]));
  EXPECT_TENSOR_SAME((x[{.step = -1}]), (x[Range{.step = -1}]));
  EXPECT_TENSOR_SAME((x[{.begin = 1, .end = 3}]), (x[Range{1, 3}]));
  EXPECT_TENSOR_SAME((x[{1}]), x[1]);
  EXPECT_TENSOR_SAME((x[{1, 2}]), Tensor(5));
  EXPECT_TENSOR_SAME((x[{{1, {}}, {}}]), (x[Range{1}]));
  EXPECT_THROWS_HERE((x[{.step = 0}]), ArgumentError, "x[...]: a step must not be 0");
}

TEST(TensorIndexing, MovesElementsOfEveryWidth) {
  const Tensor x = counted({3, 4});
  for (const DType dtype : {b8, i8, u8, i16, i32, i64, f16, bf16, f32, f64})
    EXPECT_TENSOR_SAME((x.cast(dtype)[{{}, {3, {}, -2}}]), (x[{{}, {3, {}, -2}}].cast(dtype)));
}

TEST(TensorIndexing, PartsInOnePieceShareStorage) {
  const Tensor x = counted({4, 3, 2});
  EXPECT_TRUE(shares(x[2], x, 12));
  EXPECT_TRUE(shares(x[Range{1, 3}], x, 6));
  EXPECT_TRUE(shares(x[{1, Range{1, 3}}], x, 8));
  EXPECT_TRUE(shares(x[{2, 1, 1}], x, 15));
  EXPECT_FALSE(shares(x[{{}, 0}], x, 0));
}

// A part is a tensor of its own: writing copies it, and it does not look like memory that may be
// written in whole blocks.
TEST(TensorIndexing, PartsAreWrittenApart) {
  Tensor x = counted({4, 3});
  Tensor part = x[Range{1, 3}];
  part.mutate<std::int32_t>()[0] = -1;
  EXPECT_EQ(x.at(3), 3);
  part = x[3];
  x = Tensor();
  EXPECT_FALSE(part.unique());
  part.mutate<std::int32_t>()[0] = -1;
  EXPECT_TENSOR_SAME(part, Tensor::of({-1, 10, 11}));
}

TEST(TensorIndexing, PartsOfBorrowedMemoryAreBorrowed) {
  const std::vector<std::int32_t> values{1, 2, 3, 4};
  const Tensor x = Tensor::borrow({2, 2}, values);
  EXPECT_EQ(x[1].data(), values.data() + 2);
  EXPECT_FALSE(x[1].owned());
}

TEST(TensorIndexing, SaysWhatDoesNotFit) {
  const Tensor x = counted({2, 3});
  EXPECT_THROWS_HERE(x[2], ArgumentError,
                     "x[...]: position 2 is outside [-2, 2) of axis 0 of [2,3]");
  EXPECT_THROWS_HERE((x[{0, -4}]), ArgumentError,
                     "x[...]: position -4 is outside [-3, 3) of axis 1 of [2,3]");
  EXPECT_THROWS_HERE((x[{0, 0, 0}]), ShapeError, "x[...]: 3 indices for the 2 axes of [2,3]");
  EXPECT_THROWS_HERE((x[Range{0, 1, 0}]), ArgumentError, "x[...]: a step must not be 0");
  EXPECT_THROWS_HERE((x[{{}, {0, 1, 0}}]), ArgumentError, "x[...]: a step must not be 0");
}

TEST(TensorOf, TakesListsToRankFour) {
  EXPECT_TENSOR_SAME(Tensor::of({{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}),
                     Tensor({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_TENSOR_SAME(Tensor::of({{{{1.5F}, {2.5F}}}}), Tensor({1, 1, 2, 1}, {1.5F, 2.5F}));
  EXPECT_TENSOR_SAME(Tensor::of<double>({{{1, 2}, {3, 4}}}),
                     Tensor({1, 2, 2}, {1.0, 2.0, 3.0, 4.0}));
  EXPECT_THROWS(Tensor::of({{{1, 2}, {3}}}), ShapeError,
                "the rows of a nested list differ in length: the first has 2 elements, another 1");
  EXPECT_THROWS(Tensor::of({{{1}, {2}}, {{3}}}), ShapeError,
                "the rows of a nested list differ in length: the first has 2 elements, another 1");
}

TEST(TensorOf, TakesVectorsSpansAndArrays) {
  const Tensor wanted = Tensor::of({1.0, 2.0, 3.0});
  const std::vector<double> vector{1, 2, 3};
  const std::array<double, 3> array{1, 2, 3};
  const double plain[] = {1, 2, 3};
  EXPECT_TENSOR_SAME(Tensor::of(vector), wanted);
  EXPECT_TENSOR_SAME(Tensor::of(std::span(vector)), wanted);
  EXPECT_TENSOR_SAME(Tensor::of(array), wanted);
  EXPECT_TENSOR_SAME(Tensor::of(plain), wanted);
  EXPECT_TENSOR_SAME(Tensor::of(std::vector{true, false}), Tensor::of({true, false}));
  EXPECT_TENSOR_SAME(Tensor::of(std::vector<double>()), Tensor(Type{f64, {0}}));
}

TEST(TensorOf, TakesListsOfLists) {
  const std::vector<std::vector<float>> rows{{1, 2}, {3, 4}, {5, 6}};
  EXPECT_TENSOR_SAME(Tensor::of(rows), Tensor({3, 2}, {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}));
  const int plain[2][1][2] = {{{1, 2}}, {{3, 4}}};
  EXPECT_TENSOR_SAME(Tensor::of(plain), Tensor({2, 1, 2}, {1, 2, 3, 4}));
  const std::vector<std::vector<bool>> flags{{true}, {false}};
  EXPECT_TENSOR_SAME(Tensor::of(flags), Tensor::of({{true}, {false}}));
  EXPECT_TENSOR_SAME(Tensor::of(std::vector<std::vector<int>>()), Tensor(Type{i32, {0, 0}}));
  EXPECT_THROWS(Tensor::of(std::vector<std::vector<int>>{{1}, {1, 2}}), ShapeError,
                "the rows of a nested list differ in length: the first has 1 elements, another 2");
}

}  // namespace
}  // namespace dagrad
