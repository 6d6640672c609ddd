#include <gtest/gtest.h>

#include "dagrad/csv.hpp"
#include "dagrad/train/gradient_report.hpp"
#include "tests/io/folder.hpp"
#include "tests/train/two_layers.hpp"

namespace dagrad {
namespace {

class GradientReportFiles : public test::InFolder {};

TEST_F(GradientReportFiles, WritesTextAndCsv) {
  const TwoLayers net;
  GradientReport report = gradient_report(net.loss, net.weights, net.gradients, net.updates);
  EXPECT_EQ(report.text(), "no step is recorded\n");
  const Function watched = compile(report.statistics(), {.update = net.updates});
  State state(net.graph);
  for (int i = 0; i < 4; ++i) report.record(10 * i, watched(state, net.feeds(i))[0]);
  const std::string text = report.text();
  for (const char* part : {"step 30, loss", "gradient", "saturated", "\nsecond ", "\n  second/w ",
                           "\nfirst ", "\n  first/b ", "%"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  EXPECT_EQ(report.text(false).find("first/b"), std::string::npos);

  report.write_csv(folder / "report.csv");
  const Csv table = read_csv(folder / "report.csv");
  EXPECT_EQ(table.column("step").to_vector<double>(), (std::vector<double>{0, 10, 20, 30}));
  EXPECT_EQ(table.column("loss").to_vector<double>(), report.losses());
  EXPECT_EQ(table.column("second/w gradient").to_vector<double>(), report.values()[0].gradient);
  EXPECT_EQ(table.column("layer second dead").to_vector<double>(), report.layers()[0].dead);
  for (const std::string& column : table.columns)  // those without a number are left out
    EXPECT_EQ(column.find("saturated"), std::string::npos) << column;
}

TEST_F(GradientReportFiles, DrawsAMapOfEveryStatistic) {
  const TwoLayers net;
  GradientReport report = gradient_report(net.loss, net.weights, net.gradients, net.updates);
  EXPECT_THROW(report.draw(folder / "none.svg"), ArgumentError);
  const Function watched = compile(report.statistics(), {.update = net.updates});
  State state(net.graph);
  for (int i = 0; i < 2; ++i) {  // one step, then two
    report.record(10 * i, watched(state, net.feeds(i))[0]);
    for (const auto statistic :
         {GradientStatistic::value, GradientStatistic::gradient, GradientStatistic::update,
          GradientStatistic::ratio, GradientStatistic::zeros, GradientStatistic::dead,
          GradientStatistic::saturated}) {
      report.draw(folder / "map.svg", statistic);
      const std::string svg = test::bytes_of(folder / "map.svg");
      EXPECT_NE(svg.find("second"), std::string::npos) << to_string(statistic);
      EXPECT_NE(svg.find("</svg>"), std::string::npos);
    }
  }
  EXPECT_THROW(report.draw(folder / "map.txt"), ArgumentError);
}

TEST(GradientReport, MarksThePictureOfTheGraph) {
  const TwoLayers net;
  GradientReport report = gradient_report(net.loss, net.weights, net.gradients, net.updates);
  EXPECT_TRUE(report.marks().empty());
  State state(net.graph);
  report.record(0, compile(report.statistics())(state, net.feeds(0))[0]);
  const auto marks = report.marks();
  EXPECT_EQ(marks.at("second/w").note.substr(0, 9), "gradient ");
  EXPECT_EQ(marks.at("relu").note.find(" % dead"), marks.at("relu").note.size() - 7);
  EXPECT_TRUE(marks.contains("first"));
  const std::string open = to_dot(net.graph, {.marks = marks});
  EXPECT_NE(open.find(marks.at("second/w").note), std::string::npos);
  EXPECT_NE(open.find(marks.at("second/w").fill), std::string::npos);
  const std::string closed = to_dot(net.graph, {.open_scopes = 0, .marks = marks});
  EXPECT_NE(closed.find(marks.at("second").note), std::string::npos);
}

}  // namespace
}  // namespace dagrad
