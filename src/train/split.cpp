#include "dagrad/train/split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "dagrad/random.hpp"
#include "src/tensor/utf8.hpp"
#include "src/train/named_call.hpp"
#include "src/train/require.hpp"
#include "src/train/row_splits.hpp"

namespace dagrad {

namespace {

using Rows = std::vector<std::int64_t>;

/// The rows in random order, by class; all rows are of one class if there are none.
std::map<std::int64_t, Rows> shuffled_by_class(const Dataset& data, const SplitOptions& options) {
  Rows order(static_cast<std::size_t>(data.rows()));
  fill_permutation(options.key, order);
  if (options.stratify.empty()) return {{0, order}};
  const Tensor& classes = data[{options.stratify, Location{}}];
  if (is_float(classes.dtype()) || classes.rank() != 1)
    throw TypeError(fmt::format(
        "the column {}, by which rows are stratified, must hold the class of each row as integers "
        "or bools of shape [rows], got {}",
        detail::in_quotes(options.stratify), to_string(classes.type())));
  const Tensor numbers = classes.cast(i64);
  std::map<std::int64_t, Rows> by_class;
  for (const std::int64_t row : order)
    by_class[numbers.values<std::int64_t>()[static_cast<std::size_t>(row)]].push_back(row);
  return by_class;
}

/// Throws unless the dataset and every class have at least so many rows.
void require_rows(const Dataset& data, const std::map<std::int64_t, Rows>& by_class,
                  std::int64_t least, std::string_view purpose, const SplitOptions& options) {
  const auto count = [](auto rows) {
    return fmt::format("{} {}", rows, rows == 1 ? "row" : "rows");
  };
  if (data.rows() < least)
    throw ArgumentError(fmt::format("the dataset has {}, but {}", count(data.rows()), purpose));
  for (const auto& [number, rows] : by_class)
    if (static_cast<std::int64_t>(rows.size()) < least)
      throw ArgumentError(fmt::format(
          "class {} of the column {} has {}, but {}: give the class more rows, leave it out, or do "
          "not stratify",
          number, detail::in_quotes(options.stratify), count(rows.size()), purpose));
}

Tensor ascending(Rows rows) {
  std::sort(rows.begin(), rows.end());
  return Tensor({static_cast<std::int64_t>(rows.size())}, rows);
}

}  // namespace

namespace detail {

RowSplit split_rows(const Dataset& data, double fraction, const SplitOptions& options) {
  require(fraction > 0 && fraction < 1, "the fraction to hold out", "between 0 and 1", fraction);
  const auto by_class = shuffled_by_class(data, options);
  require_rows(data, by_class, 2, "each side of the split needs at least one", options);
  Rows training, held_out;
  double before = 0;  // rows of the classes before
  for (const auto& [number, rows] : by_class) {
    const auto size = static_cast<double>(rows.size());
    const double share =
        std::floor((before + size) * fraction + 0.5) - std::floor(before * fraction + 0.5);
    const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(std::clamp(share, 1., size - 1));
    held_out.insert(held_out.end(), rows.begin(), middle);
    training.insert(training.end(), middle, rows.end());
    before += size;
  }
  return {ascending(std::move(training)), ascending(std::move(held_out))};
}

std::vector<RowSplit> fold_rows(const Dataset& data, std::int64_t folds,
                                const SplitOptions& options) {
  require(folds >= 2, "the number of folds", "at least 2", folds);
  const auto by_class = shuffled_by_class(data, options);
  require_rows(data, by_class, folds, fmt::format("each of {} folds needs at least one", folds),
               options);
  Rows dealt;  // out to the folds in turn
  for (const auto& [number, rows] : by_class) dealt.insert(dealt.end(), rows.begin(), rows.end());
  std::vector<RowSplit> splits;
  for (std::size_t fold = 0; fold < static_cast<std::size_t>(folds); ++fold) {
    Rows training, held_out;
    for (std::size_t i = 0; i < dealt.size(); ++i)
      (i % static_cast<std::size_t>(folds) == fold ? held_out : training).push_back(dealt[i]);
    splits.push_back({ascending(std::move(training)), ascending(std::move(held_out))});
  }
  return splits;
}

}  // namespace detail

RowSplit split_rows(const Dataset& data, double fraction, const SplitOptions& options,
                    Location where) {
  return detail::named_call("split_rows", where,
                            [&] { return detail::split_rows(data, fraction, options); });
}

DataSplit split_data(const Dataset& data, double fraction, const SplitOptions& options,
                     Location where) {
  return detail::named_call("split_data", where, [&]() -> DataSplit {
    const RowSplit rows = detail::split_rows(data, fraction, options);
    return {data.take(rows.training), data.take(rows.held_out)};
  });
}

std::vector<RowSplit> fold_rows(const Dataset& data, std::int64_t folds,
                                const SplitOptions& options, Location where) {
  return detail::named_call("fold_rows", where,
                            [&] { return detail::fold_rows(data, folds, options); });
}

Dataset shuffle(const Dataset& data, std::int64_t key) {
  Rows order(static_cast<std::size_t>(data.rows()));
  fill_permutation(key, order);
  return data.take(Tensor({data.rows()}, order));
}

}  // namespace dagrad
