#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/models/adbench_ba.hpp"

namespace dagrad::models {
namespace {

/// The numbers of a golden file, without the lines that are words.
std::vector<double> numbers_of(const std::string& name) {
  const std::filesystem::path input = adbench::file("ba_test");
  std::ifstream file(input.parent_path().parent_path() / "golden" / name);
  std::vector<double> numbers;
  for (std::string line; std::getline(file, line);) {
    if (line.find_first_of("Rdg:") != std::string::npos) continue;
    std::istringstream words(line);
    for (double number = 0; words >> number;) numbers.push_back(number);
  }
  return numbers;
}

double error_of(double got, double want) { return std::abs(got - want) / (1 + std::abs(want)); }

/// The residuals and the Jacobian of an input, which ADBench orders by observation.
struct Adjustment {
  adbench::Ba data;
  adbench::BaNetwork network;
  Sparse jacobian;
  std::vector<Tensor> results;
  std::int64_t p;

  explicit Adjustment(const std::string& name)
      : data(adbench::read_ba(adbench::file(name))),
        network(data),
        jacobian(sparse_jacobian({network.errors, network.weight_errors}, network.parameters())),
        results(
            compile({network.errors, network.weight_errors, jacobian.values})(network.feeds(data))),
        p(data.weights.size()) {}

  /// The element of the Jacobian in the order of ADBench; 0 outside of the pattern.
  double at(std::int64_t row, std::int64_t column) const {
    const std::int64_t own = row < 2 * p ? row % 2 * p + row / 2 : row;
    const std::int64_t entry = jacobian.pattern.find(own, column);
    return entry < 0 ? 0 : results[2].at(static_cast<int>(entry));
  }
};

TEST(BundleAdjustment, HasADBenchsValuesAndJacobian) {
  const Adjustment adjustment("ba_test");
  const std::vector<double> values = numbers_of("ba_test_F.txt");
  ASSERT_EQ(values.size(), 30u);
  for (int i = 0; i < 10; ++i) {
    for (int k = 0; k < 2; ++k)
      EXPECT_LE(error_of(adjustment.results[0].at(k * 10 + i),
                         values[static_cast<std::size_t>(2 * i + k)]),
                1e-11);
    EXPECT_LE(error_of(adjustment.results[1].at(i), values[static_cast<std::size_t>(20 + i)]),
              1e-14);
  }
  const std::vector<double> csr = numbers_of("ba_test_J.txt");
  constexpr std::size_t starts = 3, columns = 3 + 31 + 1, entries = columns + 310;
  ASSERT_EQ(csr.size(), entries + 310);
  std::size_t nonzero = 0;
  for (std::size_t row = 0; row < 30; ++row)
    for (auto k = static_cast<std::size_t>(csr[starts + row]);
         k < static_cast<std::size_t>(csr[starts + row + 1]); ++k) {
      const double want = csr[entries + k];
      nonzero += want != 0 ? 1 : 0;
      EXPECT_LE(error_of(adjustment.at(static_cast<std::int64_t>(row),
                                       static_cast<std::int64_t>(csr[columns + k])),
                         want),
                1e-11)
          << row << " " << k;
    }
  EXPECT_EQ(adjustment.jacobian.rows.size(), nonzero);
  EXPECT_EQ(adjustment.jacobian.products, 10);
}

TEST(BundleAdjustment, OfManyCamerasHasTheSameBlockEverywhere) {
  const Adjustment adjustment("ba_n49_m7776_p31843");
  const std::vector<double> block = numbers_of("ba_n49_m7776_p31843_block.txt");
  ASSERT_EQ(block.size(), 2u * 15 + 1 + 3);
  const std::int64_t n = 49, m = 7776, p = adjustment.p;
  EXPECT_EQ(adjustment.jacobian.pattern.entries(), 28 * p + p);
  EXPECT_EQ(adjustment.jacobian.products, 14);
  for (std::int64_t i = 0; i < p; i += 97) {
    for (std::int64_t k = 0; k < 15; ++k) {
      const std::int64_t column = k < 11   ? i % n * 11 + k
                                  : k < 14 ? 11 * n + i % m * 3 + k - 11
                                           : 11 * n + 3 * m + i;
      for (std::int64_t row : {0, 1})
        EXPECT_LE(error_of(adjustment.at(2 * i + row, column),
                           block[static_cast<std::size_t>(15 * row + k)]),
                  1e-11);
    }
    EXPECT_LE(error_of(adjustment.at(2 * p + i, 11 * n + 3 * m + i), block[30]), 1e-14);
  }
}

}  // namespace
}  // namespace dagrad::models
