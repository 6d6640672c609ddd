#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "tests/golden/golden.hpp"

namespace dagrad::golden {
namespace {

using nlohmann::json;

std::string path_of(std::string_view name) {
  return std::string(DAGRAD_GOLDEN_DIR) + "/" + std::string(name);
}

/// Parses a golden file and passes it to `read`. Errors name the file.
template <class Read>
auto parsed(std::string_view name, Read read) {
  const std::string path = path_of(name);
  std::ifstream file(path);
  if (!file) throw FileProblem(path + ": cannot be read");
  try {
    return read(json::parse(file));
  } catch (const json::exception& error) {
    throw FileProblem(path + ": " + error.what());
  }
}

double real(const json& value) {
  if (value.is_number()) return value.get<double>();
  const auto text = value.get<std::string>();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (text == "inf") return infinity;
  if (text == "-inf") return -infinity;
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  throw std::invalid_argument("'" + text + "' is no number");
}

Tensor tensor(const json& record) {
  Tensor result{record.at("dtype"), record.at("shape"), {}, {}};
  std::size_t elements = 1;
  for (const std::int64_t n : result.shape) elements *= static_cast<std::size_t>(n);
  const json& data = record.at("data");
  if (data.size() != elements) {
    throw std::invalid_argument("a tensor of " + std::to_string(elements) +
                                " elements has data of " + std::to_string(data.size()));
  }
  if (result.is_float()) {
    for (const json& value : data) result.real.push_back(real(value));
  } else {
    result.integer = data.get<std::vector<std::int64_t>>();
  }
  return result;
}

std::vector<Tensor> tensors(const json& records) {
  std::vector<Tensor> result;
  for (const json& one : records) result.push_back(tensor(one));
  return result;
}

Attributes::Entry entry(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return real(value);
  Attributes::OptionalIntegers integers;
  for (const json& one : value) {
    integers.push_back(one.is_null() ? std::nullopt : std::optional(one.get<std::int64_t>()));
  }
  return integers;
}

Case one_case(const json& record, std::string place) {
  Case result;
  result.op = record.at("op");
  result.place = std::move(place);
  for (const auto& [key, value] : record.at("attributes").items())
    result.attributes.set(key, entry(value));
  result.in = tensors(record.at("in"));
  result.out = tensors(record.value("out", json::array()));
  result.dout = tensors(record.value("dout", json::array()));
  for (const json& one : record.value("din", json::array())) {
    result.din.push_back(one.is_null() ? std::nullopt : std::optional(tensor(one)));
  }
  result.error = record.value("error", "");
  return result;
}

std::vector<double> flat(const json& matrix) {
  std::vector<double> values;
  for (const json& row : matrix) {
    for (const json& value : row) values.push_back(value.get<double>());
  }
  return values;
}

XorWeights weights(const json& record) {
  return {flat(record.at("w1")), flat(record.at("b1")), flat(record.at("w2")),
          flat(record.at("b2"))};
}

}  // namespace

template <class T>
const T& Attributes::get(const std::string& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end()) throw FileProblem("no attribute '" + key + "'");
  const T* value = std::get_if<T>(&found->second);
  if (!value) throw FileProblem("attribute '" + key + "' is of another kind");
  return *value;
}

bool Attributes::flag(const std::string& key, bool fallback) const {
  return has(key) ? get<bool>(key) : fallback;
}
std::int64_t Attributes::integer(const std::string& key) const { return get<std::int64_t>(key); }
std::int64_t Attributes::integer(const std::string& key, std::int64_t fallback) const {
  return has(key) ? integer(key) : fallback;
}
double Attributes::real(const std::string& key) const { return get<double>(key); }
std::string Attributes::text(const std::string& key) const { return get<std::string>(key); }
Attributes::OptionalIntegers Attributes::optional_integers(const std::string& key) const {
  return get<OptionalIntegers>(key);
}
Attributes::Integers Attributes::integers(const std::string& key) const {
  Integers result;
  for (const auto& one : get<OptionalIntegers>(key)) {
    if (!one) throw FileProblem("attribute '" + key + "' has a null");
    result.push_back(*one);
  }
  return result;
}

std::vector<Case> read_cases() {
  std::vector<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(path_of("ops")))
    files.push_back("ops/" + file.path().filename().string());
  std::sort(files.begin(), files.end());
  std::vector<Case> cases;
  for (const std::string& file : files) {
    parsed(file, [&](const json& records) {
      int line = 1;
      for (const json& record : records) {
        const std::string place = file + ":" + std::to_string(++line);
        try {
          cases.push_back(one_case(record, place));
        } catch (const std::exception& error) {
          throw FileProblem(place + ": " + error.what());
        }
      }
    });
  }
  return cases;
}

Xor read_xor() {
  return parsed("xor.json", [](const json& file) {
    Xor result{file.at("learning_rate"), file.at("epochs"), {}};
    for (const json& record : file.at("runs")) {
      XorRun run{record.at("seed"),
                 weights(record),
                 weights(record.at("gradients")),
                 {},
                 record.at("output"),
                 record.at("prediction"),
                 record.at("accuracy")};
      for (const auto& [epoch, cost] : record.at("cost").items()) run.cost[std::stoi(epoch)] = cost;
      result.runs.push_back(std::move(run));
    }
    return result;
  });
}

Optimizers read_optimizers(std::string_view name) {
  return parsed(name, [](const json& file) {
    Optimizers result{file.at("initial"), file.at("gradients"), {}};
    for (const json& record : file.at("cases")) {
      OptimizerCase one{record.at("optimizer"), record.at("dtype"),      {},
                        record.at("rates"),     record.at("parameters"), record.at("state")};
      for (const auto& [option, value] : record.at("options").items())
        one.options[option] = value.is_boolean() ? value.get<bool>() : value.get<double>();
      result.cases.push_back(std::move(one));
    }
    return result;
  });
}

Metrics read_metrics() {
  return parsed("metrics.json", [](const json& file) {
    const auto numbers = [](const json& list) {
      std::vector<double> read;
      for (const json& x : list)
        read.push_back(x.is_null() ? std::numeric_limits<double>::quiet_NaN() : x.get<double>());
      return read;
    };
    const auto table = [](const json& list) {  // a list of numbers is a table of one column
      std::vector<std::vector<double>> read;
      for (const json& x : list)
        read.push_back(x.is_array() ? x.get<std::vector<double>>() : std::vector<double>{x});
      return read;
    };
    Metrics result;
    for (const json& c : file.at("classes"))
      result.classes.push_back({c.at("classes"), c.at("predicted"), c.at("labels"),
                                c.at("accuracy"), c.at("confusion"), c.at("each"), c.at("macro"),
                                c.at("weighted"), c.at("micro")});
    for (const json& c : file.at("top_k"))
      result.top_k.push_back({c.at("scores"), c.at("labels"), c.at("accuracies")});
    for (const json& c : file.at("regressions"))
      result.regressions.push_back({table(c.at("predicted")), table(c.at("targets")),
                                    c.at("r_squared"), c.at("mean_absolute_error")});
    for (const json& c : file.at("weights"))
      result.weights.push_back({c.at("classes"), c.at("labels"), c.at("weights")});
    for (const json& c : file.at("standardized"))
      result.standardized.push_back({c.at("shape"), numbers(c.at("rows")), c.at("mean"),
                                     c.at("scale"), numbers(c.at("standardized"))});
    return result;
  });
}

Losses read_losses(const std::string& model) {
  return parsed("models/" + model + ".json", [](const json& file) {
    return Losses{file.at("float32"), file.at("float64")};
  });
}

}  // namespace dagrad::golden
