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

/// A sum of float32 or float64 that a loop computes while it computes the elements (`LoopSums`).
/// Results have the bits of `Sum`. The array is seen as a matrix, of which either each column is
/// summed or each row.
class LaneSum {
 public:
  enum class Along : std::uint8_t {
    columns,  ///< each column has a lane; four rows are added at a time
    rows      ///< each row is folded into lanes, four times as many elements at a time
  };
  /// Rows of some columns, which a task adds up where columns are summed.
  struct Block {
    std::int64_t first, last;  ///< rows
    std::int64_t column, width;
    std::int64_t partial;  ///< where the sums of the block are among all partial sums
  };
  /// The lanes of columns. One block after the other is added up.
  class Lanes {
   public:
    virtual ~Lanes() = default;
    virtual void begin(std::int64_t width) = 0;
    /// Where the loop adds rows, no more than `room()` of them before they are counted.
    virtual void* lanes() = 0;
    virtual std::int64_t room() const = 0;
    virtual void count(std::int64_t rows) = 0;
    /// Stores the sums.
    virtual void finish(void* to) = 0;
  };

  virtual ~LaneSum() = default;
  Along along() const { return along_; }
  /// The size of the matrix.
  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  /// Computes the results from the partial sums. If there is no scratch memory, these have been
  /// stored in the result.
  virtual void join(void* partial, const MutableView& result) const = 0;

  // Where columns are summed:
  /// The blocks can be added up at the same time and in any order.
  virtual std::int64_t blocks() const = 0;
  virtual Block block(std::int64_t i) const = 0;
  virtual std::unique_ptr<Lanes> lanes() const = 0;
  /// The bytes of scratch memory for partial sums; 0 if blocks store results.
  virtual std::size_t scratch() const = 0;

  // Where rows are summed:
  static constexpr std::int64_t rows_at_once = 16;
  /// The number of lanes of a row.
  virtual std::int64_t row_lanes() const = 0;
  /// Adds up rows that lie in memory: the lanes of each follow those of the one before it.
  virtual void add_rows(const Machine& machine, const void* x, std::int64_t rows,
                        void* lanes) const = 0;
  /// Makes sums of the lanes of at most `rows_at_once` rows. There is memory for as many lanes.
  virtual void fold_lanes(const Machine& machine, const void* lanes, std::int64_t rows,
                          void* to) const = 0;

 protected:
  LaneSum(Along along, std::int64_t rows, std::int64_t columns)
      : along_(along), rows_(rows), columns_(columns) {}

 private:
  Along along_;
  std::int64_t rows_, columns_;
};

/// Null if the loop could not keep the order of `Sum`, or would not be faster.
std::unique_ptr<const LaneSum> lane_sum(const Type& summed, const SummedAxes& what);

}  // namespace dagrad::kernels
