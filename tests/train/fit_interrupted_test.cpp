#include "tests/train/fit_interrupted.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "tests/io/folder.hpp"

namespace dagrad {
namespace {

using test::circle;
using test::CircleNetwork;
using test::quiet;
using test::same_history;
using test::same_state;

/// A training in another process.
class Child {
 public:
  Child(const std::filesystem::path& checkpoint, int threads) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const std::string file = checkpoint.string(), number = std::to_string(threads);
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl(DAGRAD_FIT_CHILD, DAGRAD_FIT_CHILD, file.c_str(), number.c_str(), nullptr);
      ::_exit(5);
    }
    ::close(ends[1]);
    output_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { ::close(output_); }

  /// Waits for the first step.
  void has_begun() const {
    char byte = 0;
    EXPECT_EQ(::read(output_, &byte, 1), 1);
  }
  void signal(int number) const { ::kill(process_, number); }
  /// The exit status, or minus the number of the signal that ended it.
  int wait() const {
    int status = 0;
    EXPECT_EQ(::waitpid(process_, &status, 0), process_);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t process_;
  int output_;
};

class FitInterrupted : public test::InFolder {
 protected:
  void SetUp() override { std::signal(SIGINT, SIG_DFL); }  // which the shell may have ignored

  std::int64_t saved_epochs() const {
    return exists(checkpoint) ? read_npz(checkpoint).at("fit:history:loss").size() : 0;
  }
  void expect_whole() const {
    State resumed(network.graph), uninterrupted(network.graph);
    FitOptions options = test::interrupted_options(network);
    const Fitted whole = fit(network.model, uninterrupted, data, options);
    options.checkpoint = checkpoint;
    const Fitted fitted = fit(network.model, resumed, data, options);
    EXPECT_EQ(fitted.stopped, Stopped::epochs);
    EXPECT_TRUE(same_history(fitted.history, whole.history));
    EXPECT_TRUE(same_state(resumed, uninterrupted));
    EXPECT_TRUE(same_state(fitted.best, whole.best));
  }

  const CircleNetwork network;
  const Dataset data = circle(100);
  const std::filesystem::path checkpoint = folder / "run.npz";
};

TEST_F(FitInterrupted, GivesTheSameBitsAfterTwentyKillsAtRandomMoments) {
  Rng rng(static_cast<std::int64_t>(::getpid()));
  std::int64_t epochs = 0;
  for (int kill = 0; kill < 20; ++kill) {
    const Child child(checkpoint, kill % 3 + 1);
    if (kill % 4 != 0) child.has_begun();  // otherwise it may be starting or reading
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(rng.number(0, 40)));
    child.signal(SIGKILL);
    ASSERT_EQ(child.wait(), -SIGKILL);
    EXPECT_GE(saved_epochs(), epochs) << "epochs are lost";
    epochs = saved_epochs();
  }
  EXPECT_GT(epochs, 0);
  EXPECT_EQ(Child(checkpoint, 2).wait(), 0);
  expect_whole();
}

TEST_F(FitInterrupted, GivesTheSameBitsAfterCtrlC) {
  Rng rng(static_cast<std::int64_t>(::getpid()));
  for (int press = 0; press < 5; ++press) {
    const Child child(checkpoint, press % 3 + 1);
    child.has_begun();
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(rng.number(0, 30)));
    child.signal(SIGINT);
    ASSERT_EQ(child.wait(), 3);
  }
  EXPECT_EQ(Child(checkpoint, 1).wait(), 0);
  expect_whole();
}

TEST_F(FitInterrupted, EndsTheStepSavesAndSaysWhere) {
  State state(network.graph);
  FitOptions options = test::interrupted_options(network);
  options.checkpoint = checkpoint;
  std::vector<std::string> lines;
  options.log = [&](LogLevel, std::string_view line) { lines.emplace_back(line); };
  options.on_step = [](StepEvent& event) {
    EXPECT_LE(event.step, 13);
    if (event.step == 13) (void)std::raise(SIGINT);
  };
  EXPECT_EQ(fit(network.model, state, data, options).stopped, Stopped::interrupted);
  const auto values = read_npz(checkpoint);
  EXPECT_TRUE(same_bits(values.at("hidden/w"), state.get("hidden/w")));
  EXPECT_EQ(values.at("fit:position:steps").item<std::int64_t>(), 3);
  EXPECT_EQ(lines.back().substr(lines.back().find("; 3 of")),
            "; 3 of 10 steps of epoch 2 are done; saved in '" + checkpoint.string() +
                "', from which the same call continues");

  lines.clear();
  options.on_step = [](StepEvent& event) { event.stop = true; };
  (void)fit(network.model, state, data, options);
  EXPECT_EQ(lines.front(),
            "training: continues from '" + checkpoint.string() + "', after 1 epoch and 3 steps");
}

TEST_F(FitInterrupted, TheSecondCtrlCEndsTheProcess) {
  State state(network.graph);
  FitOptions options = quiet(3);
  options.on_step = [](StepEvent&) {
    (void)std::raise(SIGINT);
    (void)std::raise(SIGINT);
  };
  EXPECT_EXIT((void)fit(network.model, state, data, options), testing::KilledBySignal(SIGINT), "");
}

int seen = 0;  // a handler takes no argument

TEST_F(FitInterrupted, LeavesOtherHandlersAlone) {
  FitOptions options = quiet(1);
  options.on_step = [](StepEvent&) { (void)std::raise(SIGINT); };
  for (const bool ignored : {true, false}) {
    State state(network.graph);
    std::signal(
        SIGINT, ignored ? SIG_IGN : [](int) { ++seen; });
    EXPECT_EQ(fit(network.model, state, data, options).stopped, Stopped::epochs);
    (void)std::raise(SIGINT);
    EXPECT_EQ(seen, ignored ? 0 : 14) << "13 steps, and one more";
  }
  std::signal(SIGINT, SIG_DFL);

  State state(network.graph);
  options.stop_on_interrupt = false;
  EXPECT_EXIT((void)fit(network.model, state, data, options), testing::KilledBySignal(SIGINT), "");
  options.stop_on_interrupt = true;
  (void)fit(network.model, state, data, options);
  EXPECT_EXIT((void)std::raise(SIGINT), testing::KilledBySignal(SIGINT), "")
      << "after the training";
}

TEST_F(FitInterrupted, EndsWithTheFoldThatItMeets) {
  const State state(network.graph);
  FitOptions options = quiet(2);
  int steps = 0;
  options.on_step = [&](StepEvent&) {
    if (++steps == 25) (void)std::raise(SIGINT);
  };
  const auto fitted = cross_validate(network.model, state, data, {.folds = 5}, options);
  ASSERT_EQ(fitted.size(), 2U);
  EXPECT_EQ(fitted[0].stopped, Stopped::epochs);
  EXPECT_EQ(fitted[1].stopped, Stopped::interrupted);
}

}  // namespace
}  // namespace dagrad
