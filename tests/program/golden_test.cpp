#include "tests/golden/golden.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "src/program/functions.hpp"
#include "tests/program/support.hpp"

/// Compares every primitive with correctly rounded values and derivatives at difficult points, for
/// the functions of each instruction set.
namespace dagrad::test {
namespace {

using golden::What;

/// Primitives by their names in the golden files. Ops that consist of several primitives are not
/// included.
std::map<std::string, Primitive> words() {
  std::map<std::string, Primitive> all;
  for (int i = 0; i <= static_cast<int>(Primitive::logaddexp); ++i) {
    const auto word = static_cast<Primitive>(i);
    if (arity(word) == 1 || arity(word) == 2) all[std::string(name(word))] = word;
  }
  return all;
}

Program word_program(Primitive word, DType dtype) {
  return record(
      [&](std::span<const Symbol> x) {
        return arity(word) == 1 ? Symbol::call(word, x[0]) : Symbol::call(word, x[0], x[1]);
      },
      std::vector<DType>(static_cast<std::size_t>(arity(word)), dtype));
}

/// A primitive with its derivatives as programs of the operands.
struct Derivatives {
  Program value;
  std::vector<Program> first;                ///< indexed by operand
  std::vector<std::vector<Program>> second;  ///< indexed by both operands
  explicit Derivatives(const Program& program) : value(program) {
    for (std::size_t i = 0; i < value.inputs.size(); ++i) {
      first.push_back(derivative(value, i));
      second.emplace_back();
      for (std::size_t j = 0; j < value.inputs.size(); ++j)
        second[i].push_back(derivative(first[i], j));
    }
  }
};

/// A primitive with its rule and the rule of that rule, chained as in a graph: through the result
/// of the primitive, which is an operand of its rule.
struct Chain {
  Program value;
  Pullback rule, rule_of_rule;
  explicit Chain(const Program& program) : value(program) {
    static constexpr bool all[8] = {true, true, true, true, true, true, true, true};
    rule = pull_back(value, {all, value.inputs.size()}, {all, 1});
    if (rule.program == nullptr) return;
    rule_of_rule =
        pull_back(*rule.program, {all, rule.sources.size()}, {all, rule.program->outputs.size()});
  }
  /// The gradient of Σᵢ ∂f/∂xᵢ along x_j, summed over the operands of the rule.
  double second(const std::vector<double>& in, std::size_t j) const;
};

double pick(const Pullback& rule, const std::vector<double>& results, std::size_t operand) {
  const int at = rule.result[operand];
  return at < 0 ? 0 : results[static_cast<std::size_t>(at)];
}

/// The inputs of a rule, taken from operands, results and cotangents according to its sources.
std::vector<double> feed(const Pullback& rule, const std::vector<double>& in,
                         const std::vector<double>& out, double dout) {
  std::vector<double> values;
  for (const Source& s : rule.sources) {
    values.push_back(s.kind == Source::Kind::in    ? in[s.index]
                     : s.kind == Source::Kind::out ? out[s.index]
                                                   : dout);
  }
  return values;
}

double Chain::second(const std::vector<double>& in, std::size_t j) const {
  if (rule_of_rule.program == nullptr) return 0;
  const std::vector<double> out = run(value, in), operands = feed(rule, in, out, 1);
  const std::vector<double> grads =
      run(*rule_of_rule.program, feed(rule_of_rule, operands, run(*rule.program, operands), 1));
  double sum = 0;
  for (std::size_t k = 0; k < operands.size(); ++k) {
    const double along = pick(rule_of_rule, grads, k);
    const Source& source = rule.sources[k];
    if (source.kind == Source::Kind::in && source.index == j) sum += along;
    if (source.kind == Source::Kind::out)
      sum += pick(rule, run(*rule.program, feed(rule, in, out, along)), j);
  }
  return sum;
}

template <class T>
double number_value(Primitive word, const golden::Elementwise& row) {
  const Number<T> a(static_cast<T>(row.a)), b(static_cast<T>(row.b.value_or(0)));
  return row.b ? Number<T>::call(word, a, b).value() : Number<T>::call(word, a).value();
}

DType dtype_of_row(const golden::Elementwise& row) { return row.dtype == "float32" ? f32 : f64; }
std::vector<double> operands_of(const golden::Elementwise& row) {
  std::vector<double> in{row.a};
  if (row.b) in.push_back(*row.b);
  return in;
}

class Golden : public testing::TestWithParam<InstructionSet> {
 protected:
  void SetUp() override {
    if (!available(GetParam())) GTEST_SKIP() << "this machine has no " << name(GetParam());
  }
  void compare(const golden::Elementwise& row, What what, const char* field,
               const std::optional<double>& want, double got) {
    if (!want) return;
    ++compared_;
    if (golden::agrees(row, what, *want, got, bounds_)) return;
    ADD_FAILURE() << row.op << ' ' << row.dtype << ' ' << field << " at (" << row.a << ", "
                  << row.b.value_or(0) << "): want " << *want << ", got " << got << ", off by "
                  << std::abs(got - *want) / std::abs(*want) /
                         (row.dtype == "float32" ? 0x1p-23 : 0x1p-52)
                  << " epsilons";
  }
  const golden::Bounds bounds_ = golden::Bounds::read();
  const std::vector<golden::Elementwise> rows_ = golden::read_elementwise();
  const std::map<std::string, Primitive> words_ = words();
  int compared_ = 0;
};

TEST_P(Golden, ValuesAgree) {
  const UseFunctions functions(GetParam());
  for (const golden::Elementwise& row : rows_) {
    const auto word = words_.find(row.op);
    if (word == words_.end()) continue;
    const DType dtype = dtype_of_row(row);
    const double plain = run(word_program(word->second, dtype), operands_of(row))[0];
    const double number = dtype == f32 ? number_value<float>(word->second, row)
                                       : number_value<double>(word->second, row);
    compare(row, What::value, "value", row.value, plain);
    if (plain == plain || number == number) {
      EXPECT_EQ(to_bits(plain), to_bits(number)) << row.op << ' ' << row.a;
    }
  }
  EXPECT_GT(compared_, 5000);
}

TEST_P(Golden, DerivativesAgree) {
  const UseFunctions functions(GetParam());
  std::map<std::pair<Primitive, DType>, Derivatives> derivatives;
  for (const golden::Elementwise& row : rows_) {
    const auto word = words_.find(row.op);
    if (word == words_.end()) continue;
    const Derivatives& of = derivatives
                                .try_emplace({word->second, dtype_of_row(row)},
                                             word_program(word->second, dtype_of_row(row)))
                                .first->second;
    const std::vector<double> in = operands_of(row);
    const auto d1 = [&](std::size_t i) { return run(of.first[i], in)[0]; };
    const auto d2 = [&](std::size_t i, std::size_t j) { return run(of.second[i][j], in)[0]; };
    compare(row, What::first_derivative, "da", row.da, d1(0));
    compare(row, What::second_derivative, "daa", row.daa, d2(0, 0));
    if (!row.b) continue;
    compare(row, What::first_derivative, "db", row.db, d1(1));
    compare(row, What::second_derivative, "dab", row.dab, d2(0, 1));
    compare(row, What::second_derivative, "dba", row.dab, d2(1, 0));
    compare(row, What::second_derivative, "dbb", row.dbb, d2(1, 1));
  }
  EXPECT_GT(compared_, 10000);
}

TEST_P(Golden, RulesChainedThroughResultsAgree) {
  const UseFunctions functions(GetParam());
  std::map<std::pair<Primitive, DType>, Chain> chains;
  for (const golden::Elementwise& row : rows_) {
    const auto word = words_.find(row.op);
    if (word == words_.end() || row.b) continue;
    const Chain& chain = chains
                             .try_emplace({word->second, dtype_of_row(row)},
                                          word_program(word->second, dtype_of_row(row)))
                             .first->second;
    compare(row, What::second_derivative, "daa", row.daa, chain.second(operands_of(row), 0));
  }
  EXPECT_GT(compared_, 2000);
}

INSTANTIATE_TEST_SUITE_P(Sets, Golden,
                         testing::Values(InstructionSet::plain, InstructionSet::avx2,
                                         InstructionSet::avx512),
                         [](const auto& set) { return std::string(name(set.param)); });

}  // namespace
}  // namespace dagrad::test
