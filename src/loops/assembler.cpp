#include "src/loops/assembler.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "dagrad/error.hpp"
#include "src/loops/loop_assembler.hpp"
#include "src/loops/make_emitter.hpp"
#include "src/loops/pairs.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

using Xbyak::Label;

namespace {

/// Actions from which on a body is so long that few of its iterations overlap, so that they wait
/// for memory unless lines are asked for early, and for results of their own.
constexpr std::size_t long_body = 24;

/// The registers for values: sums need another one.
RegisterFile registers_for(const VectorEmitter& code, const LoopSpec& spec) {
  RegisterFile file = code.registers();
  if (spec.has_sums()) --file.vectors;
  return file;
}

/// In rows, single elements differ from one row to the next.
std::vector<std::int64_t> varying(const LoopSpec& spec) {
  std::vector<std::int64_t> varies = spec.in_step;
  for (std::size_t i = 0; spec.has_rows() && i < varies.size(); ++i)
    if (spec.sums.row_steps[i] != 0) varies[i] = 1;
  return varies;
}

/// The bodies of a loop whose four parts are added together.
Bodies bodies_of_parts(const Program& program, const VectorEmitter& code, const RegisterFile& file,
                       const LoopSpec& spec) {
  const std::vector<std::int64_t> varies = varying(spec);
  const auto body = [&](int vectors, const std::vector<Action>* preheader) {
    return allocate_interleaved(program, varies, file, {vectors, spec.sums.summed}, preheader);
  };
  const auto lanes = static_cast<int>(spec.sums.lanes);
  Bodies bodies;
  const int of_each_part = lanes > 0 ? lanes / code.lanes() : 2;
  bodies.several = body(joined_vectors * of_each_part, nullptr);
  const auto& preheader = bodies.several->preheader;
  bodies.rest = lanes > 0 ? allocate_registers(program, varies, file, &preheader)
                          : body(joined_vectors, &preheader);
  if (lanes == 0 && bodies.several->calls) bodies.several.reset();
  return bodies;
}

Bodies bodies_of(const Program& program, const VectorEmitter& code, const RegisterFile& file,
                 const LoopSpec& spec, bool is_pair) {
  constexpr int at_once = 4;
  if (is_pair) return {{}, allocate_for_each(program, spec.in_step, file, 2)};
  if (spec.has_parts()) return bodies_of_parts(program, code, file, spec);
  Bodies bodies{{}, allocate_registers(program, spec.in_step, file)};
  if (bodies.rest.calls || bodies.rest.body.size() < long_body) return bodies;
  bodies.several = allocate_interleaved(program, spec.in_step, file, {at_once, {}});
  bodies.rest = allocate_registers(program, spec.in_step, file, &bodies.several->preheader);
  return bodies;
}

}  // namespace

LoopAssembler::LoopAssembler(const Program& program, const LoopSpec& spec, InstructionSet set)
    : program_(program),
      spec_(spec),
      set_(set),
      is_pair_(is_pair(program, spec.elements, set)),
      code_(make_emitter(lane_bytes(program), set)),
      file_(registers_for(*code_, spec)),
      bodies_(bodies_of(program, *code_, file_, spec, is_pair_)),
      counters_(std::max(bodies_.rest.slots, bodies_.several ? bodies_.several->slots : 0)),
      frame_(*code_, program, spec_.in_step, bodies_.rest.calls, slots(), is_pair_ ? 2 : 1),
      is_long_(!is_pair_ && bodies_.rest.body.size() >=
                                long_body * static_cast<std::size_t>(bodies_.rest.at_once)),
      apart_(is_pair_ ? spec.elements - code_->lanes() : code_->lanes()) {}

std::uint32_t LoopAssembler::slots() const { return counters_ + (spec_.has_sums() ? 1 : 0); }

std::vector<std::uint8_t> LoopAssembler::run() {
  if (slots() > most_slots) return {};
  frame_.enter();
  if (spec_.has_sums()) {
    repeat_rows();
  } else {
    prepare();
    code_->xor_(frame_.index().cvt32(), frame_.index().cvt32());
    is_pair_ ? act_on_pair(bodies_.rest.body) : iterate();
  }
  frame_.leave();
  code_->emit_tables();
  code_->ready();
  return {code_->getCode(), code_->getCode() + code_->getSize()};
}

/// Loads what is the same in all iterations: once into registers that vectors share, and otherwise
/// for each vector.
void LoopAssembler::prepare() {
  for (const Action& action : bodies_.rest.preheader) {
    const bool is_shared = action.kind == Kind::load &&
                           action.d >= registers_of_one(program_.steps[action.step].dtype);
    is_pair_ && !is_shared ? act_on_pair({&action, 1}) : act(action);
  }
}

void LoopAssembler::iterate() {
  if (bodies_.several) iterate_over_several();
  iterate_over_rest();
}

void LoopAssembler::iterate_over_several() {
  Label again, done;
  const int vectors = bodies_.several->at_once;
  const auto elements = static_cast<std::uint32_t>(
      spec_.has_rows() ? vectors / joined_vectors * code_->lanes() : vectors * code_->lanes());
  code_->sub(frame_.count(), elements);
  code_->cmp(frame_.index(), frame_.count());
  code_->jg(done, code_->T_NEAR);
  code_->align(64);
  code_->L(again);
  in_parts_ = spec_.has_parts();
  act(bodies_.several->body);
  in_parts_ = false;
  code_->add(frame_.index(), elements);
  code_->cmp(frame_.index(), frame_.count());
  code_->jle(again, code_->T_NEAR);
  code_->L(done);
  code_->add(frame_.count(), elements);
}

void LoopAssembler::iterate_over_rest() {
  Label again, tail, done;
  const auto &count = frame_.count(), &index = frame_.index();
  const auto lanes = static_cast<std::uint32_t>(code_->lanes());
  code_->sub(count, lanes);
  code_->cmp(index, count);
  code_->jg(tail, code_->T_NEAR);
  code_->align(64);
  code_->L(again);  // count is now the last index at which a whole vector begins
  act_on_rest();
  code_->add(index, lanes);
  code_->cmp(index, count);
  code_->jle(again);
  code_->L(tail);
  code_->neg(count);
  code_->sub(count, lanes);
  code_->add(count, index);  // minus the number of remaining elements
  code_->jz(done, code_->T_NEAR);
  in_tail_ = true;
  code_->begin_tail(count, bodies_.rest.calls);
  act_on_rest();
  code_->L(done);
}

/// Computes a vector of elements, or the remaining ones: of all rows, if there are several.
void LoopAssembler::act_on_rest() {
  in_parts_ = spec_.has_rows();
  act(bodies_.rest.body);
  in_parts_ = false;
}

/// The number of a register of the present one of a pair. Registers that neither owns hold what is
/// the same for both.
int LoopAssembler::own(int number, DType dtype) const {
  const int owned = registers_of_one(dtype);
  return number < owned ? number + vector_ * owned : number;
}

/// The bytes between what is computed and what is fetched: from rows that are added to each other,
/// eight rows, and further ahead than usual if the rows of a sum follow each other.
int LoopAssembler::ahead_of(DType dtype, std::int64_t row_size) const {
  constexpr std::int64_t distance = 4096, of_sums = 32768, most = 1 << 17;
  if (!spec_.has_sums()) return distance;
  const std::int64_t rows = 8 * row_size * static_cast<std::int64_t>(size_of(dtype));
  if (spec_.has_rows()) return static_cast<int>(rows > 0 && rows <= most ? rows : distance);
  return of_sums;
}

void LoopAssembler::prefetch(const Xbyak::RegExp& from, DType dtype, std::int64_t row_size) {
  if (!is_long_ || in_tail_) return;
  if (spec_.has_rows()) code_->prefetcht0(code_->ptr[from + near]);
  code_->prefetcht0(code_->ptr[from + static_cast<std::size_t>(ahead_of(dtype, row_size))]);
}

void LoopAssembler::prefetch_to_write(const Xbyak::RegExp& to, DType dtype) {
  if (!is_long_ || in_tail_) return;
  if (spec_.has_rows()) code_->prefetchw(code_->ptr[to + near]);
  code_->prefetchw(code_->ptr[to + static_cast<std::size_t>(ahead_of(dtype, spec_.sums.row_size))]);
}

void LoopAssembler::act(std::span<const Action> actions) {
  for (const Action& action : actions) {
    vector_ = action.vector;
    act(action);
  }
  vector_ = 0;
}

/// Does each action for both vectors.
void LoopAssembler::act_on_pair(std::span<const Action> actions) {
  for (const Action& action : actions) {
    if (action.kind == Kind::compute && file_.is_call(program_, program_.steps[action.step])) {
      call_for_both(action);
      continue;
    }
    for (vector_ = 0; vector_ < 2; ++vector_) act(action);
    vector_ = 0;
  }
}

void LoopAssembler::act(const Action& action) {
  const DType dtype = program_.steps[action.step].dtype;
  switch (action.kind) {
    case Kind::load:
      return load(action);
    case Kind::spill:
      return code_->spill(slot(action.slot), own(action.d, dtype), dtype);
    case Kind::reload:
      return code_->reload(own(action.d, dtype), dtype, slot(action.slot));
    case Kind::compute:
      return compute(action);
    case Kind::add:
      return code_->compute(addition(action));
    case Kind::store:
      return store(action);
  }
}

void LoopAssembler::store(const Action& action) {
  const DType dtype = program_.steps[action.step].dtype;
  if (is_summed(action)) return add_to(lane(action), own(action.d, dtype), dtype);
  prefetch_to_write(output(action.output), dtype);
  code_->store(output(action.output), own(action.d, dtype), dtype);
}

void LoopAssembler::load(const Action& action) {
  const Instruction& step = program_.steps[action.step];
  const int d = own(action.d, step.dtype);
  if (step.primitive == Primitive::constant) {
    code_->broadcast(d, step.dtype, frame_.constant(step.data));
    return;
  }
  const std::int64_t row_size = spec_.has_sums() ? spec_.sums.row_steps[step.data] : 0;
  if (spec_.in_step[step.data] == 0) {
    code_->broadcast(d, step.dtype, frame_.repeated_input(step.data, part() * row_size));
    return;
  }
  if (!is_repeated(step.data))
    prefetch(frame_.input(step.data, first(row_size)), step.dtype, row_size);
  code_->load(d, step.dtype, frame_.input(step.data, first(row_size)));
}

Operation LoopAssembler::operation(const Action& action) const {
  const Instruction& step = program_.steps[action.step];
  const DType of = operand_dtype(program_, step);
  const bool selects = step.primitive == Primitive::select;
  Operation op{.primitive = step.primitive,
               .dtype = compute_dtype(step.dtype),
               .operand_dtype = compute_dtype(of),
               .d = own(action.d, step.dtype),
               .a = own(action.a, selects ? b8 : of),
               .b = own(action.b, of),
               .c = own(action.c, of),
               .cast_to = step.dtype};
  if (action.slot != Instruction::none) op.memory = slot(action.slot);
  return op;
}

/// The addition of two values of a step.
Operation LoopAssembler::addition(const Action& action) const {
  const DType dtype = program_.steps[action.step].dtype;
  Operation op{.primitive = Primitive::add,
               .dtype = dtype,
               .operand_dtype = dtype,
               .d = action.d,
               .a = action.a,
               .b = action.b,
               .c = 0};
  if (action.slot != Instruction::none) op.memory = slot(action.slot);
  return op;
}

void LoopAssembler::compute(const Action& action) {
  const Operation op = operation(action);
  const bool calls = file_.is_call(program_, program_.steps[action.step]);
  calls ? call(op) : code_->compute(op);
}

std::vector<std::uint8_t> assemble(const Program& program, const LoopSpec& spec,
                                   InstructionSet set) try {
  return LoopAssembler(program, spec, set).run();
} catch (const Xbyak::Error& error) {
  throw InternalError(std::string("a loop could not be assembled: ") + error.what());
}

}  // namespace dagrad::detail
