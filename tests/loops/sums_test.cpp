// Loops that add results up instead of storing them, compared with the interpreter's elements,
// added in the order that the loops promise.

#include <gtest/gtest.h>

#include <optional>
#include <tuple>
#include <vector>

#include "tests/loops/support.hpp"

namespace dagrad::loops {
namespace {

/// What a loop does: a few steps, so many that several vectors are computed at a time, more values
/// at once than there are registers for several, functions, bools, or values of another width.
enum class Body { few, many, crowded, functions, bools, mixed };

/// The inputs: two that are dense, a row that is the same for all rows, a number for each row, and
/// a single number.
constexpr std::size_t inputs = 5;

/// Results 0 and 2 are stored, and 1 and 3 summed.
Program body(DType dtype, Body of) {
  Recorder recorder;
  std::vector<Symbol> in;
  for (std::size_t i = 0; i < inputs; ++i)
    in.push_back(recorder.input(i == 1 && of == Body::mixed ? (dtype == f32 ? f64 : f32) : dtype));
  const Symbol x = in[0], y = Symbol::cast(in[1], dtype);
  Symbol t = x * in[2] + y;
  std::vector<Symbol> terms;
  for (int i = 0; i < (of == Body::few ? 1 : 10); ++i) {
    t = t * in[3] + x * (0.125 * i) - y;
    if (of == Body::crowded) terms.push_back(t + i), terms.push_back(t * x);
    if (of == Body::functions && i % 5 == 0) t = Symbol::call(Primitive::tanh, t);
    if (of == Body::bools) t = select(t < x && y < in[4], t + in[4], t - x);
  }
  for (const Symbol& term : terms) t = t * 0.5 + term;
  const Symbol other = t - in[4] * x;
  return *std::move(recorder).finish(std::vector{t * y, t, other, other * x}, dtype);
}

const std::vector<bool> summed{false, true, false, true};

template <class T>
T at(const Array& array, std::int64_t i) {
  return array.get<T>(static_cast<std::size_t>(i));
}

/// Numbers that are finite after a few steps, with zeros of both signs.
Array numbers(DType dtype, std::int64_t n, int seed) {
  Array result(dtype, static_cast<std::size_t>(n));
  dispatch_stored(dtype, [&]<class T>(std::type_identity<T>) {
    for (std::int64_t i = 0; i < n; ++i) {
      const auto k = (i + 3) * seed % 23;
      result.set<T>(static_cast<std::size_t>(i),
                    convert<T>(k == 7 ? -0.0 : static_cast<double>(k) / 13 - 0.8));
    }
  });
  return result;
}

struct Example {
  DType dtype;
  Program program;
  std::int64_t rows, n, stride;  ///< `stride`: elements from one row to the next
  std::vector<Array> in;

  Example(DType type, Body of, std::int64_t of_rows, std::int64_t elements, std::int64_t apart)
      : dtype(type), program(body(type, of)), rows(of_rows), n(elements), stride(apart) {
    const std::int64_t all = (rows - 1) * stride + n;
    const std::int64_t sizes[] = {all, all, n, rows, 1};
    for (std::size_t i = 0; i < inputs; ++i)
      in.push_back(numbers(program.inputs[i], sizes[i], static_cast<int>(i) + 5));
  }
  const std::vector<std::int64_t> in_step{1, 1, 1, 0, 0};
  std::vector<std::int64_t> row_steps() const { return {stride, stride, 0, 1, 0}; }

  /// The same without the rows before that one.
  Example from(std::int64_t row) const {
    Example rest = *this;
    for (std::size_t i = 0; i < inputs; ++i) {
      const auto bytes = row_steps()[i] * row * static_cast<std::int64_t>(size_of(in[i].dtype));
      rest.in[i].bytes.erase(rest.in[i].bytes.begin(), rest.in[i].bytes.begin() + bytes);
    }
    rest.rows -= row;
    return rest;
  }
  /// The same with only one of the rows.
  Example only(std::int64_t row) const {
    Example one = from(row);
    one.rows = 1;
    return one;
  }
  /// All results of one row.
  std::vector<Array> row(std::int64_t row) const {
    return run_interpreted(program, from(row).in, in_step, static_cast<std::size_t>(n));
  }

  /// Runs a loop with sums whose lanes begin with 2, so many times in different rows.
  std::vector<Array> run(const kernels::LoopSums& sums, InstructionSet set, std::int64_t lanes,
                         std::int64_t times = 1) const {
    const detail::Loop loop(program, in_step, set, 0, sums);
    EXPECT_EQ(loop.code_bytes() > 0, set != InstructionSet::plain);
    std::vector<Array> out;
    for (std::size_t i = 0; i < summed.size(); ++i) {
      const std::int64_t size = summed[i] ? lanes : (rows - 1) * stride + n;
      out.emplace_back(program.output_dtype(i), static_cast<std::size_t>(size));
      if (summed[i]) out.back() = filled(lanes, 2);
    }
    const UseFunctions functions(set);
    with_pointers(in, out, [&](auto& from, auto& to) {
      loop.run_rows(program, from.data(), to.data(), n, times);
    });
    return out;
  }

  Array filled(std::int64_t size, double number) const {
    Array array(dtype, static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < array.size(); ++i)
      dtype == f32 ? array.set<float>(i, static_cast<float>(number)) : array.set<double>(i, number);
    return array;
  }
};

std::vector<InstructionSet> all_sets() {
  std::vector<InstructionSet> sets = assembled_sets();
  sets.push_back(InstructionSet::plain);
  return sets;
}

class LoopSumsOf : public ::testing::TestWithParam<std::tuple<DType, Body>> {
 protected:
  /// Calls `run(type)` with the type of the sums.
  template <class F>
  void with_type(const F& run) const {
    std::get<0>(GetParam()) == f32 ? run(std::type_identity<float>())
                                   : run(std::type_identity<double>());
  }
};

/// Expects row `row` of a stored result.
void expect_row(const Array& got, const Array& wanted, std::int64_t begin) {
  Array part(got.dtype, wanted.size());
  std::copy_n(got.bytes.data() + static_cast<std::size_t>(begin) * size_of(got.dtype),
              part.bytes.size(), part.bytes.data());
  ASSERT_EQ(difference(part, wanted), "");
}

/// One group of four rows, and two one after the other, which are added to the same lanes.
TEST_P(LoopSumsOf, FourRows) {
  const auto [dtype, of] = GetParam();
  for (const std::int64_t n : {1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 64, 65, 128, 130}) {
    const Example all(dtype, of, 8, n, n + 3);
    std::vector<std::int64_t> next = all.row_steps();
    for (std::int64_t& step : next) step *= 4;
    const kernels::LoopSums sums{summed, all.row_steps(), all.stride, 0, 4, next, 4 * all.stride};
    for (const InstructionSet set : all_sets()) {
      const UseFunctions functions(set);
      std::vector<std::vector<Array>> rows;
      for (std::int64_t row = 0; row < 8; ++row) rows.push_back(all.row(row));
      for (const std::size_t groups : {1U, 2U}) {
        SCOPED_TRACE(std::string(name(set)) + ", " + std::to_string(n) + ", " +
                     std::to_string(groups) + " groups");
        const auto got = all.run(sums, set, n, static_cast<std::int64_t>(groups));
        for (std::size_t i = 0; i < summed.size(); ++i) {
          for (std::size_t row = 0; !summed[i] && row < 4 * groups; ++row)
            expect_row(got[i], rows[row][i], static_cast<std::int64_t>(row) * all.stride);
          if (!summed[i]) continue;
          Array wanted = all.filled(n, 2);
          with_type([&]<class T>(std::type_identity<T>) {
            for (std::size_t k = 0; k < 4 * groups; k += 4)
              for (std::int64_t j = 0; j < n; ++j)
                wanted.set<T>(
                    static_cast<std::size_t>(j),
                    at<T>(wanted, j) + ((at<T>(rows[k][i], j) + at<T>(rows[k + 1][i], j)) +
                                        (at<T>(rows[k + 2][i], j) + at<T>(rows[k + 3][i], j))));
          });
          ASSERT_EQ(difference(got[i], wanted), "") << "result " << i;
        }
      }
    }
  }
}

TEST_P(LoopSumsOf, OneRow) {
  const auto [dtype, of] = GetParam();
  for (const std::int64_t n : {1, 7, 16, 33, 64, 130}) {
    const Example setup(dtype, of, 1, n, n);
    for (const InstructionSet set : all_sets()) {
      SCOPED_TRACE(std::string(name(set)) + ", " + std::to_string(n));
      const UseFunctions functions(set);
      const std::vector<Array> row = setup.row(0);
      const auto got =
          setup.run({summed, setup.row_steps(), setup.stride, 0, 1, {0, 0, 0, 0, 0}}, set, n);
      for (std::size_t i = 0; i < summed.size(); ++i) {
        Array wanted = row[i];
        with_type([&]<class T>(std::type_identity<T>) {
          for (std::size_t j = 0; summed[i] && j < wanted.size(); ++j)
            wanted.set<T>(j, T(2) + wanted.get<T>(j));
        });
        ASSERT_EQ(difference(got[i], wanted), "") << "result " << i;
      }
    }
  }
}

TEST_P(LoopSumsOf, ALine) {
  const auto [dtype, of] = GetParam();
  const std::int64_t lanes = dtype == f32 ? 32 : 16;
  for (const std::int64_t n : {1, 15, 16, 17, 32, 33, 64, 127, 128, 129, 160, 256, 300, 515}) {
    const Example setup(dtype, of, 1, n, n);
    const std::vector<std::int64_t> row_steps{lanes, lanes, lanes, 0, 0};
    for (const InstructionSet set : all_sets()) {
      SCOPED_TRACE(std::string(name(set)) + ", " + std::to_string(n));
      const UseFunctions functions(set);
      const std::vector<Array> row = setup.row(0);
      const auto got = setup.run({summed, row_steps, lanes, lanes, 4, {0, 0, 0, 0, 0}}, set, lanes);
      for (std::size_t i = 0; i < summed.size(); ++i) {
        if (!summed[i]) {
          ASSERT_EQ(difference(got[i], row[i]), "") << "result " << i;
          continue;
        }
        Array wanted = setup.filled(lanes, 2);
        with_type([&]<class T>(std::type_identity<T>) {
          std::int64_t first = 0;
          const auto add = [&](std::int64_t lane, T term) {
            wanted.set<T>(static_cast<std::size_t>(lane), at<T>(wanted, lane) + term);
          };
          for (; first + 4 * lanes <= n; first += 4 * lanes)
            for (std::int64_t lane = 0; lane < lanes; ++lane) {
              const auto of_row = [&](int k) { return at<T>(row[i], first + k * lanes + lane); };
              add(lane, (of_row(0) + of_row(1)) + (of_row(2) + of_row(3)));
            }
          for (; first < n; ++first) add(first % lanes, at<T>(row[i], first));
        });
        ASSERT_EQ(difference(got[i], wanted), "") << "result " << i;
      }
    }
  }
}

/// Lines one after the other, each of which has lanes of its own.
TEST_P(LoopSumsOf, LinesInTurn) {
  const auto [dtype, of] = GetParam();
  const std::int64_t lanes = dtype == f32 ? 32 : 16, times = 3;
  for (const std::int64_t n : {1, 17, 128, 300}) {
    const Example all(dtype, of, times, n, n + 5);
    const std::vector<std::int64_t> row_steps{lanes, lanes, lanes, 0, 0};
    for (const InstructionSet set : all_sets()) {
      SCOPED_TRACE(std::string(name(set)) + ", " + std::to_string(n));
      const auto got = all.run({summed, row_steps, lanes, lanes, 4, all.row_steps(), all.stride},
                               set, times * lanes, times);
      for (std::int64_t row = 0; row < times; ++row) {
        const Example one = all.only(row);
        const auto wanted =
            one.run({summed, row_steps, lanes, lanes, 4, {0, 0, 0, 0, 0}}, set, lanes);
        for (std::size_t i = 0; i < summed.size(); ++i)
          expect_row(got[i], wanted[i], row * (summed[i] ? lanes : all.stride));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Loops, LoopSumsOf,
                         ::testing::Combine(::testing::Values(f32, f64),
                                            ::testing::Values(Body::few, Body::many, Body::crowded,
                                                              Body::functions, Body::bools,
                                                              Body::mixed)));

}  // namespace
}  // namespace dagrad::loops
