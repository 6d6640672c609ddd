#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "dagrad/npy.hpp"
#include "dagrad/train/dataset.hpp"

/// Datasets from files. All of a file is read into memory.
namespace dagrad {

/// A column of a dataset, and the columns of a CSV file of which it is made.
struct DatasetColumn {
  std::string name;  ///< in the dataset
  DType dtype = f32;
  /// The names of columns of the file. If there are none, the dataset's column has shape [rows] and
  /// is the file's column of the same name. Otherwise it has shape [rows, number of names].
  std::vector<std::string> from = {};
  /// Unless empty, `from` has one name, and all columns of the file from that one through this one
  /// are taken.
  std::string through = {};
  /// Unless empty, the fields hold these texts, and each becomes its position in the list. The
  /// dtype must be one of integers.
  std::vector<std::string> categories = {};
};

struct CsvDatasetOptions {
  char separator = ',';  ///< as in CsvOptions
  bool finite = false;   ///< whether infinities and NaN are errors
  /// The texts that stand for a missing value, such as {"", "NA", "?"}. A missing float is NaN,
  /// even if `finite` is set; in a column of integers it is an error.
  std::vector<std::string> missing = {};
};

/// Reads columns of a CSV file of the kind that `read_csv` reads; columns that are not listed may
/// hold anything. Throws FileError, with the line and the column, as `read_csv` does, and for a
/// field that is none of the categories; ArgumentError if `columns` is empty or contradicts itself,
/// or if two columns of the dataset have the same name.
Dataset read_csv_dataset(const std::filesystem::path& file,
                         const std::vector<DatasetColumn>& columns,
                         const CsvDatasetOptions& options = {});
Dataset read_csv_dataset(std::istream& in, const std::vector<DatasetColumn>& columns,
                         const CsvDatasetOptions& options = {}, const std::string& name = "stream");

/// Reads the arrays of an .npz file as columns, in the order of their names. Throws FileError as
/// `read_npz` does, or if the arrays are not the columns of a dataset.
Dataset read_npz_dataset(const std::filesystem::path& file, const NpyOptions& options = {});

}  // namespace dagrad
