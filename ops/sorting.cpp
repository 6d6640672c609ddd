#include "ops/sorting.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "dagrad/scratch.hpp"
#include "ops/folds.hpp"
#include "ops/moving.hpp"
#include "ops/radix_sort.hpp"
#include "ops/selection.hpp"

namespace dagrad {

namespace {

constexpr std::int64_t comparison_sort_length = 128;  // up to here, a line is sorted by comparisons
constexpr std::int64_t shared_length = 1 << 16;       // from here on, threads share a line
constexpr std::int64_t enough_lines = 8;              // to select in each of them on one thread
constexpr std::int64_t task_elements = 1 << 14;
constexpr std::int64_t most_pieces = 64;              // pieces of a shared line
constexpr std::int64_t workspace_elements = 1 << 21;  // of all workspaces together

/// The memory in which a task sorts one line after the other.
template <class Entry>
struct Workspace {
  Entry *entries, *spare;
  DigitCounts* counts;
};

/// The elements of sorted entries and their original positions.
template <class T, class Entry>
void write_entries(const Entry* entries, const T* x, T* values, std::int64_t* positions,
                   std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    positions[i] = entries[i].position();
    values[i] = x[positions[i]];
  }
}

/// The first `wanted` elements of a line in order, and their original positions.
template <class T, class Entry>
void sort_line(const Pieces& pieces, Workspace<Entry> workspace, bool descending, const T* x,
               T* values, std::int64_t* positions, std::int64_t wanted) {
  using Key = decltype(key_of(x[0]));
  const Key flip = descending ? ~Key{0} : Key{0};
  Entry* entries = workspace.entries;
  pieces.each([&](std::int64_t, std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) entries[i] = Entry(key_of(x[i]) ^ flip, i);
  });
  Entry* const end_of_line = entries + pieces.elements;
  if (pieces.elements <= comparison_sort_length)
    std::sort(entries, end_of_line);
  else
    entries = radix_sort(pieces, entries, workspace.spare, workspace.counts);
  pieces.parallel.ranges(wanted, task_elements, [&](std::int64_t begin, std::int64_t end) {
    write_entries(entries, x, values, positions, begin, end);
  });
}

/// The same for a few elements. Each piece of the line is searched with keys and entries of its
/// own.
template <class T, class Key, class Entry>
void select_in_line(const Selection& selection, const Pieces& pieces, Key* keys, Entry* entries,
                    bool descending, const T* x, T* values, std::int64_t* positions,
                    std::int64_t wanted) {
  const Key flip = descending ? ~Key{0} : Key{0};
  std::array<std::int64_t, most_pieces> found{};
  pieces.each([&](std::int64_t i, std::int64_t begin, std::int64_t end) {
    found[static_cast<std::size_t>(i)] = selection.find(
        x, begin, end, flip, keys + i * selection.keys(), entries + i * selection.entries());
  });
  Entry* all = entries + found[0];
  for (std::int64_t i = 1; i < pieces.count; ++i)
    all = std::copy_n(entries + i * selection.entries(), found[static_cast<std::size_t>(i)], all);
  std::partial_sort(entries, entries + wanted, all);
  write_entries(entries, x, values, positions, 0, wanted);
}

/// Decides which lines are sorted at once, and where; depends on types alone. Lines that are not
/// dense are sorted in a transposed copy.
class LineSort {
 public:
  LineSort(const Type& in, const Type& out, std::int64_t axis)
      : axis_(in.shape, axis),
        lines_(axis_.outer * axis_.inner),
        wanted_(AlongAxis(out.shape, axis).length),
        dtype_(in.dtype),
        narrow_(size_of(dtype_) <= 4 && axis_.length <= std::int64_t{1} << 32) {
    const std::int64_t length = std::max<std::int64_t>(axis_.length, 1);
    const bool selects = Selection::pays(length, wanted_);
    if (length >= shared_length && !(selects && lines_ >= enough_lines))
      pieces_ = std::min(length / task_elements, most_pieces);
    else
      workspaces_ = std::clamp<std::int64_t>(
          std::min(lines_ * length / task_elements, workspace_elements / length), 1,
          std::max<std::int64_t>(lines_, 1));
    while (selects && !Selection::pays(length / pieces_, wanted_)) pieces_ = pieces_ / 2;
    if (selects) selection_.emplace(length / pieces_, wanted_);
    if (transposes()) {
      x_ = layout_.add(dtype_, lines_ * length);
      values_ = layout_.add(dtype_, lines_ * wanted_);
      positions_ = layout_.add<std::int64_t>(lines_ * wanted_);
    }
    if (selection_) keys_ = layout_.add<std::uint64_t>(workspaces_ * pieces_ * selection_->keys());
    const std::int64_t entries = workspaces_ * entries_of_workspace();
    entries_ = narrow_ ? layout_.add<NarrowEntry>(entries) : layout_.add<WideEntry>(entries);
    if (!selection_) counts_ = layout_.add<DigitCounts>(workspaces_ * pieces_);
  }

  std::size_t scratch() const { return layout_.bytes(); }
  /// The rough cost in nanoseconds.
  double cost() const {
    return (selection_ ? 2.0 : 20.0) * static_cast<double>(lines_ * axis_.length);
  }

  void run(const EvalContext& c, bool descending) const {
    if (lines_ * wanted_ == 0) return;
    dispatch(dtype_, [&]<class T>(std::type_identity<T>) {
      if constexpr (sizeof(T) <= 4)
        if (narrow_) return sort<Stored<T>, NarrowEntry>(c, descending);
      sort<Stored<T>, WideEntry>(c, descending);
    });
  }

 private:
  bool transposes() const { return axis_.inner > 1; }
  std::int64_t entries_of_workspace() const {
    return selection_ ? pieces_ * selection_->entries() : 2 * axis_.length;
  }

  template <class T, class Entry>
  void sort(const EvalContext& c, bool descending) const {
    if (!transposes())
      return sort_dense<T, Entry>(c, descending, static_cast<const T*>(c.ins[0].data),
                                  static_cast<T*>(c.outs[0].data), c.out<std::int64_t>(1).data());
    T *const x = x_.in<T>(c.scratch()).data(), *const values = values_.in<T>(c.scratch()).data();
    std::int64_t* const positions = positions_.in<std::int64_t>(c.scratch()).data();
    transpose(c.parallel, dtype_, axis_.length, axis_.inner, c.ins[0].data, x);
    sort_dense<T, Entry>(c, descending, x, values, positions);
    transpose(c.parallel, dtype_, axis_.inner, wanted_, values, c.outs[0].data);
    transpose(c.parallel, i64, axis_.inner, wanted_, positions, c.outs[1].data);
  }

  void transpose(const Parallel& parallel, DType dtype, std::int64_t rows, std::int64_t columns,
                 const void* from, void* to) const {
    Walk walk;
    walk.add(axis_.outer, {rows * columns, rows * columns});
    walk.add(columns, {1, rows});
    walk.add(rows, {columns, 1});
    move(parallel, walk, dtype, from, to);
  }

  template <class T, class Entry>
  void sort_dense(const EvalContext& c, bool descending, const T* x, T* values,
                  std::int64_t* positions) const {
    const std::int64_t length = axis_.length;
    const Inline alone;
    const Pieces pieces{workspaces_ == 1 ? c.parallel : alone, length, pieces_};
    Entry* const entries = entries_.in<Entry>(c.scratch()).data();
    const auto each_line = [&](auto sort_one) {
      c.parallel.ranges(workspaces_, 1, [&](std::int64_t i, std::int64_t) {
        Entry* const own = entries + i * entries_of_workspace();
        const std::int64_t end = lines_ * (i + 1) / workspaces_;
        for (std::int64_t line = lines_ * i / workspaces_; line < end; ++line)
          sort_one(i, own, x + line * length, values + line * wanted_, positions + line * wanted_);
      });
    };
    if (selection_) {
      using Key = decltype(key_of(*x));
      Key* const keys = keys_.in<Key>(c.scratch()).data();
      each_line([&](std::int64_t i, Entry* own, const T* line, T* to, std::int64_t* at) {
        select_in_line(*selection_, pieces, keys + i * pieces_ * selection_->keys(), own,
                       descending, line, to, at, wanted_);
      });
    } else {
      DigitCounts* const counts = counts_.in<DigitCounts>(c.scratch()).data();
      each_line([&](std::int64_t i, Entry* own, const T* line, T* to, std::int64_t* at) {
        sort_line(pieces, Workspace<Entry>{own, own + length, counts + i * pieces_}, descending,
                  line, to, at, wanted_);
      });
    }
  }

  AlongAxis axis_;
  std::int64_t lines_, wanted_;
  DType dtype_;
  bool narrow_;
  std::int64_t workspaces_ = 1;
  std::int64_t pieces_ = 1;             ///< of a line
  std::optional<Selection> selection_;  ///< if few elements are wanted
  ScratchLayout layout_;
  ScratchPart x_, values_, positions_, keys_, entries_, counts_;
};

}  // namespace

std::size_t sorting_scratch(const PlanContext& plan, std::int64_t axis) {
  return LineSort(plan.in[0], plan.out[0], axis).scratch();
}

void sort_lines(const EvalContext& c, std::int64_t axis, bool descending) {
  LineSort(c.ins[0].type, c.outs[0].type, axis).run(c, descending);
}

double sorting_cost(const PlanContext& plan, std::int64_t axis) {
  return LineSort(plan.in[0], plan.out[0], axis).cost();
}

}  // namespace dagrad
