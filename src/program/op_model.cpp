#include <bit>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>

#include "dagrad/detail/op_model.hpp"
#include "src/program/decisions.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

/// Allocates an object with room for a struct behind it, in one block of memory.
template <class T>
struct WithRoom {
  using value_type = T;
  const OpMembers* members;
  void** room;  ///< is set to the room for the struct

  WithRoom(const OpMembers& members_of_struct, void*& room_of_struct)
      : members(&members_of_struct), room(&room_of_struct) {}
  template <class U>
  WithRoom(const WithRoom<U>& other) : members(other.members), room(other.room) {}

  T* allocate(std::size_t n) const {
    std::size_t space = members->size + members->alignment;
    auto* const block = static_cast<std::byte*>(::operator new(n * sizeof(T) + space));
    *room = block + n * sizeof(T);
    std::align(members->alignment, members->size, *room, space);
    return reinterpret_cast<T*>(block);
  }
  void deallocate(T* block, std::size_t /*n*/) const { ::operator delete(block); }
  template <class U>
  bool operator==(const WithRoom<U>&) const {
    return true;
  }
};

}  // namespace

std::shared_ptr<OpModel> OpModel::make(const OpMembers& members, OpMembers::Construct construct,
                                       void* from) {
  void* room = nullptr;
  return std::allocate_shared<OpModel>(WithRoom<OpModel>(members, room), members, room, construct,
                                       from);
}

OpModel::OpModel(const OpMembers& members, void* room, OpMembers::Construct construct, void* from)
    : members_(members), op_(room) {
  traits_ = members.traits;
  traits_.has_jvp = members.jvp != nullptr;
  traits_.has_pattern = members.pattern != nullptr;
  traits_.has_prepare = members.prepare != nullptr;
  traits_.has_validate = members.validate != nullptr;
  traits_.has_batch = members.batch != nullptr;
  traits_.has_decisions = traits_.elementwise || members.decisions != nullptr;
  construct(op_, from);
  if (members.cut) traits_.cut = members.cut(op_);
}

OpModel::~OpModel() {
  if (members_.destroy) members_.destroy(op_);
}

std::string_view OpModel::doc() const {
  return members_.doc ? members_.doc(op_) : std::string_view();
}

// ---- attributes and identity

static Op as_op(std::shared_ptr<const OpInterface> op) { return Op(std::move(op)); }

void OpModel::visit_attributes(const AttributeVisitor& visit) const {
  if (members_.visit) members_.visit(op_, visit);
}

void OpModel::visit_defaults(const AttributeVisitor& visit) const {
  if (members_.construct_default)
    make(members_, members_.construct_default, nullptr)->visit_attributes(visit);
}

Op OpModel::with_attribute(std::string_view name, const Attribute& value) const {
  const std::string place = printable(this->name()) + ": ";
  try {
    if (members_.assign && members_.copy) {
      auto copy = make(members_, members_.copy, op_);
      if (members_.assign(copy->op_, name, value)) return as_op(std::move(copy));
    }
  } catch (const ArgumentError& e) {
    throw ArgumentError(place + "attribute " + in_quotes(name) + " " + e.what());
  }
  std::string names;
  visit_attributes([&](std::string_view own, const Attribute&) {
    names.append(names.empty() ? "; its attributes are " : ", ").append(own);
  });
  throw ArgumentError(place + "has no attribute " + in_quotes(name) + names);
}

std::size_t OpModel::hash() const {
  const std::size_t of_type = members_.type_hash;
  if (members_.hash) return members_.hash(op_) ^ of_type;
  return members_.stateless ? of_type : std::hash<const void*>{}(this);
}

bool OpModel::equal(const OpInterface& other) const {
  return members_.equal ? members_.equal(op_, other.get()) : members_.stateless || this == &other;
}

/// Replaces `from` by `to` in an attribute; returns whether it changed.
static bool retype(Attribute& value, DType from, DType to) {
  if (auto* const dtype = std::get_if<DType>(&value); dtype && *dtype == from) {
    *dtype = to;
  } else if (auto* const type = std::get_if<Type>(&value); type && type->dtype == from) {
    type->dtype = to;
  } else if (auto* const tensor = std::get_if<Tensor>(&value); tensor && tensor->dtype() == from) {
    *tensor = tensor->cast(to);
  } else {
    return false;
  }
  return true;
}

Op OpModel::retyped(DType from, DType to) const {
  if (!members_.copy || (!members_.retype && !members_.visit)) return {};
  auto copy = make(members_, members_.copy, op_);
  bool changed = false;
  if (members_.retype)
    changed = members_.retype(copy->op_, from, to);
  else
    visit_attributes([&](std::string_view name, Attribute value) {
      if (!retype(value, from, to)) return;
      members_.assign(copy->op_, name, value);
      changed = true;
    });
  return changed ? as_op(std::move(copy)) : Op();
}

// ---- types and programs

void set_types(std::vector<Type>& out, std::span<const Type> types) {
  out.assign(types.begin(), types.end());
}

/// Whether an operand takes part in promotion. Conditions do not, nor do operands of which only the
/// type is used, unless there are no others.
bool OpModel::promotes(std::size_t operand) const {
  if (operand < traits_.conditions) return false;
  return !traits_.uses_type_only(operand) ||
         std::popcount(traits_.type_only) == static_cast<int>(members_.operands);
}

/// Throws TypeError unless the operands promote to a dtype that the op takes.
void OpModel::check_dtypes(std::span<const Type> in) const {
  if (traits_.type_only == 0) {
    common_dtype(in, traits_.conditions, members_.dtypes);
    return;
  }
  std::vector<Type> used;
  for (std::size_t i = 0; i < in.size(); ++i)
    if (i < traits_.conditions || promotes(i)) used.push_back(in[i]);
  common_dtype(used, traits_.conditions, members_.dtypes);
}

void OpModel::infer(std::span<const Type> in, std::vector<Type>& out) const {
  if (members_.operands > 0) check_operand_count(in.size(), members_.operands);
  if (members_.infer) {
    if (members_.checks_dtypes) check_dtypes(in);
    members_.infer(op_, in, out);
    return;
  }
  const Shape shape = common_shape(in);
  if (members_.checks_dtypes) check_dtypes(in);
  if (members_.plain_dtype) {
    out.assign(1, {members_.plain_dtype(in), shape});
    return;
  }
  const ProgramPtr own = members_.program ? members_.program(op_, in) : nullptr;
  const Program& program = own ? *own : *recorded(in);
  out.clear();
  for (std::size_t i = 0; i < program.outputs.size(); ++i)
    out.push_back({program.output_dtype(i), shape});
}

ProgramPtr OpModel::program(std::span<const Type> in) const {
  if (members_.program) return members_.program(op_, in);
  return members_.record ? recorded(in) : nullptr;
}

/// The functor's program for operands of these dtypes, which are promoted first.
const ProgramPtr& OpModel::recorded(std::span<const Type> in) const {
  if (const ProgramPtr* const known = programs_.find(in)) return *known;
  Recorder recorder;
  std::vector<Symbol> x, results;
  DType common = b8;
  for (std::size_t i = 0; i < in.size(); ++i)
    if (promotes(i)) common = promote(common, in[i].dtype);
  for (const Type& type : in) x.push_back(recorder.input(type.dtype));
  for (std::size_t i = 0; i < in.size(); ++i)
    if (promotes(i)) x[i] = Symbol::cast(x[i], common);
  members_.record(op_, x, results);
  return programs_.add(in, std::move(recorder).finish(results, common));
}

Grads OpModel::grad(const GradContext& context) const {
  if (members_.grad) return members_.grad(op_, context);
  if (traits_.no_grad)
    return Grads(context.in.size(), Gradient(not_differentiable{traits_.no_grad}));
  return rules_.grads(*this, context);
}

/// The tangents that an op brings, or those of a derived rule. A rule of its own may differ from
/// the derivative of its program, so tangents then follow from that rule.
Grads OpModel::jvp(const JvpContext& context) const {
  if (members_.jvp) return members_.jvp(op_, context);
  return traits_.elementwise && traits_.derived_rule ? rules_.tangents(*this, context) : Grads();
}

// ---- running

void OpModel::eval(const EvalContext& context) const {
  if (members_.eval) members_.eval(op_, context);
}

std::size_t OpModel::scratch(const PlanContext& context) const {
  return members_.scratch ? members_.scratch(op_, context) : 0;
}

std::shared_ptr<const void> OpModel::prepare(const PlanContext& context) const {
  return members_.prepare ? members_.prepare(op_, context) : nullptr;
}

int OpModel::kept_axis(int axis, int rank) const {
  return members_.kept_axis ? members_.kept_axis(op_, axis, rank) : -1;
}

/// Elementwise ops work row by row on operands that have the first axis of the result.
std::uint32_t OpModel::row_operands(std::span<const Type> in) const {
  if (in.empty() || in.size() > 32) return 0;
  if (members_.row_operands) return members_.row_operands(op_, in);
  if (!traits_.joint_shape && !(traits_.elementwise && traits_.like >= 0)) return 0;
  const Shape result =
      traits_.joint_shape ? common_shape(in) : in[static_cast<std::size_t>(traits_.like)].shape;
  std::uint32_t by_row = 0;
  for (std::size_t i = 0; i < in.size() && result.rank() > 0; ++i)
    if (in[i].shape.rank() == result.rank() && in[i].shape[0] == result[0]) by_row |= 1U << i;
  return by_row;
}

double OpModel::cost(const PlanContext& context) const {
  if (members_.cost) return members_.cost(op_, context);
  double bytes = 0;
  for (std::size_t i = 0; i < context.in.size(); ++i)
    if (!traits_.uses_type_only(i)) bytes += static_cast<double>(context.in[i].bytes());
  for (const Type& t : context.out) bytes += static_cast<double>(t.bytes());
  return 20 + bytes / 8;
}

bool OpModel::unroll(Unrolled& code) const { return members_.unroll && members_.unroll(op_, code); }
std::vector<Value> OpModel::batch(const BatchContext& context) const {
  return members_.batch ? members_.batch(op_, context) : std::vector<Value>();
}
double OpModel::flops(const PlanContext& context) const {
  return members_.flops ? members_.flops(op_, context) : std::numeric_limits<double>::quiet_NaN();
}

Notation OpModel::notation(std::span<const Notation> in, std::span<const Type> types) const {
  return members_.notation ? members_.notation(op_, in, types) : Notation();
}

void OpModel::validate(std::span<const View> in) const {
  if (members_.validate) members_.validate(op_, in);
}

void OpModel::decisions(std::span<const View> in, std::span<const View> out,
                        const DecisionSink& sink) const {
  if (members_.decisions) {
    members_.decisions(op_, in, out, sink);
  } else if (traits_.elementwise) {
    program_decisions(*program(types_of(in)), in, out[0].type.shape, sink);
  }
}

Samples OpModel::samples(Rng& rng) const {
  return members_.samples ? members_.samples(rng) : Samples();
}

}  // namespace dagrad::detail
