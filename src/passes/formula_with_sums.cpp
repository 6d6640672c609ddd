#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "dagrad/error.hpp"
#include "dagrad/passes/fuse_sums.hpp"
#include "dagrad/scratch.hpp"
#include "src/passes/idle.hpp"
#include "src/passes/sum_layout.hpp"
#include "src/program/operations.hpp"

namespace dagrad {

namespace {

using detail::SumLayout;

/// Throws ShapeError if the sums are not those of one loop.
SumLayout layout_of(const FormulaWithSums& op, std::span<const Type> in) {
  const Shape shape = common_shape(in);
  SumLayout layout(in, shape, op.formula->outputs.size());
  std::vector<SumLayout::Request> sums;
  for (std::size_t i = 0; i < op.axes.size(); ++i)
    if (op.axes[i] != 0)
      sums.push_back({i,
                      op.formula->output_dtype(i),
                      {static_cast<std::uint32_t>(op.axes[i]), op.divisors[i]}});
  const std::vector<bool> added = layout.sum(sums);
  const auto missing = std::ranges::find(added, false);
  if (missing != added.end())
    throw ShapeError(
        "the loop of the formula cannot compute the sum of result " +
        std::to_string(sums[static_cast<std::size_t>(missing - added.begin())].result) +
        " of the shape " + to_string(shape));
  return layout;
}

Type result_type(const FormulaWithSums& op, const Shape& shape, std::size_t i) {
  std::vector<std::int64_t> dims;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if ((op.axes[i] >> axis & 1) == 0)
      dims.push_back(shape[axis]);
    else if ((op.dropped[i] >> axis & 1) == 0)
      dims.push_back(1);
  }
  return {op.formula->output_dtype(i), Shape(dims)};
}

/// The scratch memory of partial sums.
struct PartialSums {
  ScratchLayout layout;
  std::vector<ScratchPart> parts;  ///< by result

  PartialSums(const SumLayout& sums, std::size_t results) {
    for (std::size_t i = 0; i < results; ++i) {
      const bool has_partial =
          sums.of(i) != nullptr && sums.of(i)->along() == SumLayout::Along::columns;
      const std::size_t bytes = has_partial ? sums.of(i)->scratch() : 0;
      parts.push_back(layout.add<std::byte>(static_cast<std::int64_t>(bytes)));
    }
  }
};

/// What `prepare` makes: the loops, and what each thread needs to run them.
class SummingLoops {
 public:
  SummingLoops(const FormulaWithSums& op, const PlanContext& plan)
      : layout_(layout_of(op, plan.in)), partial_(layout_, op.axes.size()) {
    std::vector<std::int64_t> steps;
    for (std::size_t i = 0; i < plan.in.size(); ++i) {
      steps.push_back(layout_.step(i));
      in_sizes_.push_back(static_cast<std::int64_t>(size_of(plan.in[i].dtype)));
    }
    for (const Type& type : plan.out)
      out_sizes_.push_back(static_cast<std::int64_t>(size_of(type.dtype)));
    for (std::size_t i = 0; i < out_sizes_.size(); ++i) {
      const kernels::LaneSum* const sum = layout_.of(i);
      const bool of_rows = sum != nullptr && sum->along() == SumLayout::Along::rows;
      bytes_of_lanes_.push_back(of_rows ? sum->row_lanes() * out_sizes_[i] : 0);
    }
    four_ = plan.machine().loop(op.formula, steps, layout_.loop_sums(4));
    if (layout_.by_columns()) one_ = plan.machine().loop(op.formula, steps, layout_.loop_sums(1));
    for (int i = 0; i < plan.machine().threads(); ++i) idle_.give_back(worker());
  }

  void compute(const EvalContext& c) const {
    if (layout_.by_columns()) {
      c.parallel(layout_.first().blocks(), [&](std::int64_t i) {
        with_worker([&](Worker& worker) { add_block(c, i, worker); });
      });
    } else {
      constexpr std::int64_t elements_of_task = 1 << 15;
      const std::int64_t grain = std::max<std::int64_t>(1, elements_of_task / layout_.columns());
      c.parallel.ranges(layout_.rows(), grain, [&](std::int64_t begin, std::int64_t end) {
        with_worker([&](Worker& worker) { add_rows(c, begin, end, worker); });
      });
    }
    for (std::size_t i = 0; i < out_sizes_.size(); ++i)
      if (layout_.of(i) != nullptr) layout_.of(i)->join(partial_of(c, i), c.outs[i]);
  }

 private:
  static constexpr std::int64_t rows_at_once = kernels::LaneSum::rows_at_once;

  /// What one thread uses at a time; by result, and empty if it does not need it.
  struct Worker {
    std::vector<std::unique_ptr<kernels::LaneSum::Lanes>> of_columns;
    std::vector<std::vector<std::byte>> of_rows;  ///< lanes of rows that have not been folded yet
    std::vector<std::vector<std::byte>> rows;     ///< four rows that are added up separately
    std::array<const void*, FormulaWithSums::most_operands> in;
    std::array<void*, FormulaWithSums::most_operands> out;
  };

  bool sums_rows(std::size_t i) const { return bytes_of_lanes_[i] > 0; }
  Worker worker() const {
    Worker worker;
    for (std::size_t i = 0; i < out_sizes_.size(); ++i) {
      const bool of_columns = layout_.of(i) != nullptr && !sums_rows(i);
      worker.of_columns.push_back(of_columns ? layout_.of(i)->lanes() : nullptr);
      const std::int64_t lanes = sums_rows(i) ? rows_at_once * bytes_of_lanes_[i] : 0;
      worker.of_rows.emplace_back(static_cast<std::size_t>(lanes));
      const bool apart = sums_rows(i) && layout_.by_columns();
      worker.rows.emplace_back(
          static_cast<std::size_t>(apart ? 4 * layout_.columns() * out_sizes_[i] : 0));
    }
    return worker;
  }
  template <class F>
  void with_worker(const F& use) const {
    Worker taken = idle_.take([this] { return worker(); });
    use(taken);
    idle_.give_back(std::move(taken));
  }

  void* partial_of(const EvalContext& c, std::size_t i) const {
    if (sums_rows(i) || layout_.of(i)->scratch() == 0) return c.outs[i].data;
    return partial_.parts[i].in<std::byte>(c.scratch()).data();
  }
  std::byte* element(void* data, std::size_t result, std::int64_t i) const {
    return static_cast<std::byte*>(data) + i * out_sizes_[result];
  }
  /// Calls `visit(i)` for the results whose rows are summed.
  template <class F>
  void each_sum_of_rows(const F& visit) const {
    for (std::size_t i = 0; i < out_sizes_.size(); ++i)
      if (sums_rows(i)) visit(i);
  }
  template <class F>
  void each_sum_of_columns(Worker& worker, const F& visit) const {
    for (std::size_t i = 0; i < out_sizes_.size(); ++i)
      if (worker.of_columns[i]) visit(i, *worker.of_columns[i]);
  }
  void run(const ProgramLoop& loop, Worker& worker, std::int64_t n, std::int64_t times) const {
    loop(std::span(worker.in).first(in_sizes_.size()),
         std::span(worker.out).first(out_sizes_.size()), n, times);
  }
  /// Folds the lanes of the rows from `row` on.
  void fold(const EvalContext& c, Worker& worker, std::int64_t row, std::int64_t rows) const {
    each_sum_of_rows([&](std::size_t i) {
      layout_.of(i)->fold_lanes(c.machine(), worker.of_rows[i].data(), rows,
                                element(c.outs[i].data, i, row));
    });
  }

  void add_block(const EvalContext& c, std::int64_t i, Worker& worker) const {
    using Lanes = kernels::LaneSum::Lanes;
    const kernels::LaneSum::Block block = layout_.first().block(i);
    each_sum_of_columns(worker, [&](std::size_t, Lanes& lanes) { lanes.begin(block.width); });
    std::int64_t folded = block.first;
    for (std::int64_t row = block.first, n = 0; row < block.last; row += n) {
      n = add_some_rows(c, worker, block, row);
      each_sum_of_columns(worker, [&](std::size_t, Lanes& lanes) { lanes.count(n); });
      each_sum_of_rows([&](std::size_t k) {
        layout_.of(k)->add_rows(c.machine(), worker.rows[k].data(), n,
                                worker.of_rows[k].data() + (row - folded) * bytes_of_lanes_[k]);
      });
      if (row + n - folded < rows_at_once && row + n < block.last) continue;
      fold(c, worker, folded, row + n - folded);
      folded = row + n;
    }
    each_sum_of_columns(worker, [&](std::size_t k, Lanes& lanes) {
      lanes.finish(element(partial_of(c, k), k, block.partial));
    });
  }

  /// Runs the loop for rows of a block, and returns their number: a multiple of four as long as
  /// there are so many, or four if their elements must be added up before the next ones come.
  std::int64_t add_some_rows(const EvalContext& c, Worker& worker,
                             const kernels::LaneSum::Block& block, std::int64_t row) const {
    for (std::size_t i = 0; i < in_sizes_.size(); ++i)
      worker.in[i] = static_cast<const std::byte*>(c.ins[i].data) +
                     (row * layout_.row_step(i) + block.column * layout_.step(i)) * in_sizes_[i];
    const std::int64_t first = row * layout_.columns() + block.column;
    bool has_rows = false;
    std::int64_t times = block.last - row;
    for (std::size_t i = 0; i < out_sizes_.size(); ++i) {
      worker.out[i] = sums_rows(i) ? worker.rows[i].data() : element(c.outs[i].data, i, first);
      has_rows = has_rows || sums_rows(i);
      if (!worker.of_columns[i]) continue;
      worker.out[i] = worker.of_columns[i]->lanes();
      times = std::min(times, worker.of_columns[i]->room());
    }
    const int parts = times >= 4 ? 4 : 1;
    times = has_rows ? 1 : times / parts;
    run(parts == 4 ? four_ : one_, worker, block.width, times);
    return parts * times;
  }

  void add_rows(const EvalContext& c, std::int64_t row, std::int64_t end, Worker& worker) const {
    const bool at_once = layout_.has_even_rows(layout_.columns());
    while (row < end) {
      const std::int64_t n = std::min(rows_at_once, end - row), times = at_once ? n : 1;
      each_sum_of_rows([&](std::size_t i) { std::ranges::fill(worker.of_rows[i], std::byte(0)); });
      for (std::int64_t k = 0; k < n; k += times) add_rows_at(c, worker, row + k, k, times);
      fold(c, worker, row, n);
      row += n;
    }
  }

  /// Runs the loop for rows whose lanes begin in that place.
  void add_rows_at(const EvalContext& c, Worker& worker, std::int64_t row, std::int64_t place,
                   std::int64_t times) const {
    for (std::size_t i = 0; i < in_sizes_.size(); ++i)
      worker.in[i] =
          static_cast<const std::byte*>(c.ins[i].data) + layout_.row_offset(row, i) * in_sizes_[i];
    for (std::size_t i = 0; i < out_sizes_.size(); ++i)
      worker.out[i] = sums_rows(i) ? worker.of_rows[i].data() + place * bytes_of_lanes_[i]
                                   : element(c.outs[i].data, i, row * layout_.columns());
    run(four_, worker, layout_.columns(), times);
  }

  SumLayout layout_;
  PartialSums partial_;
  std::vector<std::int64_t> in_sizes_, out_sizes_;  ///< of elements, in bytes
  std::vector<std::int64_t> bytes_of_lanes_;  ///< of a row, by result; 0: its rows are not summed
  ProgramLoop four_, one_;
  mutable detail::Idle<Worker> idle_;
};

}  // namespace

std::vector<Type> FormulaWithSums::infer(std::span<const Type> in) const {
  check_operand_count(in.size(), formula->inputs.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i].dtype == formula->inputs[i]) continue;
    throw TypeError("operand " + std::to_string(i) + " must be " +
                    std::string(dagrad::name(formula->inputs[i])) + ", got " + to_string(in[i]));
  }
  layout_of(*this, in);
  std::vector<Type> results;
  for (std::size_t i = 0; i < axes.size(); ++i)
    results.push_back(result_type(*this, common_shape(in), i));
  return results;
}

std::size_t FormulaWithSums::scratch(const PlanContext& plan) const {
  return PartialSums(layout_of(*this, plan.in), axes.size()).layout.bytes();
}

double FormulaWithSums::cost(const PlanContext& plan) const {
  constexpr double nanoseconds_of_byte = 0.04, nanoseconds_of_operation = 0.02;
  double bytes = 0;
  for (const Type& type : plan.in) bytes += static_cast<double>(type.bytes());
  for (const Type& type : plan.out) bytes += static_cast<double>(type.bytes());
  return nanoseconds_of_byte * bytes + nanoseconds_of_operation * flops(plan);
}

double FormulaWithSums::flops(const PlanContext& plan) const {
  const auto elements = static_cast<double>(Type{f32, common_shape(plan.in)}.elements());
  const auto sums = std::ranges::count_if(axes, [](std::int64_t of) { return of != 0; });
  return (detail::float_operations(*formula) + static_cast<double>(sums)) * elements;
}

std::shared_ptr<const void> FormulaWithSums::prepare(const PlanContext& plan) const {
  return std::make_shared<const SummingLoops>(*this, plan);
}

void FormulaWithSums::eval(const EvalContext& c) const { c.state<SummingLoops>().compute(c); }

}  // namespace dagrad
