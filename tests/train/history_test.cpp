#include "dagrad/train/history.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();

History example() {
  History history({"loss", "validation", "accuracy"});
  history.append(std::vector{0.5, 0.1 + 0.2, 0.25});
  history.append(std::vector{0.25, nan, 0.75});
  history.append(std::vector{0.125, infinity, 1.0});
  return history;
}

class HistoryTest : public test::InFolder {};

TEST_F(HistoryTest, HoldsColumns) {
  const History history = example();
  EXPECT_EQ(history.epochs(), 3);
  EXPECT_EQ(history["loss"], (std::vector{0.5, 0.25, 0.125}));
  EXPECT_TRUE(history.has("accuracy"));
  EXPECT_FALSE(history.has("rate"));
  EXPECT_TRUE(History().empty());
  EXPECT_EQ(History().columns().size(), 0U);
}

TEST_F(HistoryTest, SaysWhatIsWrong) {
  EXPECT_EQ(mistake<ArgumentError>([] { return example()["lost"]; }),
            "the history has no column 'lost'; its columns are: loss, validation, accuracy");
  EXPECT_EQ(mistake<ArgumentError>([] {
              return History({"a", ""});
            }),
            "History: the name of a column is empty");
  EXPECT_EQ(mistake<ArgumentError>([] {
              return History({"a", "epoch"});
            }),
            "History: no column can have the name 'epoch', which numbers the rows");
  EXPECT_EQ(mistake<ArgumentError>([] {
              return History({"a", "b", "a"});
            }),
            "History: two columns have the name 'a'");
  History history({"a", "b"});
  EXPECT_EQ(mistake<ArgumentError>([&] { history.append(std::vector{1.0}); }),
            "History::append: expected 2 numbers, for the columns a, b, got 1");
  EXPECT_EQ(history.epochs(), 0);
}

TEST_F(HistoryTest, IsReadBackAsTheSameBits) {
  const auto file = folder / "history.csv";
  write_csv(file, example());
  EXPECT_EQ(test::bytes_of(file),
            "epoch,loss,validation,accuracy\n1,0.5,0.30000000000000004,0.25\n2,0.25,nan,0.75\n"
            "3,0.125,inf,1\n");
  write_csv(file, History({"loss"}));
  EXPECT_EQ(test::bytes_of(file), "epoch,loss\n");
}

TEST_F(HistoryTest, IsDrawn) {
  const auto svg = folder / "history.svg", png = folder / "history.png";
  draw(svg, example(), {.title = "a test"});
  const std::string picture = test::bytes_of(svg);
  for (const char* const text : {"<svg", "a test", "epoch", "loss", "validation"})
    EXPECT_NE(picture.find(text), picture.npos) << text;
  EXPECT_EQ(picture.find("accuracy"), picture.npos);
  draw(png, example(), {.columns = {"accuracy"}, .y = "accuracy", .log_scale = true});
  EXPECT_EQ(test::bytes_of(png).substr(1, 3), "PNG");
  draw(svg, History({"loss"}));                                          // nothing yet
  draw(svg, example(), {.columns = {"validation"}, .log_scale = true});  // a single point
}

TEST_F(HistoryTest, IsNotDrawnWithoutColumnsOrFormat) {
  EXPECT_EQ(mistake<ArgumentError>([&] {
              draw(folder / "a.svg", example(), {.columns = {"loss", "rate"}});
            }),
            "the history has no column 'rate'; its columns are: loss, validation, accuracy");
  EXPECT_EQ(mistake<ArgumentError>([&] { draw(folder / "a.jpg", example()); }),
            "draw: '" + (folder / "a.jpg").string() +
                "': the extension of a picture must be .svg or .png");
  EXPECT_EQ(files(), 0);
}

}  // namespace
}  // namespace dagrad
