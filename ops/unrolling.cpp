#include "ops/unrolling.hpp"

#include <utility>
#include <vector>

#include "ops/accumulator.hpp"

namespace dagrad {

namespace {

using Lanes = Unrolled::Lanes;

/// What `Accumulator` does with at most `most_rows` rows, for all results side by side.
class UnrolledSum {
 public:
  static constexpr std::int64_t most_rows = 64;  // these make a single unit

  template <class T>
  UnrolledSum(Unrolled& code, const ReductionSpace& space, std::type_identity<T>)
      : code_(code),
        space_(space),
        dtype_(dtype_of<T>),
        packing_(space, space.columns, Cascade<SumFold<T>>::lanes) {}

  Lanes run() {
    const Lanes zeros = code_.fill(dtype_, 0, static_cast<std::size_t>(space_.results()));
    sums_.assign(static_cast<std::size_t>(packing_.together), zeros);
    for (std::int64_t row = 0; row < space_.rows; row += space_.run) add_run(row);
    fold_groups();
    return sums_[0];
  }

 private:
  /// The elements of a row, one of each result.
  Lanes row(std::int64_t row) {
    std::vector<Unrolled::Element> elements;
    for (std::int64_t group = 0; group < space_.groups; ++group)
      for (std::int64_t column = 0; column < space_.columns; ++column)
        elements.push_back(
            {0, static_cast<std::uint32_t>(space_.group_offset(group) +
                                           space_.run_offset(row / space_.run) +
                                           row % space_.run * space_.columns + column)});
    return code_.read(std::move(elements));
  }
  Lanes add(const Lanes& a, const Lanes& b) { return code_.compute(Primitive::add, a, b); }
  void add_to(std::int64_t group, const Lanes& x) {
    Lanes& sum = sums_[static_cast<std::size_t>(group)];
    sum = add(sum, x);
  }

  /// Adds adjacent rows, `together` at once: four times that many, as `fold_rows` does, then one
  /// time, then what is left.
  void add_run(std::int64_t first) {
    const std::int64_t wide = packing_.together;
    std::int64_t left = space_.run;
    for (; left >= 4 * wide; left -= 4 * wide, first += 4 * wide)
      for (std::int64_t g = first; g < first + wide; ++g)
        add_to(g - first,
               add(add(row(g), row(g + wide)), add(row(g + 2 * wide), row(g + 3 * wide))));
    for (; left > 0; left -= wide, first += wide)
      for (std::int64_t g = 0; g < std::min(left, wide); ++g) add_to(g, row(first + g));
  }
  void fold_groups() {
    while (sums_.size() > 1) {
      std::vector<Lanes> pairs;
      for (std::size_t i = 0; i + 1 < sums_.size(); i += 2)
        pairs.push_back(add(sums_[i], sums_[i + 1]));
      if (sums_.size() % 2 == 1) pairs.push_back(sums_.back());
      sums_ = std::move(pairs);
    }
  }

  Unrolled& code_;
  const ReductionSpace& space_;
  const DType dtype_;
  const RowPacking packing_;
  std::vector<Lanes> sums_;
};

}  // namespace

bool unroll_sum(Unrolled& code, std::uint32_t axes, std::int64_t divisor) {
  const Type& in = code.in[0];
  const std::int64_t elements = in.elements();
  if ((in.dtype != f32 && in.dtype != f64) || elements == 0 || elements > most_unrolled)
    return false;
  const ReductionSpace space(in.shape, axes);
  if (space.rows > UnrolledSum::most_rows) return false;
  Lanes sum = in.dtype == f32 ? UnrolledSum(code, space, std::type_identity<float>()).run()
                              : UnrolledSum(code, space, std::type_identity<double>()).run();
  if (divisor != 1)
    sum = code.compute(Primitive::div, sum,
                       code.fill(in.dtype, static_cast<double>(divisor), sum.size()));
  code.write(0, sum);
  return true;
}

bool unroll_moves(Unrolled& code, const Walk& walk, std::int64_t first) {
  const std::int64_t elements = walk.positions();
  if (elements == 0 || elements > most_unrolled) return false;
  std::vector<Unrolled::Element> from(static_cast<std::size_t>(elements));
  for (std::int64_t i = 0; i < elements; ++i)
    from[static_cast<std::size_t>(walk.offset(i, 1))].index =
        static_cast<std::uint32_t>(first + walk.offset(i, 0));
  code.write(0, code.read(std::move(from)));
  return true;
}

}  // namespace dagrad
