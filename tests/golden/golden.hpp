#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Readers of the golden files beside this header. They do not depend on the library under test.
namespace dagrad::golden {

/// A file is missing or malformed. The text gives its path, line and the reason.
struct FileProblem : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One pair of operands of an elementwise op with its value and partial derivatives, rounded to the
/// dtype. Empty members do not apply or are not compared.
struct Elementwise {
  std::string op, dtype;
  double a = 0;
  std::optional<double> b;  ///< empty for unary ops
  std::optional<double> value, da, db, daa, dab, dbb;
};
/// All rows of elementwise_{unary,binary}_{float32,float64}.csv.
std::vector<Elementwise> read_elementwise();

enum class What { value, first_derivative, second_derivative };

/// How much results may differ from golden ones: by 16 epsilons of the dtype unless a row of
/// bounds.csv specifies otherwise.
class Bounds {
 public:
  static Bounds read();
  /// The relative bound in epsilons. 0 means the same bits; infinity means not compared.
  double epsilons(const Elementwise& row, What what) const;

 private:
  struct Row {
    std::string op, dtype, what;
    double a_from, a_to, b_from, b_to;
    double epsilons;
    std::string reason;
    bool covers(const Elementwise& row, What of) const;
  };
  std::vector<Row> rows_;
};

/// Whether `got` is close enough to `want`: NaN for NaN, equal infinities, else within the relative
/// bound; for second derivatives at operands below 1, also within 4 epsilons absolutely; for
/// results below the smallest normal number, also within that number.
bool agrees(const Elementwise& row, What what, double want, double got, const Bounds& bounds);

/// A row-major tensor. Floats are in `real`; integers, and bools as 0 and 1, in `integer`.
struct Tensor {
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::vector<double> real;
  std::vector<std::int64_t> integer;
  bool is_float() const { return dtype.starts_with("float"); }
};

/// The attributes of a call. Reading a missing one is an error unless a default is given.
class Attributes {
 public:
  using Integers = std::vector<std::int64_t>;
  using OptionalIntegers = std::vector<std::optional<std::int64_t>>;
  using Entry = std::variant<bool, std::int64_t, double, std::string, OptionalIntegers>;

  bool has(const std::string& key) const { return entries_.contains(key); }
  bool flag(const std::string& key, bool fallback) const;
  std::int64_t integer(const std::string& key) const;
  std::int64_t integer(const std::string& key, std::int64_t fallback) const;
  double real(const std::string& key) const;
  std::string text(const std::string& key) const;
  Integers integers(const std::string& key) const;
  OptionalIntegers optional_integers(const std::string& key) const;
  void set(std::string key, Entry entry) { entries_[std::move(key)] = std::move(entry); }

 private:
  template <class T>
  const T& get(const std::string& key) const;
  std::map<std::string, Entry> entries_;
};

/// One call of an op with its results, or the type of the error that it throws. `din` are the
/// gradients of the operands for cotangents `dout`; empty ones are not compared.
struct Case {
  std::string op;
  Attributes attributes;
  std::vector<Tensor> in, out, dout;
  std::vector<std::optional<Tensor>> din;
  std::string error;
  std::string place;  ///< file and line
};
/// All cases of ops/*.json.
std::vector<Case> read_cases();

/// Weights of the XOR network, row-major: w1 [2,3], b1 [1,3], w2 [3,1], b2 [1,1].
struct XorWeights {
  std::vector<double> w1, b1, w2, b2;
};
/// One training run of the XOR network, 2-3-1.
struct XorRun {
  int seed = 0;
  XorWeights initial, gradients;  ///< `gradients` are those of the first epoch
  std::map<int, double> cost;  ///< by epoch: the mean of half the squared errors before the update
  std::vector<double> output;  ///< output of the last epoch, before its update
  std::vector<int> prediction;
  double accuracy = 0;
};
struct Xor {
  double learning_rate = 0;
  int epochs = 0;
  std::vector<XorRun> runs;
};
Xor read_xor();

/// Steps of one of PyTorch's optimisers for two parameters "p" and "q".
struct OptimizerCase {
  std::string optimizer, dtype;
  std::map<std::string, double> options;  ///< bools as 0 and 1
  std::vector<double> rates;
  std::vector<std::vector<std::vector<double>>> parameters;  ///< values after each step
  std::map<std::string, std::vector<double>> state;          ///< state after the last step
};
struct Optimizers {
  std::vector<std::vector<double>> initial;
  std::vector<std::vector<std::vector<double>>> gradients;  ///< gradients of each step
  std::vector<OptimizerCase> cases;
};
Optimizers read_optimizers(std::string_view name = "optimizers.json");

/// The losses of a model before each of twenty steps, computed by PyTorch (models/<model>.json).
struct Losses {
  std::vector<double> float32, float64;
};
Losses read_losses(const std::string& model);

/// Metrics and preprocessing by scikit-learn (metrics.json).
struct ClassesCase {
  std::int64_t classes = 0;
  std::vector<std::int64_t> predicted, labels;
  double accuracy = 0;
  std::vector<std::vector<std::int64_t>> confusion;
  std::vector<std::vector<double>> each;       ///< precision, recall and F1 of each class
  std::vector<double> macro, weighted, micro;  ///< the same as means
};
struct TopKCase {
  std::vector<std::vector<double>> scores;
  std::vector<std::int64_t> labels;
  std::vector<double> accuracies;  ///< for k = 1, 2, …
};
struct RegressionCase {
  std::vector<std::vector<double>> predicted, targets;  ///< rows
  double r_squared = 0, mean_absolute_error = 0;
};
struct WeightsCase {
  std::int64_t classes = 0;
  std::vector<std::int64_t> labels;
  std::vector<double> weights;
};
struct StandardizedCase {
  std::vector<std::int64_t> shape;
  std::vector<double> rows, mean, scale, standardized;
};
struct Metrics {
  std::vector<ClassesCase> classes;
  std::vector<TopKCase> top_k;
  std::vector<RegressionCase> regressions;
  std::vector<WeightsCase> weights;
  std::vector<StandardizedCase> standardized;
};
Metrics read_metrics();

/// A known answer of Philox4x32.
struct Philox {
  int rounds = 0;
  std::vector<std::uint32_t> counter, key, answer;  ///< 4, 2 and 4 words
};
std::vector<Philox> read_philox();

}  // namespace dagrad::golden
