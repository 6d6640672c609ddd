#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "src/graph/data.hpp"

namespace dagrad::detail {

/// The numbers and ops that rules look for among the operands of a node, each as a bit.
class OperandKinds {
 public:
  using Bits = std::uint64_t;
  /// Set for every operand. It also stands for all kinds for which no other bit is left.
  static constexpr Bits any = Bits{1} << 63;

  Bits bit_of(double number);
  /// The op must outlive this.
  Bits bit_of(const Op& op);
  /// Of the results of all ops for which `holds`, which must outlive this.
  Bits bit_of(const std::function<bool(const Op&)>* holds);
  /// The bits of a value that is filled with a number: of all numbers for which a pattern takes it.
  Bits bits_of(double number, DType dtype) const;
  /// Of the results of an op.
  Bits bits_of(const Op& op) const;

 private:
  Bits next();

  struct Number {
    double value;
    Bits bit;
  };
  struct OfOp {
    const Op* op;
    Bits bit;
  };
  struct OfOps {
    const std::function<bool(const Op&)>* holds;
    Bits bit;
  };
  std::vector<Number> numbers_;
  std::vector<OfOp> ops_;
  std::vector<OfOps> kinds_of_ops_;
  int used_ = 0;
};

/// What a rule needs of the first operands of a node: for each, bits that it must have.
struct OperandNeeds {
  static constexpr std::size_t most = 3;
  std::array<OperandKinds::Bits, most> bits{};
  bool commutes = false;   ///< whether the first two may be exchanged
  bool equal = false;      ///< whether the first two must be made alike
  bool same_type = false;  ///< whether an operand that is read must have the type of the result
};

/// Tells quickly, for the nodes of a graph, which rules cannot apply.
class OperandFilter {
 public:
  OperandFilter(const OperandKinds& kinds, const GraphData& graph) : kinds_(kinds), graph_(graph) {}

  /// From now on, tells which rules can apply to a node with these operands, which must outlive
  /// that, and a result of this type.
  void look_at(std::span<const Edge> operands, const Type& result);
  bool meets(const OperandNeeds& needs) const;

 private:
  struct OfOp {
    OperandKinds::Bits bits = 0;  ///< 0 if not known yet
    bool passes_on = false;       ///< whether results are filled with what the first operand is
  };

  /// Whether two operands can be made alike, judging by the nodes that make them.
  bool may_be_alike(const Edge& a, const Edge& b) const;
  OperandKinds::Bits bits(const Edge& operand);
  OperandKinds::Bits bits_of_constant(std::uint32_t node);
  const OfOp& of_op(std::uint32_t op);

  const OperandKinds& kinds_;
  const GraphData& graph_;
  std::vector<OfOp> of_op_;           ///< by index in the graph
  std::uint32_t constant_ = no_node;  ///< the last constant
  OperandKinds::Bits of_constant_ = 0;

  // of the node that is looked at
  std::span<const Edge> operands_;
  const Type* result_ = nullptr;
  std::array<OperandKinds::Bits, OperandNeeds::most> has_{};  ///< the bits of its first operands
};

}  // namespace dagrad::detail
