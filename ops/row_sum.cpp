#include <algorithm>
#include <utility>
#include <vector>

#include "dagrad/kernels/sums.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/structural.hpp"
#include "ops/accumulator.hpp"
#include "ops/narrow.hpp"
#include "ops/sum.hpp"
#include "ops/vectors.hpp"

namespace dagrad::kernels {

namespace {

/// How the rows of a sum are divided.
struct RowSplit {
  ReductionSpace space;
  ReductionSplit split;

  RowSplit(const Type& summed, std::uint32_t axes, std::size_t result_bytes)
      : space(summed.shape, axes), split(space, result_bytes) {}

  bool has_chunks_of_rows() const {
    return space.groups == 1 && space.run == space.rows && split.chunks > 1 &&
           split.chunk % space.rows_of_first == 0;
  }
};

template <class T>
class RowSumOf final : public RowSum {
 public:
  using Acc = Wide<T>;
  using Kernel = Accumulator<SumFold<Acc>, T, Widen<Acc>>;

  RowSumOf(const RowSplit& split, std::int64_t divisor)
      : RowSum(split.split.chunks, split.split.chunk / split.space.rows_of_first,
               split.space.rows_of_first == 1 ? rows_together(split) : 1),
        split_(split),
        together_(rows_together(split)),
        divisor_(divisor) {}

  std::size_t scratch() const override {
    return static_cast<std::size_t>(chunks() * results()) * sizeof(Acc);
  }
  std::unique_ptr<Adder> adder(const Machine& machine) const override {
    return std::make_unique<AdderOf>(*this, has_wide_vectors(machine));
  }
  void join(void* scratch, const MutableView& result) const override {
    auto* const sums = static_cast<Acc*>(scratch);
    Kernel::join(0, sums, chunks(), results());
    divide_all(std::span(sums, static_cast<std::size_t>(results())), divisor_);
    convert_all(Inline(), sums, static_cast<T*>(result.data), results());
  }

 private:
  class AdderOf final : public Adder {
   public:
    AdderOf(const RowSumOf& sum, bool wide)
        : sum_(sum), rest_(static_cast<std::size_t>(sum.together_ * sum.split_.space.columns)) {
      for (std::int64_t i = 0; i < sum.tiles(); ++i)
        tiles_.push_back(std::make_unique<Kernel>(sum.split_.space, read_, wide));
    }
    void begin() override {
      for (std::int64_t i = 0; i < sum_.tiles(); ++i) tile(i).begin(sum_.unit(i), 0);
      rows_of_rest_ = 0;
    }
    void add(const void* x, std::int64_t rows) override {
      const T* at = static_cast<const T*>(x);
      std::int64_t left = rows * sum_.split_.space.rows_of_first;
      if (rows_of_rest_ > 0) {
        const std::int64_t n = std::min(left, sum_.together_ - rows_of_rest_);
        at = keep(at, n);
        left -= n;
        if (rows_of_rest_ == sum_.together_) add_rest();
      }
      const std::int64_t whole = left / sum_.together_ * sum_.together_;
      if (whole > 0) fold(at, whole);
      keep(at + whole * sum_.split_.space.columns, left - whole);
    }
    void finish(std::int64_t chunk, void* scratch) override {
      add_rest();
      Acc* const to = static_cast<Acc*>(scratch) + chunk * sum_.results();
      for (std::int64_t i = 0; i < sum_.tiles(); ++i) tile(i).finish({to + sum_.unit(i).offset});
    }

   private:
    Kernel& tile(std::int64_t i) const { return *tiles_[static_cast<std::size_t>(i)]; }
    /// Folds rows of the reduction's space.
    void fold(const T* x, std::int64_t rows) {
      for (std::int64_t i = 0; i < sum_.tiles(); ++i) tile(i).add(x + sum_.unit(i).offset, rows);
    }
    /// Adds rows to those that are too few to be folded yet; returns where the next ones are.
    const T* keep(const T* x, std::int64_t rows) {
      const std::int64_t columns = sum_.split_.space.columns;
      std::copy_n(x, rows * columns, rest_.data() + rows_of_rest_ * columns);
      rows_of_rest_ += rows;
      return x + rows * columns;
    }
    void add_rest() {
      if (rows_of_rest_ > 0) fold(rest_.data(), rows_of_rest_);
      rows_of_rest_ = 0;
    }

    const RowSumOf& sum_;
    Widen<Acc> read_;
    std::vector<std::unique_ptr<Kernel>> tiles_;  ///< of columns
    std::vector<T> rest_;
    std::int64_t rows_of_rest_ = 0;
  };

  static std::int64_t rows_together(const RowSplit& split) {
    return Kernel::rows_folded_together(split.space, split.split.tile);
  }
  std::int64_t results() const { return split_.space.results(); }
  std::int64_t tiles() const { return split_.split.tiles; }
  /// A tile of columns.
  ReductionSplit::Unit unit(std::int64_t i) const { return split_.split.unit(split_.space, i); }

  RowSplit split_;
  std::int64_t together_;  ///< rows of the space that are folded at once
  std::int64_t divisor_;
};

}  // namespace

std::optional<SummedAxes> summed_axes(const Op& op, std::span<const Type> in) {
  if (const auto* const sum = op.get_if<Sum>()) return SummedAxes{sum->mask(in[0].shape.rank())};
  if (const auto* const mean = op.get_if<Mean>())
    return SummedAxes{mean->mask(in[0].shape.rank()), mean->count(in[0].shape)};
  if (op.get_if<SumToLike>() != nullptr) return SummedAxes{repeated_axes(in[0].shape, in[1].shape)};
  return std::nullopt;
}

std::unique_ptr<const RowSum> row_sum(const Type& summed, const SummedAxes& what) {
  if (!is_float(summed.dtype) || (what.axes & 1U) == 0 || summed.shape.rank() == 0) return nullptr;
  const std::size_t bytes = size_of(compute_dtype(summed.dtype));
  const RowSplit split(summed, what.axes, bytes);
  if (!split.has_chunks_of_rows()) return nullptr;
  std::unique_ptr<const RowSum> made;
  const auto make = [&]<class T>(std::type_identity<T>) {
    made = std::make_unique<RowSumOf<T>>(split, what.divisor);
  };
  if (is_stored_only(summed.dtype)) {
    with_narrow_float(summed.dtype, make);
  } else if (summed.dtype == f32) {
    make(std::type_identity<float>());
  } else {
    make(std::type_identity<double>());
  }
  return made;
}

}  // namespace dagrad::kernels
