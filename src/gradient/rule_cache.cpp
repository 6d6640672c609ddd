#include <algorithm>
#include <utility>

#include "dagrad/apply.hpp"
#include "dagrad/detail/op_caches.hpp"
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

namespace {

/// The name of the rule derived for an op of that name.
std::string name_of_rule(std::string_view op) {
  constexpr std::string_view ending = "_grad";
  std::string name(op);
  if (name.size() + ending.size() <= longest_name) name += ending;
  return name;
}

/// The op of the derived program, which records how it was derived.
Op traced(const OpInterface& op, ProgramPtr program, Derivation derivation) {
  if (op.type() == typeid(Traced))
    derivation.of_forward = static_cast<const Traced*>(op.get())->derivation;
  return Traced{name_of_rule(op.name()), std::move(program),
                std::make_shared<const Derivation>(std::move(derivation))};
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

RuleCache::~RuleCache() { delete_list(entries_); }

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
  Derivation derivation{op.program(in), nullptr, entry->wanted, entry->present};
  entry->pullback = derivation.pull_back();
  if (const ProgramPtr& derived = entry->pullback.program)
    entry->op = traced(op, derived, std::move(derivation));
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

}  // namespace dagrad::detail
