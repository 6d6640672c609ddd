#pragma once

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/dtype.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad::reports {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A float64 vector.
inline Tensor vector(const std::vector<double>& elements) {
  return Tensor({static_cast<std::int64_t>(elements.size())}, elements);
}

/// A float32 vector.
inline Tensor narrow(const std::vector<float>& elements) {
  return Tensor({static_cast<std::int64_t>(elements.size())}, elements);
}

/// Whether the elements of a float tensor, in row-major order, are these.
inline ::testing::AssertionResult are(const Tensor& got, const std::vector<double>& right,
                                      double relative = 1e-9, double absolute = 1e-13) {
  if (got.size() != static_cast<std::int64_t>(right.size())) {
    return ::testing::AssertionFailure() << got << " does not have " << right.size() << " elements";
  }
  std::vector<double> elements;
  for (std::int64_t i = 0; i < got.size(); ++i) elements.push_back(got.at(i));
  return testing::near(vector(elements), vector(right), relative, absolute);
}

}  // namespace dagrad::reports
