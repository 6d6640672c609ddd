#include "src/train/fit_checkpoint.hpp"
#include "src/tensor/list_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dagrad/error.hpp"
#include "dagrad/npz.hpp"
#include "dagrad/random.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

using Arrays = std::map<std::string, Tensor>;

constexpr std::string_view own = "fit:", in_setup = "fit:setup:", in_best = "fit:best:",
                           in_history = "fit:history:", in_position = "fit:position:";
constexpr const char* digest_of_rows = "digest of the rows";

std::string named(std::string_view prefix, std::string_view name) {
  return std::string(prefix).append(name);
}

Tensor as_tensor(const std::vector<double>& numbers) {
  return Tensor({std::ssize(numbers)}, numbers);
}

/// The arrays whose names begin with the prefix, without it.
Arrays below(const Arrays& arrays, std::string_view prefix) {
  Arrays found;
  for (auto at = arrays.lower_bound(std::string(prefix));
       at != arrays.end() && at->first.starts_with(prefix); ++at)
    found.emplace(at->first.substr(prefix.size()), at->second);
  return found;
}

/// A digest of the rows: equal rows in equal order give equal numbers.
std::int64_t digest(const std::vector<std::int64_t>& rows) {
  std::int64_t key = 0;
  for (const std::int64_t row : rows) key = fold_in(key, row);
  return key;
}

/// One line for each parameter that a State and the arrays do not have in common.
std::string differences(const State& state, const Arrays& arrays) {
  std::string text;
  const Arrays values = state.values();
  for (const auto& [name, value] : values) {
    const auto found = arrays.find(name);
    if (found == arrays.end())
      text += fmt::format("\n  parameter {}, {}, is not in the file", in_quotes(name),
                          to_string(value.type()));
    else if (found->second.type() != value.type())
      text +=
          fmt::format("\n  parameter {} is {} in the file, but {} in the State", in_quotes(name),
                      to_string(found->second.type()), to_string(value.type()));
  }
  for (const auto& [name, array] : arrays)
    if (!name.starts_with(own) && !values.contains(name))
      text += fmt::format("\n  parameter {}, {}, is not in the State", in_quotes(name),
                          to_string(array.type()));
  return text;
}

std::string differences(const FitSetup& setup, const Arrays& arrays) {
  std::string text;
  for (const auto& [name, number] : setup) {
    const auto found = arrays.find(name);
    if (found == arrays.end())
      text += fmt::format("\n  {} is missing in the file", name);
    else if (const auto there = found->second.item<std::int64_t>(); there == number)
      continue;
    else if (name == digest_of_rows)
      text += "\n  the file is about other rows of the data";
    else
      text += fmt::format("\n  {} is {} in the file, but {} now", name, there, number);
  }
  return text;
}

std::string differences(const std::vector<std::string>& columns, const Arrays& history) {
  std::vector<std::string> there, now = columns;
  for (const auto& [name, column] : history) there.push_back(name);
  std::sort(now.begin(), now.end());
  if (there == now) return "";
  return fmt::format("\n  the history has the columns {} in the file, but {} now",
                     detail::list_text(there), detail::list_text(now));
}

/// Reads the arrays of a checkpoint, which are those that `write_checkpoint` makes unless the file
/// has been changed by something else.
class CheckpointReader {
 public:
  CheckpointReader(std::string file, const Arrays& arrays)
      : file_(std::move(file)), arrays_(arrays) {}

  std::int64_t count(std::string_view name, std::int64_t most) const {
    const auto value = array(in_position, name, i64, 0).item<std::int64_t>();
    if (value < 0 || value > most)
      damaged(fmt::format("{} is {}, not from 0 to {}", named(in_position, name), value, most));
    return value;
  }
  double number(std::string_view name) const {
    return array(in_position, name, f64, 0).item<double>();
  }
  std::vector<double> numbers(std::string_view prefix, std::string_view name) const {
    return array(prefix, name, f64, 1).to_vector<double>();
  }
  History history(const std::vector<std::string>& names) const {
    std::vector<std::vector<double>> columns;
    for (const std::string& name : names) columns.push_back(numbers(in_history, name));
    History history(names);
    std::vector<double> row(names.size());
    for (std::size_t i = 0; i < columns[0].size(); ++i) {
      for (std::size_t k = 0; k < names.size(); ++k) {
        if (columns[k].size() != columns[0].size()) damaged("its history has gaps");
        row[k] = columns[k][i];
      }
      history.append(row);
    }
    return history;
  }
  [[noreturn]] void damaged(const std::string& what) const {
    throw FileError(fmt::format("{} is damaged: {}", file_, what));
  }

 private:
  const Tensor& array(std::string_view prefix, std::string_view name, DType dtype, int rank) const {
    const auto found = arrays_.find(named(prefix, name));
    if (found == arrays_.end() || found->second.dtype() != dtype || found->second.rank() != rank)
      damaged(fmt::format("it has no array {} of {} and rank {}", named(prefix, name),
                          dagrad::name(dtype), rank));
    return found->second;
  }

  std::string file_;
  const Arrays& arrays_;
};

/// How far the training had come.
FitPosition position_of(const CheckpointReader& file, const FitSetup& setup,
                        const std::vector<std::string>& columns) {
  const std::int64_t rows = setup.at("number of rows");
  FitPosition position{.history = file.history(columns),
                       .in_epoch = file.count("steps", rows),
                       .rows = file.count("rows", rows),
                       .sums = file.numbers(in_position, "sums"),
                       .rate = file.number("rate"),
                       .seconds = file.number("seconds"),
                       .best = {},
                       .best_epoch = 0};
  position.best_epoch = file.count("best epoch", position.history.epochs());
  if ((position.in_epoch > 0) != (position.rows > 0) ||
      (position.in_epoch > 0) == position.sums.empty())
    file.damaged("its steps and rows contradict each other");
  return position;
}

/// Throws unless the file holds a training like this one.
void check_arrays(const std::string& file, const Arrays& arrays, const State& state,
                  const FitSetup& setup, const std::vector<std::string>& columns) {
  if (!arrays.contains(named(in_position, "seconds")))
    throw ArgumentError(
        fmt::format("{} was not written by fit, so that training cannot "
                    "continue from it; give another name for the checkpoint",
                    file));
  const std::string text = differences(state, arrays) +
                           differences(setup, below(arrays, in_setup)) +
                           differences(columns, below(arrays, in_history));
  if (!text.empty())
    throw ArgumentError(
        fmt::format("{} is the checkpoint of another training:{}\n  Give another name for the "
                    "checkpoint, or set resume to false to replace it",
                    file, text));
}

}  // namespace

FitSetup setup_of(const FitTask& task) {
  return {{"batch size", task.batch()},
          {"drop_last", task.options.drop_last},
          {"key", task.options.key},
          {"number of rows", task.training.size()},
          {digest_of_rows, digest(task.training.rows)},
          {"shuffle", task.options.shuffle}};
}

void write_checkpoint(const std::filesystem::path& file, const State& state,
                      const FitPosition& position, const FitSetup& setup) {
  Arrays arrays = state.values();
  for (const auto& [name, number] : setup) arrays.emplace(named(in_setup, name), Tensor(number));
  for (const std::string& name : position.history.columns())
    arrays.emplace(named(in_history, name), as_tensor(position.history[name]));
  if (position.best)
    for (const auto& [name, value] : position.best->values())
      arrays.emplace(named(in_best, name), value);
  arrays.emplace(named(in_position, "steps"), Tensor(position.in_epoch));
  arrays.emplace(named(in_position, "rows"), Tensor(position.rows));
  arrays.emplace(named(in_position, "sums"), as_tensor(position.sums));
  arrays.emplace(named(in_position, "rate"), Tensor(position.rate));
  arrays.emplace(named(in_position, "seconds"), Tensor(position.seconds));
  arrays.emplace(named(in_position, "best epoch"), Tensor(position.best_epoch));
  write_npz(file, arrays);
}

ReadCheckpoint read_checkpoint(const std::filesystem::path& file, const State& state,
                               const FitSetup& setup, const std::vector<std::string>& columns) {
  const Arrays arrays = read_npz(file);
  const std::string name = in_quotes(file.native());
  check_arrays(name, arrays, state, setup, columns);
  Arrays values = arrays;
  std::erase_if(values, [](const auto& array) { return array.first.starts_with(own); });
  FitPosition position = position_of({name, arrays}, setup, columns);
  if (const Arrays best = below(arrays, in_best); !best.empty()) {
    position.best = state.copy();
    position.best->set(best);
  }
  return {std::move(position), std::move(values)};
}

}  // namespace dagrad::detail
