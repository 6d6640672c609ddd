#include "src/train/batches.hpp"

#include <algorithm>
#include <cstring>
#include <system_error>

namespace dagrad::detail {

namespace {

// Below this size of a batch, starting a thread takes longer than it saves.
constexpr std::size_t least_bytes_ahead = std::size_t{1} << 20;

Type batch_type(const Tensor& column, std::int64_t rows) {
  std::vector<std::int64_t> dims(column.shape().begin(), column.shape().end());
  dims[0] = rows;
  return {column.dtype(), Shape(dims)};
}

/// Copies rows of `bytes()` each, which may be known when this is compiled.
template <class Bytes>
void copy_rows(const std::byte* from, std::span<const std::int64_t> rows, Bytes bytes,
               std::byte* to) {
  for (const std::int64_t row : rows) {
    std::memcpy(to, from + static_cast<std::size_t>(row) * bytes(), bytes());
    to += bytes();
  }
}

}  // namespace

BatchReader::BatchReader(std::vector<Tensor> columns, std::int64_t most, bool may_use_thread)
    : columns_(std::move(columns)), most_(static_cast<std::size_t>(most)) {
  std::size_t bytes = 0;
  for (const Tensor& column : columns_) {
    const Type type = batch_type(column, most);
    current_.columns.emplace_back(type);
    bytes += type.bytes();
  }
  ahead_ = may_use_thread && bytes >= least_bytes_ahead;
  if (ahead_)
    for (const Tensor& column : columns_) following_.columns.emplace_back(batch_type(column, most));
}

BatchReader::~BatchReader() {
  if (gathering_.valid()) gathering_.wait();
}

void BatchReader::begin(std::span<const std::int64_t> rows, std::int64_t first) {
  if (gathering_.valid()) gathering_.get();
  rows_ = rows;
  read_ = static_cast<std::size_t>(first) * most_;
}

std::span<const std::int64_t> BatchReader::rows_of_next() const {
  return rows_.subspan(read_, std::min(most_, rows_.size() - read_));
}

Batch& BatchReader::next() {
  if (gathering_.valid()) {
    gathering_.get();
    std::swap(current_, following_);
  } else {
    gather(rows_of_next(), current_);
  }
  read_ += current_.rows.size();
  if (ahead_ && read_ < rows_.size()) gather_ahead();
  return current_;
}

void BatchReader::gather_ahead() {
  try {
    gathering_ =
        std::async(std::launch::async, [this, rows = rows_of_next()] { gather(rows, following_); });
  } catch (const std::system_error&) {
    // There is no thread to be had, so the next batch is gathered when it is needed.
  }
}

void BatchReader::gather(std::span<const std::int64_t> rows, Batch& to) {
  to.rows = rows;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::size_t bytes =
        columns_[i].type().bytes() /
        static_cast<std::size_t>(std::max<std::int64_t>(columns_[i].shape()[0], 1));
    if (bytes == 0) continue;
    const auto* const from = static_cast<const std::byte*>(columns_[i].data());
    auto* const at = static_cast<std::byte*>(to.columns[i].mutable_view().data);
    if (bytes == 8)
      copy_rows(
          from, rows, [] { return std::size_t{8}; }, at);
    else
      copy_rows(
          from, rows, [=] { return bytes; }, at);
  }
}

}  // namespace dagrad::detail
