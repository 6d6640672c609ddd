#include "src/inspect/why_apart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dagrad/kernels/sums.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/passes/epilogues.hpp"
#include "dagrad/passes/fuse_sums.hpp"
#include "dagrad/passes/tile.hpp"
#include "src/io/units.hpp"
#include "src/passes/limits.hpp"
#include "src/passes/sum_layout.hpp"
#include "src/passes/tile_graph.hpp"

namespace dagrad::detail {

namespace {

using With = StepFormula::With;

std::string bytes(std::size_t size) { return with_unit(static_cast<double>(size), "B"); }

std::string shapes_text(const Shape& a, const Shape& b) {
  return fmt::format("they have the shapes {} and {}", to_string(a), to_string(b));
}

bool is_window(const Op& op) {
  return op.get_if<Slice>() != nullptr || op.get_if<UnsliceLike>() != nullptr ||
         op.get_if<Pad>() != nullptr;
}

/// Why a slice or a pad is none through which a loop can read; empty if it is one.
std::string unusual_window(const Op& op) {
  const auto* const slice = op.get_if<Slice>();
  const auto* const unslice = op.get_if<UnsliceLike>();
  const auto* const pad = op.get_if<Pad>();
  if (pad != nullptr) return pad->value == 0 ? "" : "it pads with a number other than 0";
  const std::vector<Range>& ranges = slice != nullptr ? slice->ranges : unslice->ranges;
  return std::ranges::all_of(ranges, [](const Range& range) { return range.step == 1; })
             ? ""
             : "it takes steps other than 1";
}

}  // namespace

WhyApart::WhyApart(const Plan& plan, const Lifetimes& lifetimes)
    : plan_(plan), lifetimes_(lifetimes) {
  for (const Step& step : plan.steps) formulas_.push_back(formula_of(plan, step));
  for (const Plan::Fetch& fetch : plan.fetches) requested_.insert(fetch.slot);
  for (const Plan::Updated& update : plan.updates) requested_.insert(update.slot);
  for (const Plan::Output& output : plan.outputs) requested_.insert({output.slot, output.from});
  joint_.emplace(plan_, lifetimes_, formulas_, requested_);
}

std::optional<std::string> WhyApart::operator()(std::uint32_t from, std::size_t result,
                                                std::uint32_t to) const {
  const Pair pair{from, plan_.results_of(plan_.steps[from])[result], kernel(from).out()[result],
                  to};
  const StepFormula &a = formulas_[from], &b = formulas_[to];
  if (op(from).get_if<Tiled>() != nullptr || op(to).get_if<Tiled>() != nullptr)
    return why_no_tile(pair);
  if (a && b && b.reads(pair.slot)) return why_no_loop(pair);
  if (a && kernels::summed_axes(op(to), kernel(to).in())) return why_no_sum(pair);
  if (a && b) return "matmul is not an elementwise formula";
  if (a) return fmt::format("{} is not an elementwise formula", op(to).name());
  if (b && op(from).get_if<Matmul>() != nullptr) return why_no_epilogue(pair);
  if (b && is_window(op(from))) return why_no_window(pair);
  return {};
}

std::string WhyApart::not_run(std::string_view pass) const {
  if (plan_.passes.empty()) return "no pass was run";
  const bool ran = std::ranges::any_of(
      plan_.passes, [&](const PlannedPass& planned) { return planned.pass == pass; });
  return ran ? "" : fmt::format("`{}` was not run", pass);
}

/// Why a step is joined with no other.
std::string WhyApart::runs_alone(std::uint32_t step) const {
  const OpTraits& traits = op(step).traits();
  if (traits.ordered) return fmt::format("{} is ordered", name(step));
  if (traits.has_validate) return fmt::format("{} checks its operands before it runs", name(step));
  return "";
}

// ---- elementwise formulas

std::string WhyApart::why_no_loop(const Pair& pair) const {
  for (const std::uint32_t step : {pair.from, pair.to})
    if (std::string why = runs_alone(step); !why.empty()) return why;
  const StepFormula &a = formulas_[pair.from], &b = formulas_[pair.to];
  if (pair.type.elements() != a.shape.elements()) return "it is a sum, which the loop ends with";
  if (!fit(a, b)) return shapes_text(a.shape, b.shape);
  if (std::string why = not_run("fuse"); !why.empty()) return why;
  if (const auto through = joint_->circle(pair.from, pair.to))
    return fmt::format("they would depend on each other in a circle, through {}", name(*through));
  if (std::string why = joint_->excess(pair.to); !why.empty())
    return fmt::format("{} and the loops that it reads would together {}", name(pair.to), why);
  if (const auto later = joint_->awaited(pair.from, pair.to))
    return fmt::format("{} also waits for {}, and `fuse` computes {} earlier", name(pair.to),
                       name(*later), name(pair.from));
  return "`fuse` has put them into different groups";
}

// ---- sums

std::string WhyApart::why_no_sum(const Pair& pair) const {
  const StepFormula& formula = formulas_[pair.from];
  const Type& read = kernel(pair.to).in()[0];
  const std::string sum(op(pair.to).name());
  if (pair.type.bytes() < large_value)
    return fmt::format(
        "{} is not an elementwise formula, and `fuse_sums` takes values of {} or more", sum,
        bytes(large_value));
  for (const std::uint32_t step : {pair.from, pair.to})
    if (std::string why = runs_alone(step); !why.empty()) return why;
  if (std::string why = not_run("fuse_sums"); !why.empty()) return why;
  if (read.shape != formula.shape) return shapes_text(formula.shape, read.shape);
  if (formula.program->steps.size() > most_steps_with_sums)
    return "the formula is too long for a loop with sums";
  if (formula.program->inputs.size() > FormulaWithSums::most_operands / 2)
    return "the formula reads too many values for a loop with sums";
  if (formula.with == With::alone || formula.with == With::sums) {
    SumLayout layout(kernel(pair.from).in(), formula.shape, 1);
    const SumLayout::Request request{0, pair.type.dtype,
                                     *kernels::summed_axes(op(pair.to), kernel(pair.to).in())};
    if (!layout.sum(std::span(&request, 1))[0])
      return fmt::format("one loop cannot compute {} of these axes besides the formula", sum);
  }
  if (formula.with == With::sums) return "the loop has other sums, of other axes";
  return "`fuse_sums` leaves it to `tile_rows`, which can compute more of its neighbours";
}

// ---- products

std::string WhyApart::why_no_epilogue(const Pair& pair) const {
  const StepFormula& formula = formulas_[pair.to];
  for (const std::uint32_t step : {pair.from, pair.to})
    if (std::string why = runs_alone(step); !why.empty()) return why;
  if (pair.type.bytes() < least_product)
    return fmt::format("a product of less than {} stays in the cache", bytes(least_product));
  const auto is_vector = [](const Type& type) { return type.shape.rank() < 2; };
  if (std::ranges::any_of(kernel(pair.from).in(), is_vector)) return "it is a product of a vector";
  if (pair.type.shape[-1] < least_product_columns)
    return fmt::format("the product has less than {} columns", least_product_columns);
  if (!is_float(pair.type.dtype)) return "it is a product of integers";
  if (formula.with == With::product)
    return fmt::format("{} is computed with another product", name(pair.to));
  if (formula.with != With::alone)
    return fmt::format("a {} cannot be an epilogue", op(pair.to).name());
  if (std::ranges::find(kernel(pair.to).out(), pair.type) == kernel(pair.to).out().end())
    return formula.shape == pair.type.shape ? "they have different dtypes"
                                            : shapes_text(pair.type.shape, formula.shape);
  if (std::string why = not_run("fuse_epilogues"); !why.empty()) return why;
  if (is_requested(pair.slot)) return "the product is requested";
  for (const std::uint32_t reader : lifetimes_.readers(pair.slot))
    if (reader != pair.to) return fmt::format("{} needs the product, too", name(reader));
  return "`fuse_epilogues` has left them apart";
}

// ---- windows

std::string WhyApart::why_no_window(const Pair& pair) const {
  if (std::string why = unusual_window(op(pair.from)); !why.empty()) return why;
  if (pair.type.bytes() < large_window)
    return fmt::format("copies of less than {} stay in the cache", bytes(large_window));
  if (std::string why = runs_alone(pair.to); !why.empty()) return why;
  if (std::string why = not_run("read_windows"); !why.empty()) return why;
  if (is_requested(pair.slot)) return "the copy is requested";
  for (const std::uint32_t reader : lifetimes_.readers(pair.slot))
    if (!formulas_[reader]) return fmt::format("{} needs the copy, too", name(reader));
  const With with = formulas_[pair.to].with;
  if (with == With::sums || with == With::product)
    return fmt::format("a {} cannot read through windows", op(pair.to).name());
  return "its boxes would have too few elements in a row";
}

// ---- tiles

std::string WhyApart::why_no_tile(const Pair& pair) const {
  const auto* const a = op(pair.from).get_if<Tiled>();
  const auto* const b = op(pair.to).get_if<Tiled>();
  for (const std::uint32_t step : {pair.from, pair.to})
    if (std::string why = runs_alone(step); !why.empty()) return why;
  if (a != nullptr) {
    const auto results = plan_.results_of(plan_.steps[pair.from]);
    const auto result = std::ranges::find(results, pair.slot) - results.begin();
    if (a->tile->results[static_cast<std::size_t>(result)].sum)
      return "it is a sum over rows, which the last tile completes";
  }
  const auto slots = plan_.operands_of(plan_.steps[pair.to]);
  const std::vector<Type>& in = kernel(pair.to).in();
  const std::uint32_t by_row = b != nullptr ? 0 : op(pair.to)->row_operands(in);
  if (b == nullptr && by_row == 0)
    return fmt::format("{} is not computed row by row", op(pair.to).name());
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (slots[i] == pair.slot && !(b != nullptr ? b->tile->operands[i].by_row : by_row >> i & 1U))
      return fmt::format("{} reads all rows at once", name(pair.to));
  if (a == nullptr && op(pair.from)->row_operands(kernel(pair.from).in()) == 0)
    return fmt::format("{} is not computed row by row", op(pair.from).name());
  for (const std::uint32_t step : {pair.from, pair.to})
    if (is_heavy_product(op(step), kernel(step).in()))
      return fmt::format("the product {} is faster as a whole", name(step));
  const std::int64_t rows = a != nullptr ? a->tile->all_rows : pair.type.shape[0];
  const std::int64_t wanted = b != nullptr ? b->tile->all_rows : kernel(pair.to).out()[0].shape[0];
  if (rows != wanted) return fmt::format("they have {} and {} rows", rows, wanted);
  return "`tile_rows` has put them into different groups";
}

}  // namespace dagrad::detail
