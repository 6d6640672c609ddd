// Loops touch only the memory of their operands: every length and dtype, next to pages that fault.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "tests/loops/support.hpp"

namespace dagrad::loops {
namespace {

/// Memory that ends at a page which faults.
class Guarded {
 public:
  explicit Guarded(std::size_t bytes) : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    size_ = (bytes + page_ - 1) / page_ * page_ + 2 * page_;
    base_ = static_cast<std::byte*>(
        mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_, page_, PROT_NONE);
    mprotect(base_ + size_ - page_, page_, PROT_NONE);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(base_, size_); }

  std::byte* first() const { return base_ + page_; }
  std::byte* before_end(std::size_t bytes) const { return base_ + size_ - page_ - bytes; }

 private:
  std::size_t page_, size_;
  std::byte* base_;
};

std::vector<std::size_t> lengths() {
  std::vector<std::size_t> all;
  for (std::size_t n = 1; n <= 3 * 16; ++n) all.push_back(n);
  return all;
}

/// Copies its input, with a test and a blend, so that every kind of access occurs.
Program copy(DType dtype, bool wide) {
  Recorder recorder;
  const Symbol x = recorder.input(dtype), c = recorder.input(b8), one = recorder.input(dtype);
  std::vector<Symbol> results{x, c, select(c, x, one), x == one};
  if (wide) results.push_back(recorder.input(i64));
  return *std::move(recorder).finish(results, dtype);
}

class Memory : public ::testing::TestWithParam<std::tuple<DType, bool>> {};

TEST_P(Memory, BeyondTheOperandsIsNotTouched) {
  const auto [dtype, wide] = GetParam();
  const Program program = copy(dtype, wide);
  std::vector<std::int64_t> in_step(program.inputs.size(), 1);
  in_step[2] = 0;
  for (InstructionSet set : assembled_sets()) {
    for (std::size_t n : lengths()) {
      const detail::Loop loop(program, in_step, set, static_cast<std::int64_t>(n));
      for (bool at_end : {true, false}) {
        std::vector<std::unique_ptr<Guarded>> memory;
        std::vector<Array> in;
        std::vector<const void*> from;
        std::vector<void*> to;
        const auto place = [&](std::size_t bytes) {
          const Guarded& guarded = *memory.emplace_back(std::make_unique<Guarded>(bytes));
          return at_end ? guarded.before_end(bytes) : guarded.first();
        };
        for (std::size_t i = 0; i < program.inputs.size(); ++i) {
          const Array edges = edge_array(program.inputs[i]);
          Array& array = in.emplace_back(program.inputs[i], in_step[i] == 0 ? 1 : n);
          for (std::size_t k = 0; k < array.bytes.size(); ++k)
            array.bytes[k] = edges.bytes[k % edges.bytes.size()];
          std::byte* at = place(array.bytes.size());
          std::memcpy(at, array.bytes.data(), array.bytes.size());
          from.push_back(at);
        }
        const auto wanted = run_interpreted(program, in, in_step, n);
        for (const Array& array : wanted) to.push_back(place(array.bytes.size()));
        loop.run(program, from.data(), to.data(), static_cast<std::int64_t>(n));
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          EXPECT_EQ(std::memcmp(to[i], wanted[i].bytes.data(), wanted[i].bytes.size()), 0)
              << "result " << i << " of " << n << " elements in " << name(set);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dtypes, Memory,
                         ::testing::Combine(::testing::ValuesIn(dtypes), ::testing::Bool()),
                         [](const auto& instance) {
                           return std::string(name(std::get<0>(instance.param))) +
                                  (std::get<1>(instance.param) ? "_beside_int64" : "");
                         });

TEST(Memory, BytesBeforeAndAfterAResultAreUnchanged) {
  const Program program = copy(f32, false);
  const std::vector<std::int64_t> in_step{1, 1, 0};
  for (InstructionSet set : assembled_sets()) {
    for (std::size_t n : lengths()) {
      const detail::Loop loop(program, in_step, set, static_cast<std::int64_t>(n));
      std::vector<Array> in{Array(f32, n), Array(b8, n), Array(f32, 1)};
      std::vector<std::vector<std::byte>> memory;
      std::vector<void*> to;
      for (std::size_t i = 0; i < program.outputs.size(); ++i) {
        to.push_back(memory.emplace_back(4 * n + 128, std::byte{0xaa}).data() + 64);
      }
      std::vector<const void*> from;
      for (const Array& array : in) from.push_back(array.bytes.data());
      loop.run(program, from.data(), to.data(), static_cast<std::int64_t>(n));
      for (std::size_t i = 0; i < memory.size(); ++i) {
        const std::size_t bytes = n * size_of(program.output_dtype(i));
        for (std::size_t k = 0; k < memory[i].size(); ++k) {
          if (k >= 64 && k < 64 + bytes) continue;
          ASSERT_EQ(memory[i][k], std::byte{0xaa})
              << "byte " << k << " of result " << i << ", n " << n;
        }
      }
    }
  }
}

TEST(Memory, ResultsInPlace) {  // x, y = y, x + y * x, each overwriting the operand at its position
  for (DType dtype : {i32, i64, f16, bf16, f32, f64}) {
    Recorder recorder;
    const Symbol x = recorder.input(dtype), y = recorder.input(dtype);
    const Symbol both[] = {y, x + y * x};
    const Program program = *std::move(recorder).finish(both, dtype);
    const std::vector<std::int64_t> dense{1, 1};
    for (InstructionSet set : assembled_sets()) {
      for (std::size_t n : lengths()) {
        const detail::Loop loop(program, dense, set, static_cast<std::int64_t>(n));
        std::vector<Array> in{edge_array(dtype), edge_array(dtype)};
        std::reverse(in[1].bytes.begin(), in[1].bytes.end());
        for (Array& array : in) array.bytes.resize(n * size_of(dtype), std::byte{1});
        const auto wanted = run_interpreted(program, in, dense, n);
        const void* from[] = {in[0].bytes.data(), in[1].bytes.data()};
        void* to[] = {in[0].bytes.data(), in[1].bytes.data()};
        loop.run(program, from, to, static_cast<std::int64_t>(n));
        EXPECT_EQ(difference(in[0], wanted[0]), "") << name(set) << " " << n;
        EXPECT_EQ(difference(in[1], wanted[1]), "") << name(set) << " " << n;
      }
    }
  }
}

TEST(Memory, SwappedOperandsInPlace) {  // more than there are registers
  Recorder recorder;
  std::vector<Symbol> in, out;
  for (int i = 0; i < 40; ++i) in.push_back(recorder.input(f64));
  for (int i = 0; i < 40; ++i) out.push_back(in[static_cast<std::size_t>((i * 7 + 3) % 40)]);
  const Program program = *std::move(recorder).finish(out, f64);
  const std::vector<std::int64_t> dense(40, 1);
  for (InstructionSet set : assembled_sets()) {
    for (const std::size_t n : {std::size_t{13}, std::size_t{21}}) {
      const detail::Loop loop(program, dense, set, static_cast<std::int64_t>(n));
      std::vector<Array> arrays;
      std::vector<void*> at;
      for (std::size_t i = 0; i < 40; ++i) {
        Array& array = arrays.emplace_back(f64, n);
        for (std::size_t k = 0; k < n; ++k) array.set<double>(k, static_cast<double>(100 * i + k));
      }
      for (Array& array : arrays) at.push_back(array.bytes.data());
      const std::vector<const void*> from(at.begin(), at.end());
      loop.run(program, from.data(), at.data(), static_cast<std::int64_t>(n));
      for (std::size_t i = 0; i < 40; ++i) {
        for (std::size_t k = 0; k < n; ++k) {
          EXPECT_EQ(arrays[i].get<double>(k), static_cast<double>(100 * ((i * 7 + 3) % 40) + k))
              << name(set);
        }
      }
    }
  }
}

}  // namespace
}  // namespace dagrad::loops
