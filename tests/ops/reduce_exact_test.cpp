#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"

/// Reductions whose results are exact, compared with a loop over all elements: those of bools and
/// ints, and of elements of any dtype that are only asked whether they are 0.
namespace dagrad {
namespace {

/// A shape and the axes over which it is reduced.
struct Over {
  Shape shape;
  std::vector<std::int64_t> axes;
};

/// The elements of x by the result to which they belong.
std::vector<std::vector<std::int64_t>> groups_of(const Tensor& x, const Over& over) {
  const Shape& shape = over.shape;
  const auto reduced = [&](int axis) {
    return std::find(over.axes.begin(), over.axes.end(), axis) != over.axes.end();
  };
  std::int64_t results = 1;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (!reduced(axis)) results *= shape[axis];
  std::vector<std::vector<std::int64_t>> groups(static_cast<std::size_t>(results));
  const std::vector<std::int64_t> elements = x.cast(i64).to_vector<std::int64_t>();
  for (std::int64_t i = 0; i < x.size(); ++i) {
    std::int64_t result = 0, step = 1, left = i;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (!reduced(axis)) result += left % shape[axis] * step, step *= shape[axis];
      left /= shape[axis];
    }
    groups[static_cast<std::size_t>(result)].push_back(elements[static_cast<std::size_t>(i)]);
  }
  return groups;
}

std::int64_t wrapped_sum(const std::vector<std::int64_t>& x) {
  std::uint64_t sum = 0;
  for (const std::int64_t element : x) sum += static_cast<std::uint64_t>(element);
  return static_cast<std::int64_t>(sum);
}
std::int64_t wrapped_product(const std::vector<std::int64_t>& x) {
  std::uint64_t product = 1;
  for (const std::int64_t element : x) product *= static_cast<std::uint64_t>(element);
  return static_cast<std::int64_t>(product);
}
std::int64_t nonzero(const std::vector<std::int64_t>& x) {
  return std::count_if(x.begin(), x.end(), [](std::int64_t element) { return element != 0; });
}

void expect_exact(const Tensor& x, const Over& over) {
  const auto groups = groups_of(x, over);
  Graph graph;
  const Value in = graph.input("x", x.type());
  const Axes axes(over.axes);
  const auto expect = [&](const std::string& what, const Value& y, auto wanted) {
    const std::vector<std::int64_t> got =
        evaluate({y}, {{in, x}})[0].cast(i64).to_vector<std::int64_t>();
    ASSERT_EQ(got.size(), groups.size());
    for (std::size_t i = 0; i < got.size(); ++i)
      ASSERT_EQ(got[i], wanted(groups[i])) << what << " of " << to_string(x.type()) << " over "
                                           << over.axes.size() << " axes, result " << i;
  };
  expect("any", any(in, axes), [](const auto& group) { return nonzero(group) > 0; });
  expect("all", all(in, axes),
         [](const auto& group) { return nonzero(group) == std::ssize(group); });
  expect("count_nonzero", count_nonzero(in, axes), nonzero);
  if (is_float(x.dtype())) return;
  expect("sum", sum(in, axes), wrapped_sum);
  expect("prod", prod(in, axes), wrapped_product);
  if (groups.empty() || groups[0].empty()) return;
  expect("max", max(in, axes),
         [](const auto& group) { return *std::max_element(group.begin(), group.end()); });
  expect("min", min(in, axes),
         [](const auto& group) { return *std::min_element(group.begin(), group.end()); });
  if (over.axes.size() != 1) return;
  expect("argmax", argmax(in, axes), [](const auto& group) {
    return std::max_element(group.begin(), group.end()) - group.begin();
  });
}

class ExactReduction : public ::testing::TestWithParam<Over> {};

TEST_P(ExactReduction, EqualsALoop) {
  Rng rng(7);
  const Over& over = GetParam();
  for (const DType dtype : {b8, i32, i64, f32, f64}) {
    const Tensor some = rng.integers(over.shape, 0, 2);
    expect_exact(some.cast(dtype), over);
    expect_exact(Tensor::full({i64, over.shape}, 1).cast(dtype), over);  // the largest counts
    expect_exact(Tensor({dtype, over.shape}), over);
  }
  const std::int64_t large = std::numeric_limits<std::int32_t>::max();
  expect_exact(rng.integers(over.shape, -large, large).cast(i32), over);
  expect_exact(rng.integers(over.shape, std::numeric_limits<std::int64_t>::min(),
                            std::numeric_limits<std::int64_t>::max()),
               over);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ExactReduction,
    ::testing::Values(Over{{}, {}}, Over{{1}, {0}}, Over{{0}, {0}}, Over{{2, 0}, {1}},
                      Over{{0, 3}, {0}}, Over{{3, 4}, {}},
                      Over{{9000}, {0}},     // several rows of lanes that climb, and a rest
                      Over{{300'000}, {0}},  // chunks, whose lanes climb twice
                      Over{{50, 20}, {1}},   // short rows, side by side
                      Over{{17, 40}, {1}},   // the longest of them
                      Over{{30, 41}, {1}}, Over{{3, 5000}, {1}}, Over{{700, 3}, {0}},
                      Over{{1001, 33}, {0}}, Over{{300, 2'500}, {0}},  // tiles of columns
                      Over{{6, 20'000}, {0}},                          // tiles of bytes
                      Over{{5, 7, 11}, {0, 2}}, Over{{40, 9, 3}, {0, 1}}, Over{{4, 200, 6}, {1}},
                      Over{{4, 3, 5, 2}, {1, 3}}));

}  // namespace
}  // namespace dagrad
