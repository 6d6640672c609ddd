// Convolutions with strides and dilation, and pooling.
#include "dagrad/gradient.hpp"
#include "dagrad/ops/convolution.hpp"
#include "dagrad/ops/pooling.hpp"
#include "dagrad/ops/reduce.hpp"
#include "tests/reports/support.hpp"

namespace dagrad::reports {
namespace {

// PyTorch#15501: conv1d with padding 1, stride 2 and dilation 2.
TEST(Convolutions, OfOneDimension) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor({2, 1, 2}, std::vector<double>{7, 3, 3, 2}));
  const Value kernel = graph.parameter("k", Tensor({2, 1, 2}, std::vector<double>{3, 6, 4, 2}));
  const Value y = conv1d(x, kernel, Convolution{.stride = {2}, .padding = {1}, .dilation = {2}});
  const auto d = gradient(sum(y), {x, kernel});
  EXPECT_TRUE(are(evaluate(y), {18, 6, 12, 4}));
  EXPECT_TRUE(are(evaluate(d[0]), {0, 8, 0, 8}));
  EXPECT_TRUE(are(evaluate(d[1]), {0, 5, 0, 5}));
}

// PyTorch#1565: a transposed convolution with stride 2 and dilation 2.
TEST(Convolutions, Transposed) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor({1, 1, 1, 6}, std::vector<double>(6, 1)));
  const Value kernel = graph.parameter("k", Tensor({1, 1, 1, 3}, std::vector<double>(3, 1)));
  const Convolution options{.stride = {1, 2}, .padding = {0, 1}, .dilation = {1, 2}};
  EXPECT_TRUE(are(evaluate(conv_transpose2d(x, kernel, options, std::vector<std::int64_t>{0, 1})),
                  {0, 2, 0, 3, 0, 3, 0, 3, 0, 3, 0, 2, 0, 1}));
}

// PyTorch#7645: NaN counts as the largest number.
TEST(MaxPooling, OfNaN) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor({1, 1, 1, 4}, std::vector<double>{nan, nan, 0, nan}));
  EXPECT_TRUE(are(evaluate(max_pool2d(x, Pooling{.window = {1, 2}})), {nan, nan}));
}

// PyTorch#20465: if all elements are -∞, the first gets the gradient.
TEST(MaxPooling, OfMinusInfinityAlone) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor({1, 1, 2, 2}, std::vector<double>(4, -infinity)));
  const Value y = max_pool2d(x, Pooling{.window = {2}});
  EXPECT_TRUE(are(evaluate(y), {-infinity}));
  EXPECT_TRUE(are(evaluate(gradient(sum(y), x)), {1, 0, 0, 0}));
}

}  // namespace
}  // namespace dagrad::reports
