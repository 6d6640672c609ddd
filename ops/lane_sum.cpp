#include <algorithm>
#include <utility>

#include "dagrad/kernels/sums.hpp"
#include "ops/accumulator.hpp"
#include "ops/sum.hpp"

namespace dagrad::kernels {

namespace {

/// How `Sum` divides an array.
struct SumOrder {
  ReductionSpace space;
  ReductionSplit split;

  SumOrder(const Type& summed, std::uint32_t axes)
      : space(summed.shape, axes), split(space, size_of(summed.dtype)) {}

  bool has_adjacent_rows() const { return space.run == space.rows && space.rows > 0; }
};

template <class T>
using CascadeOf = Cascade<SumFold<T>>;

template <class T>
class LanesOf final : public LaneSum::Lanes {
 public:
  void begin(std::int64_t width) override { cascade_.begin(width); }
  void* lanes() override { return cascade_.lowest(); }
  std::int64_t room() const override { return cascade_.room(); }
  void count(std::int64_t rows) override { cascade_.count(rows); }
  void finish(void* to) override { cascade_.finish(1, static_cast<T*>(to)); }

 private:
  CascadeOf<T> cascade_;
};

template <class T>
class LaneSumOf final : public LaneSum {
 public:
  static constexpr std::int64_t lanes_of_row = CascadeOf<T>::lanes;

  LaneSumOf(Along along, SumOrder order, std::int64_t divisor)
      : LaneSum(along, rows_of(along, order), columns_of(along, order)),
        order_(std::move(order)),
        divisor_(divisor) {}

  std::int64_t blocks() const override { return order_.split.units(order_.space); }
  Block block(std::int64_t i) const override {
    const ReductionSplit::Unit unit = order_.split.unit(order_.space, i);
    return {unit.first, unit.last, unit.offset, unit.width,
            unit.chunk * order_.space.results() + unit.result};
  }
  std::unique_ptr<Lanes> lanes() const override { return std::make_unique<LanesOf<T>>(); }
  std::size_t scratch() const override {
    if (order_.split.chunks == 1) return 0;
    return static_cast<std::size_t>(order_.split.chunks * order_.space.results()) * sizeof(T);
  }
  std::int64_t row_lanes() const override { return lanes_of_row; }
  void add_rows(const Machine& machine, const void* x, std::int64_t rows,
                void* lanes) const override {
    const auto* const from = static_cast<const T*>(x);
    auto* const to = static_cast<T*>(lanes);
    if (has_wide_vectors(machine))
      return run_with_wide_vectors([&]() __attribute__((always_inline)) {
        for (std::int64_t row = 0; row < rows; ++row)
          sum_lanes<lanes_of_row>(from + row * columns(), columns(), to + row * lanes_of_row);
      });
    for (std::int64_t row = 0; row < rows; ++row)
      add_row(from + row * columns(), to + row * lanes_of_row);
  }
  void fold_lanes(const Machine& machine, const void* lanes, std::int64_t rows,
                  void* to) const override {
    const auto* const from = static_cast<const T*>(lanes);
    T sums[rows_at_once];
    if (has_wide_vectors(machine)) {
      run_with_wide_vectors([&]() __attribute__((always_inline)) {
        add_neighbours<lanes_of_row * rows_at_once, lanes_of_row>(from, sums);
      });
    } else {
      for (std::int64_t row = 0; row < rows; ++row) {
        T of_row[lanes_of_row];
        std::copy_n(from + row * lanes_of_row, lanes_of_row, of_row);
        fold_neighbours<SumFold<T>, lanes_of_row>(of_row);
        sums[row] = of_row[0];
      }
    }
    std::copy_n(sums, rows, static_cast<T*>(to));
  }
  void join(void* partial, const MutableView& result) const override {
    const std::int64_t results = order_.space.results();
    T* const to = static_cast<T*>(result.data);
    if (order_.split.chunks > 1) {
      CascadeOf<T>::fold_groups(static_cast<T*>(partial), order_.split.chunks, results);
      std::copy_n(static_cast<T*>(partial), results, to);
    }
    divide_all(std::span(to, static_cast<std::size_t>(results)), divisor_);
  }

 private:
  void add_row(const T* x, T* lanes) const {
    const std::int64_t whole = columns() / lanes_of_row, rest = columns() % lanes_of_row;
    std::fill_n(lanes, lanes_of_row, T(0));
    fold_rows<SumFold<T>>(lanes, x, whole, lanes_of_row, lanes_of_row, Widen<T>());
    fold_rows<SumFold<T>>(lanes, x + whole * lanes_of_row, 1, rest, rest, Widen<T>());
  }
  static std::int64_t rows_of(Along along, const SumOrder& order) {
    return along == Along::rows ? order.space.groups : order.space.rows;
  }
  static std::int64_t columns_of(Along along, const SumOrder& order) {
    return along == Along::rows ? order.space.rows : order.space.columns;
  }

  SumOrder order_;
  std::int64_t divisor_;
};

template <class T>
std::unique_ptr<const LaneSum> make(SumOrder order, std::int64_t divisor) {
  constexpr std::int64_t lanes = LaneSumOf<T>::lanes_of_row;
  const auto& [space, split] = order;
  if (!order.has_adjacent_rows()) return nullptr;
  using Along = LaneSum::Along;
  if (space.groups == 1 && space.columns >= 2 * lanes && space.rows >= 4)
    return std::make_unique<LaneSumOf<T>>(Along::columns, std::move(order), divisor);
  const bool is_short = space.rows < 4 * lanes,
             is_long = space.rows >= CascadeOf<T>::rows_at_most * lanes;
  if (space.columns == 1 && split.chunks == 1 && !is_short && !is_long)
    return std::make_unique<LaneSumOf<T>>(Along::rows, std::move(order), divisor);
  return nullptr;
}

}  // namespace

std::unique_ptr<const LaneSum> lane_sum(const Type& summed, const SummedAxes& what) {
  if (summed.dtype == f32) return make<float>(SumOrder(summed, what.axes), what.divisor);
  if (summed.dtype == f64) return make<double>(SumOrder(summed, what.axes), what.divisor);
  return nullptr;
}

}  // namespace dagrad::kernels
