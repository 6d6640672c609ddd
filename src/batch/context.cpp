#include <algorithm>
#include <numeric>
#include <variant>

#include "dagrad/apply.hpp"
#include "dagrad/batching.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"

namespace dagrad {

namespace {

std::vector<Value> apply_to(const Op& op, const std::vector<Value>& operands) {
  return apply(op, std::vector<Operand>(operands.begin(), operands.end()));
}

/// The op for operands with one more axis in front.
Op behind_new_axis(Op op) {
  std::vector<std::pair<std::string, Attribute>> changed;
  op.visit_attributes([&](std::string_view name, const Attribute& value) {
    if (name != "axis" && name != "axes") return;
    Attribute now = value;
    if (auto* const axis = std::get_if<std::int64_t>(&now)) {
      *axis += *axis >= 0 ? 1 : 0;
    } else if (auto* const axes = std::get_if<std::vector<std::int64_t>>(&now)) {
      for (std::int64_t& each : *axes) each += each >= 0 ? 1 : 0;
    }
    changed.emplace_back(name, std::move(now));
  });
  for (const auto& [name, value] : changed) op = op.with(name, value);
  return op;
}

}  // namespace

Value BatchContext::expanded(std::size_t i) const {
  return batched(i) ? in[i] : batch_like(in[i], batch_);
}

Value BatchContext::aligned(std::size_t i, int rank) const {
  if (!batched(i) || this->rank(i) >= rank) return in[i];
  std::vector<std::int64_t> added(static_cast<std::size_t>(rank - this->rank(i)));
  std::iota(added.begin(), added.end(), 1);
  return unsqueeze(in[i], added);
}

std::vector<Value> BatchContext::leading(const Op& op) const {
  std::vector<Value> operands;
  for (std::size_t i = 0; i < in.size(); ++i) operands.push_back(expanded(i));
  return apply_to(op, operands);
}

std::vector<Value> BatchContext::shifted(const Op& op) const {
  return leading(behind_new_axis(op));
}

std::vector<Value> BatchContext::broadcasting(const Op& op) const {
  int rank = 0;
  for (std::size_t i = 0; i < in.size(); ++i) rank = std::max(rank, this->rank(i));
  std::vector<Value> operands;
  for (std::size_t i = 0; i < in.size(); ++i) operands.push_back(aligned(i, rank));
  return apply_to(op, operands);
}

}  // namespace dagrad
