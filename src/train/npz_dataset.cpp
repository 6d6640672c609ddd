#include <fmt/format.h>

#include "dagrad/npz.hpp"
#include "dagrad/train/dataset_files.hpp"
#include "src/io/file_name.hpp"

namespace dagrad {

Dataset read_npz_dataset(const std::filesystem::path& file, const NpyOptions& options) {
  const auto arrays = read_npz(file, options);
  try {
    return Dataset(std::vector<Dataset::Column>(arrays.begin(), arrays.end()), Location{});
  } catch (const Error& error) {
    throw FileError(fmt::format("read_npz_dataset: {}: {}",
                                detail::file_name(file, "read_npz_dataset"), error.what()));
  }
}

}  // namespace dagrad
