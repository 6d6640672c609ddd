#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/tensor.hpp"
#include "dagrad/train/dataset.hpp"

/// Which rows of a dataset are for training, and which are held out to judge what was learnt.
namespace dagrad {

struct SplitOptions {
  /// The key from which the rows are drawn; the same key draws the same rows on every machine.
  std::int64_t key = 0;
  /// A column of integers or bools, of shape [rows], that holds the class of each row. If it is
  /// given, every class is divided in the same proportion.
  std::string stratify = {};
};

/// Positions of rows in ascending order, int64[n], for `Dataset::take`. Each row is in one of them.
struct RowSplit {
  Tensor training, held_out;
};

/// Holds out this fraction of the rows, chosen at random: the nearest number of rows, and of each
/// class that number to within one row. At least one row of every class is on either side, even if
/// a class is so small that this changes the number of all rows. Throws ArgumentError unless the
/// fraction is between 0 and 1, if there are fewer than two rows, or if a class has a single row;
/// ArgumentError or TypeError if the dataset has no such column of classes.
RowSplit split_rows(const Dataset& data, double fraction, const SplitOptions& options = {},
                    Location where = Location::here());

/// The same as datasets.
struct DataSplit {
  Dataset training, held_out;
};
DataSplit split_data(const Dataset& data, double fraction, const SplitOptions& options = {},
                     Location where = Location::here());

/// Divides the rows at random into this many parts, the folds, and returns for each fold the split
/// that holds it out. The folds differ by at most one row in size, and in the number of rows of
/// each class. Throws ArgumentError unless there are at least two folds, and at least as many rows,
/// of every class, as folds; and as `split_rows` does for the column of classes.
std::vector<RowSplit> fold_rows(const Dataset& data, std::int64_t folds,
                                const SplitOptions& options = {},
                                Location where = Location::here());

/// The rows in the random order of `fill_permutation` and this key.
Dataset shuffle(const Dataset& data, std::int64_t key);

}  // namespace dagrad
