// Random graphs on batches, compared with a loop over the members.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/check/random_graphs.hpp"
#include "tests/sanitized.hpp"

namespace dagrad {
namespace {

constexpr std::int64_t members = 3;

/// The tensor of a feed, and others near it; the axis of the batch is the first.
std::vector<Tensor> members_of(const Tensor& tensor) {
  std::vector<Tensor> all;
  for (std::int64_t k = 0; k < members; ++k) {
    Tensor wide = tensor.cast(f64);
    if (is_float(tensor.dtype()))
      for (double& element : wide.mutate<double>()) element *= 1 + 0.01 * static_cast<double>(k);
    all.push_back(wide.cast(tensor.dtype()));
  }
  return all;
}

Tensor stacked(const std::vector<Tensor>& tensors) {
  Graph graph;
  std::vector<Value> values;
  for (const Tensor& tensor : tensors) values.push_back(graph.constant(tensor));
  return compile({stack(values)}, {.passes = {}})()[0];
}

TEST(RandomBatches, GiveWhatEachMemberGives) {
  for (const DType dtype : {f64, f32})
    for (int seed = 0; seed < (sanitized ? 10 : 40); ++seed) {
      tests::RandomGraph random = tests::random_graph(seed, {}, dtype);
      std::vector<Value> values{random.y};
      for (const Value& slope :
           gradient(sum(random.y), random.xs, {.unconnected = Unconnected::zeros}))
        values.push_back(slope);
      const Function one = compile(values);
      std::vector<Feeds> feeds(members);
      std::vector<Batched> inputs;
      Feeds all = random.feeds;
      for (const Feed& feed : random.feeds) {
        if (!is_float(feed.tensor.dtype())) continue;
        const Tensor tensors = stacked(members_of(feed.tensor));
        const Value batch = random.graph.input("batch_" + feed.value.name(), tensors.type());
        inputs.push_back({feed.value, batch});
        all.emplace_back(batch, tensors);
      }
      const auto got = compile(batch(values, inputs))(all);
      for (std::size_t i = 0; i < values.size(); ++i) {
        std::vector<Tensor> wanted;
        for (std::int64_t k = 0; k < members; ++k) {
          Feeds own;
          for (const Feed& feed : random.feeds)
            own.emplace_back(feed.value, members_of(feed.tensor)[static_cast<std::size_t>(k)]);
          wanted.push_back(one(own)[i]);
        }
        const Tensor loop = stacked(wanted);
        double largest = 1;
        for (std::int64_t e = 0; e < loop.size(); ++e)
          if (std::isfinite(loop.at(e))) largest = std::max(largest, std::abs(loop.at(e)));
        const double tolerance = dtype == f64 ? 1e-12 : 1e-5;
        EXPECT_TENSOR_NEAR(got[i], loop, tolerance, tolerance * largest) << seed << " " << i;
      }
    }
}

}  // namespace
}  // namespace dagrad
