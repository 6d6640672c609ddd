#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "dagrad/machine.hpp"
#include "dagrad/op.hpp"

/// Sums over the first axis of arrays whose rows become known a few at a time. A row is what lies
/// at one position of that axis.
namespace dagrad::kernels {

/// What an op adds up: the elements along some axes, of which bit i of the mask stands for axis i.
/// Afterwards it divides each sum by a number.
struct SummedAxes {
  std::uint32_t axes = 0;
  std::int64_t divisor = 1;
};

/// What `Sum`, `Mean` and `SumToLike` add up; empty for any other op.
std::optional<SummedAxes> summed_axes(const Op& op, std::span<const Type> in);

/// A sum over the first axis, and perhaps the ones after it. Its rows are divided into chunks,
/// which can be added up at the same time and in any order. Results have the bits of `Sum`.
class RowSum {
 public:
  /// Adds up the rows of one chunk after the other.
  class Adder {
   public:
    virtual ~Adder() = default;
    virtual void begin() = 0;
    /// Adds the next rows of the chunk. Multiples of `rows_at_once` are added without copying any.
    virtual void add(const void* x, std::int64_t rows) = 0;
    /// Stores the sums of the chunk in scratch memory.
    virtual void finish(std::int64_t chunk, void* scratch) = 0;
  };

  virtual ~RowSum() = default;
  std::int64_t chunks() const { return chunks_; }
  /// The last chunk may have fewer.
  std::int64_t rows_of_chunk() const { return rows_of_chunk_; }
  std::int64_t rows_at_once() const { return rows_at_once_; }
  /// The bytes of scratch memory for the sums of all chunks.
  virtual std::size_t scratch() const = 0;
  /// An Adder, which must not outlive this.
  virtual std::unique_ptr<Adder> adder(const Machine& machine) const = 0;
  /// Computes the result once all chunks are finished.
  virtual void join(void* scratch, const MutableView& result) const = 0;

 protected:
  RowSum(std::int64_t chunks, std::int64_t rows_of_chunk, std::int64_t rows_at_once)
      : chunks_(chunks), rows_of_chunk_(rows_of_chunk), rows_at_once_(rows_at_once) {}

 private:
  std::int64_t chunks_, rows_of_chunk_, rows_at_once_;
};

/// Null if `Sum` would not divide the array into chunks of whole rows, or if it has no floats.
std::unique_ptr<const RowSum> row_sum(const Type& summed, const SummedAxes& what);

}  // namespace dagrad::kernels
