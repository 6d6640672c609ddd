#include "dagrad/csv.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <sstream>
#include <string_view>

#include "dagrad/error.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

Csv read(const std::string& text, DType dtype = f64, const CsvOptions& options = {}) {
  std::istringstream in(text);
  return read_csv(in, dtype, options);
}

using Names = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST(CsvTest, ReadsNumbersUnderNames) {
  const Csv csv = read("a,b,c\n1,2.5,-3e2\n4,5,6\n");
  EXPECT_EQ(csv.columns, (Names{"a", "b", "c"}));
  EXPECT_EQ(csv.values.type(), (Type{f64, {2, 3}}));
  EXPECT_EQ(csv.values.to_vector<double>(), (Numbers{1, 2.5, -300, 4, 5, 6}));
}

TEST(CsvTest, AcceptsAnyEndOfLineAndSpaces) {
  const Numbers want{1, 2, 3, 4};
  for (const char* text :
       {"a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n", "a,b\n1,2\n3,4\n\n  \n\r\n", "a,b\r1,2\r3,4",
        "a,b\r1,2\r3,4\r", "a,b\r1,2\r3,4\r\r \r", "a,b\r1,2\n3,4\r\n",
        "a,b\r\r\n1,2\r\r\n3,4\r\r\n", " a , b \n\t1 ,\t2\n 3, 4 \n",
        "\xEF\xBB\xBF"
        "a,b\n1,2\n3,4\n"}) {
    const Csv csv = read(text);
    EXPECT_EQ(csv.columns, (Names{"a", "b"})) << text;
    EXPECT_EQ(csv.values.to_vector<double>(), want) << text;
  }
}

TEST(CsvTest, AcceptsQuotes) {
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

TEST(CsvTest, TooSmallIsZeroAndTooLargeIsAnError) {
  const std::string zeros(5000, '0'), nines = "99999999999999999999";
  const std::string tiny_ones[] = {"1e-400",
                                   "1e-5000",
                                   "1e-" + nines,
                                   "0." + zeros + "1",
                                   "1" + zeros + "e-6000",
                                   "." + zeros + "1e4000",
                                   "123.4E-5000",
                                   "2e-324",
                                   "0e-5000",
                                   "0e" + nines,
                                   "0e-" + nines,
                                   "0." + zeros + "e5000",
                                   "000" + zeros};
  for (const std::string& tiny : tiny_ones) {
    for (const DType dtype : {f32, f64}) {
      for (const std::string sign : {"", "+", "-"}) {
        const Tensor x = read("a\n" + sign + tiny + "\n", dtype).values;
        const double value = dtype == f32 ? x.to_vector<float>()[0] : x.to_vector<double>()[0];
        EXPECT_TRUE(value == 0 && std::signbit(value) == (sign == "-")) << sign << tiny;
      }
    }
  }
  const std::string large_ones[] = {"1e400",
                                    "1e5000",
                                    "1e" + nines,
                                    "1" + zeros,
                                    "1" + zeros + "e-4000",
                                    "." + zeros + "1e6000",
                                    "123.4E+5000"};
  for (const std::string& large : large_ones) {
    for (const DType dtype : {f32, f64}) {
      EXPECT_THROW(read("a\n" + large + "\n", dtype), FileError) << large;
      EXPECT_THROW(read("a\n-" + large + "\n", dtype), FileError) << large;
    }
  }
}

// A float of 16 bits is the one nearest to what is written, even if the nearest double lies halfway
// between two of them.
TEST(CsvTest, RoundsOnceToSixteenBits) {
  const auto expect = [](DType dtype, const std::string& number, double wanted) {
    EXPECT_EQ(read("a\n" + number + "\n", dtype).values.at(0), wanted) << number;
    EXPECT_EQ(read("a\n-" + number + "\n", dtype).values.at(0), -wanted) << number;
  };
  expect(f16, "1.00048828125", 1);
  expect(f16, "1.000488281250000000000001", 1.0009765625);
  expect(f16, "100048828125000000000001E-23", 1.0009765625);
  expect(f16, "0.00100048828125000000000001e3", 1.0009765625);
  expect(f16, "1.00146484375", 1.001953125);
  expect(f16, "1.00146484374999999999999", 1.0009765625);
  expect(f16, "2.98023223876953125e-8", 0);
  expect(f16, "2.980232238769531250000001e-8", 0x1p-24);
  expect(f16, "65519.9999999999999999", 65504);
  expect(bf16, "1.00390625", 1);
  expect(bf16, "1.00390625000000000000001", 1.0078125);
  expect(bf16, "1.01171874999999999999999", 1.0078125);
}

TEST(CsvTest, ReadsEveryDType) {
  EXPECT_EQ(read("a\n-128\n127\n", i8).values.to_vector<std::int8_t>(),
            (std::vector<std::int8_t>{-128, 127}));
  EXPECT_THROW(read("a\n-1\n", u8), FileError);
  EXPECT_THROW(read("a\n32768\n", i16), FileError);
  EXPECT_TRUE(same_bits(read("a\n0.1\n-1e-50\n1e-400\ninf\n", f16).values,
                        Tensor({4, 1}, {0.1, -0.0, 0.0, HUGE_VAL}).cast(f16)));
  EXPECT_EQ(read("a\n65519\n", f16).values.at(0), 65504);
  EXPECT_THROW(read("a\n65520\n", f16), FileError);
  EXPECT_THROW(read("a\n1e400\n", bf16), FileError);
  EXPECT_EQ(read("a\n0.1\n1e-50\n", f32).values.to_vector<float>(), (std::vector<float>{0.1F, 0}));
  EXPECT_EQ(read("a\n-7\n+8\n", i32).values.to_vector<std::int32_t>(),
            (std::vector<std::int32_t>{-7, 8}));
  EXPECT_EQ(read("a\n9223372036854775807\n", i64).values.to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max()}));
  EXPECT_EQ(read("a\n1\n0\n", b8).values.to_vector<bool>(), (std::vector<bool>{true, false}));
}

TEST(CsvTest, RoundsFloatsOnce) {
  // Between two floats, and nearer to the upper one by less than a double can represent.
  const char* text = "a\n1.00000005960464477539062500000000000001\n";
  EXPECT_EQ(read(text, f32).values.to_vector<float>()[0], 1 + 0x1p-23F);
}

TEST(CsvTest, ErrorsNamePlaceAndFault) {
  const std::pair<const char*, const char*> faults[] = {
      {"", "line 1: expected a line of names, but the file is empty"},
      {"\n1\n", "line 1: column 1: the name is empty"},
      {"a,,c\n", "line 1: column 2: the name is empty"},
      {"a,b,\n", "line 1: column 3: the name is empty"},
      {"a,b,a\n", "line 1: column 3: the name 'a' is also the name of column 1"},
      {"a,\"b\n", "line 1: column 2: the closing quote is missing"},
      {"a,\"b\"c\n", "line 1: column 2: expected a comma after the closing quote"},
      {"a,b\n1,2\n3\n", "line 3: expected 2 fields, one for each name, got 1"},
      {"a,b\n1,2,3\n", "line 2: expected 2 fields, one for each name, got 3"},
      {"a,b\n1,2,\n", "line 2: expected 2 fields, one for each name, got 3"},
      {"a,b\n1,2\n\n3,4\n", "line 3: expected 2 fields, one for each name, got 1"},
      {"a\n1\n\n3\n", "line 3: column 1 ('a'): '' is not a number"},
      {"a,b\n1,\n", "line 2: column 2 ('b'): '' is not a number"},
      {"a,b\n1,x\n", "line 2: column 2 ('b'): 'x' is not a number"},
      {"a\n1 2\n", "line 2: column 1 ('a'): '1 2' is not a number"},
      {"a\n1.2.3\n", "line 2: column 1 ('a'): '1.2.3' is not a number"},
      {"a\n0x10\n", "line 2: column 1 ('a'): '0x10' is not a number"},
      {"a\n--1\n", "line 2: column 1 ('a'): '--1' is not a number"},
      {"a\n+-1\n", "line 2: column 1 ('a'): '+-1' is not a number"},
      {"a\n+\n", "line 2: column 1 ('a'): '+' is not a number"},
      {"a\n1;2\n",
       "line 2: column 1 ('a'): '1;2' is not a number; if semicolons separate the columns, set "
       "CsvOptions::separator"},
      {"a\n1e999\n", "line 2: column 1 ('a'): '1e999' is outside the range of float64"},
      {"a\n-1e999\n", "line 2: column 1 ('a'): '-1e999' is outside the range of float64"},
      {"a\n1e5000\n", "line 2: column 1 ('a'): '1e5000' is outside the range of float64"},
      {"a\r1\rx\r", "line 3: column 1 ('a'): 'x' is not a number"},
      {"a\r1\n2\r\nx\r", "line 4: column 1 ('a'): 'x' is not a number"},
      {"a\r1\r\r3\r", "line 3: column 1 ('a'): '' is not a number"},
      {"a\n1\v\x7F\n", "line 2: column 1 ('a'): '1\\x0b\\x7f' is not a number"},
      {"a\n\xE9\xC3\xA9\n", "line 2: column 1 ('a'): '\\xe9\xC3\xA9' is not a number"},
  };
  for (const auto& [text, fault] : faults) {
    EXPECT_THROWS(read(text), FileError, std::string("read_csv: stream: ") + fault);
  }
}

std::string text_of(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}
constexpr std::string_view nul("\0", 1);

/// An error's text is a C string, so text after a NUL would be lost.
TEST(CsvTest, ErrorsShowTextAfterNul) {
  EXPECT_THROWS(read(text_of({"a,b\n1,2", nul, "3\n"})), FileError,
                "read_csv: stream: line 2: column 2 ('b'): '2\\x003' is not a number");
  EXPECT_THROWS(read(text_of({"a\n1\n", nul, nul, nul})), FileError,
                "read_csv: stream: line 3: column 1 ('a'): '\\x00\\x00\\x00' is not a number");
  EXPECT_THROWS(
      read(text_of({"a,b", nul, "c\n1,2\n"})), FileError,
      "read_csv: stream: line 1: the names contain a NUL byte, as in UTF-16; expected UTF-8, "
      "got 'a,b\\x00c'");
  EXPECT_THROWS(read("a\n" + std::string(5000, 'x') + "\n"), FileError,
                "read_csv: stream: line 2: column 1 ('a'): '" + std::string(4096, 'x') +
                    "...' is not a number");
}

TEST(CsvTest, RefusesUtf16) {
  for (const std::string& text :
       {text_of({"\xFF\xFE", "a", nul, "\n", nul, "1", nul}),
        text_of({"\xFE\xFF", nul, "a", nul, "\n", nul, "1"}),
        text_of({"\xFF\xFE", nul, nul, "a", nul, nul, nul, "\n", nul, nul, nul})})
    EXPECT_THROWS(read(text), FileError,
                  "read_csv: stream: line 1: the file is in UTF-16 or UTF-32; expected UTF-8");
  for (const std::string& text :
       {text_of({"a", nul, "\n", nul, "1", nul}), text_of({nul, "a", nul, "\n", nul, "1"})})
    EXPECT_THROW(read(text), FileError);
}

TEST(CsvTest, TakesLinearTimeInTheColumns) {
  std::string names = "c0";
  for (int i = 1; i < 200'000; ++i) names += ",c" + std::to_string(i);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(read(names + "\n").columns.size(), 200'000U);
  EXPECT_THROWS(
      read(names + ",c1\n"), FileError,
      "read_csv: stream: line 1: column 200001: the name 'c1' is also the name of column 2");
  // It takes a tenth of a second; comparing all pairs of names would take a minute.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

/// Any bytes give rows or a FileError.
TEST(CsvTest, SurvivesAnyByte) {
  const std::string text = "a,\"b\"\r\n1,-2e-3\n\"3\",4\n";
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[at] = static_cast<char>(byte);
      for (const DType dtype : {f64, i32}) {
        try {
          EXPECT_EQ(read(changed, dtype).values.rank(), 2);
        } catch (const FileError& error) {
          for (const char c : std::string_view(error.what())) EXPECT_GE(c, ' ') << error.what();
        }
      }
    }
  }
}

TEST(CsvTest, NamesTheRangeOfTheDType) {
  EXPECT_THROWS(read("a\n1.5\n", i32), FileError,
                "read_csv: stream: line 2: column 1 ('a'): '1.5' is not an integer");
  EXPECT_THROWS(
      read("a\n2147483648\n", i32), FileError,
      "read_csv: stream: line 2: column 1 ('a'): '2147483648' is outside the range of int32");
  EXPECT_THROWS(read("a\n9223372036854775808\n", i64), FileError,
                "read_csv: stream: line 2: column 1 ('a'): '9223372036854775808' is outside the "
                "range of int64");
  EXPECT_THROWS(read("a\n2\n", b8), FileError,
                "read_csv: stream: line 2: column 1 ('a'): '2' is outside the range of bool");
  EXPECT_THROWS(read("a\n1e39\n", f32), FileError,
                "read_csv: stream: line 2: column 1 ('a'): '1e39' is outside the range of float32");
}

TEST(CsvTest, NamesFilesThatItCannotOpen) {
  EXPECT_THROWS(read_csv(std::filesystem::path("no/such.csv")), FileError,
                "read_csv: 'no/such.csv': cannot be opened: No such file or directory in '" +
                    std::filesystem::current_path().string() + "'");
  EXPECT_THROWS(read_csv(std::filesystem::path("/")), FileError,
                "read_csv: '/': line 1: the file cannot be read: Is a directory");
}

TEST(CsvTest, GivesColumnsByName) {
  const Csv csv = read("a,b,c\n1,2,3\n4,5,6\n", f32);
  EXPECT_TRUE(same_bits(csv.column("b"), Tensor::of({2.0F, 5.0F})));
  EXPECT_TRUE(same_bits(csv.select({"c", "a"}), Tensor::of({{3.0F, 1.0F}, {6.0F, 4.0F}})));
  EXPECT_TRUE(same_bits(csv.select({"b"}), Tensor::of({{2.0F}, {5.0F}})));
  EXPECT_EQ(csv.select({}).type(), (Type{f32, {2, 0}}));
  EXPECT_EQ(read("a,b\n").column("b").type(), (Type{f64, {0}}));
  EXPECT_THROWS(csv.column("d"), ArgumentError,
                "stream: there is no column 'd'; the columns are: a, b, c");
  EXPECT_THROWS(csv.select({"a", ""}), ArgumentError,
                "stream: there is no column ''; the columns are: a, b, c");
  EXPECT_THROWS((Csv{{"a"}, Tensor(Type{f64, {2, 1}})}.column("b")), ArgumentError,
                "there is no column 'b'; the columns are: a");
}

TEST(CsvTest, ReadsTheColumnsThatAreWanted) {
  const char* text = "name,a,b,\"note, long\"\nx,1,2,\"y, \"\"z\"\"\"\nu v,3,4,\n";
  const Csv csv = read(text, i32, {.columns = {"b", "a"}});
  EXPECT_EQ(csv.columns, (Names{"b", "a"}));
  EXPECT_TRUE(same_bits(csv.values, Tensor::of({{2, 1}, {4, 3}})));
  EXPECT_TRUE(same_bits(csv.column("a"), Tensor::of({1, 3})));
  EXPECT_EQ(read("a,b\n", f32, {.columns = {"b"}}).values.type(), (Type{f32, {0, 1}}));
  EXPECT_THROWS(read(text), FileError,
                "read_csv: stream: line 2: column 1 ('name'): 'x' is not a number");
  EXPECT_THROWS(read(text, f64, {.columns = {"a", "c"}}), FileError,
                "read_csv: stream: line 1: there is no column 'c'; the columns are: name, a, b, "
                "note, long");
  EXPECT_THROWS(read("a;b\n1;2\n", f64, {.columns = {"a"}}), FileError,
                "read_csv: stream: line 1: there is no column 'a'; the columns are: a;b; if "
                "semicolons separate the columns, set CsvOptions::separator");
  EXPECT_THROWS(read(text, f64, {.columns = {"a", "b", "a"}}), ArgumentError,
                "read_csv: the options list the column 'a' twice");
}

TEST(CsvTest, ReadsOtherSeparators) {
  for (const char separator : {';', '\t', '|', ':'}) {
    std::string text = "a, \"b; or: \"\n1, 2\n , 4 \n";
    std::replace(text.begin(), text.end(), ',', separator);
    const Csv csv = read(text, f64, {.columns = {"b; or: "}, .separator = separator});
    EXPECT_EQ(csv.values.to_vector<double>(), (Numbers{2, 4})) << separator;
  }
  EXPECT_EQ(read("a\tb\n\t2\n", f64, {.columns = {"b"}, .separator = '\t'}).values.at(0), 2);
  EXPECT_THROWS(read("a;b\n1,5;2\n", f64, {.separator = ';'}), FileError,
                "read_csv: stream: line 2: column 1 ('a'): '1,5' is not a number; if commas "
                "separate the columns, set CsvOptions::separator");
  EXPECT_THROWS(read("a\tb\n1,5\t2\n"), FileError,
                "read_csv: stream: line 2: expected 1 field, one for each name, got 2; if tabs "
                "separate the columns, set CsvOptions::separator");
  for (const char separator : {'"', '.', '-', '+', ' ', '\n', 'e', '1', '\0', '\xe9'})
    EXPECT_THROW(read("a\n1\n", f64, {.separator = separator}), ArgumentError) << separator;
  EXPECT_THROWS(read("a\n1\n", f64, {.separator = ' '}), ArgumentError,
                "read_csv: the separator must be a tab or a punctuation mark that no number "
                "contains, such as ',' or ';', got ' '");
}

TEST(CsvTest, ReadsWhatIsMissingAsNan) {
  const char* text = "a,b,c\n1,,x\n?,NA,\n 5 ,\" \",\"NA\"\n";
  const CsvOptions options{.columns = {"a", "b"}, .finite = true, .missing = {"", "NA", "?", " "}};
  for (const DType dtype : {f16, bf16, f32, f64}) {
    const Tensor values = read(text, dtype, options).values;
    const double wanted[] = {1, NAN, NAN, NAN, 5, NAN};
    for (std::int64_t i = 0; i < 6; ++i) {
      if (std::isnan(wanted[i]))
        EXPECT_TRUE(std::isnan(values.at(i))) << name(dtype) << i;
      else
        EXPECT_EQ(values.at(i), wanted[i]) << name(dtype) << i;
    }
  }
  EXPECT_THROWS(read("a,b\n1,2\n3,NA\n", i64, {.missing = {"NA"}}), FileError,
                "read_csv: stream: line 3: column 2 ('b'): 'NA' means a missing value, which int64 "
                "cannot hold; a float can, as NaN");
  EXPECT_THROWS(read("a,b\n1,2\n3,N/A\n", f64, {.missing = {"NA"}}), FileError,
                "read_csv: stream: line 3: column 2 ('b'): 'N/A' is not a number");
  EXPECT_THROWS(read("a\nnan\n", f64, {.finite = true, .missing = {"NA"}}), FileError,
                "read_csv: stream: line 2: column 1 ('a'): 'nan' is not finite");
  // A blank line within a table of one column is a row; at the end it is not.
  EXPECT_EQ(read("a\n1\n\n3\n\n", f64, {.missing = {""}}).values.shape(), (Shape{3, 1}));
  EXPECT_EQ(read("a\n9\n", f64, {.missing = {"9"}}).values.size(), 1);  // numbers can be missing
  EXPECT_TRUE(std::isnan(read("a\n9\n", f64, {.missing = {"9"}}).values.at(0)));
}

TEST(CsvTest, RefusesInfinitiesAndNanOnRequest) {
  EXPECT_TRUE(std::isnan(read("a\nnan\n").values.at(0)));
  for (const DType dtype : {f16, bf16, f32, f64}) {
    EXPECT_EQ(read("a\n1\n", dtype, {.finite = true}).values.at(0), 1);
    for (const std::string field : {"nan", "inf", "-inf", "NAN", "Infinity"})
      EXPECT_THROWS(read("a,b\n1,2\n3," + field + "\n", dtype, {.finite = true}), FileError,
                    "read_csv: stream: line 3: column 2 ('b'): '" + field + "' is not finite");
  }
  EXPECT_EQ(read("a,b\nnan,2\n", f64, {.columns = {"b"}, .finite = true}).values.at(0), 2);
}

}  // namespace
}  // namespace dagrad
