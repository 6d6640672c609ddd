#include "dagrad/train/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "tests/train/fit_model.hpp"

namespace dagrad {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

/// What is written to a file that is no terminal.
std::string written(const std::function<void(std::FILE*)>& write) {
  std::FILE* const out = std::tmpfile();
  write(out);
  std::rewind(out);
  std::string all;
  for (int c = std::fgetc(out); c != EOF; c = std::fgetc(out)) all += static_cast<char>(c);
  std::fclose(out);
  return all;
}

ProgressOptions at_once(std::FILE* out, ProgressStyle style) {
  return {.style = style,
          .out = out,
          .bar_interval = std::chrono::seconds(0),
          .line_interval = std::chrono::seconds(0)};
}

TEST(ProgressBar, WritesLinesWhereThereIsNoTerminal) {
  const std::string text = written([](std::FILE* out) {
    ProgressBar bar("work", 4, at_once(out, ProgressStyle::automatic));
    EXPECT_FALSE(bar.in_place());
    for (int i = 1; i <= 4; ++i) bar.show(i, "loss 0.5");
  });
  EXPECT_THAT(text, MatchesRegex("work  25%  loss 0.5\nwork  50%  loss 0.5\n"
                                 "work  75%  loss 0.5\nwork 100%  loss 0.5\n"));
}

TEST(ProgressBar, TellsTheTimeLeftOnceItCanBeTold) {
  const std::string text = written([](std::FILE* out) {
    ProgressBar bar("work", 1000, at_once(out, ProgressStyle::lines));
    bar.start_from(100);
    bar.show(101, "");
    std::this_thread::sleep_for(std::chrono::milliseconds(510));
    bar.show(101, "a");
  });
  EXPECT_THAT(text, MatchesRegex("work  10%  \nwork  10%  a, [0-9]+:[0-9]+ (min|h) left\n"));
}

TEST(ProgressBar, DrawsInPlace) {
  const std::string text = written([](std::FILE* out) {
    ProgressBar bar("work", 2, at_once(out, ProgressStyle::bar));
    EXPECT_TRUE(bar.in_place());
    bar.show(1, "half");
    bar.line("a line");
    bar.show(2, "all");
  });
  const std::string half = "\rwork ████████████░░░░░░░░░░░░  50%  half\033[K";
  EXPECT_EQ(text,
            half + "\r\033[Ka line\n" + half + "\rwork ████████████████████████ 100%  all\033[K\n");
}

TEST(ProgressBar, CutsWhatIsWiderThanTheTerminal) {
  const std::string text = written([](std::FILE* out) {
    ProgressBar bar("work", 1, at_once(out, ProgressStyle::bar));
    bar.show(1, std::string(200, 'x'));
  });
  const std::string start = "\rwork ████████████████████████ 100%  ";
  EXPECT_EQ(text, start + std::string(79 - 5 - 24 - 7, 'x') + "\033[K\n");
}

TEST(ProgressBar, EndsItsLine) {
  const auto style = ProgressStyle::bar;
  EXPECT_THAT(
      written([&](std::FILE* out) { ProgressBar("work", 3, at_once(out, style)).show(1, ""); }),
      testing::EndsWith("  33%  \033[K\n"));
  EXPECT_THAT(written([&](std::FILE* out) {
                ProgressBar bar("work", 3, at_once(out, style));
                bar.show(1, "");
                bar.finish("stopped");
              }),
              testing::EndsWith("  33%  \033[K\nstopped\n"));
  EXPECT_EQ(written([&](std::FILE* out) { ProgressBar("work", 3, at_once(out, style)); }), "");
}

TEST(ProgressBar, ShowsTheLastStepEvenIfItIsEarly) {
  const std::string text = written([](std::FILE* out) {
    ProgressBar bar(
        "work", 1000,
        {.style = ProgressStyle::lines, .out = out, .line_interval = std::chrono::hours(1)});
    for (int i = 1; i <= 1000; ++i) {
      EXPECT_EQ(bar.due(), i == 1);
      bar.show(i, "");
    }
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, testing::EndsWith("work 100%  \n"));
}

TEST(ProgressBar, ShowsNothingIfTold) {
  EXPECT_EQ(written([](std::FILE* out) {
              ProgressBar bar("work", 2, at_once(out, ProgressStyle::none));
              EXPECT_FALSE(bar.due());
              bar.show(1, "");
              bar.line("line");
              bar.show(2, "");
              bar.finish("end");
            }),
            "");
}

// A computation is not to end because its progress cannot be shown.
TEST(ProgressBar, DoesNotCareWhetherItCanWrite) {
  std::FILE* const full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  for (const auto style : {ProgressStyle::bar, ProgressStyle::lines}) {
    ProgressBar bar("work", 2, at_once(full, style));
    bar.show(1, "");
    bar.line("line");
    bar.finish("end");
  }
  std::fclose(full);
}

TEST(ProgressBar, TakesStrangeNumbers) {
  const std::string text = written([](std::FILE* out) {
    ProgressBar bar("none", 0, at_once(out, ProgressStyle::lines));
    bar.show(0, "");
    bar.show(5, "");
    bar.start_from(7);
  });
  EXPECT_EQ(text, "none   0%  \nnone 100%  \n");
}

TEST(ProgressOfFit, IsWrittenToStandardError) {
  const test::CircleNetwork network;
  State state(network.graph);
  FitOptions options;
  options.epochs = 2;
  options.hold_out = 0.2;
  testing::internal::CaptureStderr();
  options.progress = ProgressStyle::lines;
  (void)fit(network.model, state, test::circle(60), options);
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_THAT(lines, HasSubstr("training 100%  epoch 2/2, loss 0."));
  EXPECT_THAT(lines, HasSubstr("\ntraining: stopped after 2 epochs; best is epoch "));

  testing::internal::CaptureStderr();
  options.progress = ProgressStyle::bar;
  (void)fit(network.model, state, test::circle(60), options);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("\rtraining ████████████████████████ 100%  epoch 2/2"));
  testing::internal::CaptureStderr();
  options.progress = ProgressStyle::none;
  (void)fit(network.model, state, test::circle(60), options);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace dagrad
