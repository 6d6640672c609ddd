#include "ops/sorting.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <numeric>
#include <type_traits>
#include <utility>

#include "ops/folds.hpp"
#include "ops/moving.hpp"
#include "ops/rows.hpp"

namespace dagrad {

namespace {

constexpr std::int64_t short_line = 128;     // compared, not distributed
constexpr std::int64_t long_line = 1 << 16;  // shared by threads
constexpr std::int64_t piece = 1 << 14;      // elements of a task
constexpr std::int64_t most_pieces = 64;     // of a long line
constexpr std::int64_t held = 1 << 21;       // elements of all lines that are sorted at once
constexpr std::int64_t few = 64;             // a line's part that is sought out rather
constexpr std::int64_t buckets = 256;

/// An unsigned number of the element's size that compares as the elements do.
template <class T>
auto key_of(T x) {
  using Key = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  constexpr Key sign = Key{1} << (8 * sizeof(T) - 1);
  if constexpr (std::is_floating_point_v<T>) {
    if (x != x) return ~Key{0};
    const auto bits = std::bit_cast<Key>(x == 0 ? T(0) : x);
    return (bits & sign) != 0 ? ~bits : bits | sign;
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<Key>(x) ^ sign;
  } else {
    return static_cast<Key>(x);
  }
}

/// A key and the position that its element had, in one word; no two are equal.
struct Narrow {
  static constexpr int digits = 4;
  Narrow(std::uint64_t key, std::int64_t at) : word(key << 32 | static_cast<std::uint64_t>(at)) {}
  std::size_t digit(int i) const { return word >> (32 + 8 * i) & (buckets - 1); }
  std::int64_t position() const { return static_cast<std::int64_t>(word & 0xffffffffU); }
  auto operator<=>(const Narrow&) const = default;
  std::uint64_t word;
};

/// The same for keys of 64 bits and for lines of more than 2^32 elements.
struct Wide {
  static constexpr int digits = 8;
  Wide(std::uint64_t k, std::int64_t i) : key(k), at(i) {}
  std::size_t digit(int i) const { return key >> (8 * i) & (buckets - 1); }
  std::int64_t position() const { return at; }
  auto operator<=>(const Wide&) const = default;
  std::uint64_t key;
  std::int64_t at;
};

using Counts = std::array<std::int64_t, buckets>;

/// A line's elements in pieces, on a pool.
struct Pieces {
  const Parallel& parallel;
  std::int64_t length, count;

  template <class F>
  void each(F f) const {
    parallel.ranges(count, 1, [&](std::int64_t i, std::int64_t) {
      f(i, length * i / count, length * (i + 1) / count);
    });
  }
};

/// From how many elements a piece has in each bucket to where its first one goes. False where a
/// single bucket holds all.
bool to_offsets(Counts* counts, const Pieces& pieces) {
  std::int64_t sum = 0;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    const std::int64_t before = sum;
    for (std::int64_t i = 0; i < pieces.count; ++i) sum += std::exchange(counts[i][bucket], sum);
    if (sum - before == pieces.length) return false;
  }
  return true;
}

/// Distributes by one digit after the other, the least significant first: Knuth, The Art of
/// Computer Programming 3, 5.2.5. Gives the one of both memories that the sorted entries are in.
template <class Entry>
Entry* distribute(const Pieces& pieces, Entry* from, Entry* to, Counts* counts) {
  for (int digit = 0; digit < Entry::digits; ++digit) {
    pieces.each([&](std::int64_t i, std::int64_t begin, std::int64_t end) {
      counts[i].fill(0);
      for (std::int64_t e = begin; e < end; ++e) ++counts[i][from[e].digit(digit)];
    });
    if (!to_offsets(counts, pieces)) continue;
    pieces.each([&](std::int64_t i, std::int64_t begin, std::int64_t end) {
      for (std::int64_t e = begin; e < end; ++e) to[counts[i][from[e].digit(digit)]++] = from[e];
    });
    std::swap(from, to);
  }
  return from;
}

/// Memory in which a task sorts one line after the other.
template <class Entry>
struct Desk {
  Entry *entries, *spare;
  Counts* counts;
};

/// The first `kept` elements of a line in order.
template <class T, class Entry>
void order_line(const Pieces& pieces, Desk<Entry> desk, bool descending, const T* x, T* values,
                std::int64_t* positions, std::int64_t kept) {
  using Key = decltype(key_of(x[0]));
  const Key flip = descending ? ~Key{0} : Key{0};
  Entry* entries = desk.entries;
  pieces.each([&](std::int64_t, std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) entries[i] = Entry(key_of(x[i]) ^ flip, i);
  });
  Entry* const last = entries + pieces.length;
  if (kept < pieces.length / few)
    std::partial_sort(entries, entries + kept, last);
  else if (pieces.length <= short_line)
    std::sort(entries, last);
  else
    entries = distribute(pieces, entries, desk.spare, desk.counts);
  pieces.parallel.ranges(kept, piece, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      positions[i] = entries[i].position();
      values[i] = x[positions[i]];
    }
  });
}

/// What is sorted at once, and where. Depends on types alone.
class Ordering {
 public:
  Ordering(const Type& in, const Type& out, std::int64_t axis)
      : rows_(in.shape, axis),
        kept_(out.shape[normalize_axis(axis, in.shape.rank())]),
        dtype_(in.dtype),
        narrow_(size_of(dtype_) <= 4 && rows_.length <= std::int64_t{1} << 32) {
    const std::int64_t length = std::max<std::int64_t>(rows_.length, 1);
    if (length >= long_line)
      pieces_ = std::min(length / piece, most_pieces);
    else
      desks_ = std::clamp<std::int64_t>(std::min(rows_.count * length / piece, held / length), 1,
                                        std::max<std::int64_t>(rows_.count, 1));
    const std::int64_t staged = strided() ? rows_.count : 0;
    bytes_[0] = space(staged * length, size_of(dtype_));
    bytes_[1] = space(staged * kept_, size_of(dtype_));
    bytes_[2] = space(staged * kept_, sizeof(std::int64_t));
    bytes_[3] = space(desks_ * length * 2, narrow_ ? sizeof(Narrow) : sizeof(Wide));
    bytes_[4] = space(desks_ * pieces_, sizeof(Counts));
  }

  std::size_t bytes() const {
    return std::accumulate(bytes_.begin(), bytes_.end(), std::size_t{0});
  }

  void run(const EvalContext& c, bool descending) const {
    if (rows_.count * kept_ == 0) return;
    dispatch(dtype_, [&]<class T>(std::type_identity<T>) {
      if constexpr (sizeof(T) <= 4)
        if (narrow_) return order<Stored<T>, Narrow>(c, descending);
      order<Stored<T>, Wide>(c, descending);
    });
  }

 private:
  bool strided() const { return rows_.stride > 1; }
  static std::size_t space(std::int64_t n, std::size_t size) {
    return (static_cast<std::size_t>(n) * size + 63) / 64 * 64;
  }
  /// Where a part of the scratch memory begins.
  template <class T>
  T* part(const EvalContext& c, std::size_t i) const {
    const std::size_t offset = std::accumulate(bytes_.data(), bytes_.data() + i, std::size_t{0});
    return reinterpret_cast<T*>(static_cast<std::byte*>(c.scratch()) + offset);
  }

  template <class T, class Entry>
  void order(const EvalContext& c, bool descending) const {
    if (!strided())
      return order_rows<T, Entry>(c, descending, static_cast<const T*>(c.ins[0].data),
                                  static_cast<T*>(c.outs[0].data), c.out<std::int64_t>(1).data());
    auto *const x = part<T>(c, 0), *const values = part<T>(c, 1);
    auto* const positions = part<std::int64_t>(c, 2);
    turn(c.parallel, dtype_, rows_.length, rows_.stride, c.ins[0].data, x);
    order_rows<T, Entry>(c, descending, x, values, positions);
    turn(c.parallel, dtype_, rows_.stride, kept_, values, c.outs[0].data);
    turn(c.parallel, i64, rows_.stride, kept_, positions, c.outs[1].data);
  }

  /// Swaps the axes of matrices.
  void turn(const Parallel& parallel, DType dtype, std::int64_t rows, std::int64_t columns,
            const void* from, void* to) const {
    Walk walk;
    walk.add(rows_.count / rows_.stride, rows * columns, rows * columns);
    walk.add(columns, 1, rows);
    walk.add(rows, columns, 1);
    move(parallel, walk, dtype, from, to);
  }

  template <class T, class Entry>
  void order_rows(const EvalContext& c, bool descending, const T* x, T* values,
                  std::int64_t* positions) const {
    const Inline alone;
    const Parallel& within = desks_ == 1 ? c.parallel : alone;
    auto* const entries = part<Entry>(c, 3);
    auto* const counts = part<Counts>(c, 4);
    c.parallel.ranges(desks_, 1, [&](std::int64_t i, std::int64_t) {
      Entry* const memory = entries + i * rows_.length * 2;
      const Desk<Entry> desk{memory, memory + rows_.length, counts + i * pieces_};
      const std::int64_t end = rows_.count * (i + 1) / desks_;
      for (std::int64_t row = rows_.count * i / desks_; row < end; ++row)
        order_line({within, rows_.length, pieces_}, desk, descending, x + row * rows_.length,
                   values + row * kept_, positions + row * kept_, kept_);
    });
  }

  Rows rows_;
  std::int64_t kept_;
  DType dtype_;
  bool narrow_;
  std::int64_t desks_ = 1, pieces_ = 1;
  std::array<std::size_t, 5> bytes_{};
};

}  // namespace

std::size_t ordering_scratch(const PlanContext& plan, std::int64_t axis) {
  return Ordering(plan.in[0], plan.out[0], axis).bytes();
}

void order_lines(const EvalContext& c, std::int64_t axis, bool descending) {
  Ordering(c.ins[0].type, c.outs[0].type, axis).run(c, descending);
}

double ordering_cost(const PlanContext& plan) {
  return 20 * static_cast<double>(plan.in[0].elements());
}

}  // namespace dagrad
