#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "ops/folds.hpp"
#include "ops/reduction.hpp"

/// Folding elements into one number for each result. The folds are compiled once, in
/// accumulator.cpp, for `Terms`; only the loops that compute these are compiled for each op and
/// dtype.
namespace dagrad {

/// Elements as they are.
template <class Acc>
struct Widen {
  template <class In>
  Acc operator()(In x) const {
    return static_cast<Acc>(x);
  }
};

/// Elements, and how they are read before they are folded: one by one, as `read(x[i])`; or many at
/// a time, by `read.terms(x, n, centre, step, to)`, which writes the term of x[i] to to[i] and uses
/// centre[i * step], the centre of its result, unless `read.centre` is null.
template <class In, class Read>
struct ReadElements {
  const In* x;
  const Read& read;
};

/// A position in an array of numbers to fold: elements as they are, or terms that are computed from
/// elements, many at a time. It refers to its ReadElements.
template <class Acc>
class Terms {
 public:
  explicit Terms(const Acc* elements) : elements_(elements) {}
  template <class In, class Read>
  explicit Terms(const ReadElements<In, Read>& reading) {
    if constexpr (std::is_same_v<In, Acc> && std::is_same_v<Read, Widen<Acc>>) {
      elements_ = reading.x;
    } else {
      reading_ = &reading;
      write_ = &write_terms<In, Read>;
      if constexpr (has_terms<Read>) centre_ = reading.read.centre;
    }
  }

  /// The elements from here on; null if terms are computed.
  const Acc* elements() const { return elements_; }
  /// The centre of each result; null if terms do not depend on it.
  const Acc* centre() const { return centre_; }
  /// Computes n terms.
  void write(std::int64_t n, const Acc* centre, std::int64_t step, Acc* to) const {
    write_(reading_, at_, n, centre, step, to);
  }
  Terms operator+(std::int64_t n) const {
    Terms moved = *this;
    if (elements_ != nullptr) moved.elements_ += n;
    moved.at_ += n;
    return moved;
  }

 private:
  template <class Read>
  static constexpr bool has_terms = requires {
    &Read::terms;
  };

  template <class In, class Read>
  static void write_terms(const void* reading, std::int64_t at, std::int64_t n, const Acc* centre,
                          std::int64_t step, Acc* to) {
    const auto& from = *static_cast<const ReadElements<In, Read>*>(reading);
    const In* const x = from.x + at;
    if constexpr (has_terms<Read>)
      from.read.terms(x, n, centre, step, to);
    else
      for (std::int64_t i = 0; i < n; ++i) to[i] = from.read(x[i]);
  }

  const Acc *elements_ = nullptr, *centre_ = nullptr;
  std::int64_t at_ = 0;
  const void* reading_ = nullptr;
  void (*write_)(const void* reading, std::int64_t at, std::int64_t n, const Acc* centre,
                 std::int64_t step, Acc* to) = nullptr;
};

/// How many numbers are folded side by side.
template <class Acc>
inline constexpr std::int64_t fold_lanes = 128 / static_cast<std::int64_t>(sizeof(Acc));

/// The most elements of a row that is folded by `fold_short_rows`. For longer ones an accumulator
/// is as fast.
inline constexpr std::int64_t most_in_short_row = 40;

/// Writes to[i]: the fold of row i of x, for at most `Reducer::short_rows` adjacent rows of
/// `length` elements. Their elements are folded side by side, into the bits that an accumulator
/// would give.
template <class Fold>
void fold_short_rows(Terms<typename Fold::Acc> x, std::int64_t length, std::int64_t rows,
                     typename Fold::Acc* to);

/// Writes to[first result of the part + i]: the fold of the terms of x.
template <class Fold>
void fold_terms(const ReductionPart& part, Terms<typename Fold::Acc> x, typename Fold::Acc* to);

/// Writes to[result]: the fold of the terms of x that belong to it; the identity if there are none.
template <class Fold>
void fold_terms(const Reducer& reducer, const EvalContext& c, Terms<typename Fold::Acc> x,
                typename Fold::Acc* to);

/// Writes to[first result of the part + i]: the fold of the elements of x, as they are read.
template <class Fold, class In, class Read = Widen<typename Fold::Acc>>
void fold_part(const ReductionPart& part, const In* x, typename Fold::Acc* to,
               const Read& read = {}) {
  const ReadElements<In, Read> reading{x, read};
  fold_terms<Fold>(part, Terms<typename Fold::Acc>(reading), to);
}

/// Writes to[result]: the fold of the elements of x that belong to it, as they are read; the
/// identity if there are none.
template <class Fold, class In, class Read = Widen<typename Fold::Acc>>
void reduce(const Reducer& reducer, const EvalContext& c, const In* x, typename Fold::Acc* to,
            const Read& read = {}) {
  const ReadElements<In, Read> reading{x, read};
  fold_terms<Fold>(reducer, c, Terms<typename Fold::Acc>(reading), to);
}

/// Folds operand 0, whose elements are `In`s, into result 0.
template <class Fold, class In, class Read = Widen<typename Fold::Acc>>
void fold_into(const EvalContext& c, std::uint32_t axes, const Read& read = {}) {
  using Acc = typename Fold::Acc;
  ScratchLayout layout;
  reduce<Fold>(Reducer(c.in_shape(0), axes, sizeof(Acc), layout), c,
               static_cast<const In*>(c.ins[0].data), static_cast<Acc*>(c.outs[0].data), read);
}

/// The bytes of scratch memory that folding operand 0 into result 0 needs.
std::size_t reduction_scratch(const PlanContext& plan, std::uint32_t axes);

}  // namespace dagrad
