#include "dagrad/checkpoint.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "dagrad/error.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

void save(const std::filesystem::path& file, const State& state) {
  write_npz(file, state.values());
}

Loaded load(const std::filesystem::path& file, State& state, const LoadOptions& options) {
  std::map<std::string, Tensor> found = read_npz(file, {.widen = options.widen}), wanted;
  Loaded loaded;
  std::string differences;
  for (const auto& [name, value] : state.values()) {
    auto array = found.extract(name);
    if (array.empty()) {
      loaded.missing.push_back(name);
      if (!options.partial)
        differences += fmt::format("\n  parameter {} {} is not in the file",
                                   detail::in_quotes(name), to_string(value.type()));
    } else if (array.mapped().type() != value.type()) {
      differences += fmt::format("\n  parameter {} is {} in the file, {} in the State",
                                 detail::in_quotes(name), to_string(array.mapped().type()),
                                 to_string(value.type()));
    } else {
      wanted.insert(std::move(array));
    }
  }
  for (const auto& [name, array] : found) {
    loaded.unexpected.push_back(name);
    if (!options.partial)
      differences += fmt::format("\n  array {} {} belongs to no parameter", detail::in_quotes(name),
                                 to_string(array.type()));
  }
  if (!differences.empty())
    throw ArgumentError(fmt::format("load: {} does not fit the State:{}",
                                    detail::in_quotes(file.native()), differences));
  state.set(wanted);
  return loaded;
}

}  // namespace dagrad
