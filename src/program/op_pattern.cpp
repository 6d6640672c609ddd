#include <memory>
#include <numeric>
#include <vector>

#include "dagrad/detail/op_model.hpp"
#include "src/program/pull_back.hpp"

namespace dagrad::detail {

namespace {

/// Whether a derivative of the program is other than structurally zero.
bool depends(const Program& program, std::size_t result, std::size_t operand) {
  const auto wanted = std::make_unique<bool[]>(program.inputs.size());
  const auto present = std::make_unique<bool[]>(program.outputs.size());
  wanted[operand] = present[result] = true;
  return pull_back(program, {wanted.get(), program.inputs.size()},
                   {present.get(), program.outputs.size()})
             .program != nullptr;
}

/// Every element of a row depends on all elements of the same row.
Dependence by_row(const Shape& operand, const Shape& result) {
  const std::int64_t rows = result[0];
  if (rows <= 1) return Dependence::dense();
  const std::int64_t from = operand.elements() / rows, to = result.elements() / rows;
  if (from == 1 && to == 1) return Dependence::same();
  SparsityPattern pattern(0, operand.elements());
  std::vector<SparsityPattern::Index> columns(static_cast<std::size_t>(from));
  for (std::int64_t row = 0; row < rows; ++row) {
    std::iota(columns.begin(), columns.end(), static_cast<SparsityPattern::Index>(row * from));
    for (std::int64_t i = 0; i < to; ++i) pattern.append_row(columns);
  }
  return Dependence::some(std::move(pattern));
}

}  // namespace

/// What an op tells, or what follows from its program, its memory and its rows.
Dependence OpModel::pattern(const PatternContext& at) const {
  if (members_.pattern) return members_.pattern(op_, at);
  const std::size_t i = at.operand;
  if (traits_.uses_type_only(i)) return Dependence::none();
  if (traits_.alias == static_cast<int>(i) && at.result == 0) return Dependence::same();
  if (traits_.elementwise) {
    const bool zero = traits_.derived_rule && !depends(*program(at.in), at.result, i);
    return zero ? Dependence::none() : Dependence::broadcast(at.operand_shape(), at.result_shape());
  }
  if (traits_.broadcasts && traits_.joint_shape)
    return Dependence::broadcast(at.operand_shape(), at.result_shape());
  const bool has_rows = i < 32 && (row_operands(at.in) >> i & 1U) != 0;
  return has_rows ? by_row(at.operand_shape(), at.result_shape()) : Dependence::dense();
}

}  // namespace dagrad::detail
