#pragma once

#include <dagrad/dagrad.hpp>

#include <cmath>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

/// Fourteen nonlinear regression problems with certified results, of the Statistical Reference
/// Datasets of the National Institute of Standards and Technology.
namespace nist {

using dagrad::Value;

struct Model {
  std::string name;
  /// The fitted response for the parameters b and the columns x and z of predictors; most problems
  /// have only x.
  std::function<Value(const Value& b, const Value& x, const Value& z)> fit;
};

// [models]
inline std::vector<Model> models() {
  using B = const Value&;
  return {
      {"Misra1a", [](B b, B x, B) { return b[0] * (1 - exp(-b[1] * x)); }},
      {"Misra1b", [](B b, B x, B) { return b[0] * (1 - pow(1 + b[1] * x / 2, -2)); }},
      {"DanWood", [](B b, B x, B) { return b[0] * pow(x, b[1]); }},
      {"Chwirut2", [](B b, B x, B) { return exp(-b[0] * x) / (b[1] + b[2] * x); }},
      {"Lanczos3",
       [](B b, B x, B) {
         return b[0] * exp(-b[1] * x) + b[2] * exp(-b[3] * x) + b[4] * exp(-b[5] * x);
       }},
      {"Gauss1",
       [](B b, B x, B) {
         return b[0] * exp(-b[1] * x) + b[2] * exp(-square((x - b[3]) / b[4])) +
                b[5] * exp(-square((x - b[6]) / b[7]));
       }},
      {"Kirby2",
       [](B b, B x, B) {
         return (b[0] + b[1] * x + b[2] * square(x)) / (1 + b[3] * x + b[4] * square(x));
       }},
      {"Hahn1",
       [](B b, B x, B) {
         return (b[0] + b[1] * x + b[2] * square(x) + b[3] * pow(x, 3)) /
                (1 + b[4] * x + b[5] * square(x) + b[6] * pow(x, 3));
       }},
      {"Nelson", [](B b, B x, B z) { return b[0] - b[1] * x * exp(-b[2] * z); }},
      {"MGH17", [](B b, B x, B) { return b[0] + b[1] * exp(-x * b[3]) + b[2] * exp(-x * b[4]); }},
      {"MGH09",
       [](B b, B x, B) { return b[0] * (square(x) + x * b[1]) / (square(x) + x * b[2] + b[3]); }},
      {"Thurber",
       [](B b, B x, B) {
         return (b[0] + b[1] * x + b[2] * square(x) + b[3] * pow(x, 3)) /
                (1 + b[4] * x + b[5] * square(x) + b[6] * pow(x, 3));
       }},
      {"Rat42", [](B b, B x, B) { return b[0] / (1 + exp(b[1] - b[2] * x)); }},
      {"Eckerle4", [](B b, B x, B) { return b[0] / b[1] * exp(-square((x - b[2]) / b[1]) / 2); }},
  };
}
// [/models]

/// What a file of the collection holds.
struct Problem {
  std::vector<double> starts[2], certified, deviations;
  double squares = 0;                        ///< certified
  std::vector<std::vector<double>> columns;  ///< the response, then the predictors
};

inline Problem read(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  Problem problem;
  bool in_data = false;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word, equals;
    if (const auto colon = line.find(':'); line.starts_with("Residual Sum of Squares:")) {
      problem.squares = std::stod(line.substr(colon + 1));
    } else if (line.starts_with("Data:")) {  // occurs twice; the second time before the data
      problem.columns.clear();
      in_data = true;
    } else if (words >> word >> equals; word.starts_with("b") && equals == "=") {
      double first = 0, second = 0, certified = 0, deviation = 0;
      words >> first >> second >> certified >> deviation;
      problem.starts[0].push_back(first);
      problem.starts[1].push_back(second);
      problem.certified.push_back(certified);
      problem.deviations.push_back(deviation);
      in_data = false;
    } else if (in_data) {
      std::istringstream numbers(line);
      std::size_t column = 0;
      for (double number = 0; numbers >> number; ++column) {
        if (problem.columns.size() <= column) problem.columns.emplace_back();
        problem.columns[column].push_back(number);
      }
    }
  }
  return problem;
}

inline dagrad::Tensor vector(const std::vector<double>& numbers) {
  return dagrad::Tensor({static_cast<std::int64_t>(numbers.size())}, numbers);
}

// [residuals]
/// Observed less fitted; the file says that Nelson's model is of the logarithm of the response.
inline Value residuals(dagrad::Graph& graph, const Model& model, const Problem& problem,
                       const Value& b) {
  const Value y = graph.constant(vector(problem.columns[0]));
  const Value x = graph.constant(vector(problem.columns[1]));
  const Value z = graph.constant(vector(problem.columns.back()));
  return (model.name == "Nelson" ? log(y) : y) - model.fit(b, x, z);
}
// [/residuals]

/// The number of digits to which all numbers agree.
inline double digits(const dagrad::Tensor& found, const std::vector<double>& certified) {
  double digits = 16;
  for (std::size_t i = 0; i < certified.size(); ++i) {
    const double off =
        std::abs(found.at(static_cast<std::int64_t>(i)) - certified[i]) / std::abs(certified[i]);
    digits = std::min(digits, off > 0 ? -std::log10(off) : 16);
  }
  return digits;
}

}  // namespace nist
