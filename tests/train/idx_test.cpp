#include "dagrad/train/idx.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "dagrad/error.hpp"
#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

/// Bytes, given by their numbers.
std::string bytes(std::initializer_list<int> numbers) {
  std::string text;
  for (const int number : numbers) text += static_cast<char>(number);
  return text;
}

Tensor read(const std::string& text) {
  std::istringstream in(text);
  return read_idx(in);
}

TEST(IdxTest, ReadsImagesAndLabels) {
  // As the first images of MNIST, but 2 × 3 pixels.
  const std::string images = bytes({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3}) +
                             bytes({0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255});
  const Tensor x = read(images);
  EXPECT_EQ(x.type(), (Type{u8, {2, 2, 3}}));
  EXPECT_EQ(x.at(5), 5);
  EXPECT_EQ(x.at(11), 255);
  const Tensor labels = read(bytes({0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4}));
  EXPECT_TRUE(same_bits(labels, Tensor::of({5, 0, 4}).cast(u8)));
}

TEST(IdxTest, ReadsEveryTypeOfElement) {
  EXPECT_TRUE(
      same_bits(read(bytes({0, 0, 9, 1, 0, 0, 0, 2, 127, 128})), Tensor::of({127, -128}).cast(i8)));
  EXPECT_TRUE(same_bits(read(bytes({0, 0, 0x0b, 1, 0, 0, 0, 2, 1, 2, 0xff, 0xfe})),
                        Tensor::of({258, -2}).cast(i16)));
  EXPECT_TRUE(same_bits(read(bytes({0, 0, 0x0c, 1, 0, 0, 0, 1, 0x12, 0x34, 0x56, 0x78})),
                        Tensor::of({0x12345678})));
  EXPECT_TRUE(
      same_bits(read(bytes({0, 0, 0x0d, 1, 0, 0, 0, 1, 0xc0, 0x20, 0, 0})), Tensor::of({-2.5F})));
  EXPECT_TRUE(same_bits(
      read(bytes({0, 0, 0x0e, 1, 0, 0, 0, 1, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a})),
      Tensor::of({0.1})));
}

TEST(IdxTest, MayBeAScalarOrEmpty) {
  EXPECT_TRUE(same_bits(read(bytes({0, 0, 0x0b, 0, 0, 7})), Tensor(std::int16_t{7})));
  EXPECT_EQ(read(bytes({0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 9})).type(), (Type{u8, {0, 9}}));
}

TEST(IdxTest, RefusesOtherFiles) {
  const std::string begin = "read_idx: stream: byte 0: ";
  const std::string expected =
      begin +
      "this is not an IDX file: expected two zeros, the code of a type and the number of "
      "axes, got ";
  EXPECT_THROWS(read(""), FileError, expected + "an empty file");
  EXPECT_THROWS(read(bytes({0, 0, 8})), FileError, expected + "0x000008");
  EXPECT_THROWS(read("image,label\n"), FileError, expected + "0x696d6167");
  EXPECT_THROWS(read(bytes({0, 0, 0x0a, 1, 0, 0, 0, 0})), FileError, expected + "0x00000a01");
  EXPECT_THROWS(read(bytes({0, 1, 8, 1, 0, 0, 0, 0})), FileError, expected + "0x00010801");
  EXPECT_THROWS(read(bytes({0x1f, 0x8b, 8, 8, 1, 2, 3})), FileError,
                begin + "the file is compressed by gzip: unpack it first, with gunzip");
  EXPECT_THROWS(read(bytes({0x1f, 0x8b})), FileError,
                begin + "the file is compressed by gzip: unpack it first, with gunzip");
  EXPECT_THROWS(read(bytes({0, 0, 8, 9})), FileError,
                begin + "the tensor has 9 axes; at most 8 are possible");
}

TEST(IdxTest, RefusesSizesThatDoNotFitTheFile) {
  EXPECT_THROWS(read(bytes({0, 0, 8, 2, 0, 0, 0, 1, 0, 0})), FileError,
                "read_idx: stream: byte 8: expected the sizes of 2 axes, but the file ends");
  EXPECT_THROWS(
      read(bytes({0, 0, 8, 1, 0, 0, 0, 3, 1, 2})), FileError,
      "read_idx: stream: byte 8: expected 3 bytes of uint8[3], but the file ends after 2");
  EXPECT_THROWS(
      read(bytes({0, 0, 0x0c, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5})), FileError,
      "read_idx: stream: byte 8: expected 8 bytes of int32[2], but the file ends after 5");
  EXPECT_THROWS(read(bytes({0, 0, 8, 1, 0, 0, 0, 1, 1, 2})), FileError,
                "read_idx: stream: byte 9: expected the end of the file after uint8[1], but there "
                "are more bytes");
  // Two terabytes that are not there are not allocated; more than a tensor can hold are refused.
  EXPECT_THROW(read(bytes({0, 0, 8, 2, 0x7f, 0xff, 0xff, 0xff, 0, 0, 4, 0, 1})), FileError);
  EXPECT_THROW(read(bytes({0, 0, 8, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})),
               FileError);
}

class IdxFileTest : public test::InFolder {};

TEST_F(IdxFileTest, ReadsFilesAndNamesThoseItCannotRead) {
  const auto file = write("labels-idx1-ubyte", bytes({0, 0, 8, 1, 0, 0, 0, 2, 3, 26}));
  EXPECT_TRUE(same_bits(read_idx(file), Tensor::of({3, 26}).cast(u8)));
  EXPECT_THROWS(read_idx(std::filesystem::path("/no/such")), FileError,
                "read_idx: '/no/such': cannot be opened: No such file or directory");
  EXPECT_THROWS(
      read_idx(folder), FileError,
      "read_idx: '" + folder.string() + "': byte 0: the file cannot be read: Is a directory");
}

}  // namespace
}  // namespace dagrad
