#include "src/gradient/index_sets.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string>
#include <utility>

#include "dagrad/error.hpp"

namespace dagrad::detail {

IndexSets IndexSets::identity(std::int64_t first, std::int64_t elements) {
  IndexSets sets;
  sets.elements_ = elements;
  sets.starts_.resize(static_cast<std::size_t>(elements) + 1);
  std::iota(sets.starts_.begin(), sets.starts_.end(), 0);
  sets.indices_.resize(static_cast<std::size_t>(elements));
  std::iota(sets.indices_.begin(), sets.indices_.end(), static_cast<Index>(first));
  return sets;
}

void SetUnion::add(Dependence dependence, IndexSetsPtr sets) {
  if (sets && dependence.kind() != Dependence::Kind::none)
    terms_.push_back({std::move(dependence), std::move(sets)});
}

/// Whether the term gives the same indices to every element.
bool SetUnion::is_uniform(const Term& term) {
  const Dependence& d = term.dependence;
  switch (d.kind()) {
    case Dependence::Kind::dense:
      return true;
    case Dependence::Kind::same:
      return term.sets->uniform();
    case Dependence::Kind::one:
      return term.sets->uniform() &&
             std::ranges::find(d.sources(), Dependence::nothing) == d.sources().end();
    case Dependence::Kind::some: {
      const auto& starts = d.pattern().starts();
      return term.sets->uniform() && std::ranges::adjacent_find(starts) == starts.end();
    }
    default:
      return false;
  }
}

/// Adds the sets of what an element depends on to `parts_`.
void SetUnion::collect(const Term& term, std::int64_t element) {
  const auto add_part = [&](std::int64_t source) {
    if (const auto part = term.sets->of(source); !part.empty()) parts_.push_back(part);
  };
  switch (const Dependence& d = term.dependence; d.kind()) {
    case Dependence::Kind::dense:
      for (std::int64_t i = 0; i < (term.sets->uniform() ? 1 : term.sets->elements()); ++i)
        add_part(i);
      break;
    case Dependence::Kind::same:
      add_part(element);
      break;
    case Dependence::Kind::one:
      if (const std::int64_t source = d.sources()[static_cast<std::size_t>(element)];
          source != Dependence::nothing)
        add_part(source);
      break;
    case Dependence::Kind::some:
      for (const Index source : d.pattern().row(element)) add_part(source);
      break;
    case Dependence::Kind::none:
      break;
  }
}

void SetUnion::append_union(std::vector<Index>& indices) {
  const auto equal_to_first = [&](std::span<const Index> part) {
    return std::ranges::equal(part, parts_.front());
  };
  if (parts_.empty()) return;
  if (std::all_of(parts_.begin() + 1, parts_.end(), equal_to_first)) {
    indices.insert(indices.end(), parts_.front().begin(), parts_.front().end());
  } else if (parts_.size() == 2) {
    std::ranges::set_union(parts_[0], parts_[1], std::back_inserter(indices));
  } else {
    if (seen_.empty()) seen_.resize(static_cast<std::size_t>(columns_));
    ++unions_;
    const auto begin = static_cast<std::ptrdiff_t>(indices.size());
    for (const auto& part : parts_)
      for (const Index index : part)
        if (std::exchange(seen_[static_cast<std::size_t>(index)], unions_) != unions_)
          indices.push_back(index);
    std::sort(indices.begin() + begin, indices.end());
  }
  if (indices.size() > most_indices)
    throw ArgumentError("a value depends on the xs in more than 2^30 ways, element by element");
}

IndexSetsPtr SetUnion::result() {
  if (terms_.empty() || elements_ == 0) return nullptr;
  const auto is_first = [&](const Term& term) {
    return term.dependence.kind() == Dependence::Kind::same && term.sets == terms_.front().sets;
  };
  if (std::ranges::all_of(terms_, is_first)) return terms_.front().sets;
  IndexSets sets;
  sets.elements_ = elements_;
  sets.uniform_ = elements_ == 1 || std::ranges::all_of(terms_, is_uniform);
  const std::int64_t rows = sets.uniform_ ? 1 : elements_;
  sets.starts_.reserve(static_cast<std::size_t>(rows) + 1);
  for (std::int64_t i = 0; i < rows; ++i) {
    parts_.clear();
    for (const Term& term : terms_) collect(term, i);
    append_union(sets.indices_);
    sets.starts_.push_back(static_cast<std::int64_t>(sets.indices_.size()));
  }
  if (sets.indices_.empty()) return nullptr;
  return std::make_shared<const IndexSets>(std::move(sets));
}

}  // namespace dagrad::detail
