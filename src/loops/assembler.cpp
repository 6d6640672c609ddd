#include "src/loops/assembler.hpp"

#include <algorithm>
#include <memory>
#include <string>

#include "dagrad/error.hpp"
#include "src/loops/avx2.hpp"
#include "src/loops/avx512.hpp"
#include "src/program/functions.hpp"
#include "src/program/loops.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

using Xbyak::Address, Xbyak::Label, Xbyak::Reg64, Xbyak::RegExp, Xbyak::util::ptr;
using Xbyak::util::r10, Xbyak::util::r11, Xbyak::util::r12, Xbyak::util::r13, Xbyak::util::r14,
    Xbyak::util::r15, Xbyak::util::r8, Xbyak::util::r9;
using Xbyak::util::rax, Xbyak::util::rbp, Xbyak::util::rbx, Xbyak::util::rcx, Xbyak::util::rdi,
    Xbyak::util::rdx, Xbyak::util::rsi, Xbyak::util::rsp;

/// Bytes of the widest dtype, which fills a lane.
int lane_bytes(const Program& program) {
  const auto wide = [](const Instruction& i) { return size_of(i.dtype) == 8; };
  return std::any_of(program.steps.begin(), program.steps.end(), wide) ? 8 : 4;
}

/// Whether an array holds bools, whose bytes AVX2 counts in r10 where few are left.
bool has_bools(const Program& program) {
  return std::count(program.inputs.begin(), program.inputs.end(), b8) > 0 ||
         std::any_of(program.outputs.begin(), program.outputs.end(),
                     [&](std::uint32_t step) { return program.steps[step].dtype == b8; });
}

std::unique_ptr<LoopMachine> machine_for(const Program& program, InstructionSet set) {
  if (set == InstructionSet::avx512) return std::make_unique<Avx512Machine>(lane_bytes(program));
  return std::make_unique<Avx2Machine>(lane_bytes(program));
}

/// The frame around a pass: the caller's registers, the pass over whole vectors again and again,
/// the pass over the elements that are left.
///
/// rax, r10 and r11 pass through. Loops with calls keep theirs where the callee does.
class LoopAssembler {
 public:
  LoopAssembler(const Program& program, std::span<const std::int64_t> in_step, InstructionSet set)
      : program_(program),
        in_step_(in_step),
        set_(set),
        code_(machine_for(program, set)),
        allocation_(allocate_registers(program, in_step, code_->registers())) {}

  std::vector<std::uint8_t> run();

 private:
  using Kind = Action::Kind;
  static constexpr std::uint32_t argument_places = 3;  ///< of calls by memory, at the frame's end
  static constexpr std::uint32_t most_places = 2048;   ///< 128 KiB of the stack
  static constexpr int in_table = -1;
  static constexpr std::size_t callee_saved = 5;

  void choose_registers();
  void enter();
  void leave();
  void pass();
  void act(const Action& action);
  void load(const Action& action);
  void call(const Word& word);
  void call_vector(const Word& word, const void* function);
  void clamp(const Word& word);
  void call_plain(const Word& word);

  Word word(const Action& action) const;
  RegExp element(int pointer, const Reg64& table, std::size_t i, DType dtype);
  Address place(std::uint32_t i) const {
    return ptr[rsp + 64 * (i + (allocation_.calls ? argument_places : 0))];
  }

  const Program& program_;
  std::span<const std::int64_t> in_step_;
  const InstructionSet set_;
  const std::unique_ptr<LoopMachine> code_;
  const Allocation allocation_;

  Reg64 in_, out_, count_, constants_, index_;
  std::vector<Reg64> saved_;                   ///< the caller's, in the order of their pushes
  std::vector<int> in_pointer_, out_pointer_;  ///< registers of arrays; -1: read from the table
  bool framed_ = false;
  bool in_tail_ = false;
};

void LoopAssembler::choose_registers() {
  in_pointer_.assign(program_.inputs.size(), in_table);
  out_pointer_.assign(program_.outputs.size(), in_table);
  framed_ = allocation_.calls || allocation_.places > 0;
  if (allocation_.calls) {
    in_ = r12, out_ = r13, count_ = r14, constants_ = r15, index_ = rbx;
    saved_ = {rbp, rbx, r12, r13, r14, r15};
    return;
  }
  in_ = rdi, out_ = rsi, count_ = rdx, constants_ = rcx, index_ = r8;
  std::vector<Reg64> free{r15, r14, r13, r12, rbx, r9};
  if (set_ == InstructionSet::avx512 || !has_bools(program_)) free.push_back(r10);
  const auto give = [&](std::vector<int>& pointers, std::size_t i) {
    if (free.empty()) return;
    pointers[i] = free.back().getIdx();
    if (free.size() <= callee_saved) saved_.push_back(free.back());
    free.pop_back();
  };
  for (std::size_t i = 0; i < in_pointer_.size(); ++i) {
    if (in_step_[i] != 0) give(in_pointer_, i);
  }
  for (std::size_t i = 0; i < out_pointer_.size(); ++i) give(out_pointer_, i);
  if (framed_) saved_.push_back(rbp);
}

void LoopAssembler::enter() {
  for (const Reg64& r : saved_) code_->push(r);
  if (framed_) {
    const std::uint32_t places = allocation_.places + (allocation_.calls ? argument_places : 0);
    code_->mov(rbp, rsp);
    code_->sub(rsp, 64 * places);
    code_->and_(rsp, static_cast<std::uint32_t>(-64));
  }
  if (allocation_.calls) {
    code_->mov(in_, rdi);
    code_->mov(out_, rsi);
    code_->mov(count_, rdx);
    code_->mov(constants_, rcx);
  }
  const auto point = [&](const std::vector<int>& pointers, const Reg64& table) {
    for (std::size_t i = 0; i < pointers.size(); ++i) {
      if (pointers[i] != in_table) code_->mov(Reg64(pointers[i]), ptr[table + 8 * i]);
    }
  };
  point(in_pointer_, in_);
  point(out_pointer_, out_);
  for (const Action& action : allocation_.before) act(action);
}

void LoopAssembler::leave() {
  if (framed_) code_->mov(rsp, rbp);
  std::for_each(saved_.rbegin(), saved_.rend(), [&](const Reg64& r) { code_->pop(r); });
  code_->vzeroupper();
  code_->ret();
}

std::vector<std::uint8_t> LoopAssembler::run() {
  if (allocation_.places > most_places) return {};
  Label again, tail, done;
  choose_registers();
  enter();
  code_->xor_(index_.cvt32(), index_.cvt32());
  code_->sub(count_, static_cast<std::uint32_t>(code_->lanes()));
  code_->jl(tail, code_->T_NEAR);
  code_->align(64);
  code_->L(again);  // count: the last index at which a whole vector begins
  pass();
  code_->add(index_, static_cast<std::uint32_t>(code_->lanes()));
  code_->cmp(index_, count_);
  code_->jle(again);
  code_->L(tail);
  code_->neg(count_);
  code_->sub(count_, static_cast<std::uint32_t>(code_->lanes()));
  code_->add(count_, index_);  // minus the elements that are left
  code_->jz(done, code_->T_NEAR);
  in_tail_ = true;
  code_->begin_tail(count_, allocation_.calls);
  pass();
  code_->L(done);
  leave();
  code_->literals();
  code_->ready();
  return {code_->getCode(), code_->getCode() + code_->getSize()};
}

void LoopAssembler::pass() {
  for (const Action& action : allocation_.pass) act(action);
}

Word LoopAssembler::word(const Action& action) const {
  const Instruction& step = program_.steps[action.step];
  return {.primitive = step.primitive,
          .dtype = step.dtype,
          .operand = operand_dtype(program_, step),
          .d = action.d,
          .a = action.a,
          .b = action.b,
          .c = action.c};
}

RegExp LoopAssembler::element(int pointer, const Reg64& table, std::size_t i, DType dtype) {
  if (pointer == in_table) code_->mov(r11, ptr[table + 8 * i]);
  return Reg64(pointer == in_table ? r11.getIdx() : pointer) +
         index_ * static_cast<int>(size_of(dtype));
}

void LoopAssembler::act(const Action& action) {
  const Instruction& step = program_.steps[action.step];
  switch (action.kind) {
    case Kind::load:
      return load(action);
    case Kind::save:
      return code_->save(place(action.place), action.d, step.dtype);
    case Kind::restore:
      return code_->restore(action.d, step.dtype, place(action.place));
    case Kind::store: {
      const RegExp to = element(out_pointer_[action.place], out_, action.place, step.dtype);
      return code_->store(to, action.d, step.dtype);
    }
    case Kind::compute:
      break;
  }
  Word w = word(action);
  const bool in_memory = action.place != Instruction::none;
  const Address memory = place(in_memory ? action.place : 0);
  if (in_memory) w.memory = &memory;
  code_->registers().is_call(program_, step) ? call(w) : code_->word(w);
}

void LoopAssembler::load(const Action& action) {
  const Instruction& step = program_.steps[action.step];
  if (step.primitive == Primitive::constant) {
    code_->load_one(action.d, step.dtype, constants_ + 8 * step.data);
  } else if (in_step_[step.data] != 0) {
    code_->load(action.d, step.dtype, element(in_pointer_[step.data], in_, step.data, step.dtype));
  } else {
    code_->mov(r11, ptr[in_ + 8 * step.data]);
    code_->load_one(action.d, step.dtype, r11);
  }
}

void LoopAssembler::call(const Word& w) {
  const void* function = vector_function(set_, w.primitive, w.dtype);
  function != nullptr ? call_vector(w, function) : call_plain(w);
  code_->after_call();
}

/// A function of libmvec: operands in vectors 0 and 1, the result in 0. All registers are free, but
/// for those of the operands.
void LoopAssembler::call_vector(const Word& w, const void* function) {
  const auto move = [&](int d, int a) {
    if (d != a) code_->vmovaps(code_->vec(d, w.dtype), code_->vec(a, w.dtype));
  };
  const int operands = arity(w.primitive);
  if (operands == 1) {
    move(0, w.a);
  } else if (w.b != 0) {
    move(0, w.a);
    move(1, w.b);
  } else {
    const int a = w.a == 1 ? 2 : w.a;
    move(a, w.a);
    move(1, 0);
    move(0, a);
  }
  if (code_->half(w.dtype)) {
    for (int i = 0; i < operands; ++i) code_->repeat_half(i);
  }
  code_->mov(rax, reinterpret_cast<std::uintptr_t>(function));
  code_->call(rax);
  if (w.primitive == Primitive::sin || w.primitive == Primitive::cos) clamp(w);
}

/// libmvec's sine of a double may be 1.0000000000000002. NaN passes.
void LoopAssembler::clamp(const Word& w) {
  const Xbyak::Xmm d = code_->vec(0, w.dtype), limit = code_->vec(1, w.dtype);
  code_->literal(limit, one(w.dtype), w.dtype);
  w.dtype == f32 ? code_->vminps(d, limit, d) : code_->vminpd(d, limit, d);
  code_->literal(limit, one(w.dtype) | sign_bit(w.dtype), w.dtype);
  w.dtype == f32 ? code_->vmaxps(d, limit, d) : code_->vmaxpd(d, limit, d);
}

/// Words without vector code: the plain reading's loop over the lanes, through memory.
void LoopAssembler::call_plain(const Word& w) {
  code_->vmovups(ptr[rsp], code_->vec(w.a, w.operand));
  if (arity(w.primitive) == 2) code_->vmovups(ptr[rsp + 64], code_->vec(w.b, w.operand));
  code_->mov(rdi, rsp);
  code_->lea(rsi, ptr[rsp + 64]);
  code_->xor_(rdx, rdx);
  code_->lea(rcx, ptr[rsp + 128]);
  if (in_tail_) {
    code_->mov(r8, count_);
    code_->neg(r8);
  } else {
    code_->mov(r8, static_cast<std::uint64_t>(code_->lanes()));
  }
  code_->vzeroupper();
  code_->mov(rax, reinterpret_cast<std::uintptr_t>(loop_of(w.primitive, w.operand, w.dtype)));
  code_->call(rax);
  code_->vmovups(code_->vec(0, w.dtype), ptr[rsp + 128]);
}

}  // namespace

std::vector<std::uint8_t> assemble(const Program& program, std::span<const std::int64_t> in_step,
                                   InstructionSet set) try {
  return LoopAssembler(program, in_step, set).run();
} catch (const Xbyak::Error& error) {
  throw InternalError(std::string("a loop could not be assembled: ") + error.what());
}

}  // namespace dagrad::detail
