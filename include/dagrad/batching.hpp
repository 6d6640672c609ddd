#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/shape.hpp"
#include "dagrad/value.hpp"

/// How ops work on batches: what an op says about itself, and what its `batch` is given.
namespace dagrad {

class Op;

/// How an op that has no `batch` member works on operands to which a batch axis is added in front.
enum class Batching : std::uint8_t {
  /// Not at all: it is applied to each member of the batch, and the results are joined.
  loop,
  /// Its operands broadcast. Axes of length 1 are inserted after the batch axis, so that all
  /// operands have the same number of axes. The default for elementwise ops.
  broadcasting,
  /// It works on the last axes, and the axes before them are the same for all operands. Operands
  /// that have no batch axis are repeated along it.
  leading,
  /// The same, but its attributes `axis` and `axes` count from the first axis, or from the last if
  /// they are negative. The first kind are increased by one.
  shifted,
};

/// The arguments of an op's member `std::vector<Value> batch(const BatchContext&) const`, which
/// appends nodes that apply the op to each member of a batch. It returns the op's results with the
/// batch axis in front of their other axes, or nothing if the op cannot say how for these operands:
/// it is then applied to each member by itself.
class BatchContext {
 public:
  /// `batch` is any value with the batch axis in front.
  BatchContext(const Op& applied, std::span<const Value> operands,
               const std::vector<bool>& is_batched, std::span<const Type> operand_types,
               std::span<const Type> result_types, const Value& batch)
      : in(operands),
        in_types(operand_types),
        out_types(result_types),
        op_(applied),
        batched_(is_batched),
        batch_(batch) {}

  /// The operands. Those that are batched have the batch axis in front. An operand of which only
  /// the type is used is never batched.
  std::span<const Value> in;
  std::span<const Type> in_types;   ///< types of the operands without the batch axis
  std::span<const Type> out_types;  ///< types of the results without the batch axis

  bool batched(std::size_t i) const { return batched_[i]; }
  int rank(std::size_t i) const { return in_types[i].shape.rank(); }  ///< without the batch axis
  std::int64_t size() const { return batch_.shape()[0]; }             ///< of the batch
  const Op& op() const { return op_; }

  /// Operand i with the batch axis: repeated along it if it is not batched.
  Value expanded(std::size_t i) const;
  /// Operand i as it broadcasts to operands of `rank` axes besides the batch axis: if it is
  /// batched, with axes of length 1 inserted after the batch axis.
  Value aligned(std::size_t i, int rank) const;

  /// Applies an op to all operands, expanded.
  std::vector<Value> leading(const Op& op) const;
  /// The same, after increasing those of its attributes `axis` and `axes` that are not negative.
  std::vector<Value> shifted(const Op& op) const;
  /// Applies an op to all operands, aligned to the largest rank.
  std::vector<Value> broadcasting(const Op& op) const;

 private:
  const Op& op_;
  const std::vector<bool>& batched_;
  const Value& batch_;
};

}  // namespace dagrad
