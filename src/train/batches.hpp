#pragma once

#include <cstdint>
#include <future>
#include <span>
#include <vector>

#include "dagrad/tensor.hpp"

namespace dagrad::detail {

/// Some rows of the columns that a model's inputs take.
struct Batch {
  std::span<const std::int64_t> rows;  ///< their positions in the data
  std::vector<Tensor> columns;  ///< of shape [most rows, …]; the rows of the batch come first

  std::int64_t size() const { return static_cast<std::int64_t>(rows.size()); }
};

/// Gathers rows of columns into batches. While a batch is in use, another thread gathers the next
/// one, if batches are so large that this pays.
class BatchReader {
 public:
  /// For batches of `most` rows, and smaller ones.
  BatchReader(std::vector<Tensor> columns, std::int64_t most, bool may_use_thread);
  BatchReader(const BatchReader&) = delete;
  BatchReader& operator=(const BatchReader&) = delete;
  ~BatchReader();

  /// Begins to read these rows in their order, from batch number `first` on. They must stay there.
  void begin(std::span<const std::int64_t> rows, std::int64_t first = 0);
  /// The next batch, valid until the next call. There must be one.
  Batch& next();

 private:
  std::span<const std::int64_t> rows_of_next() const;
  void gather_ahead();
  void gather(std::span<const std::int64_t> rows, Batch& to);

  std::vector<Tensor> columns_;
  std::size_t most_;
  bool ahead_;  ///< whether to gather on another thread
  std::span<const std::int64_t> rows_;
  std::size_t read_ = 0;  ///< how many rows have been returned or skipped
  Batch current_, following_;
  std::future<void> gathering_;
};

}  // namespace dagrad::detail
