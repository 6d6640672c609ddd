#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"

/// An expression to which each rule applies.
namespace dagrad::test {

struct RuleExample {
  std::string rule;
  std::function<Value(const Value& x, const Value& y)> build;
  /// The exact result for an element of x and one of y; empty where the results of both sides have
  /// the same bits.
  std::function<long double(long double x, long double y)> exact = {};
  /// The error is measured in units of the last place of the exact result, or of this number where
  /// that is larger.
  double scale = 0;
};

const std::vector<RuleExample>& simplifying_examples();
const std::vector<RuleExample>& stabilizing_examples();

}  // namespace dagrad::test
