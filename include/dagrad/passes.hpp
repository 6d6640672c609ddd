#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dagrad/rewrite.hpp"

/// Passes that make a graph smaller, faster or more accurate without changing what it computes.
namespace dagrad {

class Runtime;

namespace detail {
class Pattern;
class RuleTable;
}  // namespace detail

// ---- rules

/// A node that a rule may replace. Its operands have already been rewritten.
struct RuleSite {
  const Op& op;
  std::span<const Value> operands;
  const Type& type;  ///< of its result

  const Value& in(std::size_t i = 0) const { return operands[i]; }
  /// The op as a T, or null if it is another op.
  template <class T>
  const T* as() const {
    return op.get_if<T>();
  }
};

/// The op that makes a value, if it is a T and the value is its first result; otherwise null.
template <class T>
const T* made_by(const Value& value) {
  return value.port() == 0 ? value.node().op().get_if<T>() : nullptr;
}
/// Operand `i` of the node that makes the value.
Value operand_of(const Value& value, std::size_t i = 0);
/// The number to which all elements of the value are known to be equal: of a constant with at most
/// 256 elements, of `full` and `full_like`, and of what only repeats or reshapes such a value.
/// Empty for everything else, and for values without elements.
std::optional<double> known_fill(const Value& value);

/// Replaces nodes by values that are equal, but cheaper or more accurate. A rule is either an
/// equation,
///
///     Rule("log(1 + x)", [](Value x) { return log(1 + x); }, [](Value x) { return log1p(x); })
///
/// or a function that is called for the nodes of one op:
///
///     Rule::for_op<Relu>("relu(relu(x))", [](const RuleSite& at) {
///       return made_by<Relu>(at.in()) ? at.in() : Value();
///     })
///
/// Both sides of an equation are built of any ops from one to four operands, which match any value,
/// the same one wherever they occur. A number matches values whose elements are all known to be
/// equal to it, with the same sign if it is zero. Operands of a commutative op match in either
/// order. The ops match if they have the attributes that the left side gives them.
///
/// Where the replacement would have another dtype or shape, a rule is not applied. Nodes with
/// several results and ordered ops are left alone.
class Rule {
 public:
  using Replace = std::function<Value(const RuleSite&)>;

  /// Throws ArgumentError if the left side is one of its operands or a number.
  template <class Left, class Right>
  Rule(std::string name, Left left, Right right)
      : Rule(std::move(name), arity<Left>(), formula<arity<Left>()>(std::move(left)),
             formula<arity<Left>()>(std::move(right))) {}
  /// For the nodes whose op is a T, with any attributes. `replace` returns an empty Value where the
  /// rule does not apply.
  template <class T>
  static Rule for_op(std::string name, Replace replace) {
    return for_ops(
        std::move(name), [](const Op& op) { return op.get_if<T>() != nullptr; },
        std::move(replace));
  }
  /// The same for all ops of a kind; `is_for` is asked once about each op.
  static Rule for_ops(std::string name, std::function<bool(const Op&)> is_for, Replace replace);

  // Promises that the function of a rule keeps. It is then called for fewer nodes, and a graph in
  // which there are none of these is not copied.

  /// Promises that the function returns an empty Value unless the first operand is the first result
  /// of one of these ops.
  template <class... Ops>
  Rule after() && {
    return std::move(*this).after(&is_any_of<Ops...>);
  }
  /// The same for the ops for which `makes_operand(op)` holds.
  Rule after(std::function<bool(const Op&)> makes_operand) &&;
  /// Promises that the function returns an empty Value unless one of the first two operands is the
  /// first result of one of these ops.
  template <class... Ops>
  Rule after_either() && {
    needs_.either = true;
    return std::move(*this).template after<Ops...>();
  }
  /// Promises that the function returns an empty Value unless an operand that is read has the type
  /// of the result.
  Rule if_type_stays() &&;

  const std::string& name() const { return name_; }
  /// Whether it may replace nodes of this op.
  bool is_for(const Op& op) const { return is_for_(op); }
  /// The replacement of a node, in the graph of its operands; empty if the rule does not apply.
  Value operator()(const RuleSite& site) const;

 private:
  friend class detail::RuleTable;
  using Formula = std::function<Value(std::span<const Value>)>;
  /// What a function has promised.
  struct Needs {
    std::function<bool(const Op&)> makes_operand;
    bool either = false, same_type = false;
  };
  Rule() = default;
  Rule(std::string name, std::size_t operands, const Formula& left, Formula right);

  template <class... Ops>
  static bool is_any_of(const Op& op) {
    return ((op.get_if<Ops>() != nullptr) || ...);
  }

  template <class F>
  static constexpr std::size_t arity() {
    if constexpr (std::invocable<F, Value>) {
      return 1;
    } else if constexpr (std::invocable<F, Value, Value>) {
      return 2;
    } else if constexpr (std::invocable<F, Value, Value, Value>) {
      return 3;
    } else {
      static_assert(std::invocable<F, Value, Value, Value, Value>,
                    "dagrad: a side of a rule is a function of one to four Values");
      return 4;
    }
  }
  template <std::size_t operands, class F>
  static Formula formula(F f) {
    return [f = std::move(f)](std::span<const Value> x) {
      return [&]<std::size_t... i>(std::index_sequence<i...>) { return f(x[i]...); }
      (std::make_index_sequence<operands>{});
    };
  }

  std::string name_;
  std::function<bool(const Op&)> is_for_;
  std::shared_ptr<const detail::Pattern> pattern_;  ///< null for a function
  Formula right_;
  Replace replace_;
  Needs needs_;
};

/// Rules that save work: x * 1, x + -0, pairs of negations and transposes, chains of reshapes and
/// casts, `where` on constants, and so on. They keep every bit of finite results unless
/// `docs/guide/optimize.md` says otherwise.
std::vector<Rule> simplifying_rules();
/// Rules that avoid overflow and cancellation: log(softmax(x)), log(1 + x), 1 / (1 + exp(-x)),
/// sqrt(square(x)), and so on. The error of a result is at most two units in the last place larger
/// than before.
std::vector<Rule> stabilizing_rules();

// ---- passes

/// How often a rule was applied.
struct RuleCount {
  std::string rule;
  std::size_t count = 0;
};

/// The graph that a pass has made.
struct PassResult {
  PassResult(Rewritten made) : graph(std::move(made.graph)), mapping(std::move(made.mapping)) {}
  Graph graph;
  Mapping mapping;
  std::vector<RuleCount> rules = {};  ///< those that were applied, in the order of the list
};

/// A function that makes a graph which computes the same `values`; their new handles are in the
/// mapping.
struct Pass {
  /// Empty if the pass has nothing to change, so that the same graph can be used further. `runtime`
  /// is the one for which the graph will be compiled; null: Runtime::shared().
  using Run = std::function<std::optional<PassResult>(
      const Graph& graph, std::span<const Value> values, Runtime* runtime)>;

  /// `function` takes a graph and the values, and the runtime too if it needs that. It returns a
  /// PassResult, a Rewritten, or an optional of one of them.
  template <class F>
  Pass(std::string title, F function, bool is_fusing = false)
      : name(std::move(title)), fuses(is_fusing) {
    if constexpr (std::invocable<F, const Graph&, std::span<const Value>, Runtime*>) {
      run = std::move(function);
    } else {
      run = [f = std::move(function)](const Graph& graph, std::span<const Value> values,
                                      Runtime*) -> std::optional<PassResult> {
        return f(graph, values);
      };
    }
  }

  std::string name;
  Run run;
  /// Whether it makes single nodes of several, without changing any bit of a value. Where
  /// `check_finite` meets an infinity or a NaN, it looks for the node in the graph as it was before
  /// the first such pass.
  bool fuses;
  /// Whether all passes of this name in a list do the same. None of them is then run on a graph in
  /// which one has just found nothing to change.
  bool repeats = false;
};

// Each of these keeps only what `values` need, and takes time in proportion to it. They throw
// GraphError if a value belongs to another graph.

/// Copies only the nodes that the values need.
PassResult drop_dead(const Graph& graph, std::span<const Value> values);
/// Merges nodes that have equal ops, attributes and operands, and constants with equal bits.
/// Operands of commutative ops may be exchanged.
PassResult merge_equal(const Graph& graph, std::span<const Value> values);
/// Computes nodes whose operands are all constants, unless the result would be larger than 64 bytes
/// and than the largest operand. Nodes that fail or make an infinity or a NaN of finite operands,
/// or whose users might refuse the result, are kept, so that the error appears in a run. The
/// results have the bits that a run on this runtime would give; null: Runtime::shared().
PassResult fold_constants(const Graph& graph, std::span<const Value> values,
                          Runtime* runtime = nullptr);
/// Applies rules until none of them applies any more, or 64 have been applied to a node and what
/// has replaced it.
PassResult apply_rules(const Graph& graph, std::span<const Value> values,
                       std::span<const Rule> rules);

/// Merges, applies both lists of rules, folds, and merges again.
std::vector<Pass> default_passes();
/// The passes that `compile` runs by default: the `default_passes()`, then `sum_early`,
/// `take_early`, `fuse`, `fuse_sums`, `tile_rows`, `read_windows` and `fuse_epilogues`. None if the
/// environment variable DAGRAD_PASSES is "none"; throws ArgumentError if it has another value.
std::vector<Pass> compile_passes();

/// What a pass did.
struct PassReport {
  struct Nodes {
    std::string op;
    std::size_t before = 0, after = 0;
  };
  std::string pass;
  std::vector<Nodes> nodes;           ///< for each op, in alphabetical order
  std::size_t before = 0, after = 0;  ///< number of nodes that the values need
  std::vector<RuleCount> rules;
  double seconds = 0;
};
/// A table with one line for each op whose number has changed and for each rule that was applied.
std::string to_string(const PassReport& report);
std::ostream& operator<<(std::ostream& out, const PassReport& report);

struct Optimized {
  Graph graph;
  Mapping mapping;
  std::vector<PassReport> reports;
};
/// Runs passes one after the other. Differentiating the result instead of the graph itself is often
/// worth more than optimising the gradient, because simpler values have simpler gradients:
///
///     const Optimized better = optimize(graph, {loss, w});
///     const Value slope = gradient(better.mapping(loss), better.mapping(w));
///
/// The result is made for the shapes of this graph: replay the graph itself for others. Throws what
/// a pass throws.
Optimized optimize(const Graph& graph, ValueSpan values,
                   std::span<const Pass> passes = default_passes());

/// Appends values to the same graph that are equal to these, but computed in the way that the rules
/// prefer, and returns them. Nodes to which no rule applies are used as they are. It is the natural
/// step before a gradient: `gradient(stabilize(loss), w)`.
std::vector<Value> stabilize(std::span<const Value> values,
                             std::span<const Rule> rules = stabilizing_rules(),
                             Location where = Location::here());
Value stabilize(const Value& value, std::span<const Rule> rules = stabilizing_rules(),
                Location where = Location::here());

}  // namespace dagrad
