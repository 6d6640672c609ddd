#include "src/loops/assembler.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "dagrad/error.hpp"
#include "src/loops/avx2.hpp"
#include "src/loops/avx512.hpp"
#include "src/loops/frame.hpp"
#include "src/loops/pairs.hpp"
#include "src/program/functions.hpp"
#include "src/program/loops.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

using Xbyak::Label;
using Xbyak::util::rax, Xbyak::util::rcx, Xbyak::util::rdi, Xbyak::util::rdx, Xbyak::util::rsi,
    Xbyak::util::r8;

std::unique_ptr<VectorEmitter> emitter_for(const Program& program, InstructionSet set) {
  if (set == InstructionSet::avx512) return std::make_unique<Avx512Emitter>(lane_bytes(program));
  return std::make_unique<Avx2Emitter>(lane_bytes(program));
}

/// Actions from which on a body is so long that few of its iterations overlap, so that they wait
/// for memory unless lines are asked for early, and for results of their own.
constexpr std::size_t long_body = 24;

Allocation allocated(const Program& program, std::span<const std::int64_t> in_step,
                     const RegisterFile& file, bool is_pair) {
  constexpr int most_at_once = 4;
  if (is_pair) return allocate_registers(program, in_step, file, 2);
  Allocation for_one = allocate_registers(program, in_step, file);
  if (for_one.calls || for_one.body.size() < long_body) return for_one;
  return allocate_for_several(program, in_step, file, most_at_once).value_or(std::move(for_one));
}

/// Emits the actions of a program's allocation: the preheader once, then the body twice, for
/// iterations over whole vectors and for the remaining elements. Where all elements are a pair of
/// vectors, or the body is long, each action is emitted for several vectors, one after the other,
/// so that none waits for the other's results.
class LoopAssembler {
 public:
  LoopAssembler(const Program& program, std::span<const std::int64_t> in_step, InstructionSet set,
                std::int64_t elements)
      : program_(program),
        in_step_(in_step),
        set_(set),
        is_pair_(is_pair(program, elements, set)),
        code_(emitter_for(program, set)),
        file_(code_->registers()),
        allocation_(allocated(program, in_step, file_, is_pair_)),
        frame_(*code_, program, in_step, allocation_, is_pair_ ? 2 : 1),
        is_long_(!is_pair_ && allocation_.body.size() >= long_body),
        apart_(is_pair_ ? elements - code_->lanes() : code_->lanes()) {}

  std::vector<std::uint8_t> run();

 private:
  using Kind = Action::Kind;
  static constexpr std::uint32_t most_slots = 2048;  ///< 128 KiB of the stack
  static constexpr int ahead = 4096;                 ///< bytes

  void iterate();
  void iterate_over_several();
  void act(std::span<const Action> actions);
  void act_on_several(std::span<const Action> actions);
  int own(int number, DType dtype) const;
  Xbyak::Address slot(std::uint32_t i) const {
    return frame_.slot(i, is_pair_ ? static_cast<std::uint32_t>(vector_) : 0);
  }
  /// The first element of the present vector, from that at the index.
  std::int64_t first() const { return vector_ * apart_; }
  void prefetch(const Xbyak::RegExp& from);
  void prefetch_to_write(const Xbyak::RegExp& to);
  void act(const Action& action);
  void load(const Action& action);
  Operation operation(const Action& action) const;
  void compute(const Action& action);
  void call_for_both(const Action& action);
  void call(const Operation& op);
  void call_vector_function(const Operation& op, const void* function);
  void call_interpreter(const Operation& op);

  const Program& program_;
  std::span<const std::int64_t> in_step_;
  const InstructionSet set_;
  const bool is_pair_;  ///< whether all elements are two vectors
  const std::unique_ptr<VectorEmitter> code_;
  const RegisterFile file_;  ///< what a vector has
  const Allocation allocation_;
  Frame frame_;
  const bool is_long_;
  const std::int64_t apart_;  ///< elements from the first of several vectors to the second
  bool in_tail_ = false;
  int vector_ = 0;  ///< the one of several whose instructions are being emitted
};

std::vector<std::uint8_t> LoopAssembler::run() {
  if (allocation_.slots > most_slots) return {};
  frame_.enter();
  is_pair_ ? act_on_several(allocation_.preheader) : act(allocation_.preheader);
  code_->xor_(frame_.index().cvt32(), frame_.index().cvt32());
  is_pair_ ? act_on_several(allocation_.body) : iterate();
  frame_.leave();
  code_->emit_tables();
  code_->ready();
  return {code_->getCode(), code_->getCode() + code_->getSize()};
}

void LoopAssembler::iterate() {
  Label again, tail, done;
  const auto &count = frame_.count(), &index = frame_.index();
  const auto lanes = static_cast<std::uint32_t>(code_->lanes());
  if (allocation_.at_once > 1) iterate_over_several();
  code_->sub(count, lanes);
  code_->cmp(index, count);
  code_->jg(tail, code_->T_NEAR);
  code_->align(64);
  code_->L(again);  // count is now the last index at which a whole vector begins
  act(allocation_.body);
  code_->add(index, lanes);
  code_->cmp(index, count);
  code_->jle(again);
  code_->L(tail);
  code_->neg(count);
  code_->sub(count, lanes);
  code_->add(count, index);  // minus the number of remaining elements
  code_->jz(done, code_->T_NEAR);
  in_tail_ = true;
  code_->begin_tail(count, allocation_.calls);
  act(allocation_.body);
  code_->L(done);
}

void LoopAssembler::iterate_over_several() {
  Label again, done;
  const auto elements = static_cast<std::uint32_t>(allocation_.at_once * code_->lanes());
  code_->sub(frame_.count(), elements);
  code_->jl(done, code_->T_NEAR);
  code_->align(64);
  code_->L(again);
  act_on_several(allocation_.body);
  code_->add(frame_.index(), elements);
  code_->cmp(frame_.index(), frame_.count());
  code_->jle(again, code_->T_NEAR);
  code_->L(done);
  code_->add(frame_.count(), elements);
}

/// The number of a register of the present vector. Registers that no vector owns hold what is the
/// same for all.
int LoopAssembler::own(int number, DType dtype) const {
  const int owned = dtype == b8 && file_.masks > 0 ? allocation_.masks : allocation_.vectors;
  return number < owned ? number + vector_ * owned : number;
}

void LoopAssembler::prefetch(const Xbyak::RegExp& from) {
  if (is_long_ && !in_tail_) code_->prefetcht0(code_->ptr[from + ahead]);
}

void LoopAssembler::prefetch_to_write(const Xbyak::RegExp& to) {
  if (is_long_ && !in_tail_) code_->prefetchw(code_->ptr[to + ahead]);
}

void LoopAssembler::act(std::span<const Action> actions) {
  for (const Action& action : actions) act(action);
}

void LoopAssembler::act_on_several(std::span<const Action> actions) {
  for (const Action& action : actions) {
    const bool calls =
        action.kind == Kind::compute && file_.is_call(program_, program_.steps[action.step]);
    if (calls) {
      call_for_both(action);
      continue;
    }
    for (vector_ = 0; vector_ < allocation_.at_once; ++vector_) act(action);
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
    case Kind::store:
      prefetch_to_write(frame_.output(action.output, first()));
      return code_->store(frame_.output(action.output, first()), own(action.d, dtype), dtype);
  }
}

void LoopAssembler::load(const Action& action) {
  const Instruction& step = program_.steps[action.step];
  const int d = own(action.d, step.dtype);
  if (step.primitive == Primitive::constant) {
    code_->broadcast(d, step.dtype, frame_.constant(step.data));
  } else if (in_step_[step.data] != 0) {
    prefetch(frame_.input(step.data, first()));
    code_->load(d, step.dtype, frame_.input(step.data, first()));
  } else {
    code_->broadcast(d, step.dtype, frame_.repeated_input(step.data));
  }
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

void LoopAssembler::compute(const Action& action) {
  const Operation op = operation(action);
  const bool calls = file_.is_call(program_, program_.steps[action.step]);
  calls ? call(op) : code_->compute(op);
}

/// Calls a function for one vector and then for the other, whose operands wait in memory.
void LoopAssembler::call_for_both(const Action& action) {
  const Operation first = operation(action);
  vector_ = 1;
  Operation second = operation(action);
  vector_ = 0;
  const bool binary = arity(first.primitive) == 2;
  const auto a = frame_.argument(3), b = frame_.argument(4), result = frame_.argument(5);
  const auto vec = [&](int number, DType dtype) { return code_->vec(number, dtype); };
  code_->vmovups(a, vec(second.a, second.operand_dtype));
  if (binary) code_->vmovups(b, vec(second.b, second.operand_dtype));
  call(first);
  code_->vmovups(result, vec(0, first.dtype));
  code_->vmovups(vec(0, second.operand_dtype), a);
  if (binary) code_->vmovups(vec(1, second.operand_dtype), b);
  second.a = 0, second.b = 1;
  call(second);
  code_->vmovaps(vec(second.d, second.dtype), vec(0, second.dtype));
  code_->vmovups(vec(0, first.dtype), result);
}

void LoopAssembler::call(const Operation& op) {
  const void* function = vector_function(set_, op.primitive, op.dtype);
  function != nullptr ? call_vector_function(op, function) : call_interpreter(op);
  code_->restore_tail();
}

void LoopAssembler::call_vector_function(const Operation& op, const void* function) {
  code_->move_arguments(op);
  if (code_->is_half(op.dtype)) {  // leave no unrelated values in the upper half
    for (int i = 0; i < arity(op.primitive); ++i) code_->repeat_low_half(i);
  }
  code_->call_function(op, function);
}

/// For primitives without vector code: runs the interpreter's loop over the lanes, through memory.
void LoopAssembler::call_interpreter(const Operation& op) {
  const auto a = frame_.argument(0), b = frame_.argument(1), result = frame_.argument(2);
  code_->vmovups(a, code_->vec(op.a, op.operand_dtype));
  if (arity(op.primitive) == 2) code_->vmovups(b, code_->vec(op.b, op.operand_dtype));
  code_->lea(rdi, a);
  code_->lea(rsi, b);
  code_->xor_(rdx, rdx);
  code_->lea(rcx, result);
  if (in_tail_) {
    code_->mov(r8, frame_.count());
    code_->neg(r8);
  } else {
    code_->mov(r8, static_cast<std::uint64_t>(code_->lanes()));
  }
  code_->vzeroupper();
  code_->mov(rax,
             reinterpret_cast<std::uintptr_t>(loop_of(op.primitive, op.operand_dtype, op.cast_to)));
  code_->call(rax);
  code_->vmovups(code_->vec(0, op.dtype), result);
}

}  // namespace

std::vector<std::uint8_t> assemble(const Program& program, std::span<const std::int64_t> in_step,
                                   InstructionSet set, std::int64_t elements) try {
  return LoopAssembler(program, in_step, set, elements).run();
} catch (const Xbyak::Error& error) {
  throw InternalError(std::string("a loop could not be assembled: ") + error.what());
}

}  // namespace dagrad::detail
