#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "dagrad/catalog.hpp"
#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/structural.hpp"
#include "tests/golden/golden.hpp"

/// Compares every elementwise op as a node of a graph, and the first and second derivatives
/// computed by its gradient nodes, with golden values at difficult points.
namespace dagrad {
namespace {

using golden::What;
using Rows = std::vector<golden::Elementwise>;

/// Rows by op and dtype.
std::map<std::string, Rows> rows_by_op() {
  std::map<std::string, Rows> rows;
  for (const golden::Elementwise& row : golden::read_elementwise())
    rows[row.op + "/" + row.dtype].push_back(row);
  return rows;
}

/// A tensor of one number of each row.
template <class Pick>
Tensor column(const Rows& rows, DType dtype, Pick pick) {
  std::vector<double> values;
  for (const golden::Elementwise& row : rows) values.push_back(pick(row));
  return Tensor(Shape{static_cast<std::int64_t>(rows.size())}, values).cast(dtype);
}

/// ∂y/∂x of an elementwise y; zeros if y does not depend on x.
Value slope(const Value& y, const Value& x) {
  return gradient(y, x, {.seed = ones_like(y), .unconnected = Unconnected::zeros});
}

class ElementwiseGolden : public testing::TestWithParam<std::string> {};

TEST_P(ElementwiseGolden, AgreesInValueAndTwoDerivatives) {
  static const auto all = rows_by_op();
  static const golden::Bounds bounds = golden::Bounds::read();
  const Rows& rows = all.at(GetParam());
  const Catalog catalog = Catalog::builtin();
  const Catalog::Entry* entry = catalog.find(rows[0].op);
  ASSERT_NE(entry, nullptr);

  const DType dtype = rows[0].dtype == "float32" ? f32 : f64;
  const Type type{dtype, {static_cast<std::int64_t>(rows.size())}};
  const bool binary = rows[0].b.has_value();
  Graph graph;
  std::vector<Value> x{graph.input("a", type)};
  if (binary) x.push_back(graph.input("b", type));
  const std::vector<Operand> operands(x.begin(), x.end());
  const Value y = dagrad::apply(entry->op, operands).front();
  ASSERT_EQ(y.type(), type);

  struct Wanted {
    What what;
    const char* name;
    std::optional<double> golden::Elementwise::*field;
    Value value;
  };
  std::vector<Wanted> wanted{{What::value, "value", &golden::Elementwise::value, y}};
  const Value da = slope(y, x[0]);
  wanted.push_back({What::first_derivative, "da", &golden::Elementwise::da, da});
  wanted.push_back({What::second_derivative, "daa", &golden::Elementwise::daa, slope(da, x[0])});
  if (binary) {
    const Value db = slope(y, x[1]);
    wanted.push_back({What::first_derivative, "db", &golden::Elementwise::db, db});
    wanted.push_back({What::second_derivative, "dab", &golden::Elementwise::dab, slope(da, x[1])});
    wanted.push_back({What::second_derivative, "dab", &golden::Elementwise::dab, slope(db, x[0])});
    wanted.push_back({What::second_derivative, "dbb", &golden::Elementwise::dbb, slope(db, x[1])});
  }
  std::vector<Value> values;
  for (const Wanted& w : wanted) values.push_back(w.value);
  Feeds feeds{{"a", column(rows, dtype, [](const auto& row) { return row.a; })}};
  if (binary) feeds.push_back({"b", column(rows, dtype, [](const auto& row) { return *row.b; })});
  const std::vector<Tensor> results = evaluate(values, feeds);

  int compared = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      const std::optional<double>& want = rows[i].*wanted[k].field;
      if (!want) continue;
      ++compared;
      const double got = results[k].at(static_cast<std::int64_t>(i));
      EXPECT_TRUE(golden::agrees(rows[i], wanted[k].what, *want, got, bounds))
          << wanted[k].name << " at a = " << rows[i].a << ", b = " << rows[i].b.value_or(0)
          << ": want " << *want << ", got " << got;
    }
  }
  EXPECT_GT(compared, 40);
}

// pow with a plain number as exponent is computed differently; it is compared with the same rows.
TEST(PowerGolden, AgreesInValueAndTwoDerivatives) {
  static const golden::Bounds bounds = golden::Bounds::read();
  int compared = 0;
  for (const auto& [name, rows] : rows_by_op()) {
    if (rows[0].op != "pow") continue;
    for (const golden::Elementwise& row : rows) {
      Graph graph;
      const DType dtype = row.dtype == "float32" ? f32 : f64;
      const Value x = graph.input("x", {dtype, {}}), y = pow(x, *row.b), dy = slope(y, x);
      const std::vector<Value> values{y, dy, slope(dy, x)};
      const auto results = evaluate(values, {{"x", Tensor(row.a).cast(dtype)}});
      const std::optional<double> wanted[] = {row.value, row.da, row.daa};
      const What kinds[] = {What::value, What::first_derivative, What::second_derivative};
      for (std::size_t k = 0; k < 3; ++k) {
        if (!wanted[k]) continue;
        ++compared;
        EXPECT_TRUE(golden::agrees(row, kinds[k], *wanted[k], results[k].at(0), bounds))
            << "derivative " << k << " at " << row.a << " to the power of " << *row.b << ": want "
            << *wanted[k] << ", got " << results[k].at(0);
      }
    }
  }
  EXPECT_GT(compared, 400);
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& [name, rows] : rows_by_op()) all.push_back(name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Ops, ElementwiseGolden, testing::ValuesIn(names()),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           name[name.find('/')] = '_';
                           return name;
                         });

}  // namespace
}  // namespace dagrad
