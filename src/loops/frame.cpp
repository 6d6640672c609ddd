#include "src/loops/frame.hpp"

#include <algorithm>

namespace dagrad::detail {

using Xbyak::util::ptr, Xbyak::util::r10, Xbyak::util::r11, Xbyak::util::r12, Xbyak::util::r13,
    Xbyak::util::r14, Xbyak::util::r15, Xbyak::util::r8, Xbyak::util::r9;
using Xbyak::util::rbp, Xbyak::util::rbx, Xbyak::util::rcx, Xbyak::util::rdi, Xbyak::util::rdx,
    Xbyak::util::rsi, Xbyak::util::rsp;

Frame::Frame(VectorEmitter& code, const Program& program, std::span<const std::int64_t> in_step,
             bool calls, std::uint32_t slots, std::uint32_t vectors)
    : code_(code),
      program_(program),
      calls_(calls),
      at_once_(vectors),
      vectors_(vectors * (slots + (calls_ ? arguments : 0))),
      in_pointer_(program.inputs.size(), in_table),
      out_pointer_(program.outputs.size(), in_table) {
  choose_registers(in_step);
}

void Frame::choose_registers(std::span<const std::int64_t> in_step) {
  if (calls_) {
    in_ = r12, out_ = r13, count_ = r14, constants_ = r15, index_ = rbx;
    saved_ = {rbp, rbx, r12, r13, r14, r15};
    return;
  }
  in_ = rdi, out_ = rsi, count_ = rdx, constants_ = rcx, index_ = r8;
  constexpr std::size_t callee_saved = 5;  // these are used last
  std::vector<Reg64> free{r15, r14, r13, r12, rbx, r9};
  if (!code_.tail_takes_r10(program_)) free.push_back(r10);
  const auto give = [&](int& pointer) {
    if (free.empty()) return;
    pointer = free.back().getIdx();
    if (free.size() <= callee_saved) saved_.push_back(free.back());
    free.pop_back();
  };
  for (std::size_t i = 0; i < in_pointer_.size(); ++i) {
    if (in_step[i] != 0) give(in_pointer_[i]);
  }
  for (int& pointer : out_pointer_) give(pointer);
  if (vectors_ > 0) saved_.push_back(rbp);
}

void Frame::enter() {
  for (const Reg64& r : saved_) code_.push(r);
  if (vectors_ > 0) {
    code_.mov(rbp, rsp);
    code_.sub(rsp, vector_bytes * vectors_);
    code_.and_(rsp, static_cast<std::uint32_t>(-64));
  }
  if (calls_) {
    code_.mov(in_, rdi);
    code_.mov(out_, rsi);
    code_.mov(count_, rdx);
    code_.mov(constants_, rcx);
  }
  const auto point = [&](const std::vector<int>& pointers, const Reg64& table) {
    for (std::size_t i = 0; i < pointers.size(); ++i) {
      if (pointers[i] != in_table) code_.mov(Reg64(pointers[i]), ptr[table + 8 * i]);
    }
  };
  point(in_pointer_, in_);
  point(out_pointer_, out_);
}

void Frame::leave() {
  if (vectors_ > 0) code_.mov(rsp, rbp);
  std::for_each(saved_.rbegin(), saved_.rend(), [&](const Reg64& r) { code_.pop(r); });
  code_.vzeroupper();
  code_.ret();
}

Xbyak::RegExp Frame::element(int pointer, const Reg64& table, std::size_t i, DType dtype,
                             std::int64_t after) {
  if (pointer == in_table) code_.mov(r11, ptr[table + 8 * i]);
  const int size = static_cast<int>(size_of(dtype));
  return Reg64(pointer == in_table ? r11.getIdx() : pointer) + index_ * size +
         static_cast<std::size_t>(after) * size_of(dtype);
}

Xbyak::RegExp Frame::repeated_input(std::size_t i, std::int64_t after) {
  code_.mov(r11, ptr[in_ + 8 * i]);
  return r11 + static_cast<std::size_t>(after) * size_of(program_.inputs[i]);
}

void Frame::move(int pointer, const Reg64& table, std::size_t i, std::int64_t bytes) {
  if (bytes == 0) return;
  code_.mov(r11, static_cast<std::uint64_t>(bytes));
  if (pointer == in_table)
    code_.add(ptr[table + 8 * i], r11);
  else
    code_.add(Reg64(pointer), r11);
}

Xbyak::RegExp Frame::lane(std::size_t i, std::int64_t after, std::int64_t lanes) {
  code_.lea(r11, ptr[index_ + static_cast<std::size_t>(after)]);
  code_.and_(r11, static_cast<std::uint32_t>(lanes - 1));
  code_.shl(r11, size_of(program_.output_dtype(i)) == 4 ? 2 : 3);
  if (out_pointer_[i] == in_table)
    code_.add(r11, ptr[out_ + 8 * i]);
  else
    code_.add(r11, Reg64(out_pointer_[i]));
  return r11;
}

Xbyak::RegExp Frame::fixed_lane(std::size_t i, std::int64_t element) {
  const std::size_t bytes = static_cast<std::size_t>(element) * size_of(program_.output_dtype(i));
  if (out_pointer_[i] != in_table) return Reg64(out_pointer_[i]) + bytes;
  code_.mov(r11, ptr[out_ + 8 * i]);
  return r11 + bytes;
}

Xbyak::Address Frame::slot(std::uint32_t i, std::uint32_t vector) const {
  return ptr[rsp + vector_bytes * (i * at_once_ + vector + (calls_ ? arguments * at_once_ : 0))];
}

Xbyak::Address Frame::argument(std::uint32_t i) const { return ptr[rsp + vector_bytes * i]; }

}  // namespace dagrad::detail
