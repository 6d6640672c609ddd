#include "dagrad/train/preprocess.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "dagrad/host.hpp"
#include "tests/dtypes.hpp"
#include "tests/golden/golden.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

TEST(DropMissingTest, KeepsTheRowsWithoutNan) {
  const Dataset data{{"x", Tensor::of({{1., 2.}, {nan, 4.}, {5., 6.}, {7., nan}})},
                     {"y", Tensor::of({inf, 1., 2., 3.}).cast(f16)},
                     {"n", Tensor::of({0, 1, 2, 3})}};
  const Dataset complete = drop_missing(data);
  EXPECT_TRUE(same_bits(complete["n"], Tensor::of({0, 2})));
  EXPECT_EQ(complete["y"].at(0), inf);  // which is not missing
  EXPECT_EQ(drop_missing(data.take(Tensor::of({1, 3}))).rows(), 0);
  EXPECT_EQ(drop_missing(data.slice({0, 0})).rows(), 0);
  EXPECT_EQ(drop_missing(Dataset()).rows(), 0);
  EXPECT_EQ(drop_missing(Dataset{{"x", Tensor(Type{f32, {3, 0}})}}).rows(), 3);
}

TEST(FillMissingTest, PutsANumberInThePlaceOfNan) {
  for (const DType dtype : {f16, bf16, f32, f64})
    EXPECT_TRUE(same_bits(fill_missing(Tensor::of({{1., nan}, {inf, -nan}}).cast(dtype), 0.5),
                          Tensor::of({{1., 0.5}, {inf, 0.5}}).cast(dtype)));
  EXPECT_EQ(fill_missing(Tensor(nan), 2).item<double>(), 2);
  EXPECT_EQ(fill_missing(Tensor(Type{f32, {0}}), 2).size(), 0);
  EXPECT_EQ(mistake<TypeError>([] { (void)fill_missing(Tensor::of({1}), 0); }),
            "fill_missing: x must hold floats, got int32[1]");
}

TEST(OneHotTest, MarksTheClassOfEachRow) {
  const Tensor wanted = Tensor::of({{0., 1., 0.}, {1., 0., 0.}, {0., 1., 0.}});
  for (const DType dtype : test::every_dtype) {
    EXPECT_TRUE(same_bits(one_hot(Tensor::of({1, 0, 1}), 3, dtype), wanted.cast(dtype)));
    if (is_float(dtype)) continue;
    EXPECT_TRUE(same_bits(one_hot(Tensor::of({1, 0, 1}).cast(dtype), 3), wanted));
  }
  EXPECT_EQ(one_hot(Tensor(Type{i64, {0}}), 3).type(), (Type{f64, {0, 3}}));
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)one_hot(Tensor::of({0, 3}), 3);
            }),
            "one_hot: labels must hold class numbers from 0 to 2, got 3 in row 1");
  EXPECT_EQ(mistake<TypeError>([] {
              (void)one_hot(Tensor::of({{0.5}, {1.}}), 3);
            }),
            "one_hot: labels must hold class numbers, as integers or bools, got float64[2,1]; "
            "argmax(x, 1) turns a score for each class into class numbers");
}

TEST(ClassWeightsTest, AreThoseOfScikitLearn) {
  for (const golden::WeightsCase& one : golden::read_metrics().weights) {
    const Tensor labels({static_cast<std::int64_t>(one.labels.size())}, one.labels);
    const Tensor weights = class_weights(labels, one.classes);
    EXPECT_TRUE(compare(weights, Tensor({one.classes}, one.weights), 1e-15).close);
    EXPECT_NEAR(mean(take(weights, labels, 0)).item<double>(), 1, 1e-14);
  }
}

TEST(ClassWeightsTest, NameTheClassWithoutRows) {
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)class_weights(Tensor::of({0, 2, 2}), 3);
            }),
            "class_weights: class 1 of 3 has no rows, so it has no weight");
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)class_weights(Tensor(Type{i64, {0}}), 2);
            }),
            "class_weights: class 0 of 2 has no rows, so it has no weight");
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)class_weights(Tensor::of({0, 3}), 3);
            }),
            "class_weights: labels must hold class numbers from 0 to 2, got 3 in row 1");
}

}  // namespace
}  // namespace dagrad
