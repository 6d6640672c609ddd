#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "tests/golden/golden.hpp"

namespace dagrad::golden {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The lines of a CSV file below its header, split at commas; the last field may contain commas.
class Table {
 public:
  Table(std::string_view name, std::string_view header)
      : path_(std::string(DAGRAD_GOLDEN_DIR) + "/" + std::string(name)), file_(path_) {
    if (!file_) throw FileProblem(path_ + ": cannot be read");
    std::string line;
    std::getline(file_, line);
    if (line != header) {
      throw FileProblem(path_ + ": wants the header '" + std::string(header) + "', has '" + line +
                        "'");
    }
    columns_ = split(header, infinite_columns).size();
  }

  bool next() {
    std::string line;
    if (!std::getline(file_, line)) return false;
    ++line_;
    fields_ = split(line, columns_);
    if (fields_.size() == columns_) return true;
    problem("wants " + std::to_string(columns_) + " fields, has " + std::to_string(fields_.size()));
  }

  const std::string& text(std::size_t column) const { return fields_.at(column); }
  std::optional<double> number(std::size_t column) const {
    const std::string& field = text(column);
    if (field.empty()) return {};
    char* end = nullptr;
    const double value = std::strtod(field.c_str(), &end);
    if (*end != '\0') problem("'" + field + "' is no number");
    return value;
  }
  double number(std::size_t column, double fallback) const {
    return number(column).value_or(fallback);
  }
  double required(std::size_t column) const {
    const auto value = number(column);
    if (!value) problem("field " + std::to_string(column + 1) + " is empty");
    return *value;
  }
  std::uint32_t word(std::size_t column) const {
    char* end = nullptr;
    const unsigned long value = std::strtoul(text(column).c_str(), &end, 16);
    if (text(column).size() != 8 || *end != '\0')
      problem("'" + text(column) + "' is no 32-bit word");
    return static_cast<std::uint32_t>(value);
  }

 private:
  static constexpr std::size_t infinite_columns = std::numeric_limits<std::size_t>::max();

  static std::vector<std::string> split(std::string_view line, std::size_t most) {
    std::vector<std::string> fields;
    while (fields.size() + 1 < most) {
      const std::size_t comma = line.find(',');
      if (comma == std::string_view::npos) break;
      fields.emplace_back(line.substr(0, comma));
      line.remove_prefix(comma + 1);
    }
    fields.emplace_back(line);
    return fields;
  }
  [[noreturn]] void problem(const std::string& what) const {
    throw FileProblem(path_ + ":" + std::to_string(line_) + ": " + what);
  }

  std::string path_;
  std::ifstream file_;
  std::vector<std::string> fields_;
  std::size_t columns_ = 0;
  int line_ = 1;
};

double epsilon(const std::string& dtype) {
  return dtype == "float32" ? static_cast<double>(std::numeric_limits<float>::epsilon())
                            : std::numeric_limits<double>::epsilon();
}
double smallest_normal(const std::string& dtype) {
  return dtype == "float32" ? static_cast<double>(std::numeric_limits<float>::min())
                            : std::numeric_limits<double>::min();
}

}  // namespace

std::vector<Elementwise> read_elementwise() {
  std::vector<Elementwise> rows;
  for (const char* kind : {"unary_float32", "unary_float64", "binary_float32", "binary_float64"}) {
    Table table("elementwise_" + std::string(kind) + ".csv",
                "op,dtype,a,b,value,da,db,daa,dab,dbb");
    while (table.next()) {
      rows.push_back({table.text(0), table.text(1), table.required(2), table.number(3),
                      table.number(4), table.number(5), table.number(6), table.number(7),
                      table.number(8), table.number(9)});
    }
  }
  return rows;
}

Bounds Bounds::read() {
  Bounds bounds;
  Table table("bounds.csv", "op,dtype,what,a_from,a_to,b_from,b_to,epsilons,reason");
  while (table.next()) {
    bounds.rows_.push_back({table.text(0), table.text(1), table.text(2), table.number(3, -infinity),
                            table.number(4, infinity), table.number(5, -infinity),
                            table.number(6, infinity), table.required(7), table.text(8)});
  }
  return bounds;
}

bool Bounds::Row::covers(const Elementwise& row, What of) const {
  constexpr const char* names[] = {"value", "d1", "d2"};
  const auto fits = [](const std::string& pattern, std::string_view name) {
    return pattern == "*" || pattern == name;
  };
  const auto within = [](double x, double from, double to) { return x >= from && x <= to; };
  const bool everywhere =
      a_from == -infinity && a_to == infinity && b_from == -infinity && b_to == infinity;
  return fits(op, row.op) && fits(dtype, row.dtype) &&
         (what == "*" || what.find(names[static_cast<int>(of)]) != std::string::npos) &&
         (everywhere || (within(row.a, a_from, a_to) && within(row.b.value_or(0), b_from, b_to)));
}

double Bounds::epsilons(const Elementwise& row, What what) const {
  for (auto bound = rows_.rbegin(); bound != rows_.rend(); ++bound) {
    if (bound->covers(row, what)) return bound->epsilons;
  }
  return 16;
}

bool agrees(const Elementwise& row, What what, double want, double got, const Bounds& bounds) {
  const double epsilons = bounds.epsilons(row, what);
  if (std::isinf(epsilons)) return true;
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got);
  if (epsilons == 0) return want == got && std::signbit(want) == std::signbit(got);
  if (std::isinf(want) || std::isinf(got)) return want == got;
  const double error = std::abs(got - want), unit = epsilon(row.dtype),
               tiny = smallest_normal(row.dtype);
  const bool small = std::abs(row.a) < 1 && std::abs(row.b.value_or(0)) < 1;
  return error <= epsilons * unit * std::abs(want) || (std::abs(want) < tiny && error <= tiny) ||
         (what == What::second_derivative && small && error <= 4 * unit);
}

std::vector<Philox> read_philox() {
  std::vector<Philox> answers;
  Table table("philox.csv", "rounds,c0,c1,c2,c3,k0,k1,r0,r1,r2,r3");
  while (table.next()) {
    Philox answer{static_cast<int>(table.required(0)), {}, {}, {}};
    for (std::size_t i = 1; i <= 4; ++i) answer.counter.push_back(table.word(i));
    for (std::size_t i = 5; i <= 6; ++i) answer.key.push_back(table.word(i));
    for (std::size_t i = 7; i <= 10; ++i) answer.answer.push_back(table.word(i));
    answers.push_back(std::move(answer));
  }
  return answers;
}

}  // namespace dagrad::golden
