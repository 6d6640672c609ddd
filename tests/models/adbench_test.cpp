#include "tests/models/adbench.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "dagrad/error.hpp"
#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace dagrad::adbench {
namespace {

using Adbench = test::InFolder;

TEST_F(Adbench, ReadsMixtures) {
  const Gmm gmm = read_gmm(write("gmm", "2 1 3\n .5\n 1 2\n3 4 5\n\n6 7\n8 9\n10 11\n 1.5 2"));
  EXPECT_EQ(gmm.alpha.shape(), (Shape{1}));
  EXPECT_EQ(gmm.alpha.at(0), 0.5);
  EXPECT_EQ(gmm.means.shape(), (Shape{1, 2}));
  EXPECT_EQ(gmm.means.at(1), 2);
  EXPECT_EQ(gmm.icf.shape(), (Shape{1, 3}));
  EXPECT_EQ(gmm.icf.at(2), 5);
  EXPECT_EQ(gmm.x.shape(), (Shape{3, 2}));
  EXPECT_EQ(gmm.x.at(5), 11);
  EXPECT_EQ(gmm.gamma, 1.5);
  EXPECT_EQ(gmm.m, 2);
}

TEST_F(Adbench, ReadsLstms) {
  std::string text = "1 2 1";
  for (int i = 0; i < 8 + 3 + 2 + 2; ++i) text += ' ' + std::to_string(i);
  const Lstm lstm = read_lstm(write("lstm", text));
  EXPECT_EQ(lstm.main.shape(), (Shape{1, 2, 4, 1}));
  EXPECT_EQ(lstm.main.at(7), 7);
  EXPECT_EQ(lstm.extra.shape(), (Shape{3, 1}));
  EXPECT_EQ(lstm.extra.at(0), 8);
  EXPECT_EQ(lstm.state.shape(), (Shape{1, 2, 1}));
  EXPECT_EQ(lstm.state.at(1), 12);
  EXPECT_EQ(lstm.sequence.shape(), (Shape{2, 1}));
  EXPECT_EQ(lstm.sequence.at(1), 14);
}

// Each input has a golden gradient with one element for each of its parameters.
TEST_F(Adbench, HasGoldensForAllItsInputs) {
  EXPECT_EQ(adbench::files("gmm").size(), 5U);
  for (const auto& path : adbench::files("gmm")) {
    const Gmm gmm = read_gmm(path);
    const auto size = gmm.alpha.size() + gmm.means.size() + gmm.icf.size();
    EXPECT_EQ(std::ssize(read_golden(path).gradient), size) << path;
  }
  EXPECT_EQ(adbench::files("lstm").size(), 2U);
  for (const auto& path : adbench::files("lstm")) {
    const Lstm lstm = read_lstm(path);
    EXPECT_EQ(std::ssize(read_golden(path).gradient), lstm.main.size() + lstm.extra.size()) << path;
  }
  EXPECT_EQ(file("gmm_d2_K5"), adbench::files("gmm")[2]);
}

TEST_F(Adbench, MeasuresByTheLargestElement) {
  const Golden golden{0, {1, -4, 2}};
  const Tensor first(Shape{1}, {1.0}), rest(Shape{2}, {-4.0, 2.5});
  EXPECT_EQ(golden.error_of({first, rest}), 0.125);
  EXPECT_EQ(golden.error_of({rest}), std::numeric_limits<double>::infinity());
  EXPECT_EQ(golden.error_of({first, rest, first}), std::numeric_limits<double>::infinity());
  const Tensor nan(Shape{2}, {std::nan(""), 2.0});
  EXPECT_TRUE(std::isnan(golden.error_of({first, nan})));
}

TEST_F(Adbench, ErrorsExplainWhatIsWrongInAFile) {
  const std::string name = (folder / "bad").string();
  EXPECT_THROWS(read_gmm(name), FileError, name + ": cannot be read");
  const auto read = [&](const char* text) { return read_gmm(write("bad", text)); };
  EXPECT_THROWS(read(""), FileError, name + ": ends after 0 numbers");
  EXPECT_THROWS(read("1 1 0"), FileError,
                name + ": number 3: n is no whole number from 1 up to 10000");
  EXPECT_THROWS(read("1.5 1 1"), FileError,
                name + ": number 1: d is no whole number from 1 up to 10000");
  EXPECT_THROWS(read("1 1 1 2 x7"), FileError, name + ": number 5: 'x7' is no finite number");
  EXPECT_THROWS(read("1 1 1 nan"), FileError, name + ": number 4: 'nan' is no finite number");
  EXPECT_THROWS(read("1 2 1 7"), FileError, name + ": ends after 4 numbers, of at least 5");
  EXPECT_THROWS(read("1 1 1 2 3 4 5 1"), FileError, name + ": ends after 8 numbers");
  EXPECT_THROWS(read("1 1 1 2 3 4 5 1 0 0"), FileError,
                name + ": has 10 numbers, 9 of which say all");
}

}  // namespace
}  // namespace dagrad::adbench
