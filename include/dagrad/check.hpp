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

/// Checks gradients against finite differences, and ops on samples.
namespace dagrad {

struct CheckOptions {
  std::int64_t elements = 64;  ///< an x with at most this many elements is checked one by one,
  int directions = 8;          ///< a larger one along this many random directions
  std::size_t nodes = 64;      ///< the most nodes of the graph to check alone
  double unresolved = 0.1;     ///< the share of comparisons that may be unresolved
  std::int64_t seed = 1;       ///< for the random cotangents, directions and nearby points
  Runtime* runtime = nullptr;  ///< null: Runtime::shared()
};

/// The outcome of a comparison, or of a whole check.
enum class Verdict : std::uint8_t {
  agree,
  disagree,    ///< confirmed at nearby points
  unresolved,  ///< finite differences are inconclusive: a kink, an edge, or rounding error
  /// Slope and gradient are too small, compared with the values, for finite differences.
  negligible,
  empty  ///< of a whole check only: there was nothing to compare
};
std::string_view name(Verdict verdict);

/// One element of an x, or one direction in it: the derivative of the seeded y according to the
/// gradient and according to finite differences, and a bound on the error of the latter.
struct Comparison {
  std::string x;
  Shape shape;                          ///< of x
  std::optional<std::int64_t> element;  ///< row-major position; empty for a direction
  double gradient = 0;
  double difference = 0;
  double error = 0;
  Verdict verdict = Verdict::unresolved;
};

/// A result whose values in a float32 graph and in its float64 copy differ by more than rounding
/// explains.
struct Rounding {
  std::string value;                    ///< "y", or "gradient of '<x>'"
  std::optional<std::int64_t> element;  ///< row-major position; empty for a random sum of elements
  double narrow = 0;                    ///< in float32
  double wide = 0;                      ///< in float64
  double bound = 0;                     ///< the largest difference that rounding explains
};

struct CheckReport {
  std::vector<Comparison> comparisons;
  // For a float32 graph:
  std::size_t rounded = 0;         ///< number of results compared with float64
  std::vector<Rounding> rounding;  ///< those that differ too much
  std::vector<std::string>
      unbounded;  ///< results that were not compared because they have no derivative
  /// Nodes that decide differently in float64; if there are any, nothing is compared.
  std::vector<std::string> decisions;
  std::size_t alone = 0;  ///< number of nodes checked alone, each with a random cotangent
  std::string culprit;    ///< the first of them, in graph order, that fails
  /// The comparison in which it fails; its x is an operand of that node.
  std::optional<Comparison> fault;
  std::vector<Comparison> at_culprit;  ///< all comparisons of that node alone
  std::vector<std::string> warnings;   ///< what the check could not cover
  /// Share of the comparisons, without negligible ones, that may be unresolved.
  double allowed = 0;

  std::size_t count(Verdict verdict) const;
  /// `disagree` if a comparison disagrees, a node fails alone or rounding does not explain a
  /// result; `empty` if there are no comparisons; `unresolved` if more than the allowed share is
  /// unresolved; else `agree`.
  Verdict verdict() const;
  bool passed() const { return verdict() == Verdict::agree; }
  /// The comparison with the largest relative difference among those with the gravest verdict; in a
  /// report that passes, unresolved ones do not count. Null if there is none.
  const Comparison* worst() const;
  /// What the comparisons that disagree have in common, if that suggests a cause: a sign, a factor,
  /// a transposed gradient, a wrong axis. Otherwise empty.
  std::string hint() const;
  /// A summary: the counts, the worst comparisons with both numbers and the error, a hint at the
  /// cause, and the node that fails alone.
  std::string text() const;
};
std::ostream& operator<<(std::ostream& out, const CheckReport& report);

/// Compares ∂y/∂x, as `gradient` builds it, with finite differences at the values fed, with a
/// random seed for y whose elements lie in ±[0.5, 2). An x may be an input, a parameter (at its
/// initial value unless it is fed) or any other float value; that is varied as if it were an input,
/// and the nodes that compute it are left out. Results of `stop_gradient` stay fixed. Nodes on the
/// path of the gradient are also checked alone, each with a random cotangent, because `sum` passes
/// on a constant one and may hide faults: at least one node of each op, `options.nodes` in all.
/// Float32 graphs are checked by means of a float64 copy; values and gradients of the two must then
/// agree up to rounding. Feeds that y does not need are ignored. Throws whatever `gradient`,
/// `compile` and the runs throw.
CheckReport check_gradient(const Value& y, std::span<const Value> xs, const Feeds& feeds = {},
                           const CheckOptions& options = {});
CheckReport check_gradient(const Value& y, std::initializer_list<Value> xs, const Feeds& feeds = {},
                           const CheckOptions& options = {});
CheckReport check_gradient(const Value& y, const Value& x, const Feeds& feeds = {},
                           const CheckOptions& options = {});

struct OpReport {
  std::string op;
  std::size_t samples = 0;
  std::size_t comparisons = 0;  ///< number of comparisons with finite differences, of both orders
  std::size_t unresolved = 0;   ///< how many of these are unresolved
  std::size_t negligible = 0;   ///< how many of these are negligible
  std::vector<std::string> failures;  ///< each names its sample
  std::vector<std::string> warnings;

  bool passed() const { return failures.empty() && samples > 0; }
  std::string text() const;
};
std::ostream& operator<<(std::ostream& out, const OpReport& report);

/// Checks an op on samples. Compares results and gradients with the expected ones, where a sample
/// gives them; compares gradients of first and second order with finite differences, if the op has
/// a gradient and the sample is not at a tie; checks that the rule is linear in the cotangents;
/// compares float32 with float64; and compares batches of the operands with each member by itself.
/// Warns of kinks that the op's `decisions` do not report. Without `samples` it uses
/// `default_samples`.
OpReport check_op(const Op& op, const Samples& samples, const CheckOptions& options = {});
OpReport check_op(const Op& op, const CheckOptions& options = {});
/// The op's own samples. For an elementwise op, also the first of them as scalars, as operands that
/// broadcast and with no elements; an elementwise op without samples gets random operands of every
/// dtype that it accepts, in all of these forms.
Samples default_samples(const Op& op, Rng& rng);

}  // namespace dagrad
