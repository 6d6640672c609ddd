#include "dagrad/train/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "dagrad/host.hpp"
#include "tests/dtypes.hpp"
#include "tests/golden/golden.hpp"
#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace dagrad::metrics {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

Tensor numbers(const std::vector<std::int64_t>& list) { return Tensor::of(list); }

void expect_scores(const Scores& got, const std::vector<double>& want) {
  EXPECT_NEAR(got.precision, want[0], 1e-15);
  EXPECT_NEAR(got.recall, want[1], 1e-15);
  EXPECT_NEAR(got.f1, want[2], 1e-15);
}

TEST(MetricsTest, OfClassesAreThoseOfScikitLearn) {
  for (const golden::ClassesCase& one : golden::read_metrics().classes) {
    const Tensor predicted = numbers(one.predicted), labels = numbers(one.labels);
    EXPECT_EQ(accuracy(predicted, labels), one.accuracy);
    const ConfusionMatrix matrix = confusion_matrix(predicted, labels, one.classes);
    EXPECT_TRUE(same_bits(matrix.counts, Tensor::of(one.confusion)));
    const ClassScores scores = class_scores(matrix);
    for (std::size_t c = 0; c < one.each.size(); ++c) expect_scores(scores.classes[c], one.each[c]);
    expect_scores(scores.macro, one.macro);
    expect_scores(scores.weighted, one.weighted);
    expect_scores(scores.micro, one.micro);
    EXPECT_TRUE(same_bits(numbers(scores.rows), sum(matrix.counts, 1)));
  }
}

TEST(MetricsTest, TopKIsThatOfScikitLearnWithTiesTheOtherWayRound) {
  for (const golden::TopKCase& one : golden::read_metrics().top_k) {
    const Tensor scores = Tensor::of(one.scores), labels = numbers(one.labels);
    const std::int64_t classes = scores.shape()[1];
    for (std::int64_t k = 1; k < classes; ++k)
      EXPECT_DOUBLE_EQ(top_k_accuracy(scores, labels, k),
                       one.accuracies[static_cast<std::size_t>(k - 1)]);
    EXPECT_EQ(top_k_accuracy(scores, labels, 1), accuracy(argmax(scores, 1), labels));
    EXPECT_EQ(top_k_accuracy(scores, labels, classes), 1);
  }
}

TEST(MetricsTest, TopKTakesTheFirstOfEqualScoresAndNoNan) {
  const Tensor ties = Tensor::of({{1.F, 1.F, 1.F}});
  EXPECT_EQ(top_k_accuracy(ties, numbers({0}), 1), 1);
  EXPECT_EQ(top_k_accuracy(ties, numbers({1}), 1), 0);
  EXPECT_EQ(top_k_accuracy(ties, numbers({1}), 2), 1);
  const Tensor scores = Tensor::of({{nan, 2., 1.}});
  EXPECT_EQ(top_k_accuracy(scores, numbers({1}), 1), 0);  // NaN counts as higher
  EXPECT_EQ(top_k_accuracy(scores, numbers({1}), 2), 1);
  EXPECT_EQ(top_k_accuracy(scores, numbers({0}), 3), 0);  // and is not right itself
  EXPECT_EQ(top_k_accuracy(Tensor::of({{inf, -inf}}), numbers({1}), 2), 1);
  for (const DType dtype : {f16, bf16, f32, f64})
    EXPECT_EQ(top_k_accuracy(Tensor::of({{1., 2.}}).cast(dtype), numbers({1}).cast(u8), 1), 1);
}

TEST(MetricsTest, OfRegressionsAreThoseOfScikitLearn) {
  for (const golden::RegressionCase& one : golden::read_metrics().regressions) {
    const Tensor predicted = Tensor::of(one.predicted), targets = Tensor::of(one.targets);
    EXPECT_NEAR(r_squared(predicted, targets), one.r_squared, 1e-13 * std::abs(one.r_squared));
    EXPECT_NEAR(mean_absolute_error(predicted, targets), one.mean_absolute_error, 1e-12);
    if (one.targets[0].size() > 1) continue;
    const Shape flat{targets.shape()[0]};
    EXPECT_NEAR(r_squared(predicted.reshaped(flat), targets.reshaped(flat)), one.r_squared, 1e-13);
  }
}

TEST(MetricsTest, OfRegressionsKeepNanAndTakeEveryDtype) {
  const Tensor targets = Tensor::of({1., 2., 4.});
  EXPECT_TRUE(std::isnan(r_squared(Tensor::of({1., nan, 4.}), targets)));
  EXPECT_TRUE(std::isnan(r_squared(Tensor::of({1., nan}), Tensor::of({2., 2.}))));
  EXPECT_TRUE(std::isnan(mean_absolute_error(Tensor::of({1., nan, 4.}), targets)));
  EXPECT_EQ(mean_absolute_error(Tensor::of({1., inf, 4.}), targets), inf);
  EXPECT_EQ(mean_absolute_error(Tensor::of({3.}), Tensor::of({1.})), 2);
  for (const DType dtype : test::every_dtype) {
    if (dtype == b8) continue;
    EXPECT_EQ(r_squared(targets.cast(dtype), targets), 1) << name(dtype);
    EXPECT_EQ(mean_absolute_error(targets.cast(dtype), targets), 0) << name(dtype);
  }
}

TEST(MetricsTest, TakeClassNumbersOfEveryIntegerDtype) {
  for (const DType dtype : test::every_dtype) {
    if (is_float(dtype)) continue;
    EXPECT_EQ(accuracy(Tensor::of({0, 1, 1}).cast(dtype), Tensor::of({0, 1, 0})), 2. / 3);
    EXPECT_EQ(confusion_matrix(Tensor::of({0, 1}).cast(dtype), Tensor::of({1, 1}), 2).counts.at(2),
              1);
  }
}

TEST(MetricsTest, RefuseWhatDoesNotFitTogether) {
  EXPECT_EQ(mistake<TypeError>([] {
              (void)accuracy(Tensor(Type{f32, {4, 10}}), Tensor(Type{i64, {4}}));
            }),
            "accuracy: predictions must hold class numbers, as integers or bools, got "
            "float32[4,10]; argmax(x, 1) turns a score for each class into class numbers");
  EXPECT_EQ(mistake<ShapeError>([] {
              (void)accuracy(Tensor(Type{i64, {4, 1}}), Tensor(Type{i64, {4}}));
            }),
            "accuracy: predictions must hold one class number for each row, of shape [rows], got "
            "int64[4,1]");
  EXPECT_EQ(mistake<ShapeError>([] {
              (void)accuracy(Tensor::of({1, 2}), Tensor::of({1}));
            }),
            "accuracy: expected as many predictions as labels, got int32[2] and int32[1]");
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)accuracy(Tensor(Type{i64, {0}}), Tensor(Type{i64, {0}}));
            }),
            "accuracy: there are no rows");
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)top_k_accuracy(Tensor::of({{1., 2.}}), Tensor::of({2}), 1);
            }),
            "top_k_accuracy: labels must hold class numbers from 0 to 1, got 2 in row 0");
  for (const std::int64_t k : {0, 3})
    EXPECT_EQ(
        mistake<ArgumentError>([&] {
          (void)top_k_accuracy(Tensor::of({{1., 2.}}), Tensor::of({1}), k);
        }),
        "top_k_accuracy: k must be from 1 to 2, the number of classes, got " + std::to_string(k));
  EXPECT_EQ(mistake<TypeError>([] {
              (void)top_k_accuracy(Tensor::of({{1, 2}}), Tensor::of({1}), 1);
            }),
            "top_k_accuracy: scores must be floats, got int32[1,2]");
  EXPECT_EQ(mistake<ShapeError>([] {
              (void)top_k_accuracy(Tensor::of({1., 2.}), Tensor::of({1}), 1);
            }),
            "top_k_accuracy: scores must have the shape [rows, classes], got float64[2]");
  EXPECT_EQ(mistake<ShapeError>([] {
              (void)r_squared(Tensor::of({{1.}, {2.}}), Tensor::of({1., 2.}));
            }),
            "r_squared: predictions and targets must have the same shape, got float64[2,1] and "
            "float64[2]");
  EXPECT_EQ(mistake<ArgumentError>([] { (void)r_squared(Tensor::of({1.}), Tensor::of({1.})); }),
            "r_squared: at least two rows are needed, got 1");
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)mean_absolute_error(Tensor(Type{f32, {0}}), Tensor(Type{f32, {0}}));
            }),
            "mean_absolute_error: there are no rows");
  EXPECT_EQ(mistake<ShapeError>([] { (void)mean_absolute_error(Tensor(1.), Tensor(1.)); }),
            "mean_absolute_error: predictions and targets must have rows, got scalars");
}

TEST(ConfusionMatrixTest, RefusesWhatIsNoMatrixOfCounts) {
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)confusion_matrix(Tensor::of({0, 3}), Tensor::of({0, 1}), 3);
            }),
            "confusion_matrix: predictions must hold class numbers from 0 to 2, got 3 in row 1");
  EXPECT_EQ(mistake<ShapeError>([] {
              (void)confusion_matrix(Tensor::of({0, 1}), Tensor::of({0}), 3);
            }),
            "confusion_matrix: expected as many predictions as labels, got int32[2] and int32[1]");
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)confusion_matrix(Tensor::of({0}), Tensor::of({0}), std::vector<std::string>{});
            }),
            "confusion_matrix: the number of classes must be at least 1, got 0");
  const Tensor counts(Type{i64, {2, 2}});
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)class_scores({counts}); }),
            "class_scores: all counts are 0");
  EXPECT_EQ(mistake<TypeError>([&] { (void)class_scores({counts.cast(f32)}); }),
            "class_scores: the counts must be int64, got float32[2,2]");
  EXPECT_EQ(mistake<ShapeError>([&] {
              (void)class_scores({Tensor(Type{i64, {2, 3}})});
            }),
            "class_scores: the counts must have the shape [classes, classes], got int64[2,3]");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              (void)class_scores({counts, {"a"}});
            }),
            "class_scores: there must be a name for each of 2 classes, got 1");
  EXPECT_EQ(mistake<ArgumentError>([] {
              (void)class_scores({Tensor::of(
                  {{std::int64_t{1}, std::int64_t{-1}}, {std::int64_t{0}, std::int64_t{0}}})});
            }),
            "class_scores: a count is negative: -1");
}

const Tensor predicted = Tensor::of({0, 1, 1, 2, 2, 2, 0, 1});
const Tensor labels = Tensor::of({0, 1, 1, 2, 2, 1, 0, 0});

TEST(ConfusionMatrixTest, PrintsAsATable) {
  std::ostringstream out;
  out << confusion_matrix(predicted, labels, {"Kühe", "pigs", "a\nb"});
  EXPECT_EQ(out.str(),
            "true \\ predicted  Kühe  pigs  a\\nb\n"
            "Kühe                 2     1     0\n"
            "pigs                 0     2     1\n"
            "a\\nb                 0     0     2\n");
  EXPECT_EQ(to_string(confusion_matrix(predicted, labels, 3)),
            "true \\ predicted  0  1  2\n"
            "0                 2  1  0\n"
            "1                 0  2  1\n"
            "2                 0  0  2\n");
}

TEST(ClassScoresTest, PrintAsATable) {
  std::ostringstream out;
  out << class_scores(confusion_matrix(predicted, labels, {"cows", "pigs", "hens"}));
  EXPECT_EQ(out.str(),
            "               precision  recall     F1  rows\n"
            "cows               1.000   0.667  0.800     3\n"
            "pigs               0.667   0.667  0.667     3\n"
            "hens               0.667   1.000  0.800     2\n"
            "macro mean         0.778   0.778  0.756     8\n"
            "weighted mean      0.792   0.750  0.750     8\n"
            "micro mean         0.750   0.750  0.750     8\n");
}

class ConfusionPictureTest : public test::InFolder {};

TEST_F(ConfusionPictureTest, ShowsCountsAndNames) {
  const ConfusionMatrix matrix = confusion_matrix(predicted, labels, {"it's", "pigs", "hens"});
  draw(folder / "matrix.svg", matrix, "On the farm");
  const std::string svg = test::bytes_of(folder / "matrix.svg");
  for (const char* text : {"it's", "pigs", "On the farm", "predicted", "true"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  draw(folder / "matrix.png", matrix);
  EXPECT_EQ(test::bytes_of(folder / "matrix.png").substr(1, 3), "PNG");
  draw(folder / "one.svg", confusion_matrix(Tensor::of({0}), Tensor::of({0}), 1));
  draw(folder / "many.svg", {Tensor(Type{i64, {200, 200}})});
  EXPECT_EQ(mistake<ArgumentError>([&] { draw("matrix.jpg", matrix); }),
            "draw: 'matrix.jpg': the extension of a picture must be .svg or .png");
}

}  // namespace
}  // namespace dagrad::metrics
