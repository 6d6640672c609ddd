#include "dagrad/npy.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "dagrad/error.hpp"
#include "tests/io/npy_bytes.hpp"
#include "tests/io/npy_numbers.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

const std::filesystem::path golden = "tests/golden/npy";

using test::Pipe;
using test::read;
using test::with_header;

Tensor numbers(DType dtype, const Shape& shape) { return test::npy_numbers(dtype, shape); }

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string written(const Tensor& tensor) {
  std::ostringstream out;
  write_npy(out, tensor);
  return out.str();
}

TEST(NpyTest, ReadsWhatNumPyWrites) {
  for (const DType dtype : {b8, i8, u8, i16, i32, i64, f16, f32, f64}) {
    const Tensor cube = numbers(dtype, {2, 3, 4});
    for (const std::string what : {"", "_fortran", "_big_endian"}) {
      if (size_of(dtype) == 1 && what == "_big_endian") continue;
      const auto file = golden / (std::string(name(dtype)) + what + ".npy");
      EXPECT_TRUE(same_bits(read_npy(file), cube)) << file << "\n" << read_npy(file);
    }
  }
  EXPECT_TRUE(same_bits(read_npy(golden / "float64_scalar.npy"), numbers(f64, {})));
  EXPECT_TRUE(same_bits(read_npy(golden / "float64_vector.npy"), numbers(f64, {5})));
  EXPECT_TRUE(same_bits(read_npy(golden / "float64_empty.npy"), numbers(f64, {3, 0})));
  EXPECT_TRUE(
      same_bits(read_npy(golden / "float64_rank_8.npy"), numbers(f64, {1, 2, 1, 2, 1, 1, 3, 1})));
  EXPECT_TRUE(same_bits(read_npy(golden / "float64_version_2.npy"), numbers(f64, {2, 3})));
  EXPECT_TRUE(same_bits(read_npy(golden / "float64_version_3.npy"), numbers(f64, {2, 3})));
  EXPECT_TRUE(same_bits(read_npy(golden / "int32_both_ends.npy"), numbers(i32, {3, 4})));
}

TEST(NpyTest, KeepsOddNumbers) {
  const auto odd = read_npy(golden / "float64_odd.npy").to_vector<double>();
  ASSERT_EQ(odd.size(), 6U);
  EXPECT_FALSE(std::signbit(odd[0]));
  EXPECT_TRUE(std::signbit(odd[1]));
  EXPECT_EQ(odd[2], std::numeric_limits<double>::infinity());
  EXPECT_EQ(odd[3], -odd[2]);
  EXPECT_TRUE(std::isnan(odd[4]));
  EXPECT_EQ(odd[5], std::numeric_limits<double>::denorm_min());
}

TEST(NpyTest, WritesTheBytesThatNumPyWrites) {
  for (const std::string stem :
       {"bool", "int8", "uint8", "int16", "float16", "int32", "int64", "float32", "float64",
        "float64_scalar", "float64_vector", "float64_empty", "float64_rank_8", "float64_odd"}) {
    const auto file = golden / (stem + ".npy");
    EXPECT_EQ(written(read_npy(file)), bytes_of(file)) << file;
  }
}

/// As np.save writes the bfloat16 of ml_dtypes, and as np.load reads it.
TEST(NpyTest, StoresBFloat16AsTwoRawBytes) {
  const Tensor x = numbers(bf16, {2, 3, 4});
  EXPECT_TRUE(same_bits(read_npy(golden / "bfloat16.npy"), x));
  EXPECT_EQ(written(x), bytes_of(golden / "bfloat16.npy"));
  const std::string data(static_cast<const char*>(x.data()), x.type().bytes());
  const std::string rest = "', 'fortran_order': False, 'shape': (2, 3, 4)}";
  EXPECT_TRUE(same_bits(read(with_header("{'descr': '|V2" + rest, data)), x));
  std::string swapped = data;
  for (std::size_t i = 0; i < swapped.size(); i += 2) std::swap(swapped[i], swapped[i + 1]);
  EXPECT_TRUE(same_bits(read(with_header("{'descr': '>V2" + rest, swapped)), x));
}

TEST(NpyTest, ReadsItsOwnFiles) {
  const auto file =
      std::filesystem::temp_directory_path() / ("dagrad_npy_" + std::to_string(getpid()) + ".npy");
  const Tensor tensor = numbers(f32, {7, 5});
  write_npy(file, tensor);
  EXPECT_TRUE(same_bits(read_npy(file), tensor));
  std::filesystem::remove(file);
}

TEST(NpyTest, ReadsArraysOneAfterTheOther) {
  std::stringstream both(written(numbers(f64, {2})) + written(numbers(i32, {3})));
  EXPECT_TRUE(same_bits(read_npy(both), numbers(f64, {2})));
  EXPECT_TRUE(same_bits(read_npy(both), numbers(i32, {3})));
}

TEST(NpyTest, ReadsAnyByteAsABool) {
  std::string bytes = written(Tensor::of({false, true, true}));
  bytes.back() = 7;
  EXPECT_TRUE(same_bits(read(bytes), Tensor::of({false, true, true})));
}

TEST(NpyTest, ReadsAnyFormOfTheHeader) {
  const Tensor want(Type{b8, {2, 1}});
  const std::string data(2, '\0');
  for (const char* header :
       {"{'descr':'|b1','fortran_order':False,'shape':(2,1)}",
        "{\"shape\": (2, 1,), \"fortran_order\": True, \"descr\": \"|b1\", }\n",
        "  {  'descr' : '<b1' , 'shape' : ( 2 , 1 ) , 'fortran_order' : False , } \t\r\n"}) {
    EXPECT_TRUE(same_bits(read(with_header(header, data)), want)) << header;
  }
}

TEST(NpyTest, RefusesTruncatedFiles) {
  const std::string whole = written(numbers(f64, {2, 3}));
  ASSERT_EQ(whole.size(), 128U + 48U);
  EXPECT_THROWS(
      read(""), FileError,
      "read_npy: stream: byte 0: expected magic and version of 8 bytes, but the file ends after 0");
  EXPECT_THROWS(
      read(whole.substr(0, 7)), FileError,
      "read_npy: stream: byte 0: expected magic and version of 8 bytes, but the file ends after 7");
  EXPECT_THROWS(
      read(whole.substr(0, 9)), FileError,
      "read_npy: stream: byte 8: expected the header's size of 2 bytes, but the file ends after 1");
  EXPECT_THROWS(
      read(whole.substr(0, 100)), FileError,
      "read_npy: stream: byte 10: expected a header of 118 bytes, but the file ends after 90");
  EXPECT_THROWS(
      read(whole.substr(0, 170)), FileError,
      "read_npy: stream: byte 128: expected 48 bytes of float64[2,3], but the file ends after 42");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(read(whole.substr(0, size)), FileError) << size;
  }
}

TEST(NpyTest, ReadsFromPipes) {
  const std::string whole = written(numbers(f64, {2, 3}));
  Pipe pipe(whole), cut(whole.substr(0, 170));
  std::istream in(&pipe), short_in(&cut);
  EXPECT_TRUE(same_bits(read_npy(in, "pipe"), numbers(f64, {2, 3})));
  EXPECT_THROWS(
      read_npy(short_in, "pipe"), FileError,
      "read_npy: pipe: byte 128: expected 48 bytes of float64[2,3], but the file ends after 42");
}

TEST(NpyTest, RefusesOtherFiles) {
  std::string bytes = written(numbers(f64, {2}));
  bytes[1] = 'n';
  EXPECT_THROWS(read(bytes), FileError,
                "read_npy: stream: byte 0: expected the magic of .npy, \\x93NUMPY");
  bytes[1] = 'N';
  bytes[6] = 4;
  EXPECT_THROWS(read(bytes), FileError,
                "read_npy: stream: byte 6: expected version 1.0, 2.0 or 3.0, got 4.0");
  bytes[6] = 1;
  bytes[7] = 1;
  EXPECT_THROWS(read(bytes), FileError,
                "read_npy: stream: byte 6: expected version 1.0, 2.0 or 3.0, got 1.1");
}

TEST(NpyTest, RefusesHugeHeaders) {
  EXPECT_THROWS(
      read(std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12)), FileError,
      "read_npy: stream: byte 8: expected a header of at most 10000 bytes, got 4294967295");
  EXPECT_THROWS(read(with_header(std::string(10001, ' '))), FileError,
                "read_npy: stream: byte 8: expected a header of at most 10000 bytes, got 10001");
}

TEST(NpyTest, ErrorsPointToTheSyntaxError) {
  const std::pair<const char*, const char*> faults[] = {
      {"", "byte 10: expected '{'"},
      {"{", "byte 11: expected a string in quotes"},
      {"{descr: '<f8'}", "byte 11: expected a string in quotes"},
      {"{'descr", "byte 11: expected a closing quote"},
      {"{'descr' '<f8'}", "byte 19: expected ':'"},
      {"{'descr': 8}", "byte 20: expected a string in quotes"},
      {"{'descr': '<f8' 'shape': ()}", "byte 26: expected '}'"},
      {"{'color': '<f8'}",
       "byte 11: expected one each of descr, fortran_order and shape, got 'color'"},
      {"{'descr': '<f8', 'descr': '<f8'}",
       "byte 27: expected one each of descr, fortran_order and shape, got 'descr'"},
      {"{'fortran_order': false}", "byte 28: expected True or False"},
      {"{'shape': 3}", "byte 20: expected '('"},
      {"{'shape': (3 4)}", "byte 23: expected ')'"},
      {"{'shape': (x)}", "byte 21: expected a dimension of at most 2^48"},
      {"{'descr': '<f8', 'shape': ()}", "byte 39: expected all of descr, fortran_order and shape"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': ()} x",
       "byte 64: expected nothing after the header's }"},
  };
  for (const auto& [header, fault] : faults) {
    EXPECT_THROWS(read(with_header(header)), FileError, std::string("read_npy: stream: ") + fault);
  }
}

std::string of_descr(const std::string& descr) {
  return with_header("{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,)}");
}

TEST(NpyTest, ErrorsExplainUnsupportedElements) {
  const std::string all =
      "expected elements of bool (b1), an int (i1, u1, i2, i4, i8) or a float (f2, V2, f4, f8), "
      "got ";
  const std::pair<std::string, std::string> faults[] = {
      {"'<u2'", "'<u2' (uint16), which the option `widen` reads as int32"},
      {"'>u4'", "'>u4' (uint32), which the option `widen` reads as int64"},
      {"'|f2'", "'|f2'"},
      {"'<u8'", "'<u8' (uint64)"},
      {"'<c8'", "'<c8' (complex numbers)"},
      {"'<f16'", "'<f16' (extended precision floats)"},
      {"'|S5'", "'|S5' (text of single bytes)"},
      {"'<U3'", "'<U3' (text)"},
      {"'|O'", "'|O' (Python objects)"},
      {"'|V8'", "'|V8' (raw bytes)"},
      {"'<M8[ns]'", "'<M8[ns]' (dates)"},
      {"'<m8[s]'", "'<m8[s]' (spans of time)"},
      {"'|f8'", "'|f8'"},
      {"'xf8'", "'xf8'"},
      {"''", "''"},
      {"'f8'", "'f8'"},
      {"[('x', '<f8'), ('y', [('z', '<i4')])]",
       "a record of fields, '[('x', '<f8'), ('y', [('z', '<i4')])]'"},
      {"[('x', '<f8'",
       "a record of fields, '[('x', '<f8', 'fortran_order': False, "
       "'shape': (1,)}'"},
  };
  for (const auto& [descr, fault] : faults)
    EXPECT_THROWS(read(of_descr(descr)), FileError, "read_npy: stream: byte 20: " + all + fault);
  EXPECT_THROWS(
      read(of_descr("'<u8'"), {.widen = true}), FileError,
      "read_npy: stream: byte 20: expected elements of bool (b1), an int (i1, u1, i2, u2, "
      "i4, u4, i8) or a float (f2, V2, f4, f8), got '<u8' (uint64)");
}

TEST(NpyTest, ReadsWhatPython2Wrote) {
  const std::string header =
      "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 3L), }          \n";
  const Tensor want = numbers(f64, {2, 3});
  const std::string data(static_cast<const char*>(want.data()), want.type().bytes());
  EXPECT_TRUE(same_bits(read(with_header(header, data)), want));
  EXPECT_THROWS(read(with_header("{'shape': (2 L,)}")), FileError,
                "read_npy: stream: byte 23: expected ')'");
}

/// A NUL is neither white space nor an end.
TEST(NpyTest, RefusesNulInHeaders) {
  const std::string header = "{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }";
  const std::string nul(1, '\0');
  EXPECT_TRUE(same_bits(read(with_header(header + " \n", nul)), Tensor::of({false})));
  for (std::size_t at = 0; at <= header.size(); ++at) {
    const std::string with_nul = std::string(header).insert(at, nul);
    EXPECT_THROW(read(with_header(with_nul, nul)), FileError) << at;
  }
  EXPECT_THROWS(read(with_header(header + nul, nul)), FileError,
                "read_npy: stream: byte 67: expected nothing after the header's }");
  EXPECT_THROWS(
      read(of_descr("'" + nul + "f8'")), FileError,
      "read_npy: stream: byte 20: expected elements of bool (b1), an int (i1, u1, i2, i4, i8) or "
      "a float (f2, V2, f4, f8), got '\\x00f8'");
  EXPECT_THROWS(read(with_header("{'sh" + nul + "\napes': ()}")), FileError,
                "read_npy: stream: byte 11: expected one each of descr, fortran_order and shape, "
                "got 'sh\\x00\\napes'");
}

/// Any header is either read or refused.
TEST(NpyTest, SurvivesAnyByteInAHeader) {
  const std::string header = "{'descr': '<f2', 'fortran_order': True, 'shape': (2L, 1), }";
  int read_ones = 0;
  for (std::size_t at = 0; at < header.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = header;
      changed[at] = static_cast<char>(byte);
      try {
        read(with_header(changed, std::string(4, '\x3C')), {.widen = true});
        ++read_ones;
      } catch (const FileError&) {
      }
    }
  }
  EXPECT_GT(read_ones, 59);
}

TEST(NpyTest, RefusesSizesThatOverflow) {
  const auto shaped = [](const std::string& shape) {
    return with_header("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + "}");
  };
  EXPECT_THROWS(read(shaped("(99999999999999999999,)")), FileError,
                "read_npy: stream: byte 61: expected a dimension of at most 2^48");
  EXPECT_THROWS(read(shaped("(4294967296, 4294967296)")), FileError,
                "read_npy: stream: byte 60: expected a valid shape: a shape has at most "
                "2^48 elements, got [4294967296,4294967296]");
  EXPECT_THROWS(read(shaped("(-1,)")), FileError,
                "read_npy: stream: byte 60: expected a valid shape: a dimension must be "
                "at least 0, got -1 in [-1]");
  EXPECT_THROWS(read(shaped("(1,1,1,1,1,1,1,1,1)")), FileError,
                "read_npy: stream: byte 60: expected a valid shape: a shape has at most "
                "8 dimensions, got 9: [1,1,1,1,1,1,1,1,1]");
  // The largest shape, without any data.
  EXPECT_THROWS(read(shaped("(281474976710656,)")), FileError,
                "read_npy: stream: byte 79: expected 2251799813685248 bytes of "
                "float64[281474976710656], but the file ends after 0");
}

TEST(NpyTest, NamesFilesThatItCannotOpen) {
  EXPECT_THROWS(read_npy(std::filesystem::path("no/such.npy")), FileError,
                "read_npy: 'no/such.npy': cannot be opened: No such file or directory in '" +
                    std::filesystem::current_path().string() + "'");
  EXPECT_THROWS(
      write_npy(std::filesystem::path("no/such.npy"), Tensor(1.0)), FileError,
      "write_npy: 'no/such.npy': its directory cannot be opened: No such file or directory in '" +
          std::filesystem::current_path().string() + "'");
  EXPECT_THROWS(write_npy(std::filesystem::path("/dev/full"), Tensor(1.0)), FileError,
                "write_npy: '/dev/full': cannot be written: No space left on device");
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  EXPECT_THROWS(write_npy(out, Tensor(1.0)), FileError,
                "write_npy: float64[] could not be written");
}

}  // namespace
}  // namespace dagrad
