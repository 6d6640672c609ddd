#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "dagrad/csv.hpp"
#include "dagrad/error.hpp"
#include "dagrad/train/dataset_files.hpp"
#include "tests/dtypes.hpp"
#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

Dataset read(const std::string& text, const std::vector<DatasetColumn>& columns,
             const CsvDatasetOptions& options = {}) {
  std::istringstream in(text);
  return read_csv_dataset(in, columns, options);
}

const char* const flowers =
    "id,length,width,height,note,kind\n"
    "7,1.5,2,0.1,\"old, dry\",lily\n"
    "8,-2,NA,1e3,,rose\n"
    "9,0.25,3,4,NA,lily\n";

TEST(CsvDatasetTest, ReadsColumnsOfDifferentDtypes) {
  const Dataset data = read("a,b,c\n1,2.5,1\n-3,4,0\n", {{"b", f64}, {"a", i64}, {"c", b8}});
  EXPECT_EQ(to_string(data), "2 rows: b float64[], a int64[], c bool[]");
  EXPECT_EQ(data["a"].to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, -3}));
  EXPECT_EQ(data["b"].to_vector<double>(), (std::vector<double>{2.5, 4}));
  for (const DType dtype : test::every_dtype)
    EXPECT_TRUE(same_bits(read("a\n1\n0\n", {{"a", dtype}})["a"], Tensor::of({1, 0}).cast(dtype)));
  EXPECT_EQ(read("a\n9007199254740993\n", {{"a", i64}})["a"].item<std::int64_t>(),
            9007199254740993);
}

TEST(CsvDatasetTest, PutsColumnsSideBySide) {
  const Dataset data = read(flowers,
                            {{"size", f32, {"height", "length"}},
                             {"x", f32, {"length"}},
                             {"all", f64, {"length"}, "height"}},
                            {.missing = {"NA"}});
  EXPECT_EQ(to_string(data), "3 rows: size float32[2], x float32[1], all float64[3]");
  EXPECT_TRUE(same_bits(data["size"], Tensor::of({{0.1F, 1.5F}, {1e3F, -2.F}, {4.F, 0.25F}})));
  EXPECT_TRUE(same_bits(data["x"], Tensor::of({{1.5F}, {-2.F}, {0.25F}})));
  EXPECT_EQ(data["all"].at(3), -2);
  EXPECT_TRUE(std::isnan(data["all"].at(4)));
  EXPECT_EQ(data["all"].at(8), 4);
  EXPECT_EQ(read(flowers, {{"x", f32, {"length"}, "length"}})["x"].shape(), (Shape{3, 1}));
}

TEST(CsvDatasetTest, TurnsCategoriesIntoTheirPositions) {
  const DatasetColumn kind{.name = "kind", .dtype = i64, .categories = {"rose", "lily"}};
  EXPECT_EQ(read(flowers, {kind})["kind"].to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{1, 0, 1}));
  EXPECT_THROWS(read("kind\nrose\ntulip\n", {kind}), FileError,
                "read_csv_dataset: stream: line 3: column 1 ('kind'): 'tulip' is none of the "
                "categories: rose, lily");
  EXPECT_THROWS(read("kind\nrose\n\nlily\n", {kind}, {.missing = {""}}), FileError,
                "read_csv_dataset: stream: line 3: column 1 ('kind'): '' is none of the "
                "categories: rose, lily");
}

TEST(CsvDatasetTest, MayHaveNoRows) {
  const Dataset data = read("a,b\n", {{"x", f32, {"a", "b"}}, {"a", i64}});
  EXPECT_EQ(to_string(data), "0 rows: x float32[2], a int64[]");
}

TEST(CsvDatasetTest, NamesLineAndColumnOfAFault) {
  EXPECT_THROWS(read(flowers, {{"width"}}), FileError,
                "read_csv_dataset: stream: line 3: column 3 ('width'): 'NA' is not a number");
  EXPECT_THROWS(read(flowers, {{"width", i64}}, {.missing = {"NA"}}), FileError,
                "read_csv_dataset: stream: line 3: column 3 ('width'): 'NA' means a missing value, "
                "which int64 cannot hold; a float can, as NaN");
  EXPECT_THROWS(read("a\n1\ninf\n", {{"a"}}, {.finite = true}), FileError,
                "read_csv_dataset: stream: line 3: column 1 ('a'): 'inf' is not finite");
  EXPECT_THROWS(read("a,b\n1,2\n3\n", {{"a"}}), FileError,
                "read_csv_dataset: stream: line 3: expected 2 fields, one for each name, got 1");
  EXPECT_THROWS(read("a;b\n1;2\n", {{"a"}}), FileError,
                "read_csv_dataset: stream: line 1: there is no column 'a'; the columns are: a;b; "
                "if semicolons separate the columns, set CsvDatasetOptions::separator");
  EXPECT_EQ(read("a;b\n1;2\n", {{"b"}}, {.separator = ';'})["b"].at(0), 2);
  EXPECT_THROWS(read("a,b\n", {{"x", f32, {"b"}, "a"}}), FileError,
                "read_csv_dataset: stream: line 1: the column 'a', through which columns are "
                "taken, comes before 'b'");
  EXPECT_THROWS(read("a,b\n", {{"x", f32, {"a"}, "c"}}), FileError,
                "read_csv_dataset: stream: line 1: there is no column 'c'; the columns are: a, b");
  EXPECT_THROWS(
      read("", {{"a"}}), FileError,
      "read_csv_dataset: stream: line 1: expected a line of names, but the file is empty");
  EXPECT_THROWS(read_csv_dataset(std::filesystem::path("/no/such.csv"), {{"a"}}), FileError,
                "read_csv_dataset: '/no/such.csv': cannot be opened: No such file or directory");
}

TEST(CsvDatasetTest, RefusesColumnsThatContradictThemselves) {
  EXPECT_THROWS(read(flowers, {}), ArgumentError, "read_csv_dataset: the list of columns is empty");
  EXPECT_THROWS(read(flowers, {{""}}), ArgumentError,
                "read_csv_dataset: the name of a column is empty");
  EXPECT_THROWS(read(flowers, {{"x", f32, {"length", "width"}, "height"}}), ArgumentError,
                "read_csv_dataset: the column 'x' has `through`, so `from` must have one name, got "
                "2");
  EXPECT_THROWS(read(flowers, {{"x", f32, {}, "height"}}), ArgumentError,
                "read_csv_dataset: the column 'x' has `through`, so `from` must have one name, got "
                "0");
  EXPECT_THROWS(read(flowers, {{.name = "kind", .dtype = f32, .categories = {"rose"}}}),
                ArgumentError,
                "read_csv_dataset: the column 'kind' has categories, so its dtype must be one of "
                "integers, got float32");
  EXPECT_THROWS(read("a\n1\n", {{"a"}, {"a"}}), ArgumentError,
                "Dataset: two columns have the name 'a'");
}

class CsvDatasetFileTest : public test::InFolder {};

TEST_F(CsvDatasetFileTest, ReadsBackWhatIsWritten) {
  const Dataset data{{"x", Tensor::of({0.1F, -2.5F})}, {"n", Tensor::of<std::int64_t>({1, 2})}};
  write_csv(folder / "data.csv", data.columns());
  const Dataset back = read_csv_dataset(folder / "data.csv", {{"x", f32}, {"n", i64}});
  EXPECT_TRUE(same_bits(back["x"], data["x"]));
  EXPECT_TRUE(same_bits(back["n"], data["n"]));
}

}  // namespace
}  // namespace dagrad
