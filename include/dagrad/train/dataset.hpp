#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/range.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

/// The name of a column, as a string of any kind. Made implicitly; notes the line of the call.
class ColumnName {
 public:
  template <std::convertible_to<std::string_view> T>
  ColumnName(const T& text, Location where = Location::here()) : text_(text), where_(where) {}

  std::string_view text() const { return text_; }
  Location where() const { return where_; }

 private:
  std::string_view text_;
  Location where_;
};

/// Examples to train with: named columns, in which row i of each belongs to example i. A column is
/// a tensor whose leading axis counts the rows, such as images of shape [rows, 28, 28] beside
/// labels of shape [rows]. All of the data is in memory. A dataset never changes; copies and parts
/// share the storage of the tensors where they can.
///
/// Errors end with the line of the call.
class Dataset {
 public:
  using Column = std::pair<std::string, Tensor>;

  /// No columns and no rows.
  Dataset() = default;
  /// Throws ArgumentError if a name is empty or occurs twice; ShapeError if a column is a scalar or
  /// the columns differ in their numbers of rows.
  explicit Dataset(std::vector<Column> columns, Location where = Location::here());
  Dataset(std::initializer_list<Column> columns, Location where = Location::here())
      : Dataset(std::vector<Column>(columns), where) {}

  std::int64_t rows() const { return rows_; }
  bool empty() const { return rows_ == 0; }
  /// In the order in which the columns were given.
  std::vector<std::string> names() const;
  const std::vector<Column>& columns() const& { return columns_; }
  std::vector<Column> columns() const&& { return columns_; }
  bool has(std::string_view column) const;
  /// Throws ArgumentError listing the columns if there is none of this name.
  const Tensor& operator[](const ColumnName& column) const&;
  Tensor operator[](const ColumnName& column) const&& {
    return static_cast<const Dataset&>(*this)[column];
  }

  /// The rows at these positions, in their order; a position may occur more than once. Throws
  /// TypeError unless `rows` holds integers; ShapeError unless it has one axis; ArgumentError for a
  /// position outside [0, rows()).
  Dataset take(const Tensor& rows, Location where = Location::here()) const;
  /// A range of rows, as in `x[range]` of a tensor. Shares the storage if the step is 1.
  Dataset slice(const Range& range) const;
  /// The columns of these names, in their order. Throws as `operator[]` does, and ArgumentError if
  /// a name occurs twice.
  Dataset select(const std::vector<std::string>& names, Location where = Location::here()) const;
  /// With one more column, or with another one in the place of that of the same name. Throws as the
  /// constructor does.
  Dataset with(std::string_view name, const Tensor& column,
               Location where = Location::here()) const;
  /// Without the column of this name. Throws as `operator[]` does.
  Dataset without(std::string_view name, Location where = Location::here()) const;

  /// Throws ArgumentError naming the column, the row and the element if any number is NaN or
  /// infinite.
  void require_finite(Location where = Location::here()) const;
  /// Throws unless a column holds a class number from 0 to `classes` − 1 for each row: TypeError
  /// unless they are integers or bools; ShapeError unless there is one for each row; ArgumentError
  /// naming the row of one that is out of range; and as `operator[]` does.
  void require_labels(const ColumnName& column, std::int64_t classes) const;

 private:
  std::size_t position(std::string_view name) const;

  std::vector<Column> columns_;
  std::int64_t rows_ = 0;
};

/// "1797 rows: image float32[64], label int64[]"; the shapes are those of one row.
std::string to_string(const Dataset& data);
std::ostream& operator<<(std::ostream& out, const Dataset& data);

}  // namespace dagrad
