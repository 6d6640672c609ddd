#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>

#include "dagrad/dtype.hpp"

namespace dagrad {

inline constexpr int max_rank = 8;

/// Converts an axis, which may be negative to count from the end, to [0, rank). Throws ShapeError
/// naming the range if it is outside [-rank, rank).
int normalize_axis(std::int64_t axis, int rank);

/// The dimensions of a tensor: 0 to 8 of them, each at least 0.
class Shape {
 public:
  constexpr Shape() = default;
  /// Throws ShapeError if there are more than 8 dimensions, one is negative, or there are more than
  /// 2^48 elements (where dimensions of 0 count as 1, so that every slice is valid too).
  Shape(std::initializer_list<std::int64_t> dims);
  explicit Shape(std::span<const std::int64_t> dims);

  constexpr int rank() const { return rank_; }
  /// The dimension of an axis; negative axes count from the end. Throws ShapeError if the axis is
  /// outside [-rank, rank).
  constexpr std::int64_t operator[](std::int64_t axis) const {
    if (axis < 0 || axis >= rank_) axis = normalize_axis(axis, rank_);
    return dims_[static_cast<std::size_t>(axis)];
  }
  // Deleted for temporaries, such as `x.shape()` of a Value, whose elements would be gone.
  constexpr const std::int64_t* begin() const& { return dims_.data(); }
  constexpr const std::int64_t* end() const& { return dims_.data() + rank_; }
  constexpr std::span<const std::int64_t> dims() const& { return {begin(), end()}; }
  const std::int64_t* begin() const&& = delete;
  const std::int64_t* end() const&& = delete;
  std::span<const std::int64_t> dims() const&& = delete;
  constexpr std::int64_t elements() const {
    std::int64_t n = 1;
    for (std::int64_t d : *this) n *= d;
    return n;
  }
  friend constexpr bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (std::size_t axis = 0; axis < a.rank_; ++axis)
      if (a.dims_[axis] != b.dims_[axis]) return false;
    return true;
  }

 private:
  std::array<std::int64_t, max_rank> dims_{};
  std::uint8_t rank_ = 0;
};

/// The shape as text, such as "[2,3]"; "[]" for a scalar.
std::string to_string(const Shape& shape);
std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// The shape to which two shapes broadcast by NumPy's rule: aligned on the right, dimensions must
/// be equal or one of them 1. Throws ShapeError showing both shapes.
Shape broadcast(const Shape& a, const Shape& b);

/// Whether a tensor of shape `from` broadcasts to exactly `to`.
bool broadcasts_to(const Shape& from, const Shape& to);

/// The index of the element at a row-major position as text, such as "[1,2]".
std::string index_text(const Shape& shape, std::int64_t position);

/// The dtype and shape of a value, written as "float64[2,3]".
struct Type {
  DType dtype = f64;
  Shape shape;

  std::int64_t elements() const { return shape.elements(); }
  std::size_t bytes() const { return static_cast<std::size_t>(elements()) * size_of(dtype); }
  friend constexpr bool operator==(const Type&, const Type&) = default;
};

std::string to_string(const Type& type);
std::ostream& operator<<(std::ostream& out, const Type& type);

}  // namespace dagrad
