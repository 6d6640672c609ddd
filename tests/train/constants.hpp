#pragma once

#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/train/more_garbow_hillstrom.hpp"

/// Constants of which the test problems consist.
namespace dagrad::test {

using Values = std::vector<Value>;

inline Numbers repeated(const Numbers& part, int times) {
  Numbers all;
  for (int i = 0; i < times; ++i) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// f(1), …, f(n)
template <class F>
Numbers each(int n, F f) {
  Numbers all;
  for (int i = 1; i <= n; ++i) all.push_back(f(static_cast<double>(i)));
  return all;
}

inline Value constants(Graph& graph, const Numbers& numbers) {
  return graph.constant(Tensor({static_cast<std::int64_t>(numbers.size())}, numbers));
}
template <class F>
Value constants(Graph& graph, int n, F f) {
  return constants(graph, each(n, f));
}

/// 1, …, n
inline Value counted(Graph& graph, int n) {
  return constants(graph, each(n, [](double i) { return i; }));
}

}  // namespace dagrad::test
