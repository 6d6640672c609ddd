#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dagrad/config.hpp"
#include "dagrad/train/dataset.hpp"

namespace dagrad {

/// What a training has recorded: a table with one row for each epoch. The columns of `fit` are
///
/// - "steps", the number of steps so far;
/// - "loss", the mean over the rows that the epoch trained on, measured while the weights change;
/// - "validation", the loss on the validation data after the epoch, if there are such data;
/// - one column for each metric of the model, with its name;
/// - "rate", the learning rate in the last step of the epoch, if the model names one;
/// - "seconds" of training so far, those before an interruption included.
class History {
 public:
  History() = default;
  /// No epochs yet. Throws ArgumentError if a name is empty, is "epoch" or occurs twice.
  explicit History(std::vector<std::string> columns, Location where = Location::here());

  std::int64_t epochs() const { return epochs_; }
  bool empty() const { return epochs_ == 0; }
  /// The names of the columns.
  const std::vector<std::string>& columns() const { return names_; }
  bool has(std::string_view column) const;
  /// A column, with one number for each epoch. Throws ArgumentError listing the columns if there is
  /// none of this name.
  const std::vector<double>& operator[](const ColumnName& column) const;
  /// Adds an epoch: one number for each column. Throws ArgumentError if there are more or fewer.
  void append(std::span<const double> row, Location where = Location::here());

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<double>> columns_;
  std::int64_t epochs_ = 0;
};

/// Writes the history as a CSV file: the column "epoch", counted from 1, and those of the history,
/// with enough digits to read the same bits. Throws as `write_csv` of a table does.
void write_csv(const std::filesystem::path& file, const History& history);

struct HistoryPlot {
  std::string title = {};
  /// The columns to draw, one curve each. Empty: "loss", and "validation" if there is such a
  /// column.
  std::vector<std::string> columns = {};
  std::string y = "loss";  ///< the label of the y axis
  bool log_scale = false;  ///< of the y axis, which leaves out what is not positive
};
/// Draws columns of the history over the epochs with gnuplot. The file's extension, .svg or .png,
/// determines the format. Throws ArgumentError for another extension or a column that is not there;
/// FileError if gnuplot is missing (naming its package) or the file cannot be written.
void draw(const std::filesystem::path& file, const History& history,
          const HistoryPlot& options = {}, Location where = Location::here());

}  // namespace dagrad
