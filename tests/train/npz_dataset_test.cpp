#include <gtest/gtest.h>

#include "dagrad/error.hpp"
#include "dagrad/npz.hpp"
#include "dagrad/train/dataset_files.hpp"
#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

class NpzDatasetTest : public test::InFolder {};

TEST_F(NpzDatasetTest, ReadsArraysAsColumns) {
  const Tensor images(Type{f32, {3, 2, 2}}), labels = Tensor::of<std::int64_t>({4, 5, 6});
  write_npz(folder / "data.npz", {{"label", labels}, {"image", images}});
  const Dataset data = read_npz_dataset(folder / "data.npz");
  EXPECT_EQ(to_string(data), "3 rows: image float32[2,2], label int64[]");
  EXPECT_TRUE(same_bits(data["label"], labels));
  write_npz(folder / "small.npz", {{"x", Tensor::of({1, 2}).cast(u8)}});
  EXPECT_EQ(read_npz_dataset(folder / "small.npz")["x"].dtype(), u8);
  EXPECT_EQ(read_npz_dataset(folder / "small.npz", {.widen = true})["x"].dtype(), i32);
  write_npz(folder / "none.npz", {});
  EXPECT_EQ(read_npz_dataset(folder / "none.npz").rows(), 0);
}

TEST_F(NpzDatasetTest, RefusesArraysThatAreNotColumns) {
  const auto file = folder / "data.npz";
  write_npz(file, {{"a", Tensor::of({1.0, 2.0})}, {"b", Tensor::of({1})}});
  const std::string begin = "read_npz_dataset: '" + file.string() + "': Dataset: ";
  EXPECT_THROWS(read_npz_dataset(file), FileError,
                begin +
                    "all columns must have the same number of rows, but 'a' has 2 "
                    "(float64[2]) and 'b' has 1 (int32[1])");
  write_npz(file, {{"epoch", Tensor(3)}});
  EXPECT_THROWS(read_npz_dataset(file), FileError,
                begin +
                    "the column 'epoch' is a scalar (int32[]); a column needs an axis that "
                    "counts the rows");
  EXPECT_THROW(read_npz_dataset(folder / "missing.npz"), FileError);
}

}  // namespace
}  // namespace dagrad
