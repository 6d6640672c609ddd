#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"

/// Tells what `compile` has made of a graph.
namespace dagrad {

/// A step of a plan, which computes a node or several that passes have merged.
struct PlannedStep {
  std::string name;                 ///< of the node
  std::string op;                   ///< that it runs
  std::vector<std::string> merged;  ///< the nodes of the compiled graph that it computes
  bool loop = false;                ///< an elementwise loop; otherwise the op's own `eval`
  /// The node or input in whose memory the first result is written, because no later step needs
  /// that value; empty if there is none.
  std::string overwrites;
  double estimate = 0;   ///< of its time on one thread, in seconds
  bool divides = false;  ///< whether several threads may share it
  /// Why it is not part of a routine; empty if it is, or if the plan has none (`why_no_routines`).
  std::string why_alone;
};

/// Steps [begin, end) that run as one piece of machine code, in which values stay in registers. A
/// bound run uses it from the start, other runs of the function from the second on.
struct PlannedRoutine {
  std::size_t begin = 0, end = 0;
};

/// A value in the arena, the memory of a run.
struct PlannedValue {
  std::string name;  ///< of its node, followed by ":port" for results after the first
  Type type;
  std::size_t bytes = 0;
  std::size_t first = 0, last = 0;  ///< the steps that write it and need it last
  std::size_t begin = 0;            ///< the byte of the arena at which it lies
};

/// A node that needs no step, because its result is another value in another shape.
struct PlannedAlias {
  std::string node;
  std::string value;  ///< whose memory it is
};

/// A value that goes through memory from one step to another, and why the two are not one. At least
/// one of them runs an elementwise formula: as a plain loop, or together with sums or a matrix
/// product, in tiles or through windows. Values that are read in the routine that computes them
/// are not among these.
struct PlannedTransfer {
  std::string from, to;  ///< names of the steps
  std::size_t bytes = 0;
  std::string why;
};

/// A pass that was run before planning.
struct PlannedPass {
  std::string pass;
  std::size_t before = 0, after = 0;  ///< number of nodes, leaves included
  std::vector<RuleCount> rules;       ///< that were applied
  double seconds = 0;
};

struct PlanExplanation {
  std::vector<PlannedPass> passes;
  std::vector<PlannedStep> steps;
  std::vector<PlannedRoutine> routines;
  std::string why_no_routines;       ///< a sentence; empty if the plan may have routines
  std::vector<PlannedValue> values;  ///< those in the arena, the largest first
  std::vector<PlannedAlias> aliases;
  std::vector<PlannedTransfer> transfers;  ///< the largest first
  std::size_t arena_bytes = 0;
  std::size_t most_bytes =
      0;  ///< of the values that are needed at one moment, in the order of steps
  std::size_t fullest_step = 0;  ///< the step at that moment
  int threads = 1;               ///< the most that a run uses
  std::string why_threads;       ///< a sentence on why these and not others
};

/// Explains the plan of a function: which nodes were merged, which steps run as one routine, which
/// values take the memory and when, which go through memory and why, which results share memory,
/// and which steps are divided among threads. Throws ArgumentError if
/// the function is empty.
PlanExplanation explain_plan(const Function& function, Location where = Location::here());
/// The explanation as text. Each of its lists has at most `rows` lines.
std::string to_string(const PlanExplanation& plan, std::size_t rows = 10);
std::ostream& operator<<(std::ostream& out, const PlanExplanation& plan);

}  // namespace dagrad
