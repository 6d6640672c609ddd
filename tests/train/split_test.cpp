#include "dagrad/train/split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "dagrad/random.hpp"
#include "tests/dtypes.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using Integers = std::vector<std::int64_t>;

/// Rows with their number as "id", and so many rows of each class, the classes in turn.
Dataset of_classes(const Integers& counts) {
  Integers labels, left = counts;
  while (std::accumulate(left.begin(), left.end(), std::int64_t{0}) > 0)
    for (std::size_t c = 0; c < left.size(); ++c)
      if (left[c]-- > 0)
        labels.push_back(static_cast<std::int64_t>(c));
      else
        left[c] = 0;
  Integers ids(labels.size());
  std::iota(ids.begin(), ids.end(), 0);
  const auto rows = static_cast<std::int64_t>(ids.size());
  return {{"id", Tensor({rows}, ids)}, {"label", Tensor({rows}, labels)}};
}

Dataset of_rows(std::int64_t rows) { return of_classes({rows}); }

std::map<std::int64_t, std::int64_t> by_class(const Dataset& data, const Tensor& rows) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const std::int64_t row : rows.values<std::int64_t>())
    ++counts[data["label"].values<std::int64_t>()[static_cast<std::size_t>(row)]];
  return counts;
}

/// Expects that each row is on one side, in ascending order.
void expect_partition(const RowSplit& split, std::int64_t rows) {
  Integers all;
  for (const Tensor& side : {split.training, split.held_out}) {
    const auto part = side.to_vector<std::int64_t>();
    EXPECT_TRUE(std::is_sorted(part.begin(), part.end()));
    all.insert(all.end(), part.begin(), part.end());
  }
  std::sort(all.begin(), all.end());
  Integers wanted(static_cast<std::size_t>(rows));
  std::iota(wanted.begin(), wanted.end(), 0);
  EXPECT_EQ(all, wanted);
}

TEST(SplitTest, HoldsOutTheNearestNumberOfRows) {
  for (const auto& [rows, fraction, held_out] : {std::tuple(10, 0.2, 2),
                                                 {11, 0.2, 2},
                                                 {13, 0.2, 3},
                                                 {5, 0.5, 3},
                                                 {1000, 0.333, 333},
                                                 {2, 0.01, 1},
                                                 {2, 0.99, 1},
                                                 {3, 0.01, 1},
                                                 {3, 0.99, 2}}) {
    const RowSplit split = split_rows(of_rows(rows), fraction);
    expect_partition(split, rows);
    EXPECT_EQ(split.held_out.size(), held_out) << rows << " " << fraction;
  }
}

TEST(SplitTest, DrawsTheFirstRowsOfThePermutationOfTheKey) {
  Integers order(20);
  fill_permutation(5, order);
  Integers first(order.begin(), order.begin() + 4);
  std::sort(first.begin(), first.end());
  const RowSplit split = split_rows(of_rows(20), 0.2, {.key = 5});
  EXPECT_EQ(split.held_out.to_vector<std::int64_t>(), first);
  EXPECT_FALSE(same_bits(split_rows(of_rows(20), 0.2, {.key = 6}).held_out, split.held_out));
}

TEST(SplitTest, DividesEveryClassInTheSameProportion) {
  const Dataset data = of_classes({100, 50, 7, 3});
  for (std::int64_t key = 0; key < 20; ++key) {
    const RowSplit split = split_rows(data, 0.2, {.key = key, .stratify = "label"});
    expect_partition(split, 160);
    EXPECT_EQ(split.held_out.size(), 32);  // the nearest to a fifth of all
    auto counts = by_class(data, split.held_out);
    EXPECT_EQ(counts[0], 20);
    EXPECT_EQ(counts[1], 10);
    EXPECT_EQ(counts[2], 1);
    EXPECT_EQ(counts[3], 1);
  }
}

TEST(SplitTest, LeavesOneRowOfARareClassOnEitherSide) {
  const Dataset data = of_classes({50, 2, 2, 2, 2});
  for (const double fraction : {0.01, 0.1, 0.5, 0.9, 0.99}) {
    const RowSplit split = split_rows(data, fraction, {.stratify = "label"});
    expect_partition(split, 58);
    for (std::int64_t c = 1; c < 5; ++c) {
      EXPECT_EQ(by_class(data, split.held_out)[c], 1) << fraction;
      EXPECT_EQ(by_class(data, split.training)[c], 1) << fraction;
    }
  }
}

TEST(SplitTest, StratifiesByClassesOfEveryKindOfInteger) {
  const Dataset data = of_classes({6, 4});
  const RowSplit wanted = split_rows(data, 0.5, {.stratify = "label"});
  for (const DType dtype : test::every_dtype) {
    if (is_float(dtype)) continue;
    const Dataset other = data.with("label", data["label"].cast(dtype));
    EXPECT_TRUE(same_bits(split_rows(other, 0.5, {.stratify = "label"}).held_out, wanted.held_out))
        << name(dtype);
  }
  const Dataset negative =
      data.with("label", Tensor::of<std::int64_t>({-1, 5, -1, 5, -1, 5, -1, 5, -1, -1}));
  EXPECT_EQ(by_class(negative, split_rows(negative, 0.5, {.stratify = "label"}).held_out)[-1], 3);
}

TEST(SplitTest, SplitsADataset) {
  const Dataset data = of_classes({6, 4});
  const auto [training, held_out] = split_data(data, 0.5, {.key = 3, .stratify = "label"});
  const RowSplit rows = split_rows(data, 0.5, {.key = 3, .stratify = "label"});
  EXPECT_TRUE(same_bits(training["id"], rows.training));
  EXPECT_TRUE(same_bits(held_out["id"], rows.held_out));
  EXPECT_EQ(held_out.rows(), 5);
}

TEST(SplitTest, RefusesWhatCannotBeSplit) {
  EXPECT_EQ(mistake<ArgumentError>([] { (void)split_rows(of_rows(1), 0.5); }),
            "split_rows: the dataset has 1 row, but each side of the split needs at least one");
  EXPECT_EQ(mistake<ArgumentError>([] { (void)split_data(Dataset(), 0.5); }),
            "split_data: the dataset has 0 rows, but each side of the split needs at least one");
  const Dataset none = of_rows(2).slice({0, 0});
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)split_rows(none, 0.5, {.stratify = "label"}); }),
            "split_rows: the dataset has 0 rows, but each side of the split needs at least one");
  for (const auto& [fraction, text] : {std::pair(0.0, "0"),
                                       {1.0, "1"},
                                       {-0.5, "-0.5"},
                                       {std::numeric_limits<double>::quiet_NaN(), "nan"}}) {
    EXPECT_EQ(
        mistake<ArgumentError>([&, f = fraction] { (void)split_rows(of_rows(9), f); }),
        std::string("split_rows: the fraction to hold out must be between 0 and 1, got ") + text);
  }
}

TEST(SplitTest, NamesTheClassThatIsTooSmall) {
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)split_rows(of_classes({9, 1}), 0.5, {.stratify = "label"});
            }),
            "split_rows: class 1 of the column 'label' has 1 row, but each side of the split needs "
            "at least one: give the class more rows, leave it out, or do not stratify");
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)fold_rows(of_classes({9, 4}), 5, {.stratify = "label"});
            }),
            "fold_rows: class 1 of the column 'label' has 4 rows, but each of 5 folds needs at "
            "least one: give the class more rows, leave it out, or do not stratify");
}

TEST(SplitTest, RefusesColumnsThatAreNotClasses) {
  const Dataset data =
      of_rows(4).with("x", Tensor::of({1., 2., 3., 4.})).with("two", Tensor(Type{i64, {4, 2}}));
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)split_rows(data, 0.5, {.stratify = "class"}); }),
            "split_rows: there is no column 'class'; the columns are: id, label, x, two");
  EXPECT_EQ(mistake<TypeError>([&] { (void)split_rows(data, 0.5, {.stratify = "x"}); }),
            "split_rows: the column 'x', by which rows are stratified, must hold the class of each "
            "row as integers or bools of shape [rows], got float64[4]");
  EXPECT_EQ(mistake<TypeError>([&] { (void)fold_rows(data, 2, {.stratify = "two"}); }),
            "fold_rows: the column 'two', by which rows are stratified, must hold the class of "
            "each row as integers or bools of shape [rows], got int64[4,2]");
}

TEST(FoldsTest, HoldOutEachRowOnce) {
  for (const std::int64_t rows : {3, 10, 11, 12}) {
    const auto splits = fold_rows(of_rows(rows), 3, {.key = 2});
    ASSERT_EQ(splits.size(), 3U);
    Integers held_out;
    for (const RowSplit& split : splits) {
      expect_partition(split, rows);
      EXPECT_LE(
          std::abs(static_cast<double>(split.held_out.size()) - static_cast<double>(rows) / 3),
          2 / 3.);
      const auto part = split.held_out.to_vector<std::int64_t>();
      held_out.insert(held_out.end(), part.begin(), part.end());
    }
    std::sort(held_out.begin(), held_out.end());
    EXPECT_EQ(std::unique(held_out.begin(), held_out.end()), held_out.end());
    EXPECT_EQ(held_out.size(), static_cast<std::size_t>(rows));
  }
}

TEST(FoldsTest, SpreadEachClassEvenly) {
  const Dataset data = of_classes({17, 5, 9});
  for (const RowSplit& split : fold_rows(data, 4, {.stratify = "label"})) {
    expect_partition(split, 31);
    auto counts = by_class(data, split.held_out);
    EXPECT_TRUE(counts[0] == 4 || counts[0] == 5);
    EXPECT_TRUE(counts[1] == 1 || counts[1] == 2);
    EXPECT_TRUE(counts[2] == 2 || counts[2] == 3);
    EXPECT_TRUE(split.held_out.size() == 7 || split.held_out.size() == 8);
  }
}

TEST(FoldsTest, RefuseTooFewFoldsOrRows) {
  EXPECT_EQ(mistake<ArgumentError>([] { (void)fold_rows(of_rows(9), 1); }),
            "fold_rows: the number of folds must be at least 2, got 1");
  EXPECT_EQ(mistake<ArgumentError>([] { (void)fold_rows(of_rows(4), 5); }),
            "fold_rows: the dataset has 4 rows, but each of 5 folds needs at least one");
}

TEST(ShuffleTest, TakesTheRowsInTheOrderOfTheKey) {
  Integers order(7);
  fill_permutation(11, order);
  EXPECT_EQ(shuffle(of_rows(7), 11)["id"].to_vector<std::int64_t>(), order);
  EXPECT_EQ(shuffle(of_rows(7).slice({0, 0}), 11).rows(), 0);
  EXPECT_EQ(shuffle(Dataset(), 11).rows(), 0);
}

}  // namespace
}  // namespace dagrad
