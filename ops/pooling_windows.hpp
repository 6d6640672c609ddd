#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "dagrad/eval.hpp"
#include "dagrad/ops/pooling.hpp"

/// The windows of a plane that pooling ops walk over.
namespace dagrad {

/// Whether x is chosen instead of the earlier y: if it is larger, or NaN and y is not.
template <class T>
bool exceeds(T x, T y) {
  return !(x <= y) & (y == y);
}

/// Calls `run(i, i * stride)` for i in [0, count), with specialised code for the usual strides.
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

/// The windows that slide over the planes of an input. Along each spatial axis a window reads the
/// elements `window * stride - padding + offset` for offsets in [0, size of a window); positions
/// outside of the input are padding and are skipped.
class Windows {
 public:
  /// Throws the errors that the builders document.
  Windows(const Pooling& options, const Shape& in_shape);

  std::int64_t planes = 0;
  std::array<std::int64_t, 2> in{}, out{}, window{}, stride{}, padding{};

  std::int64_t in_size() const { return in[0] * in[1]; }
  std::int64_t out_size() const { return out[0] * out[1]; }
  /// The number of elements of a window, padding included.
  double size() const { return static_cast<double>(window[0]) * static_cast<double>(window[1]); }
  /// The number of steps that a plane takes.
  double work() const {
    const double reads = std::min(size(), static_cast<double>(in_size()));
    return std::max(static_cast<double>(in_size()), static_cast<double>(out_size()) * reads);
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
    std::int64_t size() const { return end - begin; }
  };
  static constexpr std::int64_t block = 256;
  /// Calls `run(columns)` for the columns of a row, `block` at a time.
  template <class Run>
  static void each_block(std::int64_t size, Run run) {
    for (std::int64_t first = 0; first < size; first += block)
      run(Range{first, std::min(first + block, size)});
  }

  /// Neighbouring windows of a row at one offset: window `window` + i reads element `element` +
  /// i * stride.
  struct Reads {
    std::int64_t window, element, count;
  };
  /// Calls `visit(reads)` for all offsets at which windows of a row read. Windows are counted in
  /// their row, elements in the plane.
  template <class Visit>
  void each_read_of_windows(std::int64_t row, Range columns, Visit visit) const {
    const Range down = offsets(0, {row, row + 1}, {0, in[0]});
    const Range across = offsets(1, columns, {0, in[1]});
    for (std::int64_t i = down.begin; i < down.end; ++i)
      for (std::int64_t j = across.begin; j < across.end; ++j) {
        const Range reading = inside(1, j, columns);
        if (reading.size() > 0)
          visit(Reads{reading.begin, element(0, row, i) * in[1] + element(1, reading.begin, j),
                      reading.size()});
      }
  }
  /// The same for the windows of several rows, each of which has its offsets visited in the same
  /// order. Windows are counted in the plane.
  template <class Visit>
  void each_read_of_rows(Range rows, Visit visit) const {
    const Range down = offsets(0, rows, {0, in[0]});
    const Range across = offsets(1, {0, out[1]}, {0, in[1]});
    for (std::int64_t i = down.begin; i < down.end; ++i) {
      const Range reading_rows = inside(0, i, rows);
      for (std::int64_t j = across.begin; j < across.end; ++j) {
        const Range reading = inside(1, j, {0, out[1]});
        if (reading.size() <= 0) continue;
        for (std::int64_t row = reading_rows.begin; row < reading_rows.end; ++row)
          visit(Reads{row * out[1] + reading.begin,
                      element(0, row, i) * in[1] + element(1, reading.begin, j), reading.size()});
      }
    }
  }
  /// The same for all offsets at which elements of a row of the input are read. Windows are counted
  /// in the plane, elements in their row.
  template <class Visit>
  void each_read_of_elements(std::int64_t row, Range columns, Visit visit) const {
    const Range down = offsets(0, {0, out[0]}, {row, row + 1});
    const Range across = offsets(1, {0, out[1]}, columns);
    for (std::int64_t i = down.begin; i < down.end; ++i) {
      const Range above = windows_reading(0, i, {row, row + 1});
      if (above.size() == 0) continue;
      for (std::int64_t j = across.begin; j < across.end; ++j) {
        const Range reading = windows_reading(1, j, columns);
        if (reading.size() > 0)
          visit(Reads{above.begin * out[1] + reading.begin, element(1, reading.begin, j),
                      reading.size()});
      }
    }
  }

  /// The first element of a window along an axis that is not padding.
  std::int64_t first_element(std::size_t axis, std::int64_t window_at) const {
    return std::max<std::int64_t>(element(axis, window_at, 0), 0);
  }

 private:
  std::int64_t element(std::size_t axis, std::int64_t window_at, std::int64_t offset) const {
    return window_at * stride[axis] - padding[axis] + offset;
  }
  /// The windows along an axis that read one of the elements at this offset.
  Range windows_reading(std::size_t axis, std::int64_t offset, Range elements) const {
    const std::int64_t step = stride[axis], ahead = padding[axis] - offset + step - 1;
    const auto first = [&](std::int64_t at) {  // of the windows that read it or a later one
      return std::clamp<std::int64_t>((at + ahead) / step, 0, out[axis]);
    };
    return {first(elements.begin), first(elements.end)};
  }
  /// Those of some windows along an axis that read an element, not padding, at this offset.
  Range inside(std::size_t axis, std::int64_t offset, Range windows) const {
    if (padding[axis] == 0) return windows;
    const Range reading = windows_reading(axis, offset, {0, in[axis]});
    return {std::max(reading.begin, windows.begin), std::min(reading.end, windows.end)};
  }
  /// The offsets at which any of the windows may read one of the elements: these are few, however
  /// large a window is.
  Range offsets(std::size_t axis, Range windows, Range elements) const {
    return {std::max<std::int64_t>(elements.begin - element(axis, windows.end - 1, 0), 0),
            std::min(elements.end - element(axis, windows.begin, 0), window[axis])};
  }
};

/// The largest elements of a block of windows and their positions in the plane: the first of equal
/// elements, and the first NaN before all others. Positions as wide as elements vectorise best.
template <class T, class Place>
class BlockMaxima {
 public:
  /// Finds them for the windows of a row that lie in `columns`.
  void find(const Windows& windows, std::int64_t row, Windows::Range columns, const T* x) {
    const std::int64_t line = windows.first_element(0, row) * windows.in[1];
    for (std::int64_t i = 0; i < columns.size(); ++i) {
      place_[i] = static_cast<Place>(line + windows.first_element(1, columns.begin + i));
      largest_[i] = x[place_[i]];
    }
    windows.each_read_of_windows(row, columns, [&](const Windows::Reads& reads) {
      take(reads, windows.stride[1], reads.window - columns.begin, x);
    });
  }
  Place place(std::int64_t i) const { return place_[i]; }

 private:
  void take(const Windows::Reads& reads, std::int64_t stride, std::int64_t first, const T* x) {
    const T* const from = x + reads.element;
    const auto element = static_cast<Place>(reads.element);
    T* const largest = largest_ + first;
    Place* const place = place_ + first;
    strided(reads.count, stride, [=](auto i, auto k) {
      const bool chosen = exceeds(from[k], largest[i]);
      largest[i] = chosen ? from[k] : largest[i];
      place[i] = chosen ? static_cast<Place>(element + k) : place[i];
    });
  }

  T largest_[Windows::block];
  Place place_[Windows::block];
};

/// Calls `visit(place)` in order with the position of the largest element of each window of a
/// plane.
template <class Place, class T, class Visit>
void each_largest_at(const Windows& windows, const T* x, Visit visit) {
  BlockMaxima<T, Place> maxima;
  for (std::int64_t row = 0; row < windows.out[0]; ++row)
    Windows::each_block(windows.out[1], [&](Windows::Range columns) {
      maxima.find(windows, row, columns, x);
      for (std::int64_t i = 0; i < columns.size(); ++i) visit(maxima.place(i));
    });
}
template <class T, class Visit>
void each_largest(const Windows& windows, const T* x, Visit visit) {
  if (sizeof(T) == 4 && windows.in_size() <= std::numeric_limits<std::int32_t>::max())
    each_largest_at<std::int32_t>(windows, x, visit);
  else
    each_largest_at<std::int64_t>(windows, x, visit);
}

}  // namespace dagrad
