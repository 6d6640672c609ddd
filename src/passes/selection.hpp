#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "dagrad/range.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad::detail {

/// A list of elements of a tensor: where each of them is along each axis.
struct Selection {
  using Places = std::shared_ptr<const std::vector<std::int32_t>>;
  std::vector<Places> axes;  ///< null if all elements are at 0
  friend bool operator==(const Selection&, const Selection&) = default;
};

/// Follows selections of one length from the results of nodes that move elements to their operands.
/// Equal steps give equal selections, which share memory. Tensors have fewer than 2^31 elements.
class Selections {
 public:
  explicit Selections(std::size_t length) : length_(length) {}

  /// Elements by their row-major positions.
  Selection of_elements(const Shape& shape, std::vector<std::int32_t> positions) const;
  /// Their row-major positions, as int32.
  Tensor elements(const Selection& selection, const Shape& shape) const;
  /// The elements of a tensor, as a vector.
  Tensor take(const Selection& selection, const Tensor& from) const;

  // What is selected of x if a selection is taken of x in another shape, broadcast, transposed or
  // sliced.
  Selection reshaped(const Selection& selection, const Shape& from, const Shape& x);
  Selection broadcast(const Selection& selection, const Shape& x) const;
  Selection transposed(const Selection& selection, std::span<const std::int64_t> axes) const;
  Selection sliced(const Selection& selection, std::span<const Range> ranges, const Shape& x);

  struct Padded {
    Selection selection;           ///< instead of zeros, elements at the beginning of an axis
    std::optional<Tensor> inside;  ///< bools: which elements are of x; empty if all are
  };
  /// The same for x between zeros, of which there are `before` in front of it on each axis and so
  /// many behind it that the shape is `from`.
  Padded padded(const Selection& selection, const Shape& from, std::span<const std::int64_t> before,
                const Shape& x);

 private:
  using Key = std::tuple<Selection::Places, std::int64_t, std::int64_t>;

  std::size_t length_;
  std::map<Key, Selection::Places> sliced_, padded_;
  std::vector<std::tuple<Selection, Shape, Selection>> reshaped_;
};

}  // namespace dagrad::detail
