#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "ops/folds.hpp"
#include "ops/pooling_windows.hpp"
#include "ops/vectors.hpp"

namespace dagrad {

/// Finds the largest elements of small windows that advance by one or two columns, several windows
/// with each vector of 32 bytes. For this, rows of the input are copied between padding; all of
/// those that some rows of windows read before the first of them is read, because what has just
/// been stored is slow to read in other pieces.
template <class T>
class WindowMaxima {
 public:
  /// Whether there are such windows.
  static bool fit(const Windows& windows) {
    return windows.stride[1] <= 2 && windows.window[1] <= widest && windows.window[0] <= highest;
  }
  explicit WindowMaxima(const Windows& windows) : windows_(windows) {}

  /// Fills a plane of results, on machines with wide vectors. Returns false if it meets a NaN, of
  /// which it does not know that it wins.
  bool run(const T* in, T* out) {
    bool done = true;
    run_with_wide_vectors([&]() __attribute__((always_inline)) {
      done = windows_.stride[1] == 1 ? fill_plane<1>(in, out) : fill_plane<2>(in, out);
    });
    return done;
  }

 private:
  using Range = Windows::Range;
  typedef T V __attribute__((vector_size(32)));  // compilers do not find these by themselves
  static constexpr std::int64_t lanes = sizeof(V) / sizeof(T);
  static constexpr std::int64_t columns = 64;  ///< windows of a row that are taken at once
  static constexpr std::int64_t widest = 16, highest = 16;     ///< of a window
  static constexpr std::int64_t pitch = 2 * columns + widest;  ///< of the copied rows, at most
  static constexpr std::int64_t room = highest * pitch;

  static std::int64_t padded(std::int64_t n) { return (n + lanes - 1) / lanes * lanes; }

  template <std::int64_t stride>
  [[gnu::always_inline]] bool fill_plane(const T* in, T* out) {
    const std::int64_t width = windows_.out[1], height = windows_.out[0];
    for (std::int64_t first = 0; first < width; first += columns) {
      const Range across{first, std::min(first + columns, width)};
      const std::int64_t length = padded(across.size()) * stride + padded(windows_.window[1]);
      const std::int64_t rows =
          std::max<std::int64_t>((room / length - windows_.window[0]) / windows_.stride[0] + 1, 1);
      for (std::int64_t row = 0; row < height; row += rows) {
        const Range down{row, std::min(row + rows, height)};
        if (!copy_rows<stride>(in, down, across, length)) return false;
        for (std::int64_t at = down.begin; at < down.end; ++at)
          fill_row<stride>(at, (at - down.begin) * windows_.stride[0], across, length, out);
      }
    }
    return true;
  }

  /// Copies what these windows read. Returns false if there is a NaN.
  template <std::int64_t stride>
  [[gnu::always_inline]] bool copy_rows(const T* in, Range down, Range across,
                                        std::int64_t length) {
    const std::int64_t left = across.begin * stride - windows_.padding[1];
    const std::int64_t top = down.begin * windows_.stride[0] - windows_.padding[0];
    const std::int64_t rows = (down.size() - 1) * windows_.stride[0] + windows_.window[0];
    const std::int64_t begin = std::max<std::int64_t>(left, 0);
    const std::int64_t n = std::min(left + length, windows_.in[1]) - begin;
    std::fill_n(copied_, rows * length, ExtremumFold<true, T>::identity);
    decltype(V() != V()) nan{};
    bool any = false;
    for (std::int64_t row = std::max<std::int64_t>(-top, 0);
         row < std::min(rows, windows_.in[0] - top); ++row) {
      const T* const from = in + (top + row) * windows_.in[1] + begin;
      T* const to = copied_ + row * length + (begin - left);
      const auto copy = [&](std::int64_t at) __attribute__((always_inline)) {
        V x;
        std::memcpy(&x, from + at, sizeof x);
        nan |= x != x;
        std::memcpy(to + at, &x, sizeof x);
      };
      if (n < lanes) {
        for (std::int64_t i = 0; i < n; ++i) to[i] = from[i], any |= from[i] != from[i];
        continue;
      }
      for (std::int64_t i = 0; i + lanes < n; i += lanes) copy(i);
      copy(n - lanes);
    }
    for (std::int64_t k = 0; k < lanes; ++k) any |= nan[k] != 0;
    return !any;
  }

  /// Finds the results of a row of windows, the first of which begins at row `top` of the copies.
  template <std::int64_t stride>
  [[gnu::always_inline]] void fill_row(std::int64_t row, std::int64_t top, Range across,
                                       std::int64_t length, T* out) const {
    T* const to = out + row * windows_.out[1] + across.begin;
    for (std::int64_t i = 0; i < across.size(); i += lanes) {
      const T* x = copied_ + top * length + i * stride;
      V largest = ExtremumFold<true, T>::identity - V{};
      for (std::int64_t down = 0; down < windows_.window[0]; ++down, x += length)
        for (std::int64_t j = 0; j < windows_.window[1]; j += stride)
          take_columns<stride>(x + j, j + 1 < windows_.window[1], largest);
      const std::int64_t n = std::min(lanes, across.size() - i);
      if (n == lanes)
        std::memcpy(to + i, &largest, sizeof largest);
      else
        for (std::int64_t k = 0; k < n; ++k) to[i + k] = largest[k];
    }
  }
  /// Compares the first element of each window with the largest, and then the second one if there
  /// is one and windows advance by two.
  template <std::int64_t stride>
  [[gnu::always_inline]] static void take_columns(const T* x, bool both, V& largest) {
    V a, b, next;
    std::memcpy(&a, x, sizeof a);
    if constexpr (stride == 1) {
      largest = a > largest ? a : largest;
    } else {
      std::memcpy(&b, x + lanes, sizeof b);
      if constexpr (lanes == 8)
        next = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
      else
        next = __builtin_shufflevector(a, b, 0, 2, 4, 6);
      largest = next > largest ? next : largest;
      if (!both) return;
      if constexpr (lanes == 8)
        next = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
      else
        next = __builtin_shufflevector(a, b, 1, 3, 5, 7);
      largest = next > largest ? next : largest;
    }
  }

  const Windows& windows_;
  T copied_[room];
};

}  // namespace dagrad
