#include "src/train/gnuplot.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "dagrad/error.hpp"
#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace dagrad::detail {
namespace {

class GnuplotTest : public test::InFolder {
 protected:
  PictureFile picture(const std::string& name) const { return {folder / name, "draw_test"}; }
};

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

TEST_F(GnuplotTest, DrawsCurvesAsSvgAndPng) {
  const std::vector<Curve> curves{{"it's_a", {1, 2, 3}, {0.5, nan, 0.125}}, {"β", {1}, {0.25}}};
  draw_curves(picture("a.svg"), {"Title_1", "epoch", "loss"}, curves);
  const std::string svg = test::bytes_of(folder / "a.svg");
  for (const char* text : {"<svg", "</svg>", "Title_1", "epoch", "loss", "β"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
  draw_curves(picture("a.png"), {"Title", "x", "y"}, curves, {.log_x = true, .log_y = true});
  EXPECT_EQ(test::bytes_of(folder / "a.png").substr(1, 3), "PNG");
  EXPECT_EQ(files(), 2);  // nothing else is left
}

TEST_F(GnuplotTest, DrawsWithoutPointsToo) {
  for (const std::vector<Curve>& curves : std::vector<std::vector<Curve>>{
           {}, {{"a", {}, {}}}, {{"a", {1, 2}, {nan, inf}}}, {{"a", {1, 2}, {0, -1}}}}) {
    draw_curves(picture("none.svg"), {"", "", ""}, curves, {.log_y = true});
    EXPECT_NE(test::bytes_of(folder / "none.svg").find("</svg>"), std::string::npos);
  }
}

TEST_F(GnuplotTest, QuotesTextAndNumbers) {
  EXPECT_EQ(gnuplot_text("it's `date` \"x\"\n"), "'it''s `date` \"x\"\\n'");
  EXPECT_EQ(gnuplot_number(0.1), "0.1");
  EXPECT_EQ(gnuplot_number(1e-300), "1e-300");
  for (const double x : {nan, inf, -inf}) EXPECT_EQ(gnuplot_number(x), "NaN");
}

TEST_F(GnuplotTest, TellsWhatFailsAndLeavesTheOldFile) {
  const auto file = write("old.svg", "old").string();
  try {
    draw_with_gnuplot(picture("old.svg"), "plot [0:1] x\nnonsense\n");
    ADD_FAILURE();
  } catch (const FileError& error) {
    EXPECT_NE(std::string(error.what()).find("draw_test: gnuplot cannot draw '" + file + "': "),
              std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("nonsense"), std::string::npos) << error.what();
  }
  EXPECT_EQ(test::bytes_of(file), "old");
  EXPECT_EQ(files(), 1);
  EXPECT_THROWS(draw_with_gnuplot(picture("a.jpg"), ""), ArgumentError,
                "draw_test: '" + (folder / "a.jpg").string() +
                    "': the extension of a picture must be .svg or .png");
  EXPECT_THROW(draw_with_gnuplot(picture("missing/a.svg"), ""), FileError);
}

TEST_F(GnuplotTest, NamesThePackageOfAMissingProgram) {
  const std::string path = std::getenv("PATH");
  setenv("PATH", folder.c_str(), 1);
  EXPECT_THROWS(draw_with_gnuplot(picture("a.svg"), "plot x\n"), FileError,
                "draw_test: the program 'gnuplot' cannot be started (No such file or directory): "
                "install the Debian package gnuplot-nox");
  setenv("PATH", path.c_str(), 1);
}

TEST_F(GnuplotTest, TellsOfAMissingTemporaryDirectory) {
  const char* const old = std::getenv("TMPDIR");
  const std::string before = old == nullptr ? "" : old;
  setenv("TMPDIR", (folder / "missing").c_str(), 1);
  EXPECT_THROW(draw_with_gnuplot(picture("a.svg"), "plot x\n"), FileError);
  old == nullptr ? unsetenv("TMPDIR") : setenv("TMPDIR", before.c_str(), 1);
}

}  // namespace
}  // namespace dagrad::detail
