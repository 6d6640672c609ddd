#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>

#include "tests/bench/bench.hpp"
#include "tests/bench/loops.hpp"

namespace {

using namespace dagrad::bench;

/// A case of `single_op`.
Case of_op(const std::string& name, const std::string& what) {
  return {name, what + ", three sizes, float32: forward, and with the gradient",
          [name](const Settings& settings) { single_op(settings, name); }, true};
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"xor", "training step of the XOR network, float64", xor_step, true},
      {"chain", "y = tanh(y) * 1.001, repeated 1000 times, on one float32: value and gradient",
       chain, true},
      {"mlp_small", "784-128-10, batch 32: training step, float32", mlp_small, true},
      {"mlp", "784-512-512-10, batch 64: training step, float32", mlp, true},
      {"mlp_wide", "1024-1024-1024-1024-1024-10, batch 256: training step, float32", mlp_wide,
       true},
      {"lenet5", "LeNet-5 on 28 x 28, batch 64: SGD step, float32", lenet5, true},
      {"resnet18", "CIFAR ResNet-18, batch norm in training mode, batch 32: SGD step, float32",
       resnet18, true},
      {"nanogpt", "GPT of 4 layers, 128 wide, 64 tokens, batch 12: AdamW step, float32", nanogpt,
       true},
      {"gmm", "ADBench's mixture of 50 Gaussians in 20 dimensions, 1000 points: gradient, float64",
       gmm, true},
      {"lstm", "ADBench's LSTM of 2 layers and 1024 letters: gradient, float64", lstm, true},
      {"scalars", "formula of 6,000 scalar ops, float64: value and gradient", scalars, true},
      {"elementwise",
       "six ops of a user's in a chain, summed over rows, 10^7 elements: value and gradient",
       elementwise_chain, true},
      of_op("softmax", "of rows"),
      of_op("layer_norm", "of rows, with scale and shift"),
      of_op("topk", "the largest elements of rows"),
      of_op("sort", "of rows"),
      of_op("cumsum", "of rows"),
      of_op("take", "rows of a table"),
      of_op("scatter_add", "of rows to a table"),
      of_op("max_pool", "of images"),
      {"fit", "what `fit` costs over a loop written by hand", fit_loop},
      {"nodes", "time per node for building, differentiating and compiling", nodes},
      {"memory", "resident memory per node for building, differentiating, compiling and cloning",
       memory},
      {"schedule", "time for scheduling a node that does nothing", schedule},
      {"loops", "assembled loops compared with loops written by hand",
       [](const Settings& s) { loops(s.out); }},
      {"narrow", "assembled loops over float16 and bfloat16 compared with float32",
       [](const Settings& s) { narrow_loops(s.out); }},
      {"start", "time from process start to the first gradient", start}};
  return all;
}

void usage(std::FILE* out) {
  std::fputs(
      "dagrad_bench [--json FILE] [--peers DIR] [--threads N] [--seconds S] [--check-finite] "
      "[--gradient-report] [CASE...]\n\n"
      "Prints one line of JSON per case. --check-finite measures how much longer training steps "
      "take if they are compiled with check_finite, and --gradient-report if every tenth step is "
      "recorded in a gradient_report. --peers runs the same cases in the environment "
      "that tests/bench/peers/setup DIR created.\n\n",
      out);
  for (const Case& c : cases()) std::fprintf(out, "  %-11s %s\n", c.name.c_str(), c.doc.c_str());
}

struct Arguments {
  Settings settings;
  std::string peers;
  std::vector<const Case*> chosen;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto next = [&] {
      if (++i >= argc) throw std::invalid_argument(argument + " needs a value");
      return argv[i];
    };
    if (argument == "--json") {
      arguments.settings.out = std::fopen(next(), "w");
      if (!arguments.settings.out)
        throw std::invalid_argument(std::string("cannot write ") + argv[i]);
    } else if (argument == "--peers") {
      arguments.peers = next();
    } else if (argument == "--threads") {
      arguments.settings.threads = std::atoi(next());
      if (arguments.settings.threads < 1)
        throw std::invalid_argument("--threads needs a number of at least 1");
    } else if (argument == "--seconds") {
      arguments.settings.seconds = std::atof(next());
      if (!(arguments.settings.seconds > 0))
        throw std::invalid_argument("--seconds needs a positive number");
    } else if (argument == "--check-finite") {
      arguments.settings.check_finite = true;
    } else if (argument == "--gradient-report") {
      arguments.settings.gradient_report = true;
    } else {
      const std::size_t before = arguments.chosen.size();
      for (const Case& c : cases())
        if (c.name == argument) arguments.chosen.push_back(&c);
      if (arguments.chosen.size() == before)
        throw std::invalid_argument("there is no case \"" + argument + "\"");
    }
  }
  if (arguments.chosen.empty())
    for (const Case& c : cases()) arguments.chosen.push_back(&c);
  return arguments;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1 && (std::strcmp(argv[1], "--help") == 0 || std::strcmp(argv[1], "-h") == 0)) {
    usage(stdout);
    return 0;
  }
  const Arguments arguments = parse(argc, argv);
  for (const Case* c : arguments.chosen) {
    if (arguments.peers.empty())
      c->run(arguments.settings);
    else if (c->has_peers)
      against_peers(arguments.settings, c->name, arguments.peers, argv[0]);
  }
  return 0;
} catch (const std::invalid_argument& error) {
  std::fprintf(stderr, "dagrad_bench: %s\n", error.what());
  usage(stderr);
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "dagrad_bench: %s\n", error.what());
  return 1;
}
