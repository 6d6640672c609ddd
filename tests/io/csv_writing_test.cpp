#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <sstream>

#include "dagrad/csv.hpp"
#include "dagrad/error.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

template <class Table>
std::string written(const Table& table) {
  std::ostringstream out;
  write_csv(out, table);
  return out.str();
}

Csv read_again(const std::string& text, DType dtype) {
  std::istringstream in(text);
  return read_csv(in, dtype);
}

TEST(CsvWritingTest, WritesNamesAndRows) {
  EXPECT_EQ(written(Csv{{"a", "b"}, Tensor::of({{1.0, 2.5}, {-3e20, 0.1}})}),
            "a,b\n1,2.5\n-3e+20,0.1\n");
  EXPECT_EQ(written(Csv{{"a"}, Tensor(Type{f32, {0, 1}})}), "a\n");
  const CsvColumns columns{{"row", Tensor::of<std::int64_t>({0, std::int64_t{1} << 62})},
                           {"probability", Tensor::of({0.1F, 0.9F})},
                           {"hit", Tensor::of({true, false})}};
  EXPECT_EQ(written(columns), "row,probability,hit\n0,0.1,1\n4611686018427387904,0.9,0\n");
}

// Whatever is written reads as the same names and bits.
TEST(CsvWritingTest, ReadsBackTheSameBits) {
  const std::vector<std::string> names{"plain",    "a, b",   "\"quoted\"",
                                       " blanks ", "na\"me", "größe"};
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor values({3, 6}, {0.1, -0.0, infinity, -infinity, 5e-324, 1e308,  //
                               65504.0, 1.0 / 3, 2e-45, 1e-7, 123456789.0, -1.0, 6e-8, 1e-40, 3.0,
                               127.0, 1e22, 0.5});
  for (const DType dtype : {f16, bf16, f32, f64}) {
    const Csv table{names, values.cast(dtype)};
    const Csv again = read_again(written(table), dtype);
    EXPECT_EQ(again.columns, names);
    EXPECT_TRUE(same_bits(again.values, table.values)) << name(dtype);
  }
  for (const DType dtype : {b8, i8, u8, i16, i32, i64}) {
    const Tensor least = Tensor::full({f64, {1, 2}}, -infinity).cast(dtype);
    const Tensor most = Tensor::full({f64, {1, 2}}, infinity).cast(dtype);
    for (const Tensor& extreme : {least, most})
      EXPECT_TRUE(same_bits(read_again(written(Csv{{"x", "y"}, extreme}), dtype).values, extreme))
          << name(dtype);
  }
  EXPECT_TRUE(std::isnan(read_again(written(Csv{{"x"}, Tensor({1, 1}, {NAN})}), f64).values.at(0)));
}

TEST(CsvWritingTest, SaysWhatDoesNotFit) {
  const Tensor two(Type{f64, {3, 2}}), column(Type{f64, {3}});
  EXPECT_THROWS(written(Csv{{"a"}, two}), ShapeError,
                "write_csv: expected values of shape [rows,1], with a column for each name, got "
                "[3,2]");
  EXPECT_THROWS(
      written(Csv{{"a"}, Tensor(1.0)}), ShapeError,
      "write_csv: expected values of shape [rows,1], with a column for each name, got []");
  EXPECT_THROWS(written(CsvColumns{{"a", column}, {"b", Tensor(Type{f64, {2}})}}), ShapeError,
                "write_csv: every column must have the shape [rows] and as many rows as the first, "
                "which is [3]; the column 'b' is [2]");
  EXPECT_THROWS(written(CsvColumns{{"a", two}}), ShapeError,
                "write_csv: every column must have the shape [rows] and as many rows as the first, "
                "which is [3,2]; the column 'a' is [3,2]");
  EXPECT_THROWS(written(Csv{{"a", "a"}, two}), ArgumentError,
                "write_csv: the name 'a' occurs twice");
  EXPECT_THROWS(written(Csv{{"a", ""}, two}), ArgumentError,
                "write_csv: the name of a column is empty");
  for (const char c : {'\n', '\r', '\0'})
    EXPECT_THROW(written(CsvColumns{{std::string("a") + c + "b", column}}), ArgumentError);
  EXPECT_THROWS(written(CsvColumns{{"a\nb", column}}), ArgumentError,
                "write_csv: the name 'a\\nb' contains a line break or a NUL byte, which a header "
                "line cannot hold");
  EXPECT_THROWS(written(CsvColumns{}), ArgumentError, "write_csv: needs at least one column");
  EXPECT_THROWS(written(Csv{{}, Tensor(Type{f64, {3, 0}})}), ArgumentError,
                "write_csv: needs at least one column");
  std::ostringstream failed;
  failed.setstate(std::ios::badbit);
  EXPECT_THROWS(write_csv(failed, CsvColumns{{"a", column}}), FileError,
                "write_csv: the table could not be written to the stream");
  EXPECT_THROW(write_csv(std::filesystem::path("no/such.csv"), CsvColumns{{"a", column}}),
               FileError);
}

TEST(CsvWritingTest, ReplacesAFileCompletelyOrNotAtAll) {
  const auto file = std::filesystem::path(testing::TempDir()) / "dagrad_csv_writing_test.csv";
  write_csv(file, {{"a", Tensor::of({1, 2})}});
  EXPECT_THROW(write_csv(file, {{"a", "a"}, Tensor(Type{f64, {3, 2}})}), ArgumentError);
  EXPECT_TRUE(same_bits(read_csv(file, i32).values, Tensor::of({{1}, {2}})));
  write_csv(file, {{"b", "c"}, Tensor::of({{3.0, 4.0}})});
  const Csv again = read_csv(file);
  EXPECT_EQ(again.columns, (std::vector<std::string>{"b", "c"}));
  EXPECT_THROWS(again.column("a"), ArgumentError,
                "'" + file.string() + "': there is no column 'a'; the columns are: b, c");
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace dagrad
