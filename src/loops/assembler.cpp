#include "src/loops/assembler.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "dagrad/error.hpp"
#include "src/loops/avx2.hpp"
#include "src/loops/avx512.hpp"
#include "src/loops/frame.hpp"
#include "src/program/functions.hpp"
#include "src/program/loops.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

using Xbyak::Label;
using Xbyak::util::rax, Xbyak::util::rcx, Xbyak::util::rdi, Xbyak::util::rdx, Xbyak::util::rsi,
    Xbyak::util::r8;

/// Size of the widest dtype in bytes, which is the width of a lane.
int lane_bytes(const Program& program) {
  const auto is_wide = [](const Instruction& i) { return size_of(i.dtype) == 8; };
  return std::any_of(program.steps.begin(), program.steps.end(), is_wide) ? 8 : 4;
}

std::unique_ptr<VectorEmitter> emitter_for(const Program& program, InstructionSet set) {
  if (set == InstructionSet::avx512) return std::make_unique<Avx512Emitter>(lane_bytes(program));
  return std::make_unique<Avx2Emitter>(lane_bytes(program));
}

/// Emits the actions of a program's allocation: the preheader once, then the body twice, for
/// iterations over whole vectors and for the remaining elements. Before these, the bodies for two
/// vectors alternate if they are long.
class LoopAssembler {
 public:
  LoopAssembler(const Program& program, std::span<const std::int64_t> in_step, InstructionSet set)
      : program_(program),
        in_step_(in_step),
        set_(set),
        code_(emitter_for(program, set)),
        allocation_(allocate_registers(program, in_step, code_->registers())),
        frame_(*code_, program, in_step, allocation_),
        is_long_(allocation_.body.size() >= long_body) {
    if (is_long_) second_ = second_body(program, allocation_, code_->registers());
  }

  std::vector<std::uint8_t> run();

 private:
  using Kind = Action::Kind;
  static constexpr std::uint32_t most_slots = 2048;  ///< 128 KiB of the stack
  /// Actions from which on a body is so long that few of its iterations overlap, so that they wait
  /// for memory unless lines are asked for early, and for results of their own.
  static constexpr std::size_t long_body = 24;
  static constexpr int ahead = 4096;  ///< bytes

  void pairs();
  void body();
  Xbyak::RegExp skip(const Xbyak::RegExp& at, DType dtype) const {
    return at + static_cast<std::size_t>(skipped_) * size_of(dtype);
  }
  void prefetch(const Xbyak::RegExp& from);
  void prefetch_to_write(const Xbyak::RegExp& to);
  void act(const Action& action);
  void load(const Action& action);
  void compute(const Action& action);
  void call(const Operation& op);
  void call_vector_function(const Operation& op, const void* function);
  void call_interpreter(const Operation& op);

  const Program& program_;
  std::span<const std::int64_t> in_step_;
  const InstructionSet set_;
  const std::unique_ptr<VectorEmitter> code_;
  const Allocation allocation_;
  Frame frame_;
  const bool is_long_;
  std::vector<Action> second_;  ///< the body for the second of two vectors; empty without pairs
  int skipped_ = 0;             ///< elements from the index to the vector of an action
  bool in_tail_ = false;
};

std::vector<std::uint8_t> LoopAssembler::run() {
  if (allocation_.slots > most_slots) return {};
  Label again, tail, done;
  const auto &count = frame_.count(), &index = frame_.index();
  const auto lanes = static_cast<std::uint32_t>(code_->lanes());
  frame_.enter();
  for (const Action& action : allocation_.preheader) act(action);
  code_->xor_(index.cvt32(), index.cvt32());
  if (!second_.empty()) pairs();
  code_->sub(count, lanes);
  code_->cmp(index, count);
  code_->jg(tail, code_->T_NEAR);
  code_->align(64);
  code_->L(again);  // count is now the last index at which a whole vector begins
  body();
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
  body();
  code_->L(done);
  frame_.leave();
  code_->emit_tables();
  code_->ready();
  return {code_->getCode(), code_->getCode() + code_->getSize()};
}

/// Emits the iterations over two whole vectors, whose instructions do not wait for each other.
void LoopAssembler::pairs() {
  Label again, done;
  const auto lanes = static_cast<std::uint32_t>(code_->lanes());
  code_->sub(frame_.count(), 2 * lanes);
  code_->jl(done, code_->T_NEAR);
  code_->align(64);
  code_->L(again);
  for (std::size_t i = 0; i < second_.size(); ++i) {
    act(allocation_.body[i]);
    skipped_ = code_->lanes();
    act(second_[i]);
    skipped_ = 0;
  }
  code_->add(frame_.index(), 2 * lanes);
  code_->cmp(frame_.index(), frame_.count());
  code_->jle(again, code_->T_NEAR);
  code_->L(done);
  code_->add(frame_.count(), 2 * lanes);
}

void LoopAssembler::body() {
  for (const Action& action : allocation_.body) act(action);
}

void LoopAssembler::prefetch(const Xbyak::RegExp& from) {
  if (is_long_ && !in_tail_) code_->prefetcht0(code_->ptr[from + ahead]);
}

void LoopAssembler::prefetch_to_write(const Xbyak::RegExp& to) {
  if (is_long_ && !in_tail_) code_->prefetchw(code_->ptr[to + ahead]);
}

void LoopAssembler::act(const Action& action) {
  const DType dtype = program_.steps[action.step].dtype;
  switch (action.kind) {
    case Kind::load:
      return load(action);
    case Kind::spill:
      return code_->spill(frame_.slot(action.slot), action.d, dtype);
    case Kind::reload:
      return code_->reload(action.d, dtype, frame_.slot(action.slot));
    case Kind::compute:
      return compute(action);
    case Kind::store: {
      const auto to = skip(frame_.output(action.output), dtype);
      prefetch_to_write(to);
      return code_->store(to, action.d, dtype);
    }
  }
}

void LoopAssembler::load(const Action& action) {
  const Instruction& step = program_.steps[action.step];
  if (step.primitive == Primitive::constant) {
    code_->broadcast(action.d, step.dtype, frame_.constant(step.data));
  } else if (in_step_[step.data] != 0) {
    const auto from = skip(frame_.input(step.data), step.dtype);
    prefetch(from);
    code_->load(action.d, step.dtype, from);
  } else {
    code_->broadcast(action.d, step.dtype, frame_.repeated_input(step.data));
  }
}

void LoopAssembler::compute(const Action& action) {
  const Instruction& step = program_.steps[action.step];
  Operation op{.primitive = step.primitive,
               .dtype = compute_dtype(step.dtype),
               .operand_dtype = compute_dtype(operand_dtype(program_, step)),
               .d = action.d,
               .a = action.a,
               .b = action.b,
               .c = action.c,
               .cast_to = step.dtype};
  if (action.slot != Instruction::none) op.memory = frame_.slot(action.slot);
  code_->registers().is_call(program_, step) ? call(op) : code_->compute(op);
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
                                   InstructionSet set) try {
  return LoopAssembler(program, in_step, set).run();
} catch (const Xbyak::Error& error) {
  throw InternalError(std::string("a loop could not be assembled: ") + error.what());
}

}  // namespace dagrad::detail
