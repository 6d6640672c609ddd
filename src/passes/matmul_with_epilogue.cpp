#include <algorithm>
#include <array>
#include <string>

#include "dagrad/error.hpp"
#include "dagrad/kernels/gemm.hpp"
#include "dagrad/passes/epilogues.hpp"
#include "dagrad/strides.hpp"
#include "src/program/operations.hpp"

namespace dagrad {

namespace {

Matmul product_of(const MatmulWithEpilogue& op) { return {op.transpose_left, op.transpose_right}; }

bool is_product(const MatmulWithEpilogue& op, std::size_t input) {
  return std::ranges::count(op.product_inputs, static_cast<std::int64_t>(input)) > 0;
}

/// The types of the formula's inputs: those of the product, and of the operands after the matrices.
std::vector<Type> formula_types(const MatmulWithEpilogue& op, std::span<const Type> in,
                                const Type& product) {
  const std::size_t inputs = op.formula->inputs.size();
  check_operand_count(in.size(), 2 + inputs - op.product_inputs.size());
  std::vector<Type> types;
  std::size_t next = 2;
  for (std::size_t i = 0; i < inputs; ++i)
    types.push_back(is_product(op, i) ? product : in[next++]);
  return types;
}

/// What `prepare` makes: the loop of the formula, and how it walks the elements.
class EpilogueLoop {
 public:
  EpilogueLoop(const MatmulWithEpilogue& op, const PlanContext& plan)
      : product_type_(product_of(op).infer(plan.in.first(2))),
        columns_(product_type_.shape[product_type_.shape.rank() - 1]),
        axes_(broadcast_axes(formula_types(op, plan.in, product_type_), product_type_.shape)) {
    std::size_t next = 2;
    for (std::size_t i = 0; i < op.formula->inputs.size(); ++i) {
      sizes_.push_back(static_cast<std::int64_t>(size_of(op.formula->inputs[i])));
      operands_.push_back(is_product(op, i) ? product : next++);
    }
    for (const Type& type : plan.out)
      result_sizes_.push_back(static_cast<std::int64_t>(size_of(type.dtype)));
    while (plan.out[home_].dtype != product_type_.dtype) ++home_;
    outer_ = std::max(axes_.rank() - 1, 0);
    row_size_ = axes_.rank() == 0 ? 1 : axes_.size(outer_);
    steps_.assign(sizes_.size(), 1);
    if (axes_.rank() > 0) std::ranges::copy(axes_.strides(outer_), steps_.begin());
    loop_ = plan.machine().loop(op.formula, steps_);
  }

  /// The memory of the product: that of a result of its dtype, which is written over it.
  MutableView product_in(const EvalContext& c) const { return {c.outs[home_].data, product_type_}; }

  /// Computes a part of the results.
  void run(const EvalContext& c, std::int64_t row, std::int64_t column, std::int64_t rows,
           std::int64_t columns) const {
    if (columns == columns_) return run_elements(c, row * columns_, rows * columns_);
    for (std::int64_t i = row; i < row + rows; ++i) run_elements(c, i * columns_ + column, columns);
  }

 private:
  static constexpr std::size_t product = 0;  ///< stands for it among the operands

  /// Computes elements that follow each other, along each row of the axes in one call.
  void run_elements(const EvalContext& c, std::int64_t first, std::int64_t count) const {
    std::array<const void*, MatmulWithEpilogue::most_inputs> in;
    std::array<void*, MatmulWithEpilogue::most_inputs> out;
    MultiIndex index(axes_.sizes().first(static_cast<std::size_t>(outer_)), first / row_size_);
    for (std::int64_t at = first % row_size_; count > 0; at = 0, index.next()) {
      const std::int64_t n = std::min(row_size_ - at, count);
      for (std::size_t i = 0; i < sizes_.size(); ++i) {
        const void* const data =
            operands_[i] == product ? c.outs[home_].data : c.ins[operands_[i]].data;
        const std::int64_t element = (outer_ > 0 ? axes_.offset(index, i) : 0) + at * steps_[i];
        in[i] = static_cast<const std::byte*>(data) + element * sizes_[i];
      }
      for (std::size_t i = 0; i < result_sizes_.size(); ++i)
        out[i] = static_cast<std::byte*>(c.outs[i].data) + first * result_sizes_[i];
      loop_({in.data(), sizes_.size()}, {out.data(), result_sizes_.size()}, n);
      first += n;
      count -= n;
    }
  }

  Type product_type_;
  std::int64_t columns_;
  std::vector<std::int64_t> sizes_, result_sizes_;  ///< of elements, in bytes
  std::vector<std::size_t> operands_;               ///< of the op, by input of the formula
  std::size_t home_ = 0;                            ///< the result in whose memory the product is
  StridedAxes<> axes_;
  int outer_ = 0;  ///< axes outside of a row
  std::int64_t row_size_ = 1;
  std::vector<std::int64_t> steps_;  ///< of the inputs along a row
  ProgramLoop loop_;
};

PlanContext plan_of_product(const PlanContext& plan, const Type& product) {
  return PlanContext(plan.in.first(2), {&product, 1}, plan.machine());
}

}  // namespace

std::vector<Type> MatmulWithEpilogue::infer(std::span<const Type> in) const {
  if (in.size() < 2) check_operand_count(in.size(), 2);
  for (const Type& type : in.first(2))
    if (type.shape.rank() < 2) throw ShapeError("needs two matrices, got " + to_string(type.shape));
  const Type product = product_of(*this).infer(in.first(2));
  const std::vector<Type> types = formula_types(*this, in, product);
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i].dtype == formula->inputs[i]) continue;
    throw TypeError("input " + std::to_string(i) + " of the formula must be " +
                    std::string(dagrad::name(formula->inputs[i])) + ", got " + to_string(types[i]));
  }
  if (const Shape shape = common_shape(types); shape != product.shape)
    throw ShapeError("the results have the shape " + to_string(shape) + ", not " +
                     to_string(product.shape) + " as the product");
  std::vector<Type> results;
  for (std::size_t i = 0; i < formula->outputs.size(); ++i)
    results.push_back({formula->output_dtype(i), product.shape});
  if (std::ranges::none_of(results, [&](const Type& type) { return type == product; }))
    throw TypeError("no result has the dtype of the product, " +
                    std::string(dagrad::name(product.dtype)));
  return results;
}

double MatmulWithEpilogue::cost(const PlanContext& plan) const {
  constexpr double nanoseconds_of_byte = 0.02;
  const Type product = product_of(*this).infer(plan.in.first(2));
  double bytes = 0;
  for (const Type& type : plan.in.subspan(2)) bytes += static_cast<double>(type.bytes());
  for (const Type& type : plan.out) bytes += static_cast<double>(type.bytes());
  return product_of(*this).cost(plan_of_product(plan, product)) + nanoseconds_of_byte * bytes;
}

double MatmulWithEpilogue::flops(const PlanContext& plan) const {
  const Type product = product_of(*this).infer(plan.in.first(2));
  return product_of(*this).flops(plan_of_product(plan, product)) +
         detail::float_operations(*formula) * static_cast<double>(product.elements());
}

std::shared_ptr<const void> MatmulWithEpilogue::prepare(const PlanContext& plan) const {
  return std::make_shared<const EpilogueLoop>(*this, plan);
}

void MatmulWithEpilogue::eval(const EvalContext& c) const {
  const auto& loop = c.state<EpilogueLoop>();
  const MutableView product = loop.product_in(c);
  const auto run = [&](std::int64_t row, std::int64_t column, std::int64_t rows,
                       std::int64_t columns) { loop.run(c, row, column, rows, columns); };
  product_of(*this).eval_with(
      EvalContext(c.ins.first(2), {&product, 1}, nullptr, c.machine(), c.parallel, nullptr),
      kernels::Epilogue(run));
}

}  // namespace dagrad
