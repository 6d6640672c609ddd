#include "tests/check/faults.hpp"

#include <utility>

#include "dagrad/dagrad.hpp"

namespace dagrad::tests {
namespace {

using Change = Value (*)(const Value&);

/// A copy of an op with a fault.
class Faulted final : public OpInterface {
 public:
  Faulted(Op inner, Fault fault) : inner_(std::move(inner)), fault_(fault) {
    traits_ = inner_.traits();
    traits_.derived_rule = false;
  }

  std::string_view name() const override { return inner_.name(); }
  std::string_view doc() const override { return inner_->doc(); }
  void visit_attributes(const AttributeVisitor& visit) const override {
    inner_->visit_attributes(visit);
  }
  void visit_defaults(const AttributeVisitor& visit) const override {
    inner_->visit_defaults(visit);
  }
  Op with_attribute(std::string_view name, const Attribute& value) const override {
    return faulted(inner_.with(name, value), fault_);
  }
  std::size_t hash() const override { return inner_->hash(); }
  bool equal(const OpInterface& other) const override { return this == &other; }
  const std::type_info& type() const override { return typeid(Faulted); }
  const void* get() const override { return this; }
  void infer(std::span<const Type> in, std::vector<Type>& out) const override {
    inner_->infer(in, out);
  }
  std::size_t scratch(const PlanContext& context) const override {
    return inner_->scratch(context);
  }
  std::shared_ptr<const void> prepare(const PlanContext& context) const override {
    return inner_->prepare(context);
  }
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const override {
    inner_->decisions(in, out, sink);
  }
  void validate(std::span<const View> in) const override { inner_->validate(in); }
  double cost(const PlanContext& context) const override { return inner_->cost(context); }
  double flops(const PlanContext& context) const override { return inner_->flops(context); }
  bool unroll(Unrolled& code) const override { return inner_->unroll(code); }
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const override {
    return inner_->notation(in, types);
  }
  std::vector<Value> batch(const BatchContext& context) const override {
    return inner_->batch(context);
  }
  std::uint32_t row_operands(std::span<const Type> in) const override {
    return inner_->row_operands(in);
  }
  int kept_axis(int axis, int rank) const override { return inner_->kept_axis(axis, rank); }
  Samples samples(Rng& rng) const override { return inner_->samples(rng); }
  Op retyped(DType from, DType to) const override {
    const Op retyped = inner_->retyped(from, to);
    return retyped ? faulted(retyped, fault_) : Op();
  }

  ProgramPtr program(std::span<const Type> in) const override {
    const ProgramPtr right = inner_->program(in);
    if (!right || fault_ != Fault::narrow_kernel || in[0].dtype != f32) return right;
    Recorder recorder;
    std::vector<Symbol> inputs;
    for (const DType dtype : right->inputs) inputs.push_back(recorder.input(dtype));
    std::vector<Symbol> results = inline_program(recorder, *right, inputs);
    for (Symbol& result : results) result = result * 1.01;
    return std::move(recorder).finish(results, f32);
  }

  void eval(const EvalContext& context) const override {
    inner_->eval(context);
    if (fault_ != Fault::narrow_kernel || context.outs[0].type.dtype != f32) return;
    for (float& element : context.out<float>()) element *= 1.01F;
  }

  Grads grad(const GradContext& g) const override;
  Grads jvp(const JvpContext&) const override { return {}; }  // from the faulty rule
  Dependence pattern(const PatternContext& at) const override {
    const PatternContext inner{inner_, at.in, at.out, at.result, at.operand, at.constants};
    return inner_->pattern(inner);
  }

 private:
  Grads changed(const GradContext& g, Change change, std::size_t operands) const {
    Grads grads = inner_->grad(g);
    for (std::size_t i = 0; i < std::min(grads.size(), operands); ++i)
      if (const Value* value = grads[i].value()) grads[i] = change(*value);
    return grads;
  }
  Grads with_douts(const GradContext& g, Change change) const {
    std::vector<Gradient> douts;
    for (const Gradient& dout : g.douts)
      douts.push_back(dout.value() ? Gradient(change(*dout.value())) : zero);
    return inner_->grad(GradContext(g.in, g.outs, douts, g.wanted()));
  }
  Grads with_means(const GradContext& g) const {
    Grads grads = inner_->grad(g);
    for (std::size_t i = 0; i < grads.size(); ++i)
      if (const Value* value = grads[i].value(); value && value->shape() != g.in[i].shape())
        grads[i] = sum_to_like(*value, g.in[i]) *
                   (static_cast<double>(g.in[i].size()) / static_cast<double>(value->size()));
    return grads;
  }
  Grads with_overwritten(const GradContext& g) const {
    Grads grads = inner_->grad(g);
    for (std::size_t i = 0; i + 1 < grads.size(); ++i)
      for (std::size_t k = i + 1; k < grads.size(); ++k)
        if (g.in[i] == g.in[k]) grads[i] = zero;
    return grads;
  }
  Grads wrong_at_zero(const GradContext& g) const {
    Grads grads = inner_->grad(g);
    const Value wrong = where(dagrad::equal(g.in[0], 0), g.dout, zeros_like(g.dout));
    grads[0] = grads[0].value() ? *grads[0].value() + wrong : wrong;
    return grads;
  }
  Grads by_result(const GradContext& g) const {
    if (inner_.get_if<Sigmoid>()) return {g.dout * g.out * (1 - g.out)};
    return {g.dout * (1 - square(g.out))};
  }

  Op inner_;
  Fault fault_;
};

Value transposed(const Value& v) {
  return v.rank() == 2 && v.shape()[0] == v.shape()[1] ? transpose(v) : v;
}

Grads Faulted::grad(const GradContext& g) const {
  constexpr std::size_t all = 99;
  switch (fault_) {
    case Fault::sign:
      return changed(
          g, [](const Value& v) { return neg(v); }, 1);
    case Fault::zeroed:
      return changed(
          g, [](const Value& v) { return zeros_like(v); }, 1);
    case Fault::doubled:
      return changed(
          g, [](const Value& v) { return v * 2; }, all);
    case Fault::transposed:
      return changed(g, transposed, all);
    case Fault::off:
      return changed(
          g, [](const Value& v) { return v * 1.01; }, all);
    case Fault::not_linear:
      return changed(
          g, [](const Value& v) { return v + 0.001 * abs(v); }, all);
    case Fault::second_order:
      return changed(
          g,
          [](const Value& v) {
            return apply(faulted(Identity{}, Fault::sign), std::vector<Operand>{v}).front();
          },
          all);
    case Fault::lost_dout:
      return with_douts(g, [](const Value& dout) { return ones_like(dout); });
    case Fault::averaged:
      return with_douts(g, [](const Value& dout) {
        return broadcast_like(sum(dout) / count_like(dout, Axes()), dout);
      });
    case Fault::no_sum:
      return with_means(g);
    case Fault::overwritten:
      return with_overwritten(g);
    case Fault::at_zero:
      return wrong_at_zero(g);
    case Fault::saturated:
      return by_result(g);
    case Fault::narrow_kernel:
      return inner_->grad(g);
    case Fault::swapped:
      break;
  }
  Grads grads = inner_->grad(g);
  if (grads.size() > 1) std::swap(grads[0], grads[1]);
  return grads;
}

}  // namespace

Op faulted(const Op& op, Fault fault) {
  return Op(std::shared_ptr<const OpInterface>(std::make_shared<Faulted>(op, fault)));
}

std::string_view name(Fault fault) {
  constexpr std::string_view names[] = {
      "sign",        "swapped",      "lost_dout",     "zeroed",  "no_sum",
      "overwritten", "doubled",      "transposed",    "off",     "averaged",
      "not_linear",  "second_order", "narrow_kernel", "at_zero", "saturated"};
  return names[static_cast<std::size_t>(fault)];
}

}  // namespace dagrad::tests
