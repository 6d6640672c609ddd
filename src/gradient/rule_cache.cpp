#include <algorithm>
#include <utility>

#include "dagrad/apply.hpp"
#include "dagrad/detail/op_caches.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/traced.hpp"
#include "src/gradient/derivation.hpp"
#include "src/graph/name_check.hpp"
#include "src/program/growing_list.hpp"

namespace dagrad::detail {

struct RuleCache::Entry {
  std::vector<DType> dtypes;
  std::vector<bool> wanted, present;
  Pullback pullback;
  Op op;  ///< the derived op; empty if all gradients are zero
  Entry* next = nullptr;
  bool serves(const GradContext& g) const;
};

bool RuleCache::Entry::serves(const GradContext& g) const {
  if (dtypes.size() != g.in.size() || wanted != g.wanted()) return false;
  for (std::size_t i = 0; i < dtypes.size(); ++i)
    if (g.in[i].dtype() != dtypes[i]) return false;
  for (std::size_t k = 0; k < present.size(); ++k)
    if (g.douts[k].is_zero() == present[k]) return false;
  return true;
}

/// A pushforward: the program of a rule, transposed.
struct RuleCache::ForwardEntry {
  std::vector<DType> dtypes;
  std::vector<bool> present;  ///< which operands have a tangent
  bool linear = true;         ///< if not, the rule is not transposed here
  bool is_sum = false;        ///< the tangent of the only result is the sum itself
  Op op;                      ///< the derived op; empty if all tangents are zero
  /// Of each input of `op`; instead of a cotangent, the sum of the tangents that share its index.
  std::vector<Source> sources;
  std::vector<int> cotangent;  ///< for each operand, the sum that it takes part in; -1: none
  std::vector<int> result;     ///< for each result, its tangent among those of `op`; -1: zero
  ForwardEntry* next = nullptr;
  bool serves(const JvpContext& g) const;
};

bool RuleCache::ForwardEntry::serves(const JvpContext& g) const {
  if (dtypes.size() != g.in.size()) return false;
  for (std::size_t i = 0; i < dtypes.size(); ++i)
    if (g.in[i].dtype() != dtypes[i] || g.tangents[i].is_zero() == present[i]) return false;
  return true;
}

namespace {

/// The name of the rule derived for an op of that name.
std::string name_of_rule(std::string_view op, std::string_view ending) {
  std::string name(op);
  if (name.size() + ending.size() <= longest_name) name += ending;
  return name;
}

/// The op of the derived program, which records how it was derived.
Op traced(const OpInterface& op, ProgramPtr program, Derivation derivation,
          std::string_view ending) {
  return Traced{name_of_rule(op.name(), ending), std::move(program),
                std::make_shared<const Derivation>(std::move(derivation))};
}

/// How the op's own program was derived; null if it was recorded.
std::shared_ptr<const Derivation> own_derivation(const OpInterface& op) {
  return op.type() == typeid(Traced) ? static_cast<const Traced*>(op.get())->derivation : nullptr;
}

Operand operand_for(const Source& source, const GradContext& g) {
  switch (source.kind) {
    case Source::Kind::in:
      return g.in[source.index];
    case Source::Kind::out:
      return g.outs[source.index];
    default:
      return *g.douts[source.index].value();
  }
}

}  // namespace

RuleCache::~RuleCache() {
  delete_list(entries_);
  delete_list(forward_entries_);
}

const RuleCache::Entry& RuleCache::entry(const OpInterface& op, const GradContext& g) const {
  for (const Entry* e = entries_.load(std::memory_order_acquire); e; e = e->next)
    if (e->serves(g)) return *e;
  auto entry = std::make_unique<Entry>();
  std::vector<Type> in;
  for (const Value& value : g.in) {
    in.push_back(value.type());
    entry->dtypes.push_back(value.dtype());
  }
  entry->wanted = g.wanted();
  for (const Gradient& dout : g.douts) entry->present.push_back(!dout.is_zero());
  Derivation derivation{op.program(in), own_derivation(op), entry->wanted, entry->present};
  entry->pullback = derivation.pull_back();
  if (const ProgramPtr& derived = entry->pullback.program)
    entry->op = traced(op, derived, std::move(derivation), "_grad");
  return push_front(entries_, entry.release());
}

Grads RuleCache::grads(const OpInterface& op, const GradContext& g) const {
  const Entry& rule = entry(op, g);
  Grads grads(g.in.size(), Gradient(zero));
  if (!rule.op) return grads;
  std::vector<Operand> operands;
  operands.reserve(rule.pullback.sources.size());
  for (const Source& source : rule.pullback.sources) operands.push_back(operand_for(source, g));
  const Appended node = append(rule.op, operands);
  for (std::size_t i = 0; i < grads.size(); ++i)
    if (const int result = rule.pullback.result[i]; result >= 0)
      grads[i] = node.output(static_cast<std::uint32_t>(result));
  return grads;
}

/// Derives the rule of the program, and then the derivative of that rule with respect to the
/// cotangents, in which it is linear.
const RuleCache::ForwardEntry& RuleCache::forward_entry(const OpInterface& op,
                                                        const JvpContext& g) const {
  for (const ForwardEntry* e = forward_entries_.load(std::memory_order_acquire); e; e = e->next)
    if (e->serves(g)) return *e;
  auto entry = std::make_unique<ForwardEntry>();
  std::vector<Type> in;
  for (std::size_t i = 0; i < g.in.size(); ++i) {
    in.push_back(g.in[i].type());
    entry->dtypes.push_back(g.in[i].dtype());
    entry->present.push_back(!g.tangents[i].is_zero());
  }
  entry->result.assign(g.outs.size(), -1);
  const Derivation rule{op.program(in), own_derivation(op), entry->present,
                        std::vector<bool>(g.outs.size(), true)};
  const Pullback backward = rule.pull_back();
  entry->cotangent = backward.result;
  if (backward.program) {
    Derivation transposed{backward.program,
                          std::make_shared<const Derivation>(rule),
                          {},
                          std::vector<bool>(backward.program->outputs.size(), true)};
    for (const Source& source : backward.sources)
      transposed.wanted.push_back(source.kind == Source::Kind::dout);
    const Pullback forward = transposed.pull_back();
    for (std::size_t i = 0; i < backward.sources.size(); ++i)
      if (backward.sources[i].kind == Source::Kind::dout)
        entry->result[backward.sources[i].index] = forward.result[i];
    for (const Source& source : forward.sources) {
      const bool is_in = source.kind == Source::Kind::in;
      entry->linear = entry->linear && source.kind != Source::Kind::out &&
                      !(is_in && transposed.wanted[source.index]);
      entry->sources.push_back(is_in ? backward.sources[source.index] : source);
    }
    if (const ProgramPtr& derived = forward.program) {
      entry->is_sum = derived->steps.size() == 1 && derived->inputs.size() == 1 &&
                      entry->sources.front().kind == Source::Kind::dout;
      entry->op = traced(op, derived, std::move(transposed), "_jvp");
    }
  }
  return push_front(forward_entries_, entry.release());
}

Grads RuleCache::tangents(const OpInterface& op, const JvpContext& g) const {
  const ForwardEntry& rule = forward_entry(op, g);
  if (!rule.linear) return {};
  Grads tangents(g.outs.size(), Gradient(zero));
  if (!rule.op) return tangents;
  const auto sum_of_tangents = [&](std::uint32_t index) {
    std::vector<Value> terms;
    for (std::size_t i = 0; i < g.in.size(); ++i)
      if (rule.cotangent[i] == static_cast<int>(index)) terms.push_back(*g.tangents[i].value());
    return terms.size() == 1 ? terms.front() : add_n(terms);
  };
  std::vector<Value> results;
  if (rule.is_sum) {
    results.push_back(sum_of_tangents(rule.sources.front().index));
  } else {
    std::vector<Operand> operands;
    operands.reserve(rule.sources.size());
    for (const Source& source : rule.sources)
      operands.push_back(source.kind == Source::Kind::in    ? g.in[source.index]
                         : source.kind == Source::Kind::out ? g.outs[source.index]
                                                            : sum_of_tangents(source.index));
    results = append_all(rule.op, operands);
  }
  for (std::size_t k = 0; k < tangents.size(); ++k)
    if (rule.result[k] >= 0) tangents[k] = results[static_cast<std::size_t>(rule.result[k])];
  return tangents;
}

}  // namespace dagrad::detail
