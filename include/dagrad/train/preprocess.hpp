#pragma once

#include <cstdint>

#include "dagrad/error.hpp"
#include "dagrad/tensor.hpp"
#include "dagrad/train/dataset.hpp"

/// Preparing data for training. Errors end with the line of the call.
namespace dagrad {

/// Shifts and scales numbers so that those it was fitted to have mean 0 and standard deviation 1.
/// Fit it to the training rows alone, and apply it to these and to all others:
///
///     const Standardizer standardizer(training["x"]);
///     const Tensor x = standardizer.apply(training["x"]), new_x = standardizer.apply(test["x"]);
///
/// Each element of a row, such as each column of a table, has a mean and a scale of its own. The
/// scale is the standard deviation of all rows (divided by their number n, not n − 1), or 1 where
/// all numbers are the same. NaN, a missing number, is ignored and stays NaN.
class Standardizer {
 public:
  /// Fits to floats of shape [rows, ...]. Throws TypeError for other dtypes; ShapeError for a
  /// scalar; ArgumentError if there are no rows, a number is infinite, or all rows of an element
  /// are NaN.
  explicit Standardizer(const Tensor& x, Location where = Location::here());
  /// With a mean and a scale that another one had. Throws TypeError or ShapeError unless both are
  /// float64 and of the same shape; ArgumentError if one is not finite or a scale is not positive.
  Standardizer(const Tensor& mean, const Tensor& scale, Location where = Location::here());

  /// (x − mean) / scale, in the dtype of x, of shape [rows, ...]. Throws TypeError unless x holds
  /// floats; ShapeError unless its rows have the shape of those it was fitted to.
  Tensor apply(const Tensor& x, Location where = Location::here()) const;
  /// x · scale + mean, which undoes `apply` to within rounding. Throws as `apply` does.
  Tensor undo(const Tensor& x, Location where = Location::here()) const;

  /// float64, of the shape of one row.
  const Tensor& mean() const& { return mean_; }
  const Tensor& scale() const& { return scale_; }
  Tensor mean() const&& { return mean_; }
  Tensor scale() const&& { return scale_; }

 private:
  Tensor mean_, scale_;
};

/// The rows in which no number is NaN, in any column.
Dataset drop_missing(const Dataset& data);
/// With this number in the place of each NaN. After standardising, 0 is the mean of what is there.
/// Throws TypeError unless x holds floats.
Tensor fill_missing(const Tensor& x, double number, Location where = Location::here());

/// A row of zeros with a 1 at the place of the class, for each label: [rows, classes] for class
/// numbers of shape [rows], of any dtype of integers. Throws TypeError or ShapeError for other
/// labels; ArgumentError naming the row for a label outside [0, classes).
Tensor one_hot(const Tensor& labels, std::int64_t classes, DType dtype = f64,
               Location where = Location::here());

/// A weight for each class with which all classes count the same, however many rows they have:
/// rows / (classes · rows of the class), as float64[classes]. Its mean over all rows is 1.
/// `take(weights, labels, 0)` is the weight of each row. Throws as `one_hot` does, and
/// ArgumentError if a class has no rows.
Tensor class_weights(const Tensor& labels, std::int64_t classes, Location where = Location::here());

}  // namespace dagrad
