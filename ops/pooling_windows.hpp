#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "dagrad/eval.hpp"
#include "dagrad/ops/pooling.hpp"

/// The windows of a plane that poolings walk over.
namespace dagrad {

/// Whether x is to be chosen instead of the earlier y.
template <class T>
bool exceeds(T x, T y) {
  return (x > y) | ((x != x) & (y == y));
}

/// Calls `run(i, i * stride)` for i in [0, count), in code of its own for the usual strides.
template <class Run>
void strided(std::int64_t count, std::int64_t stride, Run run) {
  const auto loop = [&](auto step) {
    for (std::int64_t i = 0; i < count; ++i) run(i, i * step);
  };
  if (stride == 1)
    loop(std::integral_constant<std::int64_t, 1>());
  else if (stride == 2)
    loop(std::integral_constant<std::int64_t, 2>());
  else
    loop(stride);
}

class Windows {
 public:
  /// Throws what the builders say.
  Windows(const Pooling& options, const Shape& in_shape);

  std::int64_t planes = 0;
  std::array<std::int64_t, 2> in{}, out{}, window{}, stride{}, padding{};

  std::int64_t in_size() const { return in[0] * in[1]; }
  std::int64_t out_size() const { return out[0] * out[1]; }
  /// Elements of a window, the padding's included.
  double size() const { return static_cast<double>(window[0]) * static_cast<double>(window[1]); }
  /// Steps that a plane takes.
  double work() const {
    const double taps = std::min(size(), static_cast<double>(in_size()));
    return std::max(static_cast<double>(in_size()), static_cast<double>(out_size()) * taps);
  }

  /// Calls `run(plane)` for all planes on the pool.
  template <class Run>
  void each_plane(const Parallel& parallel, Run run) const {
    const auto grain = static_cast<std::int64_t>(std::max(1.0, (1 << 15) / work()));
    parallel.ranges(planes, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t plane = begin; plane < end; ++plane) run(plane);
    });
  }

  struct Range {
    std::int64_t begin, end;
  };
  static constexpr std::int64_t block = 256;
  /// Calls `run(columns)` for the columns of a row, `block` at a time.
  template <class Run>
  static void each_block(std::int64_t size, Run run) {
    for (std::int64_t first = 0; first < size; first += block)
      run(Range{first, std::min(first + block, size)});
  }

  /// The windows along an axis whose tap is one of the elements of the input.
  Range meeting(std::size_t axis, std::int64_t tap, Range elements) const {
    const std::int64_t step = stride[axis], ahead = padding[axis] - tap + step - 1;
    const auto first = [&](std::int64_t element) {  // of the windows that meet it or a later one
      return std::clamp<std::int64_t>((element + ahead) / step, 0, out[axis]);
    };
    return {first(elements.begin), first(elements.end)};
  }
  std::int64_t element(std::size_t axis, std::int64_t place, std::int64_t tap) const {
    return place * stride[axis] - padding[axis] + tap;
  }
  /// The taps by which any of the windows `places` may meet one of the `elements`: few, however
  /// large a window is.
  Range taps(std::size_t axis, Range places, Range elements) const {
    return {std::max<std::int64_t>(elements.begin - element(axis, places.end - 1, 0), 0),
            std::min(elements.end - element(axis, places.begin, 0), window[axis])};
  }

  /// Calls `visit(at, place, count)` for every tap of a row of windows: its element in window
  /// `place` is `at`, those of the `count` − 1 next windows follow a stride apart.
  template <class Visit>
  void each_tap(std::int64_t row, Range columns, Visit visit) const {
    const Range lines = taps(0, {row, row + 1}, {0, in[0]}), across = taps(1, columns, {0, in[1]});
    for (std::int64_t i = lines.begin; i < lines.end; ++i)
      for (std::int64_t j = across.begin; j < across.end; ++j) {
        Range met{0, out[1]};
        if (padding[1] != 0) met = meeting(1, j, {0, in[1]});
        const std::int64_t begin = std::max(met.begin, columns.begin);
        const std::int64_t count = std::min(met.end, columns.end) - begin;
        if (count > 0) visit(element(0, row, i) * in[1] + element(1, begin, j), begin, count);
      }
  }

  /// The same for a row of the input: window `at` meets its element `place`, the `count` − 1 next
  /// windows elements that follow a stride apart.
  template <class Visit>
  void each_meeting(std::int64_t row, Range columns, Visit visit) const {
    const Range down = taps(0, {0, out[0]}, {row, row + 1}), across = taps(1, {0, out[1]}, columns);
    for (std::int64_t i = down.begin; i < down.end; ++i) {
      const Range line = meeting(0, i, {row, row + 1});
      if (line.begin == line.end) continue;
      for (std::int64_t j = across.begin; j < across.end; ++j) {
        const Range met = meeting(1, j, columns);
        if (met.begin < met.end)
          visit(line.begin * out[1] + met.begin, element(1, met.begin, j), met.end - met.begin);
      }
    }
  }

  /// Calls `visit(at)` with the place of the largest element of each window of a plane, in order.
  template <class T, class Visit>
  void each_largest(const T* x, Visit visit) const {
    // Places as wide as elements vectorise best.
    if (sizeof(T) == 4 && in_size() <= std::numeric_limits<std::int32_t>::max())
      each_largest_at<std::int32_t>(x, visit);
    else
      each_largest_at<std::int64_t>(x, visit);
  }

 private:
  template <class Place, class T, class Visit>
  void each_largest_at(const T* x, Visit& visit) const;
};

template <class Place, class T, class Visit>
void Windows::each_largest_at(const T* x, Visit& visit) const {
  std::array<T, block> best_of_block;
  std::array<Place, block> places_of_block;
  T* const best = best_of_block.data();
  Place* const places = places_of_block.data();
  const auto inside = [&](std::size_t axis, std::int64_t window_at) {
    return std::max<std::int64_t>(element(axis, window_at, 0), 0);
  };
  for (std::int64_t row = 0; row < out[0]; ++row)
    each_block(out[1], [&](Range columns) {
      const std::int64_t first = columns.begin, n = columns.end - first;
      for (std::int64_t i = 0; i < n; ++i) {
        places[i] = static_cast<Place>(inside(0, row) * in[1] + inside(1, first + i));
        best[i] = x[places[i]];
      }
      each_tap(row, columns, [&](auto at, auto place, auto count) {
        strided(count, stride[1],
                [from = x + at, to = static_cast<Place>(at), y = best + place - first,
                 p = places + place - first](auto i, auto k) {
                  const bool chosen = exceeds(from[k], y[i]);
                  y[i] = chosen ? from[k] : y[i];
                  p[i] = chosen ? static_cast<Place>(to + k) : p[i];
                });
      });
      for (std::int64_t i = 0; i < n; ++i) visit(places[i]);
    });
}

}  // namespace dagrad
