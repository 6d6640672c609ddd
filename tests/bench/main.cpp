#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>

#include "tests/bench/bench.hpp"
#include "tests/bench/loops.hpp"
#include "tests/bench/products.hpp"

namespace {

using namespace dagrad::bench;

const std::vector<std::string> frameworks{"torch", "torch-compile", "jax-jit"};

std::vector<std::string> frameworks_and(const char* system) {
  std::vector<std::string> all = frameworks;
  all.push_back(system);
  return all;
}

/// A case of `single_op`.
Case of_op(const std::string& name, const std::string& what) {
  return {name, what + ", three sizes, float32: forward, and with the gradient",
          [name](const Settings& settings) { single_op(settings, name); }, frameworks};
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"xor", "training step of the XOR network, float64", xor_step, frameworks_and("numpy")},
      {"chain", "y = tanh(y) * 1.001, repeated 1000 times, on one float32: value and gradient",
       chain, frameworks},
      {"mlp_small", "784-128-10, batch 32: training step, float32", mlp_small, frameworks},
      {"mlp", "784-512-512-10, batch 64: training step, float32", mlp, frameworks},
      {"mlp_wide", "1024-1024-1024-1024-1024-10, batch 256: training step, float32", mlp_wide,
       frameworks},
      {"lenet5", "LeNet-5 on 28 x 28, batch 64: SGD step, float32", lenet5, frameworks},
      {"resnet18", "CIFAR ResNet-18, batch norm in training mode, batch 32: SGD step, float32",
       resnet18, frameworks},
      {"nanogpt", "GPT of 4 layers, 128 wide, 64 tokens, batch 12: AdamW step, float32", nanogpt,
       frameworks},
      {"gmm", "ADBench's mixture of 50 Gaussians in 20 dimensions, 1000 points: gradient, float64",
       gmm, frameworks},
      {"lstm",
       "ADBench's LSTM of 2 layers and 1024 letters: gradient, float64",
       lstm,
       {"torch", "jax-jit", "casadi"}},
      {"scalars",
       "formula of 6,000 scalar ops, float64: value and gradient",
       scalars,
       {"casadi", "casadi-c"}},
      {"elementwise",
       "six ops of a user's in a chain, summed over rows, 10^7 elements: value and gradient",
       elementwise_chain, frameworks_and("numpy")},
      of_op("softmax", "of rows"),
      of_op("layer_norm", "of rows, with scale and shift"),
      of_op("batch_norm", "of images, in training, with scale and shift"),
      of_op("topk", "the largest elements of rows"),
      of_op("sort", "of rows"),
      of_op("cumsum", "of rows"),
      of_op("take", "rows of a table"),
      of_op("scatter_add", "of rows to a table"),
      of_op("max_pool", "of images"),
      {"jacobians",
       "sparse Jacobians, gradients and Hessians of 1,000 to 100,000 variables, float64",
       jacobians,
       {"casadi", "casadi-mx"}},
      {"tangents", "value and JVP of models, compared with value and VJP: nodes and time",
       tangents},
      {"colorings", "colourings of columns, and Boost's: time and number of colours", colorings},
      {"batching", "functions of a batch of 64, compared with a loop over its members", batching},
      {"gemm", "matrix times vector, and narrow products, of our tiles and of the libraries",
       narrow_products},
      {"fit", "what `fit` costs over a loop written by hand", fit_loop},
      {"nodes", "time per node for building, differentiating and compiling", nodes},
      {"memory", "resident memory per node for building, differentiating, compiling and cloning",
       memory},
      {"schedule", "time for scheduling a node that does nothing", schedule},
      {"loops", "assembled loops, and a fused group of ops, compared with loops written by hand",
       [](const Settings& s) {
         loops(s.out);
         user_group(s);
       }},
      {"narrow", "assembled loops over float16 and bfloat16 compared with float32",
       [](const Settings& s) { narrow_loops(s.out); }},
      {"start", "time from process start to the first gradient", start}};
  return all;
}

void usage(std::FILE* out) {
  std::fputs(
      "dagrad_bench [OPTION...] [CASE...]\n\n"
      "Prints one line of JSON for each row of a case.\n"
      "  --json FILE        write the lines to this file\n"
      "  --threads N        threads to use: 2 by default, and with --peers first 1, then 2\n"
      "  --seconds S        time to spend on each case: 3 by default, and 1 with --peers\n"
      "  --check-finite     measure how much longer training steps take with check_finite\n"
      "  --gradient-report  the same for a gradient_report of every tenth step\n"
      "  --peers DIR        run the same cases in the environment that tests/bench/peers/setup "
      "DIR\n"
      "                     has made, in turns, and print a table with a verdict for each target\n"
      "  --rounds N         rounds with the peers: 5 by default\n"
      "  --timeout S        seconds after which a peer is stopped: 300 by default\n"
      "  --before PROGRAM   an older dagrad_bench to compare with too\n\n",
      out);
  for (const Case& c : cases()) std::fprintf(out, "  %-11s %s\n", c.name.c_str(), c.doc.c_str());
}

struct Arguments {
  Settings settings;
  Rivals rivals;
  std::vector<int> threads{1, 2};
  std::vector<const Case*> chosen;
};

/// Reads the arguments of the command line one by one.
class Reader {
 public:
  Reader(int argc, char** argv) : left_(argv + 1, argv + argc) {}
  bool done() const { return left_.empty(); }
  std::string next() {
    last_ = left_.front();
    left_.erase(left_.begin());
    return last_;
  }
  /// The value of the option that was read last.
  std::string value() {
    const std::string option = last_;
    if (done()) throw std::invalid_argument(option + " needs a value");
    return next();
  }
  double number(double least) {
    const std::string option = last_;
    const double number = std::atof(value().c_str());
    if (!(number >= least))
      throw std::invalid_argument(option + " needs a number of at least " + std::to_string(least));
    return number;
  }
  int count() { return static_cast<int>(number(1)); }

 private:
  std::vector<std::string> left_;
  std::string last_;
};

const Case& case_of(const std::string& name) {
  for (const Case& c : cases())
    if (c.name == name) return c;
  throw std::invalid_argument("there is no case \"" + name + "\"");
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  Settings& settings = arguments.settings;
  Rivals& rivals = arguments.rivals;
  rivals.self = argv[0];
  double seconds = 0;
  for (Reader reader(argc, argv); !reader.done();) {
    const std::string argument = reader.next();
    if (argument == "--json") {
      const std::string file = reader.value();
      settings.out = std::fopen(file.c_str(), "w");
      if (!settings.out) throw std::invalid_argument("cannot write " + file);
    } else if (argument == "--peers") {
      rivals.folder = reader.value();
    } else if (argument == "--before") {
      rivals.before = reader.value();
    } else if (argument == "--rounds") {
      rivals.rounds = reader.count();
    } else if (argument == "--timeout") {
      rivals.timeout = reader.count();
    } else if (argument == "--threads") {
      settings.threads = reader.count();
      arguments.threads = {settings.threads};
    } else if (argument == "--seconds") {
      seconds = reader.number(1e-3);
    } else if (argument == "--check-finite") {
      settings.check_finite = true;
    } else if (argument == "--gradient-report") {
      settings.gradient_report = true;
    } else {
      arguments.chosen.push_back(&case_of(argument));
    }
  }
  settings.seconds = seconds > 0 ? seconds : rivals.folder.empty() ? 3 : 1;
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
  use_vectors_in_openblas(argv);
  const Arguments arguments = parse(argc, argv);
  if (arguments.rivals.folder.empty())
    for (const Case* c : arguments.chosen) c->run(arguments.settings);
  else
    against_peers(arguments.settings, arguments.chosen, arguments.threads, arguments.rivals);
  return 0;
} catch (const std::invalid_argument& error) {
  std::fprintf(stderr, "dagrad_bench: %s\n", error.what());
  usage(stderr);
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "dagrad_bench: %s\n", error.what());
  return 1;
}
