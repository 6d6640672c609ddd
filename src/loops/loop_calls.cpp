// Calls of functions within loops.

#include "src/loops/loop_assembler.hpp"
#include "src/program/functions.hpp"
#include "src/program/loops.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

using Xbyak::util::rax, Xbyak::util::rcx, Xbyak::util::rdi, Xbyak::util::rdx, Xbyak::util::rsi,
    Xbyak::util::r8;

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

}  // namespace dagrad::detail
