#pragma once

#include <cstdint>
#include <vector>

#include "dagrad/batch.hpp"
#include "dagrad/op.hpp"

/// Batches of an op's samples, and what each member by itself gives.
namespace dagrad::detail {

/// The operands of a sample for the members of a batch. Operand i is the same for all of them
/// unless bit i of `batched` is set; otherwise the members are different tensors on which the op is
/// defined as well.
struct Members {
  Sample sample;
  std::uint32_t batched;
  std::int64_t size;

  bool is_batched(std::size_t operand) const { return (batched >> operand & 1U) != 0; }
  Tensor operand(std::size_t i, std::int64_t member) const;
  /// All members of an operand, stacked along an axis.
  Tensor batch(std::size_t operand, std::int64_t axis = 0) const;
  /// The results of each member, stacked along a first axis. Throws what the op throws.
  std::vector<Tensor> results() const;
};

/// A node of the sample's op, and the batch of its results.
struct BatchedSample {
  explicit BatchedSample(const Members& members, std::int64_t axis = 0);
  Graph graph;
  std::vector<Batched> inputs;  ///< constants stand for the members
  std::vector<Value> ys;        ///< of one member
  std::vector<Value> batches;   ///< of all members
};

/// Which operands to batch: each alone, and all together.
std::vector<std::uint32_t> choices(std::size_t operands);

}  // namespace dagrad::detail
