#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "tests/train/fit_refusals.hpp"

namespace dagrad {
namespace {

using test::circle;
using test::quiet;
using test::same_state;
using testing::HasSubstr;

class FitCheckpoint : public test::Refusals {};

TEST_F(FitCheckpoint, RefuseTheCheckpointOfAnotherTraining) {
  FitOptions options = quiet(2);
  options.checkpoint = checkpoint;
  (void)fit(network.model, state, circle(20), options);
  const std::string before = test::bytes_of(checkpoint);
  const auto refused_with = [&](const auto& change) {
    FitOptions changed = options;
    change(changed);
    const std::string text = refused(network.model, circle(20), changed),
                      start = "fit: " + in_file(" is the checkpoint of another training:");
    EXPECT_THAT(text, testing::StartsWith(start));
    EXPECT_THAT(text, testing::EndsWith("\n  Give another name for the checkpoint, or set resume "
                                        "to false to replace it"));
    return text;
  };
  EXPECT_THAT(refused_with([](auto& o) { o.key = 5; }), HasSubstr("key is 0 in the file, but 5"));
  EXPECT_THAT(refused_with([](auto& o) { o.shuffle = false; }), HasSubstr("shuffle is 1 in the "));
  EXPECT_THAT(refused_with([](auto& o) { o.drop_last = true; }), HasSubstr("drop_last is 0 in "));
  EXPECT_THAT(refused_with([](auto& o) { o.validation = circle(8); }),
              HasSubstr("the history has the columns accuracy, loss, rate, seconds, steps in the "
                        "file, but accuracy, loss, rate, seconds, steps, validation now"));
  EXPECT_THAT(refused(network.model, circle(21), options),
              HasSubstr("number of rows is 20 in the file, but 21 now"));

  Graph graph;  // another model
  const Value x = graph.input("x", {f32, {8, 2}});
  const Value w = graph.parameter("hidden/w", Tensor(Type{f32, {2, 3}})),
              b = graph.parameter("more", Tensor(1.F));
  const Value loss = mean(square(matmul(x, w) + b));
  State other(graph);
  const std::string text = mistake<ArgumentError>([&] {
    (void)fit({.loss = loss,
               .update = sgd({w, b}, gradient(loss, {w, b}), 0.1),
               .inputs = {{x, "point"}}},
              other, circle(20), options);
  });
  EXPECT_THAT(text, HasSubstr("\n  parameter 'hidden/w' is float32[2,16] in the file, but "
                              "float32[2,3] in the State"));
  EXPECT_THAT(text, HasSubstr("\n  parameter 'more', float32[], is not in the file"));
  EXPECT_THAT(text, HasSubstr("\n  parameter 'out/w', float32[16,2], is not in the State"));
  EXPECT_EQ(test::bytes_of(checkpoint), before);
}

TEST_F(FitCheckpoint, RefuseToJudgeByAnotherColumnWhenContinuing) {
  FitOptions options = quiet(6);
  options.hold_out = 0.4;
  options.checkpoint = checkpoint;
  (void)fit(network.model, state, circle(40), options);
  options.maximize = true;
  EXPECT_THAT(refused(network.model, circle(40), options),
              HasSubstr("monitor and maximize must not change"));
}

TEST_F(FitCheckpoint, RefuseFilesThatAreNotCheckpoints) {
  FitOptions options = quiet(2);
  options.checkpoint = checkpoint;
  const auto refused_file = [&]<class E>(const E*) {
    const std::string before = test::bytes_of(checkpoint);
    std::string text = refused<E>(options);
    EXPECT_EQ(test::bytes_of(checkpoint), before);
    return text;
  };
  constexpr const ArgumentError* argument = nullptr;
  constexpr const FileError* file = nullptr;
  save(checkpoint, state);
  EXPECT_EQ(refused_file(argument),
            "fit: " + in_file(" was not written by fit, so that training cannot continue from it; "
                              "give another name for the checkpoint"));
  write("run.npz", "something else");
  EXPECT_THAT(refused_file(file), testing::StartsWith("fit: read_npz: " + in_file("")));

  std::filesystem::remove(checkpoint);
  FitOptions stopped = options;
  stopped.on_step = [](StepEvent& event) { event.stop = event.step == 4; };
  (void)fit(network.model, state, circle(20), stopped);
  const auto whole = read_npz(checkpoint);
  const std::string bytes = test::bytes_of(checkpoint);
  write("run.npz", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(refused_file(file), testing::StartsWith("fit: read_npz: " + in_file("")));

  const auto with = [&](const std::string& name, const std::optional<Tensor>& value) {
    auto changed = whole;
    changed.erase(name);
    if (value) changed.emplace(name, *value);
    write_npz(checkpoint, changed);
    return refused_file(file);
  };
  const std::string start = "fit: " + in_file(" is damaged: ");
  EXPECT_EQ(with("fit:position:rows", {}),
            start + "it has no array fit:position:rows of int64 and rank 0");
  EXPECT_EQ(with("fit:position:steps", Tensor(std::int64_t{-1})),
            start + "fit:position:steps is -1, not from 0 to 20");
  EXPECT_EQ(with("fit:position:steps", Tensor(1.0)),
            start + "it has no array fit:position:steps of int64 and rank 0");
  EXPECT_EQ(with("fit:position:rows", Tensor(std::int64_t{0})),
            start + "its steps and rows contradict each other");
  EXPECT_EQ(with("fit:history:loss", Tensor(Type{f64, {5}})), start + "its history has gaps");
}

TEST_F(FitCheckpoint, TellOfAFolderThatCannotBeWrittenBeforeTheFirstStep) {
  FitOptions options = quiet(2);
  options.checkpoint = folder / "none" / "run.npz";
  EXPECT_EQ(refused<FileError>(options), "fit: write_npz: '" + options.checkpoint.string() +
                                             "': its directory cannot be opened: No such file or "
                                             "directory");
  options.checkpoint = "/dev/full";
  EXPECT_THAT(refused<FileError>(options), HasSubstr("/dev/full"));
  options.checkpoint = "/proc/run.npz";  // cannot be written by root either
  EXPECT_THAT(refused<FileError>(options), HasSubstr("a new file cannot be created"));
  if (::geteuid() == 0) return;  // who may write everywhere
  permissions(folder, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  options.checkpoint = checkpoint;
  EXPECT_THAT(refused<FileError>(options), HasSubstr("Permission denied"));
  permissions(folder, std::filesystem::perms::owner_all);
}

/// While one exists, files cannot grow beyond some bytes, as if the disk were full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit tight{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tight);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit old_{};
  void (*handler_)(int);
};

TEST_F(FitCheckpoint, LoseNothingToAFullDisk) {
  FitOptions options = quiet(4);
  options.checkpoint = checkpoint;
  {
    const FullDisk full(1000);
    EXPECT_THAT(refused<FileError>(options), HasSubstr("File too large"));
    EXPECT_EQ(files(), 0);
  }
  std::vector<std::string> warnings;
  options.log = [&](LogLevel level, std::string_view text) {
    if (level == LogLevel::warning) warnings.emplace_back(text);
  };
  std::optional<FullDisk> full;
  options.on_epoch = [&](EpochEvent& event) {
    if (event.history.epochs() == 2) full.emplace(1000);
  };
  const Fitted fitted = fit(network.model, state, circle(20), options);
  full.reset();
  EXPECT_EQ(fitted.stopped, Stopped::epochs);
  EXPECT_EQ(fitted.unsaved, "write_npz: " + in_file(": cannot be written: File too large"));
  EXPECT_THAT(warnings.at(0), testing::StartsWith("training: the checkpoint is not up to date: "));

  State resumed(network.graph);  // from the last epoch that could be saved
  options.on_epoch = {};
  std::int64_t steps = 0;
  options.on_step = [&](StepEvent&) { ++steps; };
  const Fitted again = fit(network.model, resumed, circle(20), options);
  EXPECT_EQ(steps, 3 * 3);
  EXPECT_EQ(again.unsaved, "");
  EXPECT_TRUE(same_state(resumed, state));
}

TEST_F(FitCheckpoint, SaveAgainOnceThereIsRoom) {
  FitOptions options = quiet(3);
  options.checkpoint = checkpoint;
  std::optional<FullDisk> full;
  options.on_epoch = [&](EpochEvent& event) {
    full.reset();
    if (event.history.epochs() == 1) full.emplace(1000);
  };
  EXPECT_EQ(fit(network.model, state, circle(20), options).unsaved, "");
  State resumed(network.graph);
  load(checkpoint, resumed, {.ignore_extra = true});
  EXPECT_TRUE(same_state(resumed, state));
}

}  // namespace
}  // namespace dagrad
