#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dagrad/pattern.hpp"

namespace dagrad::detail {

/// For each element of a value, the elements of the xs on which it depends, in ascending order. The
/// elements of all xs are numbered one after the other.
class IndexSets {
 public:
  using Index = SparsityPattern::Index;

  /// The sets {first}, {first + 1}, … of the elements of an x.
  static IndexSets identity(std::int64_t first, std::int64_t elements);

  std::int64_t elements() const { return elements_; }
  std::span<const Index> of(std::int64_t element) const {
    const auto at = uniform_ ? 0 : static_cast<std::size_t>(element);
    return {indices_.data() + starts_[at], indices_.data() + starts_[at + 1]};
  }
  /// Whether all elements have the same set, which is then stored once.
  bool uniform() const { return uniform_; }
  /// The number of indices that are stored.
  std::size_t size() const { return indices_.size(); }

 private:
  friend class SetUnion;
  std::int64_t elements_ = 0;
  bool uniform_ = false;
  std::vector<std::int64_t> starts_ = {0};
  std::vector<Index> indices_;
};

using IndexSetsPtr = std::shared_ptr<const IndexSets>;

/// The sets of a result: for each of its elements, the union of the sets of all operands' elements
/// on which it depends.
class SetUnion {
 public:
  SetUnion(std::int64_t elements, std::int64_t columns) : elements_(elements), columns_(columns) {}

  void add(Dependence dependence, IndexSetsPtr sets);
  /// Null if no element depends on anything. Throws ArgumentError if there are more than
  /// `most_indices`.
  IndexSetsPtr result();

  static constexpr std::size_t most_indices = std::size_t{1} << 30;

 private:
  using Index = IndexSets::Index;
  struct Term {
    Dependence dependence;
    IndexSetsPtr sets;
  };
  static bool is_uniform(const Term& term);
  void collect(const Term& term, std::int64_t element);
  void append_union(std::vector<Index>& indices);

  std::int64_t elements_, columns_;
  std::vector<Term> terms_;
  std::vector<std::span<const Index>> parts_;  ///< the sets whose union is to be appended
  std::vector<std::uint32_t> seen_;            ///< by index: the last union that has it
  std::uint32_t unions_ = 0;
};

}  // namespace dagrad::detail
