#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Readers of the golden files beside this header. They know nothing of the library under test.
namespace dagrad::golden {

/// A file that is missing or malformed: its path, line and what is wrong there.
struct FileProblem : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One operand pair of an elementwise op, with its value and partial derivatives, rounded to the
/// dtype. What is empty does not apply or is not compared.
struct Elementwise {
  std::string op, dtype;
  double a = 0;
  std::optional<double> b;  ///< empty for unary ops
  std::optional<double> value, da, db, daa, dab, dbb;
};
/// All rows of elementwise_{unary,binary}_{float32,float64}.csv.
std::vector<Elementwise> read_elementwise();

enum class What { value, first_derivative, second_derivative };

/// How far results may be from the golden ones: 16 epsilons of the dtype unless a row of bounds.csv
/// says otherwise.
class Bounds {
 public:
  static Bounds read();
  /// In epsilons, relative. 0: the same bits; infinite: not compared.
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

/// Whether `got` is as near to `want` as the goldens ask for: NaN to NaN, infinities equal, the
/// relative bound in general; for second derivatives at operands below 1 also an absolute 4
/// epsilons; results below the smallest normal number up to that number.
bool agrees(const Elementwise& row, What what, double want, double got, const Bounds& bounds);

/// A tensor, row-major. Floats are in `real`; ints, and bools as 0 and 1, in `integer`.
struct Tensor {
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::vector<double> real;
  std::vector<std::int64_t> integer;
  bool is_float() const { return dtype.starts_with("float"); }
};

/// The attributes of a call; a missing one is an error unless asked for with a fallback.
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

/// One call of an op: its results, or the type of the error it throws. With cotangents `dout`
/// of the results, `din` are the gradients of the operands, empty where not compared.
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
/// One training of the XOR network, 2-3-1.
struct XorRun {
  int seed = 0;
  XorWeights initial, gradients;  ///< gradients: those of the first epoch
  std::map<int, double> cost;     ///< by epoch: mean of half squared errors before the update
  std::vector<double> output;     ///< of the last epoch, before its update
  std::vector<int> prediction;
  double accuracy = 0;
};
struct Xor {
  double learning_rate = 0;
  int epochs = 0;
  std::vector<XorRun> runs;
};
Xor read_xor();

/// Steps of one of PyTorch's optimisers with two parameters "p" and "q".
struct OptimizerCase {
  std::string optimizer, dtype;
  std::map<std::string, double> options;  ///< bools as 0 and 1
  std::vector<double> rates;
  std::vector<std::vector<std::vector<double>>> parameters;  ///< after each step
  std::map<std::string, std::vector<double>> state;          ///< after the last
};
struct Optimizers {
  std::vector<std::vector<double>> initial;
  std::vector<std::vector<std::vector<double>>> gradients;  ///< of each step
  std::vector<OptimizerCase> cases;
};
Optimizers read_optimizers();

/// A model's losses before each of twenty steps, by PyTorch: models/<model>.json.
struct Losses {
  std::vector<double> float32, float64;
};
Losses read_losses(const std::string& model);

/// A known answer of Philox4x32.
struct Philox {
  int rounds = 0;
  std::vector<std::uint32_t> counter, key, answer;  ///< 4, 2 and 4 words
};
std::vector<Philox> read_philox();

}  // namespace dagrad::golden
