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

/// Axis in [0, rank), negative ones counted from the end. Throws ShapeError naming the range.
int normalize_axis(std::int64_t axis, int rank);

/// Dimensions of a tensor, rank 0 to 8, each at least 0. A plain value of fixed size.
class Shape {
 public:
  constexpr Shape() = default;
  /// Throws ShapeError for more than 8 dimensions, a negative one, or more than 2^48 elements in
  /// all (dimensions of 0 counted as 1, so that every slice of it can be counted too).
  Shape(std::initializer_list<std::int64_t> dims);
  explicit Shape(std::span<const std::int64_t> dims);

  constexpr int rank() const { return rank_; }
  /// The dimension of an axis; negative ones count from the end. Throws ShapeError for an axis
  /// outside [-rank, rank).
  constexpr std::int64_t operator[](std::int64_t axis) const {
    if (axis < 0 || axis >= rank_) axis = normalize_axis(axis, rank_);
    return dims_[static_cast<std::size_t>(axis)];
  }
  // Not of a temporary, such as `x.shape()` of a Value gives: they would point to what is gone.
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
  friend constexpr bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<std::int64_t, max_rank> dims_{};  // zero beyond the rank, so == may compare all
  std::uint8_t rank_ = 0;
};

/// "[2,3]"; "[]" for a scalar.
std::string to_string(const Shape& shape);
std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// NumPy's rule: align on the right; equal, or one of them 1. Throws ShapeError showing both.
Shape broadcast(const Shape& a, const Shape& b);

/// Whether a tensor of shape `from` repeats to `to` by that rule.
bool broadcasts_to(const Shape& from, const Shape& to);

/// "[1,2]": the index of the element at a row-major position.
std::string index_text(const Shape& shape, std::int64_t position);

/// What a value is: dtype and shape. Written "float64[2,3]".
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
