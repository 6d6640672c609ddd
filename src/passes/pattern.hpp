#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "dagrad/passes.hpp"
#include "src/passes/operand_kinds.hpp"

namespace dagrad::detail {

inline constexpr std::size_t most_rule_operands = 4;

/// What all elements of a tensor are equal to, if they are and there are not too many to look at.
std::optional<double> fill_of(const Tensor& tensor);
/// Whether results only repeat or reshape the first operand, so that they are filled with the same.
bool passes_elements_on(const Op& op);
/// Whether a number of a pattern stands for what a value of the dtype is filled with.
bool same_number(double pattern, double number, DType dtype);

/// The values that the operands of a rule stand for.
using Bound = std::array<Value, most_rule_operands>;

/// The left side of a rule: a tree of ops over operands, which match any value, and numbers.
class Pattern {
 public:
  /// Throws ArgumentError unless `left` returns the result of an op.
  Pattern(std::size_t operands, const std::function<Value(std::span<const Value>)>& left);

  /// The op at its root.
  const Op& op() const { return parts_[root_].op; }
  /// What the operands of its root must be made by, for others to be ruled out quickly.
  OperandNeeds needs(OperandKinds& kinds) const;
  /// The operands of the rule, if the node matches.
  std::optional<Bound> match(const RuleSite& site) const;

 private:
  struct Part {
    enum class Kind { operand, number, op } kind = Kind::operand;
    std::size_t operand = 0;
    double number = 0;
    Op op = {};
    std::vector<std::size_t> in = {};  ///< indices of parts
  };

  std::size_t add(const Value& value, std::span<const Value> operands);
  bool match(const Part& part, const Value& value, Bound& bound, std::size_t& swaps) const;
  bool match_operands(const Part& part, std::span<const Value> operands, Bound& bound,
                      std::size_t& swaps) const;

  std::vector<Part> parts_;
  std::size_t root_ = 0;
  std::size_t commutative_ = 0;  ///< number of ops whose operands may be exchanged
};

}  // namespace dagrad::detail
