#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "src/program/loops.hpp"
#include "src/program/primitives.hpp"

namespace dagrad {
namespace {

constexpr std::uint32_t forever =
    Instruction::none - 1;  // last use of values that are read after the steps of a tile
constexpr std::size_t largest_tile = 256;

/// Memory that a thread keeps between calls, so that these allocate nothing.
struct Scratch {
  struct Value {
    std::uint32_t last_use = 0;
    std::uint32_t slot = Instruction::none;  ///< none: read from the caller's memory
    const std::byte* at = nullptr;           ///< elements of the current tile
    detail::WordLoop loop = nullptr;
  };
  std::vector<Value> values;
  std::vector<std::uint32_t> free_slots;
  std::vector<std::uint64_t> tiles;
};

/// One call of `interpret`. There is a slot of the size of a tile for each value that is live at
/// the same time.
class Interpreter {
 public:
  Interpreter(const Program& program, std::span<const void* const> in,
              std::span<const std::int64_t> in_step, std::int64_t n, Scratch& scratch)
      : program_(program),
        in_(in),
        in_step_(in_step),
        n_(static_cast<std::size_t>(n)),
        scratch_(scratch) {
    find_last_uses();
    assign_slots();
    fill_repeated();
  }
  void run(std::span<void* const> out);

 private:
  void find_last_uses();
  void assign_slots();
  std::uint32_t take_slot();
  void fill_repeated();
  void compute_tile(std::size_t first, std::size_t count);

  bool repeats(const Instruction& step) const {
    return step.primitive == Primitive::constant ||
           (step.primitive == Primitive::input && in_step_[step.data] == 0);
  }
  std::byte* slot(const Scratch::Value& value) const {
    return reinterpret_cast<std::byte*>(scratch_.tiles.data() + value.slot * tile_);
  }
  const std::byte* at(std::uint32_t step) const {
    return step == Instruction::none ? nullptr : scratch_.values[step].at;
  }

  const Program& program_;
  std::span<const void* const> in_;
  std::span<const std::int64_t> in_step_;
  std::size_t n_;
  Scratch& scratch_;
  std::uint32_t slots_ = 0;
  std::size_t tile_ = largest_tile;
};

void Interpreter::find_last_uses() {
  std::vector<Scratch::Value>& values = scratch_.values;
  values.assign(program_.steps.size(), {});
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    const Instruction& step = program_.steps[i];
    for (std::uint32_t operand : {step.a, step.b, step.c})
      if (operand != Instruction::none)
        values[operand].last_use = std::max(values[operand].last_use, i);
    if (repeats(step)) values[i].last_use = forever;
  }
  for (std::uint32_t result : program_.outputs) values[result].last_use = forever;
}

std::uint32_t Interpreter::take_slot() {
  if (scratch_.free_slots.empty()) return slots_++;
  const std::uint32_t slot = scratch_.free_slots.back();
  scratch_.free_slots.pop_back();
  return slot;
}

void Interpreter::assign_slots() {
  scratch_.free_slots.clear();
  for (std::uint32_t i = 0; i < scratch_.values.size(); ++i) {
    const Instruction& step = program_.steps[i];
    Scratch::Value& value = scratch_.values[i];
    value.loop =
        detail::arity_of(step.primitive) == 0
            ? detail::load_loop(step.dtype)
            : detail::loop_of(step.primitive, detail::operand_dtype(program_, step), step.dtype);
    // Repeated elements are written to a slot before the first step. A dense input is read in place
    // unless its compute dtype differs; one that is also a result is copied, because another result
    // may overwrite its memory.
    if (repeats(step))
      value.slot = slots_++;
    else if (value.loop != nullptr || value.last_use == forever)
      value.slot = take_slot();
    for (std::uint32_t operand : {step.a, step.b, step.c}) {
      if (operand == Instruction::none) continue;
      Scratch::Value& used = scratch_.values[operand];
      if (used.last_use != i || used.slot == Instruction::none) continue;
      scratch_.free_slots.push_back(used.slot);
      used.last_use = 0;  // released only once, even if a step uses a value twice
    }
  }
  // If many values are live, tiles are smaller, so that all of them stay in the cache.
  while (tile_ > 16 && slots_ * tile_ > (1U << 17)) tile_ /= 2;
  if (scratch_.tiles.size() < slots_ * tile_) scratch_.tiles.resize(slots_ * tile_);
}

void Interpreter::fill_repeated() {
  for (std::uint32_t i = 0; i < scratch_.values.size(); ++i) {
    const Instruction& step = program_.steps[i];
    if (!repeats(step)) continue;
    Scratch::Value& value = scratch_.values[i];
    const void* element =
        step.primitive == Primitive::constant ? &program_.constants[step.data] : in_[step.data];
    value.at = slot(value);
    std::uint64_t held = 0;
    if (value.loop != nullptr)
      value.loop(element, nullptr, nullptr, &held, 1);
    else
      std::memcpy(&held, element, size_of(step.dtype));
    dispatch_width(compute_dtype(step.dtype), [&]<class Bits>(std::type_identity<Bits>) {
      Bits* tile = reinterpret_cast<Bits*>(slot(value));
      std::fill_n(tile, std::min(tile_, n_), static_cast<Bits>(held));
    });
  }
}

void Interpreter::compute_tile(std::size_t first, std::size_t count) {
  for (std::uint32_t i = 0; i < scratch_.values.size(); ++i) {
    const Instruction& step = program_.steps[i];
    Scratch::Value& value = scratch_.values[i];
    if (repeats(step)) continue;
    const std::byte* a = at(step.a);
    if (step.primitive == Primitive::input) {
      const std::size_t size = size_of(step.dtype);
      a = value.at = static_cast<const std::byte*>(in_[step.data]) + first * size;
      if (value.slot == Instruction::none) continue;
      if (value.loop == nullptr) std::memcpy(slot(value), a, count * size);
    }
    if (value.loop != nullptr)
      value.loop(a, at(step.b), at(step.c), slot(value), static_cast<std::int64_t>(count));
    value.at = slot(value);
  }
}

void Interpreter::run(std::span<void* const> out) {
  for (std::size_t first = 0; first < n_; first += tile_) {
    const std::size_t count = std::min(tile_, n_ - first);
    compute_tile(first, count);
    // Results are written last, because they may overwrite operands.
    for (std::size_t k = 0; k < out.size(); ++k) {
      const DType dtype = program_.output_dtype(k);
      std::byte* const to = static_cast<std::byte*>(out[k]) + first * size_of(dtype);
      const std::byte* const from = at(program_.outputs[k]);
      if (const detail::WordLoop store = detail::store_loop(dtype))
        store(from, nullptr, nullptr, to, static_cast<std::int64_t>(count));
      else
        std::memcpy(to, from, count * size_of(dtype));
    }
  }
}

}  // namespace

void interpret(const Program& program, std::span<const void* const> in,
               std::span<const std::int64_t> in_step, std::span<void* const> out, std::int64_t n) {
  if (n == 0) return;
  static thread_local Scratch scratch;
  Interpreter(program, in, in_step, n, scratch).run(out);
}

}  // namespace dagrad
