// Functions of a batch, compared with a loop over the function of one member.
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

constexpr std::int64_t members = 64;

/// A network for one sample.
struct Sample {
  explicit Sample(const std::vector<std::int64_t>& sizes) : x(graph.input("x", {f32, {sizes[0]}})) {
    Rng rng(0);
    Value h = x;
    for (std::size_t i = 0; i < 2; ++i) {
      const std::int64_t in = sizes[i], out = sizes[i + 1];
      weights.push_back(
          graph.parameter("w" + std::to_string(i), rng.normal({in, out}, 0, 0.05, f32)));
      weights.push_back(graph.parameter("b" + std::to_string(i), Tensor(Type{f32, {out}})));
      h = matmul(h, weights[2 * i]) + weights[2 * i + 1];
      if (i == 0) h = relu(h);
    }
    loss = cross_entropy(unsqueeze(h, 0), unsqueeze(y, 0));
  }

  Graph graph;
  Value x, y = graph.input("y", {i64, {}}), loss;
  std::vector<Value> weights;
};

/// The row of a tensor.
View row_of(const Tensor& all, std::int64_t row, const Type& type) {
  return {static_cast<const std::byte*>(all.data()) + static_cast<std::size_t>(row) * type.bytes(),
          type};
}

Type batch_type(const Type& type) {
  std::vector<std::int64_t> dims(type.shape.begin(), type.shape.end());
  dims.insert(dims.begin(), members);
  return {type.dtype, Shape(dims)};
}

void compare(const Settings& settings, const std::string& what, Sample& sample,
             const std::vector<Value>& values) {
  const Tensor images = Rng(1).normal({members, sample.x.size()}, 0, 1, f32),
               labels = Rng(2).integers({members}, 0, 4);
  State state(sample.graph);
  BoundRun one = compile(values, {.threads = settings.threads}).bind(state);
  std::vector<Tensor> results;  // of all members, as the batch has them
  for (const Value& value : values) results.emplace_back(batch_type(value.type()));
  const Times loop = measure(settings.seconds / 4, 0, [&] {
    for (std::int64_t k = 0; k < members; ++k) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t bytes = values[i].type().bytes();
        auto* const all = static_cast<std::byte*>(results[i].mutable_view().data);
        one.store(i, {all + static_cast<std::size_t>(k) * bytes, values[i].type()});
      }
      one.feed(sample.x, row_of(images, k, sample.x.type()));
      one.feed(sample.y, row_of(labels, k, sample.y.type()));
      one();
    }
  });
  print(settings, "batching", what, loop, "loop");
  const double begin = now();
  const Value xs = sample.graph.input("xs", images.type()),
              ys = sample.graph.input("ys", labels.type());
  BoundRun all =
      compile(batch(values, {{sample.x, xs}, {sample.y, ys}}), {.threads = settings.threads})
          .bind(state);
  all.feed(xs, images);
  all.feed(ys, labels);
  const double before = now() - begin;
  print(settings, "batching", what, measure(settings.seconds / 4, before, [&] { all(); }));
}

}  // namespace

void batching(const Settings& settings) {
  for (const std::vector<std::int64_t>& sizes :
       {std::vector<std::int64_t>{8, 16, 4}, {784, 128, 10}}) {
    const std::string network =
        std::to_string(sizes[0]) + "-" + std::to_string(sizes[1]) + "-" + std::to_string(sizes[2]);
    Sample values(sizes), slopes(sizes);
    compare(settings, "losses of 64 samples, " + network, values, {values.loss});
    compare(settings, "gradients of each of 64 samples, " + network, slopes,
            gradient(slopes.loss, slopes.weights));
  }
}

}  // namespace dagrad::bench
