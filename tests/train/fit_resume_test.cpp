#include <gtest/gtest.h>

#include "tests/io/folder.hpp"
#include "tests/train/fit_model.hpp"

namespace dagrad {
namespace {

using test::circle;
using test::CircleNetwork;
using test::quiet;
using test::same_history;
using test::same_state;

constexpr std::int64_t epochs = 5, steps = 10;  // of 77 rows in batches of 8, the last smaller

/// Everything that depends on the past: dropout, Adam, the order of rows, the best epoch, a rate
/// that falls on a plateau, patience.
FitOptions with_all() {
  FitOptions options = quiet(epochs);
  options.hold_out = 0.23;
  options.stratify = "inside";
  options.key = 11;
  options.patience = epochs;
  options.maximize = true;
  options.monitor = "accuracy";
  return options;
}

class FitResume : public test::InFolder {
 protected:
  FitResume() : uninterrupted_(network_.graph), options_(with_all()) {
    options_.reduce_on_plateau = ReduceOnPlateau{
        .rate = network_.rate, .factor = 0.5, .patience = 1, .least_improvement = 0.05};
    options_.threads = 1;
    whole_.emplace(fit(network_.model, uninterrupted_, data_, options_));
    options_.checkpoint = folder / "run.npz";
  }

  Fitted run(State& state, const FitOptions& options) const {
    return fit(network_.model, state, data_, options);
  }
  /// A run that ends after this step of all.
  Fitted run_until(std::int64_t last, State& state, FitOptions options) const {
    options.on_step = [&](StepEvent& event) { event.stop = event.step == last; };
    return run(state, options);
  }
  void expect_whole(const Fitted& fitted, const State& state) const {
    EXPECT_TRUE(same_history(fitted.history, whole_->history));
    EXPECT_TRUE(same_state(state, uninterrupted_));
    EXPECT_TRUE(same_state(fitted.best, whole_->best));
    EXPECT_EQ(fitted.best_epoch, whole_->best_epoch);
    EXPECT_EQ(fitted.stopped, whole_->stopped);
    EXPECT_EQ(files(), 1) << "a checkpoint leaves no other file";
  }

  const CircleNetwork network_;
  const Dataset data_ = circle(100);
  State uninterrupted_;
  FitOptions options_;
  std::optional<Fitted> whole_;
};

TEST_F(FitResume, ComparesARunWithMuchToRemember) {
  EXPECT_EQ(whole_->history["steps"].back(), epochs * steps);
  EXPECT_LT(whole_->history["rate"].back(), whole_->history["rate"].front());
  EXPECT_FALSE(same_state(whole_->best, uninterrupted_));
}

TEST_F(FitResume, GivesTheSameBitsAfterAnyStepAndForAnyNumberOfThreads) {
  for (std::int64_t last = 1; last <= epochs * steps; ++last) {
    SCOPED_TRACE(last);
    State first(network_.graph);
    options_.threads = static_cast<int>(last % 3);
    const Fitted part = run_until(last, first, options_);
    EXPECT_EQ(part.stopped, Stopped::callback);
    EXPECT_EQ(part.history.epochs(), (last - 1) / steps);

    State second(network_.graph);  // as in another process
    options_.threads = static_cast<int>((last + 1) % 3);
    expect_whole(run(second, options_), second);
    std::filesystem::remove(options_.checkpoint);
  }
}

TEST_F(FitResume, GivesTheSameBitsAfterManyInterruptions) {
  State state(network_.graph);
  for (std::int64_t last = 3; last < epochs * steps; last += 3)
    EXPECT_EQ(run_until(last, state, options_).stopped, Stopped::callback);
  expect_whole(run(state, options_), state);
}

TEST_F(FitResume, GivesTheSameBitsAfterAnInterruptionOfTheValidation) {
  State state(network_.graph);
  FitOptions cancelled = options_;
  cancelled.cancel.emplace();
  cancelled.on_step = [&](StepEvent& event) {
    if (event.step == 2 * steps) cancelled.cancel->cancel();
  };
  const Fitted part = run(state, cancelled);
  EXPECT_EQ(part.stopped, Stopped::interrupted);
  EXPECT_EQ(part.history.epochs(), 1);
  expect_whole(run(state, options_), state);
}

TEST_F(FitResume, ContinuesWithMoreEpochs) {
  State state(network_.graph);
  FitOptions shorter = options_;
  shorter.epochs = 2;
  EXPECT_EQ(run(state, shorter).stopped, Stopped::epochs);
  expect_whole(run(state, options_), state);
}

TEST_F(FitResume, HasNothingToDoAfterTheEnd) {
  State first(network_.graph), second(network_.graph);
  (void)run(first, options_);
  const std::string before = test::bytes_of(options_.checkpoint);
  options_.on_step = [](StepEvent&) { FAIL() << "a step after the end"; };
  expect_whole(run(second, options_), second);
  EXPECT_EQ(test::bytes_of(options_.checkpoint), before);
}

TEST_F(FitResume, StopsAgainForTheSameReason) {
  options_.patience = 1;
  State first(network_.graph), second(network_.graph);
  const Fitted stopped = run(first, options_);
  EXPECT_EQ(stopped.stopped, Stopped::patience);
  EXPECT_EQ(run(second, options_).stopped, Stopped::patience);
  EXPECT_TRUE(same_state(first, second));
}

TEST_F(FitResume, StartsAnewIfTold) {
  State first(network_.graph), second(network_.graph);
  (void)run_until(17, first, options_);
  options_.resume = false;
  expect_whole(run(second, options_), second);
}

// The State's arrays have the names of its parameters, for `load`.
TEST_F(FitResume, KeepsTheStateWhereLoadFindsIt) {
  State state(network_.graph), loaded(network_.graph);
  (void)run(state, options_);
  load(options_.checkpoint, loaded, {.ignore_extra = true});
  EXPECT_TRUE(same_state(loaded, state));
}

TEST_F(FitResume, ContinuesEachFold) {
  const CrossValidationOptions folds{.folds = 3, .stratify = "inside"};
  const State state(network_.graph);
  options_.hold_out = 0;
  options_.stratify.clear();
  FitOptions without = options_, cancelled = options_;
  without.checkpoint.clear();
  const auto whole = cross_validate(network_.model, state, data_, folds, without);

  cancelled.cancel.emplace();
  int calls = 0;
  cancelled.on_step = [&](StepEvent&) {
    if (++calls == 60) cancelled.cancel->cancel();  // in the second fold
  };
  EXPECT_EQ(cross_validate(network_.model, state, data_, folds, cancelled).size(), 2U);
  const auto resumed = cross_validate(network_.model, state, data_, folds, options_);
  ASSERT_EQ(resumed.size(), whole.size());
  for (std::size_t fold = 0; fold < whole.size(); ++fold) {
    EXPECT_TRUE(same_history(resumed[fold].history, whole[fold].history)) << fold;
    EXPECT_TRUE(same_state(resumed[fold].best, whole[fold].best)) << fold;
  }
  EXPECT_TRUE(exists(folder / "run.fold3.npz"));
  EXPECT_EQ(files(), 3);
}

}  // namespace
}  // namespace dagrad
