#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/graph.hpp"
#include "dagrad/op.hpp"

/// Proves gradients by finite differences, and ops by their samples.
namespace dagrad {

struct CheckOptions {
  std::int64_t elements = 64;  ///< an x of at most so many elements is checked element by element,
  int directions = 8;          ///< a larger one along so many random directions
  std::size_t nodes = 64;      ///< how many nodes on the way are checked alone at most
  double unresolved = 0.1;     ///< the share of comparisons that may stay without an answer
  std::int64_t seed = 1;       ///< of the random cotangents, directions and points nearby
  Runtime* runtime = nullptr;  ///< null: Runtime::shared()
};

/// What a comparison says.
enum class Verdict : std::uint8_t {
  agree,
  disagree,    ///< confirmed at points nearby
  unresolved,  ///< finite differences tell nothing there: at a kink, an edge, or lost in rounding
  negligible,  ///< slope and gradient too small for finite differences to see beside the values
  empty        ///< of a whole check: there was nothing to compare
};
std::string_view name(Verdict verdict);

/// One element of an x, or one direction in it: the gradient's derivative of the seeded y and that
/// of finite differences, with an error that holds.
struct Comparison {
  std::string x;
  Shape shape;  ///< of x
  std::optional<std::int64_t>
      element;  ///< row-major; empty for a direction, along which x moves by its own size
  double gradient = 0;
  double difference = 0;
  double error = 0;
  Verdict verdict = Verdict::unresolved;
};

/// One result of a float32 graph and of its float64 copy, further apart than rounding explains.
struct Rounding {
  std::string value;                    ///< "y", or "gradient of '<x>'"
  std::optional<std::int64_t> element;  ///< row-major; empty for a random sum of elements
  double narrow = 0;                    ///< by float32
  double wide = 0;                      ///< by float64
  double bound = 0;                     ///< what rounding explains
};

struct CheckReport {
  std::vector<Comparison> comparisons;
  // Of a float32 graph:
  std::size_t rounded = 0;             ///< results held to those of float64
  std::vector<Rounding> rounding;      ///< those that are off
  std::vector<std::string> unbounded;  ///< results that could not be held: they have no derivative
  std::vector<std::string>
      decisions;          ///< nodes that decide otherwise in float64: then no result is held
  std::size_t alone = 0;  ///< nodes checked alone, each with a random cotangent
  std::string culprit;    ///< the first of them, as the graph counts, that fails
  std::optional<Comparison> fault;     ///< by which it does; x is an operand of it
  std::vector<Comparison> at_culprit;  ///< all comparisons of that node alone
  std::vector<std::string> warnings;   ///< what a pass is not worth
  double allowed = 0;                  ///< share of those not negligible that may be unresolved

  std::size_t count(Verdict verdict) const;
  /// disagree where one comparison does, a node alone does or rounding does not explain a result;
  /// empty without comparisons; unresolved where more than the allowed share is; else agree.
  Verdict verdict() const;
  bool passed() const { return verdict() == Verdict::agree; }
  /// The comparison that is furthest off, of those with the gravest verdict; in a report that
  /// passes never an unresolved one. Null where there is none.
  const Comparison* worst() const;
  /// What the comparisons that disagree have in common, where that suggests a cause: a sign, a
  /// factor, a transposed gradient, a wrong axis. Empty where nothing does.
  std::string hint() const;
  /// Counts, the worst comparisons with both numbers and the error, a hint at the cause, and what
  /// failed alone.
  std::string text() const;
};
std::ostream& operator<<(std::ostream& out, const CheckReport& report);

/// Holds ∂y/∂x, as `gradient` builds it, against finite differences, at the values fed; y is seeded
/// with random ±[0.5, 2). An x may be an input, a parameter (at its initial value unless it is
/// fed), or any float value: then it is varied as if it were an input, and what computes it stays
/// out. Results of stop_gradient are held fixed. Nodes that the gradient passes are checked alone
/// as well, each with a random cotangent, since `sum` hands on a constant one: of each op one at
/// least, `options.nodes` of them in all. Float32 graphs are checked by their float64 copy, to
/// which their own values and gradients are then compared as far as rounding allows. Feeds that y
/// does not need are ignored. Throws what `gradient`, `compile` and the runs throw.
CheckReport check_gradient(const Value& y, std::span<const Value> xs, const Feeds& feeds = {},
                           const CheckOptions& options = {});
CheckReport check_gradient(const Value& y, std::initializer_list<Value> xs, const Feeds& feeds = {},
                           const CheckOptions& options = {});
CheckReport check_gradient(const Value& y, const Value& x, const Feeds& feeds = {},
                           const CheckOptions& options = {});

struct OpReport {
  std::string op;
  std::size_t samples = 0;
  std::size_t comparisons = 0;        ///< with finite differences, of both orders
  std::size_t unresolved = 0;         ///< of these
  std::size_t negligible = 0;         ///< of these
  std::vector<std::string> failures;  ///< each with its sample
  std::vector<std::string> warnings;

  bool passed() const { return failures.empty() && samples > 0; }
  std::string text() const;
};
std::ostream& operator<<(std::ostream& out, const OpReport& report);

/// Checks an op on samples: results and gradients against the expected ones where they are given;
/// gradients of first and second order by finite differences, where the op has a gradient and the
/// sample is at no tie; the rule's linearity in the cotangents; float32 against float64. Warns of
/// kinks that the op's `decisions` do not tell. Without samples it takes the op's own and, of an
/// elementwise op, the first of them as scalars, as operands that broadcast and without elements;
/// for an elementwise op that has none, random operands of every dtype that it takes in all of
/// these forms.
OpReport check_op(const Op& op, const Samples& samples, const CheckOptions& options = {});
OpReport check_op(const Op& op, const CheckOptions& options = {});
/// What `check_op` takes where it is given no samples.
Samples default_samples(const Op& op, Rng& rng);

}  // namespace dagrad
