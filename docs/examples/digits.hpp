#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "dagrad/dagrad.hpp"

/// The handwritten digits of docs/examples/data, for the examples that read them.
namespace digits {

constexpr std::int64_t side = 8, classes = 10;

struct Digits {
  dagrad::Tensor images;  ///< float32[n, ...], 0 to 1; [n,64] when they are read
  dagrad::Tensor labels;  ///< int64[n]
  std::int64_t size() const { return labels.size(); }
};

inline Digits read(const std::filesystem::path& file) {
  using namespace dagrad;
  constexpr std::int64_t pixels = side * side;
  const Csv csv = read_csv(file, f32);
  const std::int64_t n = csv.values.shape()[0];
  Digits all{Tensor(Type{f32, {n, pixels}}), Tensor(Type{i64, {n}})};
  const auto images = all.images.mutate<float>();
  const auto labels = all.labels.mutate<std::int64_t>();
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < pixels; ++j)
      images[static_cast<std::size_t>(i * pixels + j)] =
          static_cast<float>(csv.values.at(i * (pixels + 1) + j) / 16);
    labels[static_cast<std::size_t>(i)] =
        static_cast<std::int64_t>(csv.values.at(i * (pixels + 1) + pixels));
  }
  return all;
}

/// The images at these positions.
inline Digits pick(const Digits& all, std::span<const std::int64_t> rows) {
  using namespace dagrad;
  std::vector<std::int64_t> shape(all.images.shape().begin(), all.images.shape().end());
  shape[0] = static_cast<std::int64_t>(rows.size());
  Digits some{Tensor(Type{f32, Shape(shape)}), Tensor(Type{i64, {shape[0]}})};
  const auto from = all.images.values<float>();
  const auto images = some.images.mutate<float>();
  const auto labels = some.labels.mutate<std::int64_t>();
  const std::size_t pixels = from.size() / static_cast<std::size_t>(all.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = static_cast<std::size_t>(rows[i]);
    std::ranges::copy(from.subspan(row * pixels, pixels), images.subspan(i * pixels).begin());
    labels[i] = all.labels.values<std::int64_t>()[row];
  }
  return some;
}

struct Split {
  std::vector<std::int64_t> train, test;
};
/// A fifth of each class for testing, the rest for training; the order within a class is shuffled.
inline Split stratified(const Digits& all, dagrad::Rng& rng) {
  std::vector<std::vector<std::int64_t>> by_class(classes);
  for (const std::int64_t row : rng.permutation(all.size()).to_vector<std::int64_t>())
    by_class[static_cast<std::size_t>(all.labels.at(row))].push_back(row);
  Split split;
  for (const auto& rows : by_class)
    for (std::size_t i = 0; i < rows.size(); ++i)
      (i < rows.size() / 5 ? split.test : split.train).push_back(rows[i]);
  return split;
}

/// Each pixel enlarged to `times` × `times`, with a border of zeros: [n, 1, size, size].
inline Digits enlarged(const Digits& all, std::int64_t times, std::int64_t size) {
  using namespace dagrad;
  const std::int64_t n = all.size(), large = times * side, edge = (size - large) / 2;
  Graph graph;
  const Value images = graph.input("images", all.images.type());
  const Value squares =
      broadcast_to(reshape(images, {n, 1, side, 1, side, 1}), {n, 1, side, times, side, times});
  const Value framed = pad(reshape(squares, {n, 1, large, large}), {0, 0, edge, edge},
                           {0, 0, size - large - edge, size - large - edge});
  return {evaluate(framed, {{images, all.images}}), all.labels};
}

}  // namespace digits
