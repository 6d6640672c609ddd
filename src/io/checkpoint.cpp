#include "dagrad/checkpoint.hpp"

#include <fmt/format.h>

#include <map>

#include "dagrad/error.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

void save(const std::filesystem::path& file, const State& state) {
  write_npz(file, state.values());
}

void save(const std::filesystem::path& file, const State& state,
          std::span<const Value> parameters) {
  const std::map<std::string, Tensor> all = state.values();
  std::map<std::string, Tensor> chosen;
  for (const Value& parameter : parameters) {
    const auto found = all.find(parameter.name());
    if (found == all.end())
      throw ArgumentError(
          fmt::format("save: the State has no parameter {}", detail::in_quotes(parameter.name())));
    chosen.insert(*found);
  }
  write_npz(file, chosen);
}
void save(const std::filesystem::path& file, const State& state,
          std::initializer_list<Value> parameters) {
  save(file, state, std::span(parameters.begin(), parameters.size()));
}

Loaded load(const std::filesystem::path& file, State& state, const LoadOptions& options) {
  std::map<std::string, Tensor> found = read_npz(file, {.widen = options.widen});
  Loaded loaded;
  std::string differences, surplus;
  auto array = found.begin();  // both are sorted by name, so they are traversed in parallel
  const auto pass_over = [&] {
    loaded.unexpected.push_back(array->first);
    if (!options.partial && !options.ignore_extra)
      surplus += fmt::format("\n  array {}, {}, belongs to no parameter",
                             detail::in_quotes(array->first), to_string(array->second.type()));
    array = found.erase(array);
  };
  for (const auto& [name, value] : state.values()) {
    while (array != found.end() && array->first < name) pass_over();
    if (array == found.end() || array->first != name) {
      loaded.missing.push_back(name);
      if (!options.partial)
        differences += fmt::format("\n  parameter {}, {}, is not in the file",
                                   detail::in_quotes(name), to_string(value.type()));
      continue;
    }
    if (array->second.type() != value.type())
      differences += fmt::format("\n  parameter {} is {} in the file, but {} in the State",
                                 detail::in_quotes(name), to_string(array->second.type()),
                                 to_string(value.type()));
    ++array;
  }
  while (array != found.end()) pass_over();
  if (!differences.empty() || !surplus.empty())
    throw ArgumentError(fmt::format("load: {} does not fit the State:{}{}",
                                    detail::in_quotes(file.native()), differences, surplus));
  state.set(found);
  return loaded;
}

}  // namespace dagrad
