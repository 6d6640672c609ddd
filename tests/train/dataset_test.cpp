#include "dagrad/train/dataset.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "dagrad/error.hpp"
#include "dagrad/host.hpp"
#include "tests/dtypes.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using Names = std::vector<std::string>;
using Integers = std::vector<std::int64_t>;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Four images of 2 × 1 pixels, with labels.
Dataset images() {
  return {{"image", Tensor({4, 2, 1}, {0.F, 1.F, 2.F, 3.F, 4.F, 5.F, 6.F, 7.F})},
          {"label", Tensor::of<std::int64_t>({3, 1, 0, 2})}};
}

TEST(DatasetTest, HoldsNamedColumns) {
  const Dataset data = images();
  EXPECT_EQ(data.rows(), 4);
  EXPECT_FALSE(data.empty());
  EXPECT_EQ(data.names(), (Names{"image", "label"}));
  EXPECT_TRUE(data.has("label"));
  EXPECT_FALSE(data.has("labels"));
  EXPECT_EQ(data["image"].type(), (Type{f32, {4, 2, 1}}));
  EXPECT_EQ(data[std::string("label")].to_vector<std::int64_t>(), (Integers{3, 1, 0, 2}));
  EXPECT_EQ(images()["label"].at(0), 3);  // of a temporary, without a dangling reference
  EXPECT_EQ(to_string(data), "4 rows: image float32[2,1], label int64[]");
}

TEST(DatasetTest, MayHaveNoColumnsNoRowsOrOne) {
  EXPECT_EQ(Dataset().rows(), 0);
  EXPECT_EQ(to_string(Dataset()), "0 rows");
  const Dataset none{{"x", Tensor(Type{f64, {0, 3}})}};
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(to_string(none), "0 rows: x float64[3]");
  EXPECT_EQ(none.take(Tensor(Type{i64, {0}}))["x"].type(), (Type{f64, {0, 3}}));
  none.require_finite();
  const Dataset one{{"x", Tensor::of({1.5})}};
  EXPECT_EQ(to_string(one), "1 row: x float64[]");
  EXPECT_EQ(one.take(Tensor::of({0, 0, 0}))["x"].to_vector<double>(),
            (std::vector<double>{1.5, 1.5, 1.5}));
}

TEST(DatasetTest, RefusesColumnsThatDoNotFitTogether) {
  const Tensor three = Tensor::of({1.0, 2.0, 3.0}), four(Type{f32, {4, 2}});
  EXPECT_EQ(mistake<ShapeError>([&] {
              Dataset({{"x", three}, {"image", four}});
            }),
            "Dataset: all columns must have the same number of rows, but 'x' has 3 (float64[3]) "
            "and 'image' has 4 (float32[4,2])");
  EXPECT_EQ(mistake<ShapeError>([&] {
              Dataset({{"x", Tensor(1.0)}});
            }),
            "Dataset: the column 'x' is a scalar (float64[]); a column needs an axis that counts "
            "the rows");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              Dataset({{"x", three}, {"x", three}});
            }),
            "Dataset: two columns have the name 'x'");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              Dataset({{"", three}});
            }),
            "Dataset: the name of a column is empty");
}

TEST(DatasetTest, ListsItsColumnsWhereOneIsMissing) {
  const Dataset data = images();
  const std::string text = "there is no column 'digit'; the columns are: image, label";
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)data["digit"]; }), text);
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)data.select({"image", "digit"}); }), text);
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)data.without("digit"); }), text);
}

TEST(DatasetTest, TakesRows) {
  const Dataset some = images().take(Tensor::of({3, 0, 3}));
  EXPECT_EQ(some.rows(), 3);
  EXPECT_EQ(some["label"].to_vector<std::int64_t>(), (Integers{2, 3, 2}));
  EXPECT_EQ(some["image"].to_vector<float>(), (std::vector<float>{6, 7, 0, 1, 6, 7}));
  EXPECT_EQ(some["image"].shape(), (Shape{3, 2, 1}));
}

TEST(DatasetTest, TakesRowsOfEveryDtype) {
  for (const DType dtype : test::every_dtype) {
    const Dataset data{{"x", Tensor::of({0.0, 1.0, 1.0}).cast(dtype)}};
    EXPECT_TRUE(same_bits(data.take(Tensor::of({2, 0}))["x"], Tensor::of({1.0, 0.0}).cast(dtype)))
        << name(dtype);
  }
}

TEST(DatasetTest, RefusesRowsThatAreNotThere) {
  const Dataset data = images();
  EXPECT_EQ(mistake<ArgumentError>([&] {
              (void)data.take(Tensor::of({0, 4}));
            }),
            "Dataset::take: there is no row 4: the dataset has 4 rows, counted from 0");
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)data.take(Tensor::of({-1})); }),
            "Dataset::take: there is no row -1: the dataset has 4 rows, counted from 0");
  EXPECT_EQ(mistake<TypeError>([&] { (void)data.take(Tensor::of({1.0})); }),
            "Dataset::take: the positions of rows must be integers, got float64[1]");
  EXPECT_EQ(mistake<TypeError>([&] { (void)data.take(equal(data["label"], 1)); }),
            "Dataset::take: the positions of rows must be integers, got bool[4]; a mask of bools "
            "is not a list of positions");
  EXPECT_EQ(mistake<ShapeError>([&] {
              (void)data.take(Tensor::of({{1}, {2}}));
            }),
            "Dataset::take: expected a list of rows, of shape [n], got int32[2,1]");
}

TEST(DatasetTest, SlicesWithoutCopying) {
  const Dataset data = images(), last = data.slice({.begin = -2});
  EXPECT_EQ(last.rows(), 2);
  EXPECT_EQ(last["label"].to_vector<std::int64_t>(), (Integers{0, 2}));
  EXPECT_EQ(last["image"].data(), data["image"].values<float>().data() + 4);
  EXPECT_EQ(data.slice({.begin = 3, .end = 40}).rows(), 1);  // stops at the end, as in Python
  EXPECT_EQ(data.slice({.step = -1})["label"].to_vector<std::int64_t>(), (Integers{2, 0, 1, 3}));
  EXPECT_TRUE(data.slice({2, 2}).empty());
}

TEST(DatasetTest, SelectsReplacesAddsAndDropsColumns) {
  const Dataset data = images();
  EXPECT_EQ(data.select({"label", "image"}).names(), (Names{"label", "image"}));
  EXPECT_EQ(mistake<ArgumentError>([&] {
              (void)data.select({"label", "label"});
            }),
            "Dataset: two columns have the name 'label'");
  const Tensor flat = data["image"].reshaped({4, 2});
  const Dataset replaced = data.with("image", flat), more = data.with("flat", flat);
  EXPECT_EQ(to_string(replaced), "4 rows: image float32[2], label int64[]");
  EXPECT_EQ(to_string(more), "4 rows: image float32[2,1], label int64[], flat float32[2]");
  EXPECT_EQ(data.names(), (Names{"image", "label"}));  // unchanged
  EXPECT_EQ(more.without("image").names(), (Names{"label", "flat"}));
  EXPECT_EQ(mistake<ShapeError>([&] { (void)data.with("y", Tensor::of({1})); }),
            "Dataset: all columns must have the same number of rows, but 'image' has 4 "
            "(float32[4,2,1]) and 'y' has 1 (int32[1])");
}

TEST(DatasetTest, NamesThePlaceOfWhatIsNotFinite) {
  images().require_finite();
  const Tensor good = Tensor::of({1.0, 2.0});
  EXPECT_EQ(mistake<ArgumentError>([&] {
              Dataset({{"a", good}, {"b", Tensor::of({1.0, nan})}}).require_finite();
            }),
            "the dataset's column 'b' is not finite in row 1: nan");
  Tensor image(Type{f32, {2, 2, 3}});
  image.mutate<float>()[10] = -std::numeric_limits<float>::infinity();
  for (const DType dtype : {f16, bf16, f32, f64})
    EXPECT_EQ(mistake<ArgumentError>([&] {
                Dataset({{"a", good}, {"image", image.cast(dtype)}}).require_finite();
              }),
              "the dataset's column 'image' is not finite in row 1, element [1,1]: -inf");
}

TEST(DatasetTest, NamesTheRowOfALabelOutOfRange) {
  const Dataset data = images();
  data.require_labels("label", 4);
  data.slice({0, 0}).require_labels("label", 1);
  EXPECT_EQ(mistake<ArgumentError>([&] { data.require_labels("label", 3); }),
            "the column 'label' must hold class numbers from 0 to 2, got 3 in row 0");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              data.with("label", Tensor::of({0, 1, -1, 0})).require_labels("label", 3);
            }),
            "the column 'label' must hold class numbers from 0 to 2, got -1 in row 2");
  EXPECT_EQ(mistake<ArgumentError>([&] { data.require_labels("label", 0); }),
            "the number of classes must be at least 1, got 0");
  EXPECT_EQ(mistake<TypeError>([&] {
              data.with("label", Tensor::of({0., 1., 2., 3.})).require_labels("label", 4);
            }),
            "the column 'label' must hold class numbers, as integers or bools, got float64[4]; "
            "convert them with Tensor::cast");
  EXPECT_EQ(mistake<ShapeError>([&] {
              data.with("label", Tensor(Type{i64, {4, 1}})).require_labels("label", 4);
            }),
            "the column 'label' must hold one class number for each row, of shape [rows], got "
            "int64[4,1]");
  EXPECT_EQ(mistake<ArgumentError>([&] { data.require_labels("digit", 4); }),
            "there is no column 'digit'; the columns are: image, label");
}

}  // namespace
}  // namespace dagrad
