#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/tensor.hpp"

/// How good predictions are, computed from tensors. Predictions come first and what is true second,
/// as in the losses. Class numbers are integers or bools of shape [rows], from 0 on; argmax(scores,
/// 1) makes them from a score for each class.
///
/// All of them throw TypeError or ShapeError for tensors of another kind, or of different numbers
/// of rows; and ArgumentError if there are no rows, or naming the row for a class number that is
/// out of range. Errors end with the line of the call.
namespace dagrad::metrics {

/// The share of rows whose predicted class is the right one.
double accuracy(const Tensor& predicted, const Tensor& labels, Location where = Location::here());

/// The share of rows whose class has one of the k highest scores, for scores of shape [rows,
/// classes], floats. Among equal scores, the lower class number comes first, as in `argmax` and
/// `topk`. A NaN counts as higher than the score of the right class, and as a miss if it is that
/// score. Throws ArgumentError unless 1 <= k <= classes.
double top_k_accuracy(const Tensor& scores, const Tensor& labels, std::int64_t k,
                      Location where = Location::here());

/// How many rows of each class were predicted as which class.
struct ConfusionMatrix {
  Tensor counts;                        ///< int64[classes, classes], [true class, predicted class]
  std::vector<std::string> names = {};  ///< of the classes; empty: their numbers
};
ConfusionMatrix confusion_matrix(const Tensor& predicted, const Tensor& labels,
                                 std::int64_t classes, Location where = Location::here());
/// The same with a name for each class. Throws ArgumentError if there are no names.
ConfusionMatrix confusion_matrix(const Tensor& predicted, const Tensor& labels,
                                 const std::vector<std::string>& names,
                                 Location where = Location::here());
/// As a table: a row for each class, a column for each prediction.
std::string to_string(const ConfusionMatrix& matrix);
std::ostream& operator<<(std::ostream& out, const ConfusionMatrix& matrix);
/// Draws the matrix with gnuplot, coloured by the share of the rows of each class. The extension of
/// the file, .svg or .png, determines the format. Throws ArgumentError for any other; FileError if
/// gnuplot is missing or the file cannot be written.
void draw(const std::filesystem::path& file, const ConfusionMatrix& matrix,
          const std::string& title = "", Location where = Location::here());

/// Of a class: `precision` is the share of the rows predicted as this class that belong to it,
/// `recall` the share of its own rows that are predicted as it, and `f1` their harmonic mean. A
/// share of no rows is 0, and so is F1 if both are 0.
struct Scores {
  double precision = 0, recall = 0, f1 = 0;
};
struct ClassScores {
  std::vector<Scores> classes;          ///< of each class
  std::vector<std::int64_t> rows;       ///< of each class
  Scores macro;                         ///< the mean over classes, those without rows included
  Scores weighted;                      ///< the mean over classes, weighted by their rows
  Scores micro;                         ///< of all decisions together; all three equal the accuracy
  std::vector<std::string> names = {};  ///< as in the matrix
};
/// Throws ShapeError or TypeError unless the counts are int64[classes, classes]; ArgumentError if
/// one is negative, all are 0, or there is not a name for each class.
ClassScores class_scores(const ConfusionMatrix& matrix, Location where = Location::here());
/// As a table: a row for each class and each mean.
std::string to_string(const ClassScores& scores);
std::ostream& operator<<(std::ostream& out, const ClassScores& scores);

/// The coefficient of determination R²: 1 − (sum of the squared errors) / (sum of the squared
/// deviations of the targets from their mean). Predictions and targets have the same shape, [rows,
/// ...]; the result is the mean over the elements of a row, each of which has a mean of its own. An
/// element whose targets are all the same has 1 if it is predicted exactly, and otherwise 0. Throws
/// ArgumentError if there are fewer than two rows.
double r_squared(const Tensor& predicted, const Tensor& targets, Location where = Location::here());

/// The mean of |predicted − target| over all elements, for tensors of the same shape.
double mean_absolute_error(const Tensor& predicted, const Tensor& targets,
                           Location where = Location::here());

}  // namespace dagrad::metrics
