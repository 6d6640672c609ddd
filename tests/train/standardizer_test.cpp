#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "dagrad/train/preprocess.hpp"
#include "tests/golden/golden.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

TEST(StandardizerTest, AgreesWithScikitLearn) {
  for (const golden::StandardizedCase& one : golden::read_metrics().standardized) {
    const Tensor rows(Shape(one.shape), one.rows);
    const Standardizer standardizer(rows);
    const Shape columns{one.shape[1]};
    EXPECT_EQ(compare(standardizer.mean(), Tensor(columns, one.mean), 1e-14).text, "");
    EXPECT_EQ(compare(standardizer.scale(), Tensor(columns, one.scale), 1e-13).text, "");
    const Tensor standardized = standardizer.apply(rows);
    EXPECT_EQ(compare(standardized, Tensor(rows.shape(), one.standardized), 1e-9, 1e-12).text, "");
    EXPECT_EQ(compare(standardizer.undo(standardized), rows, 1e-14, 1e-14).text, "");
  }
}

TEST(StandardizerTest, FitsEachElementOfARowInTheDtypeGiven) {
  const Tensor images({2, 2, 1}, {1., 10., 3., 30.});
  for (const DType dtype : {f16, bf16, f32, f64}) {
    const Standardizer standardizer(images.cast(dtype));
    EXPECT_TRUE(same_bits(standardizer.mean(), Tensor({2, 1}, {2., 20.})));
    EXPECT_TRUE(same_bits(standardizer.scale(), Tensor({2, 1}, {1., 10.})));
    EXPECT_TRUE(same_bits(standardizer.apply(images.cast(dtype)),
                          Tensor({2, 2, 1}, {-1., -1., 1., 1.}).cast(dtype)));
  }
  const Standardizer one(Tensor::of({1., 5.}));
  EXPECT_EQ(one.mean().type(), (Type{f64, {}}));
  EXPECT_TRUE(same_bits(one.apply(Tensor::of({3., 7., 1.})), Tensor::of({0., 2., -1.})));
  EXPECT_EQ(one.apply(Tensor(Type{f64, {0}})).size(), 0);
}

TEST(StandardizerTest, MakesConstantColumnsExactlyZero) {
  const Tensor tenths = Tensor::full({f64, {7, 1}}, 0.1);  // whose sum is rounded
  const Standardizer standardizer(tenths);
  EXPECT_EQ(standardizer.mean().item<double>(), 0.1);
  EXPECT_EQ(standardizer.scale().item<double>(), 1);
  EXPECT_TRUE(same_bits(standardizer.apply(tenths), Tensor(tenths.type())));
  const Standardizer single(Tensor::of({{5., -0.25}}));
  EXPECT_TRUE(same_bits(single.apply(Tensor::of({{6., -0.25}})), Tensor::of({{1., 0.}})));
}

TEST(StandardizerTest, IsAccurateFarFromZeroAndAtTheLimitsOfFloats) {
  const Standardizer far(Tensor::of({1e15, 1e15 + 1, 1e15 + 2}));
  EXPECT_EQ(far.mean().item<double>(), 1e15 + 1);
  EXPECT_NEAR(far.scale().item<double>(), std::sqrt(2. / 3), 1e-15);
  const Standardizer wide(Tensor::of({-1.6e308, 1.6e308}));
  EXPECT_EQ(wide.mean().item<double>(), 0);
  EXPECT_NEAR(wide.scale().item<double>() / 1.6e308, 1, 1e-15);
  const Standardizer tiny(Tensor::of({0., 1e-320}));
  EXPECT_NEAR(tiny.apply(Tensor::of({1e-320})).at(0), 1, 1e-3);
  const double least = std::numeric_limits<double>::denorm_min();
  EXPECT_TRUE(
      std::isfinite(Standardizer(Tensor::of({0., least})).apply(Tensor::of({least})).at(0)));
}

TEST(StandardizerTest, LeavesWhatIsMissing) {
  const Standardizer standardizer(Tensor::of({{1., nan}, {nan, 4.}, {3., 4.}}));
  EXPECT_TRUE(same_bits(standardizer.mean(), Tensor::of({2., 4.})));
  const Tensor x = standardizer.apply(Tensor::of({{nan, 5.}}));
  EXPECT_TRUE(std::isnan(x.at(0)));
  EXPECT_EQ(x.at(1), 1);
  EXPECT_EQ(fill_missing(x, 0).at(0), 0);
}

TEST(StandardizerTest, IsMadeAgainFromItsNumbers) {
  const Standardizer fitted(Tensor::of({{1., 2.}, {2., 5.}})), again(fitted.mean(), fitted.scale());
  const Tensor x = Tensor::of({{0.3, 0.7}});
  EXPECT_TRUE(same_bits(fitted.apply(x), again.apply(x)));
  EXPECT_EQ(mistake<TypeError>([] { Standardizer(Tensor::of({1.F}), Tensor::of({1.})); }),
            "Standardizer: mean and scale must be float64, got float32[1] and float64[1]");
  EXPECT_EQ(mistake<ShapeError>([] { Standardizer(Tensor::of({1.}), Tensor(1.)); }),
            "Standardizer: mean and scale must have the same shape, got float64[1] and float64[]");
  EXPECT_EQ(mistake<ArgumentError>([] { Standardizer(Tensor::of({nan}), Tensor::of({1.})); }),
            "Standardizer: a mean must be finite, got nan");
  for (const auto& [scale, text] : {std::pair(0., "0"), {-1., "-1"}, {inf, "inf"}, {nan, "nan"}})
    EXPECT_EQ(
        mistake<ArgumentError>([s = scale] { Standardizer(Tensor::of({1.}), Tensor::of({s})); }),
        std::string("Standardizer: a scale must be positive and finite, got ") + text);
}

TEST(StandardizerTest, RefusesWhatHasNoMean) {
  EXPECT_EQ(mistake<ArgumentError>([] {
              Standardizer(Tensor(Type{f64, {0, 2}}));
            }),
            "Standardizer: x has no rows, so there is no mean");
  EXPECT_EQ(mistake<ArgumentError>([] {
              Standardizer(Tensor::of({{1., nan}, {2., nan}}));
            }),
            "Standardizer: element 1 of a row is NaN in every row, so it has no mean");
  EXPECT_EQ(mistake<ArgumentError>([] {
              Standardizer(Tensor::of({{1., -inf}, {2., nan}}));
            }),
            "Standardizer: x must be finite or NaN, got -inf in element 1 of a row");
  EXPECT_EQ(mistake<TypeError>([] {
              Standardizer(Tensor::of({1, 2}));
            }),
            "Standardizer: x must hold floats, got int32[2]; convert it with Tensor::cast");
  EXPECT_EQ(mistake<ShapeError>([] { Standardizer(Tensor(1.)); }),
            "Standardizer: x must have an axis that counts the rows, got float64[]");
  const Standardizer two(Tensor::of({{1., 2.}}));
  EXPECT_EQ(mistake<ShapeError>([&] {
              (void)two.apply(Tensor::of({{1., 2., 3.}}));
            }),
            "Standardizer::apply: rows of shape [2] are expected, as those that it was fitted to, "
            "but x is float64[1,3]");
  EXPECT_EQ(mistake<TypeError>([&] {
              (void)two.undo(Tensor::of({{1, 2}}));
            }),
            "Standardizer::undo: x must hold floats, got int32[1,2]; convert it with Tensor::cast");
}

}  // namespace
}  // namespace dagrad
