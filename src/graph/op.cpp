#include "dagrad/op.hpp"

#include <algorithm>
#include <cstring>

#include "dagrad/detail/op_model.hpp"
#include "dagrad/graph.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/traced.hpp"
#include "src/graph/name_check.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace detail {

namespace {

/// The bits of a constant in another dtype.
std::uint64_t converted(std::uint64_t bits, DType from, DType to) {
  Tensor scalar(Type{from, {}});
  std::memcpy(scalar.mutable_view().data, &bits, size_of(from));
  scalar = scalar.cast(to);
  bits = 0;
  std::memcpy(&bits, scalar.data(), size_of(to));
  return bits;
}

/// The program recorded with every `from` a `to`, its constants converted.
ProgramPtr recorded_anew(const Program& old, DType from, DType to) {
  const auto retyped = [&](DType dtype) { return dtype == from ? to : dtype; };
  Recorder recorder;
  std::vector<Symbol> inputs, at, results;
  for (const DType dtype : old.inputs) inputs.push_back(recorder.input(retyped(dtype)));
  for (const Instruction& step : old.steps) {
    Instruction now = step;
    now.dtype = retyped(step.dtype);
    switch (step.primitive) {
      case Primitive::input:
        at.push_back(inputs[step.data]);
        break;
      case Primitive::constant:
        at.push_back(recorder.constant(converted(old.constants[step.data], step.dtype, now.dtype),
                                       now.dtype));
        break;
      case Primitive::cast:
        at.push_back(Symbol::cast(at[step.a], now.dtype));
        break;
      default:
        for (std::uint32_t* operand : {&now.a, &now.b, &now.c})
          if (*operand != Instruction::none) *operand = at[*operand].step();
        at.push_back(recorder.step(now));
    }
  }
  for (const std::uint32_t result : old.outputs) results.push_back(at[result]);
  return std::move(recorder).finish(results, to);
}

std::unique_ptr<bool[]> flags(const std::vector<bool>& bits) {
  auto copy = std::make_unique<bool[]>(bits.size());
  std::copy(bits.begin(), bits.end(), copy.get());
  return copy;
}

Pullback derive(const Program& forward, const std::vector<bool>& wanted,
                const std::vector<bool>& present) {
  return pull_back(forward, {flags(wanted).get(), wanted.size()},
                   {flags(present).get(), present.size()});
}

/// In place; a program that would read other sources than before is recorded instead.
void retype_program(ProgramPtr& program, std::shared_ptr<const Derivation>& derivation, DType from,
                    DType to) {
  if (derivation) {
    Derivation again = *derivation;
    retype_program(again.forward, again.of_forward, from, to);
    const Pullback old = derive(*derivation->forward, again.wanted, again.present);
    const Pullback now = derive(*again.forward, again.wanted, again.present);
    if (now.program && now.sources == old.sources && now.result == old.result) {
      program = now.program;
      derivation = std::make_shared<const Derivation>(std::move(again));
      return;
    }
  }
  program = recorded_anew(*program, from, to);
  derivation = nullptr;
}

}  // namespace

}  // namespace detail

OpInterface::~OpInterface() = default;

std::string Op::attributes() const {
  std::string text;
  op_->visit_attributes([&](std::string_view name, const std::string& value) {
    if (!text.empty()) text += ", ";
    text.append(name).append("=").append(detail::printable_line(value));
  });
  return text;
}

Value GradContext::dout_or_zeros(std::size_t i) const {
  return douts[i].value() ? *douts[i].value() : zeros_like(outs[i]);
}

const ProgramPtr& Traced::program(std::span<const Type> in) const {
  detail::check_operand_count(in.size(), recorded->inputs.size());
  for (std::size_t i = 0; i < in.size(); ++i)
    if (in[i].dtype != recorded->inputs[i])
      throw TypeError("operand " + std::to_string(i) + " is " + to_string(in[i]) +
                      ", recorded for " + std::string(dagrad::name(recorded->inputs[i])));
  return recorded;
}

bool Traced::retype(DType from, DType to) {
  const ProgramPtr old = recorded;
  detail::retype_program(recorded, derivation, from, to);
  return *recorded != *old;
}

std::size_t Traced::attributes::hash(const Traced& op) {
  std::size_t h = op.recorded->inputs.size();
  const auto mix = [&](std::uint64_t word) { h = (h ^ word) * 0x9e3779b97f4a7c15u; };
  for (const Instruction& i : op.recorded->steps) {
    mix(static_cast<std::uint64_t>(i.primitive) << 8 | static_cast<std::uint64_t>(i.dtype));
    mix(std::uint64_t{i.a} << 32 | i.b);
    mix(std::uint64_t{i.c} << 32 | i.data);
  }
  for (const std::uint64_t bits : op.recorded->constants) mix(bits);
  return h;
}
bool Traced::attributes::equal(const Traced& a, const Traced& b) {
  return a.name == b.name && (a.recorded == b.recorded || *a.recorded == *b.recorded);
}
void Traced::attributes::visit(
    const Traced& op, const std::function<void(std::string_view, const std::string&)>& visit) {
  std::string text;
  for (std::size_t i = 0; i < op.recorded->outputs.size(); ++i)
    text += (i ? "; " : "") + formula(*op.recorded, i);
  visit("formula", text);
}

namespace detail {

struct ProgramCache::Entry {
  std::vector<DType> dtypes;
  ProgramPtr program;
  Entry* next;
};
struct ProgramCache::RuleEntry {
  std::vector<DType> dtypes;
  std::vector<bool> wanted, present;
  Rule rule;
  RuleEntry* next = nullptr;
  bool serves(const GradContext& g) const;
};

namespace {

template <class E>
void delete_list(E* entry) {
  while (entry) delete std::exchange(entry, entry->next);
}

/// What the rule derived for an op of that name is called.
std::string name_of_rule(std::string_view op) {
  constexpr std::string_view ending = "_grad";
  std::string name(op);
  if (name.size() + ending.size() <= longest_name) name += ending;
  return name;
}

/// Puts an entry in front; where several threads record the same at once, each keeps its own and
/// one is found from then on.
template <class E>
const E& push(std::atomic<E*>& head, E* entry) {
  entry->next = head.load(std::memory_order_acquire);
  while (!head.compare_exchange_weak(entry->next, entry, std::memory_order_acq_rel)) {
  }
  return *entry;
}

}  // namespace

ProgramCache::~ProgramCache() {
  delete_list(entries_.load());
  delete_list(rules_.load());
}

const ProgramPtr& ProgramCache::get(
    std::span<const Type> in,
    const std::function<ProgramPtr(std::span<const DType>)>& record) const {
  const auto same = [](const Type& type, DType dtype) { return type.dtype == dtype; };
  for (const Entry* e = entries_.load(std::memory_order_acquire); e; e = e->next)
    if (std::equal(in.begin(), in.end(), e->dtypes.begin(), e->dtypes.end(), same))
      return e->program;
  std::vector<DType> dtypes;
  for (const Type& type : in) dtypes.push_back(type.dtype);
  ProgramPtr program = record(dtypes);
  return push(entries_, new Entry{std::move(dtypes), std::move(program), nullptr}).program;
}

bool ProgramCache::RuleEntry::serves(const GradContext& g) const {
  if (dtypes.size() != g.in.size() || wanted != g.wanted()) return false;
  for (std::size_t i = 0; i < dtypes.size(); ++i)
    if (g.in[i].dtype() != dtypes[i]) return false;
  for (std::size_t k = 0; k < present.size(); ++k)
    if (g.douts[k].is_zero() == present[k]) return false;
  return true;
}

const ProgramCache::Rule& ProgramCache::rule(const OpInterface& op, const GradContext& g) const {
  for (const RuleEntry* e = rules_.load(std::memory_order_acquire); e; e = e->next)
    if (e->serves(g)) return e->rule;
  auto entry = std::make_unique<RuleEntry>();
  std::vector<Type> in;
  for (const Value& value : g.in) {
    in.push_back(value.type());
    entry->dtypes.push_back(value.dtype());
  }
  entry->wanted = g.wanted();
  for (const Gradient& dout : g.douts) entry->present.push_back(!dout.is_zero());
  const ProgramPtr forward = op.program(in);
  entry->rule.pullback = derive(*forward, entry->wanted, entry->present);
  if (const ProgramPtr& derived = entry->rule.pullback.program) {
    const bool derived_itself = op.type() == typeid(Traced);
    const auto of_forward =
        derived_itself ? static_cast<const Traced*>(op.get())->derivation : nullptr;
    entry->rule.op = Traced{name_of_rule(op.name()), derived,
                            std::make_shared<const Derivation>(
                                Derivation{forward, of_forward, entry->wanted, entry->present})};
  }
  return push(rules_, entry.release()).rule;
}

Grads derived_rule(const ProgramCache& cache, const OpInterface& op, const GradContext& g) {
  const ProgramCache::Rule& rule = cache.rule(op, g);
  Grads grads(g.in.size(), Gradient(zero));
  if (!rule.op) return grads;
  std::vector<Operand> operands;
  operands.reserve(rule.pullback.sources.size());
  for (const Source& source : rule.pullback.sources) {
    switch (source.kind) {
      case Source::Kind::in:
        operands.emplace_back(g.in[source.index]);
        break;
      case Source::Kind::out:
        operands.emplace_back(g.outs[source.index]);
        break;
      case Source::Kind::dout:
        operands.emplace_back(*g.douts[source.index].value());
        break;
    }
  }
  const Appended node = append(rule.op, operands);
  for (std::size_t i = 0; i < grads.size(); ++i)
    if (const int result = rule.pullback.result[i]; result >= 0)
      grads[i] = node.output(static_cast<std::uint32_t>(result));
  return grads;
}

DType common_dtype(std::span<const Type> in, std::size_t conditions, DTypes takes) {
  for (std::size_t i = 0; i < conditions && i < in.size(); ++i)
    if (in[i].dtype != b8)
      throw TypeError("operand " + std::to_string(i) + " is a condition and must be bool, got " +
                      to_string(in[i]));
  DType common = b8;
  for (std::size_t i = conditions; i < in.size(); ++i)
    common = i == conditions ? in[i].dtype : promote(common, in[i].dtype);
  if (in.size() > conditions && !takes.contains(common)) {
    std::string names;
    for (const DType dtype : {b8, i32, i64, f32, f64})
      if (takes.contains(dtype))
        names += (names.empty() ? "" : ", ") + std::string(dagrad::name(dtype));
    throw TypeError("takes " + names + ", got " + std::string(dagrad::name(common)) +
                    "; convert with cast");
  }
  return common;
}

Shape common_shape(std::span<const Type> in) {
  Shape shape;
  for (const Type& type : in)
    if (type.shape != shape)
      shape = shape.rank() == 0        ? type.shape
              : type.shape.rank() == 0 ? shape
                                       : broadcast(shape, type.shape);
  return shape;
}

void check_operand_count(std::size_t is, std::size_t wanted) {
  if (is != wanted)
    throw ArgumentError("takes " + std::to_string(wanted) +
                        (wanted == 1 ? " operand" : " operands") + ", got " + std::to_string(is));
}

void program_decisions(const Program& program, std::span<const View> in, const Shape& shape,
                       const DecisionSink& sink) {
  std::vector<Type> types;
  for (const View& view : in) types.push_back(view.type);
  const StridedAxes<> axes = broadcast_axes(types, shape);
  std::vector<const void*> at(in.size());
  for (std::int64_t element = 0; element < shape.elements(); ++element) {
    for (std::size_t i = 0; i < in.size(); ++i)
      if (in[i].data)
        at[i] = static_cast<const std::byte*>(in[i].data) +
                static_cast<std::size_t>(axes.offset(element, i)) * size_of(in[i].type.dtype);
    decisions(program, at, sink);
  }
}

}  // namespace detail

}  // namespace dagrad
