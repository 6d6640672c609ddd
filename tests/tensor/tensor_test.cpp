#include "dagrad/tensor.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <thread>

#include "dagrad/error.hpp"
#include "src/tensor/storage.hpp"
#include "tests/dtypes.hpp"
#include "tests/throws.hpp"

// Makes allocation failures exceptions under the sanitizers too.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }

namespace dagrad {
namespace {

constexpr auto all = test::every_dtype;

void expect_aligned_and_padded(const Tensor& tensor) {
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64, 0U);
  const auto* bytes = static_cast<const std::byte*>(tensor.data());
  const std::size_t used = tensor.type().bytes();
  for (std::size_t i = used; i < detail::padded(used); ++i) {
    ASSERT_EQ(bytes[i], std::byte{0}) << to_string(tensor.type()) << " at byte " << i;
  }
}

TEST(TensorTest, IsZeroByDefault) {
  const Tensor tensor;
  EXPECT_EQ(tensor.type(), (Type{f64, {}}));
  EXPECT_EQ(tensor.item<double>(), 0.0);
  expect_aligned_and_padded(tensor);
}

TEST(TensorTest, StartsWithZeros) {
  for (const DType dtype : all) {
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{3, 5}, Shape{16}, Shape{17},
                               Shape{2, 1, 2, 1, 2, 1, 2, 1}}) {
      const Tensor tensor(Type{dtype, shape});
      EXPECT_EQ(tensor.rank(), shape.rank());
      EXPECT_EQ(tensor.size(), shape.elements());
      EXPECT_TRUE(tensor.unique());
      EXPECT_EQ(tensor.memory(), MemoryKind::host);
      expect_aligned_and_padded(tensor);
      for (std::int64_t i = 0; i < tensor.size(); ++i) EXPECT_EQ(tensor.at(i), 0);
    }
  }
}

TEST(TensorTest, UninitialisedIsPaddedToo) {
  for (const DType dtype : all) {
    for (const std::int64_t n : {0, 1, 7, 16, 100}) {
      expect_aligned_and_padded(detail::uninitialized({dtype, {n}}));
      if (dtype != b8) expect_aligned_and_padded(Tensor::full({dtype, {n}}, 3));
      expect_aligned_and_padded(Tensor::full({dtype, {n}}, 1).cast(f32));
    }
  }
}

TEST(TensorTest, ErrorsNameTheMissingMemory) {
  EXPECT_THROWS(Tensor(Type{f64, {std::int64_t{1} << 48}}), RunError,
                "out of memory: cannot allocate 2251799813685248 bytes");
}

TEST(TensorTest, IsMadeOfScalars) {
  EXPECT_EQ(Tensor(2.5).type(), (Type{f64, {}}));
  EXPECT_EQ(Tensor(2.5F).type(), (Type{f32, {}}));
  EXPECT_EQ(Tensor(2).type(), (Type{i32, {}}));
  EXPECT_EQ(Tensor(std::int64_t{2}).type(), (Type{i64, {}}));
  EXPECT_EQ(Tensor(true).type(), (Type{b8, {}}));
  EXPECT_EQ(Tensor(2.5).item<double>(), 2.5);
  const Tensor implicit = 7;
  EXPECT_EQ(implicit.item<std::int32_t>(), 7);
}

TEST(TensorTest, IsMadeOfRanges) {
  const std::vector<float> vector{1, 2, 3, 4};
  std::array<std::int64_t, 2> array{5, 6};
  const double plain[] = {7, 8, 9};
  std::span<std::int64_t> span(array);
  EXPECT_EQ(Tensor({2, 2}, vector).to_vector<float>(), vector);
  EXPECT_EQ(Tensor({2}, array).to_vector<std::int64_t>(), (std::vector<std::int64_t>{5, 6}));
  EXPECT_EQ(Tensor({1, 2}, span).type(), (Type{i64, {1, 2}}));
  EXPECT_EQ(Tensor({2}, std::span<const std::int64_t>(array)).type(), (Type{i64, {2}}));
  EXPECT_EQ(Tensor({3}, plain).at(2), 9);
  EXPECT_EQ(Tensor({2}, {1.5, 2.5}).type(), (Type{f64, {2}}));
  EXPECT_EQ(Tensor({3}, std::vector<bool>{true, false, true}).to_vector<bool>(),
            (std::vector<bool>{true, false, true}));
  EXPECT_EQ(Tensor({0}, std::vector<double>{}).size(), 0);
}

TEST(TensorTest, IsMadeOfNestedLists) {
  EXPECT_EQ(Tensor::of({1.0, 2.0}).type(), (Type{f64, {2}}));
  EXPECT_EQ(Tensor::of({{1.0}, {2.0}}).type(), (Type{f64, {2, 1}}));
  EXPECT_EQ(Tensor::of({{1, 2, 3}, {4, 5, 6}}).type(), (Type{i32, {2, 3}}));
  EXPECT_EQ(Tensor::of({true, false}).type(), (Type{b8, {2}}));
  EXPECT_EQ(Tensor::of({{true, false}}).type(), (Type{b8, {1, 2}}));
  EXPECT_EQ(Tensor::of<double>({1, 2}).type(), (Type{f64, {2}}));
  EXPECT_EQ(Tensor::of<float>({{1, 2}, {3, 4}}).type(), (Type{f32, {2, 2}}));
  EXPECT_EQ(Tensor::of({{1.0, 2.0}, {3.0, 4.0}}).to_vector<double>(),
            (std::vector<double>{1, 2, 3, 4}));
  EXPECT_THROWS(Tensor::of({{1, 2}, {3}}), ShapeError,
                "the rows of a nested list differ in length: the first has 2 elements, another 1");
}

TEST(TensorTest, CountsItsElements) {
  EXPECT_THROWS(Tensor({2, 2}, std::vector<double>{1, 2, 3}), ShapeError,
                "shape [2,2] holds 4 elements, got 3");
  EXPECT_THROWS(Tensor({}, std::vector<bool>{}), ShapeError, "shape [] holds 1 elements, got 0");
  EXPECT_THROWS(Tensor({1}, {1, 2}), ShapeError, "shape [1] holds 1 elements, got 2");
}

TEST(TensorTest, IsFullOfOneNumber) {
  EXPECT_EQ(Tensor::full({f32, {3}}, 0.1).to_vector<float>(), (std::vector<float>(3, 0.1F)));
  EXPECT_EQ(Tensor::full({b8, {2}}, true).to_vector<bool>(), (std::vector<bool>{true, true}));
  const std::int64_t beyond = (std::int64_t{1} << 53) + 1;
  EXPECT_EQ(Tensor::full({i64, {}}, beyond).item<std::int64_t>(), beyond);
  EXPECT_THROWS(Tensor::full({i32, {2}}, 0.5), TypeError,
                "the number 0.5 does not fit int32: cast the tensor to a float dtype");
}

TEST(TensorTest, CopiesShareUntilOneIsWritten) {
  Tensor a = Tensor::of({1.0, 2.0});
  EXPECT_TRUE(a.unique());
  Tensor b = a;
  EXPECT_EQ(a.data(), b.data());
  EXPECT_FALSE(a.unique());
  b.mutate<double>()[0] = 7;
  EXPECT_NE(a.data(), b.data());
  EXPECT_EQ(a.at(0), 1);
  EXPECT_EQ(b.at(0), 7);
  EXPECT_TRUE(a.unique());
  const void* before = a.data();
  a.mutate<double>()[1] = 3;  // not shared: in place
  EXPECT_EQ(a.data(), before);
  expect_aligned_and_padded(b);
}

TEST(TensorTest, WritingADefaultScalarDoesNotAffectOthers) {
  Tensor a;
  a.mutate<double>()[0] = 5;
  EXPECT_EQ(a.item<double>(), 5);
  EXPECT_EQ(Tensor().item<double>(), 0);
}

TEST(TensorTest, IsAZeroOnceMovedFrom) {
  Tensor a = Tensor::of({1.0, 2.0});
  const void* data = a.data();
  Tensor b = std::move(a);
  EXPECT_EQ(b.data(), data);
  EXPECT_TRUE(b.unique());
  EXPECT_EQ(a.type(), (Type{f64, {}}));  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(a.item<double>(), 0);
  Tensor& same = b;
  b = std::move(same);
  EXPECT_EQ(b.data(), data);
  b = Tensor(3);
  EXPECT_EQ(b.item<std::int32_t>(), 3);
}

TEST(TensorTest, BorrowsWithoutACopyAndNeverWritesThere) {
  std::vector<double> memory{1, 2, 3, 4};
  Tensor view = Tensor::borrow({2, 2}, memory);
  EXPECT_EQ(view.data(), memory.data());
  EXPECT_FALSE(view.unique());
  memory[3] = 9;
  EXPECT_EQ(view.at(3), 9);
  view.mutate<double>()[0] = 100;
  EXPECT_EQ(memory[0], 1);
  EXPECT_EQ(view.at(0), 100);
  EXPECT_TRUE(view.unique());
  expect_aligned_and_padded(view);
  EXPECT_EQ(Tensor::borrow<double>({4}, memory).type(), (Type{f64, {4}}));
  EXPECT_EQ(Tensor::borrow({4}, std::span<const double>(memory)).data(), memory.data());
  EXPECT_EQ(Tensor::borrow({2}, std::span(memory).subspan(1, 2)).data(), &memory[1]);
  EXPECT_NE(Tensor::borrow({0}, std::span<const float>()).data(), nullptr);
  EXPECT_THROWS(Tensor::borrow({5}, memory), ShapeError, "shape [5] holds 5 elements, got 4");
}

template <class R>
concept Borrowable = requires(R&& range) {
  Tensor::borrow({1}, static_cast<R&&>(range));
};
static_assert(Borrowable<const std::vector<double>&>);
static_assert(Borrowable<std::span<float>>);
static_assert(!Borrowable<std::vector<double>>, "a temporary would dangle");

TEST(TensorTest, CallsTheDeleterOfAdoptedMemoryOnce) {
  int calls = 0;
  auto* memory = new float[3]{1, 2, 3};
  {
    Tensor a = Tensor::adopt({f32, {3}}, memory, [&](void* data) {
      ++calls;
      delete[] static_cast<float*>(data);
    });
    EXPECT_EQ(a.data(), memory);
    EXPECT_FALSE(a.unique()) << "it is not padded";
    a.mutate<float>()[0] = 9;  // not shared: in place
    EXPECT_EQ(memory[0], 9);
    const Tensor b = a.reshaped({3, 1});
    a = Tensor();
    EXPECT_EQ(calls, 0);
    EXPECT_EQ(b.at(0), 9);
  }
  EXPECT_EQ(calls, 1);
}

TEST(TensorTest, RefusesToAdoptUnreadableMemory) {
  int calls = 0;
  const auto deleter = [&](void*) { ++calls; };
  alignas(8) std::byte memory[16];
  EXPECT_THROWS(Tensor::adopt({f64, {1}}, nullptr, deleter), ArgumentError,
                "adopt: the data of float64[1] is null");
  try {
    Tensor::adopt({f64, {1}}, memory + 4, deleter);
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_TRUE(std::string(error.what())
                    .starts_with("adopt: data of float64[1] must be aligned to 8 bytes, got 0x"));
  }
  EXPECT_EQ(calls, 0) << "the caller keeps the memory";
  EXPECT_EQ(Tensor::adopt({f32, {1}}, memory + 4, deleter).size(), 1);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(Tensor::adopt({f32, {0}}, nullptr, nullptr).size(), 0);
}

TEST(TensorTest, ErrorsNameItsDtype) {
  Tensor tensor = Tensor::of({1.0});
  EXPECT_THROWS(tensor.values<float>(), TypeError,
                "the elements are float64, not float32: ask for double, or convert with cast(f32)");
  EXPECT_THROWS(tensor.mutate<std::int32_t>(), TypeError,
                "the elements are float64, not int32: ask for double, or convert with cast(i32)");
  EXPECT_THROWS(tensor.view().as<bool>(), TypeError,
                "the elements are float64, not bool: ask for double, or convert with cast(b8)");
  EXPECT_THROWS(tensor.mutable_view().as<bool>(), TypeError,
                "the elements are float64, not bool: ask for double, or convert with cast(b8)");
}

TEST(TensorTest, ConvertsItsOnlyElementToAnyNumber) {
  EXPECT_EQ(Tensor(2.75).item<std::int32_t>(), 2);
  EXPECT_EQ(Tensor(true).item<double>(), 1.0);
  EXPECT_EQ(Tensor(-3).item<bool>(), true);
  EXPECT_EQ(Tensor::of({{5}}).item<float>(), 5.0F);
  EXPECT_THROWS(Tensor::of({1, 2}).item<double>(), ShapeError,
                "item: int32[2] has 2 elements, expected exactly one");
  EXPECT_THROWS(Tensor(Type{f32, {0}}).item<float>(), ShapeError,
                "item: float32[0] has 0 elements, expected exactly one");
}

TEST(TensorTest, GivesElementsByPosition) {
  const Tensor tensor = Tensor::of({{1, 2}, {3, 4}});
  EXPECT_EQ(tensor.at(2), 3);
  EXPECT_THROWS(tensor.at(4), ArgumentError,
                "at: element 4 does not exist: int32[2,2] has 4 elements");
  EXPECT_THROWS(tensor.at(-1), ArgumentError,
                "at: element -1 does not exist: int32[2,2] has 4 elements");
}

TEST(TensorTest, ChangesShapeWithoutACopy) {
  const Tensor a = Tensor::of({{1, 2, 3}, {4, 5, 6}});
  const Tensor b = a.reshaped({3, 2});
  EXPECT_EQ(b.data(), a.data());
  EXPECT_EQ(b.type(), (Type{i32, {3, 2}}));
  EXPECT_EQ(Tensor(4).reshaped({1, 1}).rank(), 2);
  EXPECT_EQ(Tensor(Type{f32, {0, 3}}).reshaped({7, 0}).size(), 0);
  EXPECT_THROWS(a.reshaped({4}), ShapeError,
                "reshaped: int32[2,3] holds 6 elements, shape [4] needs 4");
}

TEST(TensorTest, CastSaturatesTruncatesAndWraps) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const auto low = std::numeric_limits<std::int32_t>::min(),
             high = std::numeric_limits<std::int32_t>::max();
  const Tensor x =
      Tensor::of({2.9, -2.9, nan, inf, -inf, 2147483647.5, -2147483648.5, 1e300, -0.0});
  EXPECT_EQ(x.cast(i32).to_vector<std::int32_t>(),
            (std::vector<std::int32_t>{2, -2, 0, high, low, high, low, high, 0}));
  const auto least = std::numeric_limits<std::int64_t>::min(),
             most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(Tensor::of({0x1p63, -0x1p63, 0x1p62, nan}).cast(i64).to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{most, least, std::int64_t{1} << 62, 0}));
  EXPECT_EQ(Tensor::of({0x1p31F, -0x1p31F}).cast(i32).to_vector<std::int32_t>(),
            (std::vector<std::int32_t>{high, low}));
  EXPECT_EQ(x.cast(b8).to_vector<bool>(), (std::vector<bool>{1, 1, 1, 1, 1, 1, 1, 1, 0}));
  EXPECT_EQ(Tensor::of({most, std::int64_t{1} << 32}).cast(i32).to_vector<std::int32_t>(),
            (std::vector<std::int32_t>{-1, 0}));
  EXPECT_EQ(Tensor::of({true, false}).cast(f64).to_vector<double>(), (std::vector<double>{1, 0}));
  EXPECT_EQ(x.cast(f64).data(), x.data()) << "nothing to convert";
  EXPECT_EQ(Tensor(Type{f32, {0, 2}}).cast(i64).type(), (Type{i64, {0, 2}}));
}

TEST(TensorTest, CastsBetweenAllDtypes) {
  const double nan = std::nan("");
  const Tensor x = Tensor::of({2.9, -2.9, 300.5, -129.0, 65520.0, 1e300, nan, -0.0});
  const auto as = [&](DType dtype) { return x.cast(dtype).cast(f64).to_vector<double>(); };
  EXPECT_EQ(as(i8), (std::vector<double>{2, -2, 127, -128, 127, 127, 0, 0}));
  EXPECT_EQ(as(u8), (std::vector<double>{2, 0, 255, 0, 255, 255, 0, 0}));
  EXPECT_EQ(as(i16), (std::vector<double>{2, -2, 300, -129, 32767, 32767, 0, 0}));
  const auto halves = x.cast(f16).to_vector<Float16>();
  EXPECT_EQ(halves[0].bits, Float16(2.9).bits);
  EXPECT_EQ(halves[2].bits, Float16(300.5).bits);
  EXPECT_EQ(halves[4].bits, 0x7c00);
  EXPECT_EQ(halves[7].bits, 0x8000);
  // Numbers of a dtype survive a cast to any dtype that represents them, and back.
  for (const DType from : all) {
    const Tensor small = Tensor::of<std::int32_t>({0, 1}).cast(from);
    for (const DType to : all) {
      EXPECT_TRUE(same_bits(small.cast(to).cast(from), small)) << name(from) << " " << name(to);
      EXPECT_EQ(small.cast(to).dtype(), to);
      EXPECT_EQ(Tensor({from, {0, 2}}).cast(to).type(), (Type{to, {0, 2}}));
    }
  }
}

TEST(TensorTest, HoldsNarrowElements) {
  EXPECT_EQ(Tensor::of<Float16>({Float16(1.5), Float16(-2)}).type(), (Type{f16, {2}}));
  EXPECT_EQ(Tensor::of<std::uint8_t>({1, 255}).at(1), 255);
  EXPECT_EQ(Tensor(BFloat16(3)).item<double>(), 3);
  EXPECT_EQ(Tensor(2.7).item<std::int8_t>(), 2);
  EXPECT_EQ(Tensor(0.1).item<Float16>().bits, Float16(0.1).bits);
  EXPECT_TRUE(same_bits(Tensor::full({f16, {2}}, 0.1), Tensor::of({0.1, 0.1}).cast(f16)));
  EXPECT_EQ(Tensor::full({i16, {2}}, -7).to_vector<std::int16_t>(),
            (std::vector<std::int16_t>{-7, -7}));
  const std::vector<BFloat16> values{BFloat16(1), BFloat16(2)};
  EXPECT_EQ(Tensor::borrow({2}, values).data(), values.data());
  EXPECT_THROWS(Tensor::full({u8, {2}}, 256), ArgumentError,
                "the number 256 is outside the range of uint8");
  EXPECT_THROWS(
      Tensor(Type{f16, {2}}).values<float>(), TypeError,
      "the elements are float16, not float32: ask for Float16, or convert with cast(f32)");
}

TEST(TensorTest, SameBitsDistinguishesZerosAndNaNs) {
  EXPECT_TRUE(same_bits(Tensor::of({1.0, 2.0}), Tensor::of({1.0, 2.0})));
  EXPECT_FALSE(same_bits(Tensor(0.0), Tensor(-0.0)));
  EXPECT_TRUE(same_bits(Tensor(std::nan("")), Tensor(std::nan(""))));
  EXPECT_FALSE(same_bits(Tensor(1.0), Tensor::of({1.0})));
  EXPECT_FALSE(same_bits(Tensor(0), Tensor(0.0F)));
  EXPECT_TRUE(same_bits(Tensor(Type{f32, {0}}), Tensor(Type{f32, {0}})));
}

TEST(TensorTest, ThreadsMayShareAndWriteTheirCopies) {
  const Tensor shared = Tensor::full({f64, {100}}, 1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([mine = shared, t]() mutable {
      for (int i = 0; i < 1000; ++i) {
        Tensor copy = mine;
        copy.mutate<double>()[0] = t;
        mine = copy;
      }
      EXPECT_EQ(mine.at(0), t);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared.at(0), 1);
  EXPECT_TRUE(shared.unique());
}

}  // namespace
}  // namespace dagrad
