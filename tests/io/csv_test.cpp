#include "dagrad/csv.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

#include "dagrad/error.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

Csv read(const std::string& text, DType dtype = f64) {
  std::istringstream in(text);
  return read_csv(in, dtype);
}

using Names = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST(CsvTest, ReadsNumbersUnderNames) {
  const Csv csv = read("a,b,c\n1,2.5,-3e2\n4,5,6\n");
  EXPECT_EQ(csv.columns, (Names{"a", "b", "c"}));
  EXPECT_EQ(csv.values.type(), (Type{f64, {2, 3}}));
  EXPECT_EQ(csv.values.to_vector<double>(), (Numbers{1, 2.5, -300, 4, 5, 6}));
}

TEST(CsvTest, TakesAnyEndOfLineAndSpaces) {
  const Numbers want{1, 2, 3, 4};
  for (const char* text : {"a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n", "a,b\n1,2\n3,4\n\n  \n\r\n",
                           " a , b \n\t1 ,\t2\n 3, 4 \n",
                           "\xEF\xBB\xBF"
                           "a,b\n1,2\n3,4\n"}) {
    const Csv csv = read(text);
    EXPECT_EQ(csv.columns, (Names{"a", "b"})) << text;
    EXPECT_EQ(csv.values.to_vector<double>(), want) << text;
  }
}

TEST(CsvTest, TakesQuotes) {
  const Csv csv = read("\"first, or \"\"a\"\"\", b\n\"1\",2\n 3 , \"4\" \n");
  EXPECT_EQ(csv.columns, (Names{"first, or \"a\"", "b"}));
  EXPECT_EQ(csv.values.to_vector<double>(), (Numbers{1, 2, 3, 4}));
}

TEST(CsvTest, MayHaveNoRowsOrOneColumn) {
  for (const char* text : {"a,b", "a,b\n", "a,b\r\n\n"}) {
    EXPECT_EQ(read(text).values.type(), (Type{f64, {0, 2}})) << text;
  }
  EXPECT_EQ(read("a\n1\n2\n").values.type(), (Type{f64, {2, 1}}));
}

TEST(CsvTest, ReadsEveryFormOfANumber) {
  const Csv csv = read("a\n+1\n-0\n.5\n5.\n1E3\nnan\ninf\n-inf\n0.1\n1e-400\n-1e-400\n5e-324\n");
  const auto x = csv.values.to_vector<double>();
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(x[0], 1);
  EXPECT_TRUE(x[1] == 0 && std::signbit(x[1]));
  EXPECT_EQ(x[2], 0.5);
  EXPECT_EQ(x[3], 5);
  EXPECT_EQ(x[4], 1000);
  EXPECT_TRUE(std::isnan(x[5]));
  EXPECT_EQ(x[6], inf);
  EXPECT_EQ(x[7], -inf);
  EXPECT_EQ(x[8], 0.1);
  EXPECT_EQ(x[9], 0);
  EXPECT_TRUE(x[10] == 0 && std::signbit(x[10]));
  EXPECT_EQ(x[11], std::numeric_limits<double>::denorm_min());
}

TEST(CsvTest, ReadsEveryDType) {
  EXPECT_EQ(read("a\n0.1\n1e-50\n", f32).values.to_vector<float>(), (std::vector<float>{0.1F, 0}));
  EXPECT_EQ(read("a\n-7\n+8\n", i32).values.to_vector<std::int32_t>(),
            (std::vector<std::int32_t>{-7, 8}));
  EXPECT_EQ(read("a\n9223372036854775807\n", i64).values.to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max()}));
  EXPECT_EQ(read("a\n1\n0\n", b8).values.to_vector<bool>(), (std::vector<bool>{true, false}));
}

TEST(CsvTest, RoundsFloatsOnce) {
  // Between two floats, and by a hair nearer to the upper one than a double can say.
  const char* text = "a\n1.00000005960464477539062500000000000001\n";
  EXPECT_EQ(read(text, f32).values.to_vector<float>()[0], 1 + 0x1p-23F);
}

TEST(CsvTest, NamesPlaceAndFault) {
  const std::pair<const char*, const char*> faults[] = {
      {"", "line 1: expected a line of names, the file is empty"},
      {"\n1\n", "line 1: column 1: the name is empty"},
      {"a,,c\n", "line 1: column 2: the name is empty"},
      {"a,b,\n", "line 1: column 3: the name is empty"},
      {"a,b,a\n", "line 1: column 3: the name 'a' is that of column 1 too"},
      {"a,\"b\n", "line 1: column 2: the quotes do not end"},
      {"a,\"b\"c\n", "line 1: column 2: expected a comma after the quotes"},
      {"a,b\n1,2\n3\n", "line 3: expected 2 numbers as there are names, got 1"},
      {"a,b\n1,2,3\n", "line 2: expected 2 numbers as there are names, got 3"},
      {"a,b\n1,2,\n", "line 2: expected 2 numbers as there are names, got 3"},
      {"a,b\n1,2\n\n3,4\n", "line 3: expected 2 numbers as there are names, got 1"},
      {"a\n1\n\n3\n", "line 3: column 1: '' is no number"},
      {"a,b\n1,\n", "line 2: column 2: '' is no number"},
      {"a,b\n1,x\n", "line 2: column 2: 'x' is no number"},
      {"a\n1 2\n", "line 2: column 1: '1 2' is no number"},
      {"a\n1.2.3\n", "line 2: column 1: '1.2.3' is no number"},
      {"a\n0x10\n", "line 2: column 1: '0x10' is no number"},
      {"a\n--1\n", "line 2: column 1: '--1' is no number"},
      {"a\n+-1\n", "line 2: column 1: '+-1' is no number"},
      {"a\n+\n", "line 2: column 1: '+' is no number"},
      {"a\n1;2\n", "line 2: column 1: '1;2' is no number"},
      {"a\n1e999\n", "line 2: column 1: '1e999' is outside the range of float64"},
      {"a\n-1e999\n", "line 2: column 1: '-1e999' is outside the range of float64"},
  };
  for (const auto& [text, fault] : faults) {
    EXPECT_THROWS(read(text), FileError, std::string("read_csv: stream: ") + fault);
  }
}

TEST(CsvTest, NamesTheRangeOfTheDType) {
  EXPECT_THROWS(read("a\n1.5\n", i32), FileError,
                "read_csv: stream: line 2: column 1: '1.5' is no integer");
  EXPECT_THROWS(read("a\n2147483648\n", i32), FileError,
                "read_csv: stream: line 2: column 1: '2147483648' is outside the range of int32");
  EXPECT_THROWS(
      read("a\n9223372036854775808\n", i64), FileError,
      "read_csv: stream: line 2: column 1: '9223372036854775808' is outside the range of int64");
  EXPECT_THROWS(read("a\n2\n", b8), FileError,
                "read_csv: stream: line 2: column 1: '2' is outside the range of bool");
  EXPECT_THROWS(read("a\n1e39\n", f32), FileError,
                "read_csv: stream: line 2: column 1: '1e39' is outside the range of float32");
}

TEST(CsvTest, NamesFilesThatItCannotOpen) {
  EXPECT_THROWS(read_csv(std::filesystem::path("no/such.csv")), FileError,
                "read_csv: 'no/such.csv': cannot be opened: No such file or directory");
  EXPECT_THROW(read_csv(std::filesystem::path("/")), FileError);
}

}  // namespace
}  // namespace dagrad
