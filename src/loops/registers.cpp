#include "src/loops/registers.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "src/loops/liveness.hpp"

namespace dagrad::detail {

namespace {

constexpr std::uint32_t none = Instruction::none;
constexpr int no_register = -1;

/// The registers of one kind: for each, the step whose value it holds.
using Bank = std::vector<std::uint32_t>;

class StackSlots {
 public:
  std::uint32_t take() {
    if (free_.empty()) return count_++;
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give_back(std::uint32_t slot) { free_.push_back(slot); }
  std::uint32_t count() const { return count_; }

 private:
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> free_;
};

/// The registers that a step must have of those for which `is_of(step)` is true: for its operands,
/// which may be invariants, and for its result.
template <class F>
int registers_of_step(const Program& program, const F& is_of) {
  int most = 0;
  for (std::uint32_t step = 0; step < program.steps.size(); ++step) {
    const Instruction& at = program.steps[step];
    int of_step = 0;
    for (const std::uint32_t value : {step, at.a, at.b, at.c})
      of_step += value != none && is_of(value);
    most = std::max(most, of_step);
  }
  return most;
}

/// The same of a vector, which also has values that are live at once.
template <class F>
int needed_registers(const Program& program, const Liveness& liveness, const F& is_of) {
  const std::vector<int> live = liveness.live(is_of);
  return std::max(*std::ranges::max_element(live), registers_of_step(program, is_of));
}

/// Assigns registers to values in the order of the program. If registers run out, it evicts the
/// value whose next use is farthest away (Belady 1966), which is spilled to the stack, or dropped
/// if it can be read again.
class Allocator {
 public:
  Allocator(const Program& program, std::span<const std::int64_t> in_step, const RegisterFile& file,
            int at_once, VectorsOf vectors);
  /// Hoists the invariants that `preheader` loads, or as many as there are registers for.
  Allocation run(const std::vector<Action>* preheader);

 private:
  using Kind = Action::Kind;
  struct Value {
    std::span<const std::uint32_t> uses;
    std::uint32_t used = 0;  ///< number of past uses
    std::uint32_t slot = none;
    int in_register = no_register;
    /// Whether it keeps its register, removed from the bank, during all iterations.
    bool is_resident = false;
    /// Whether it is in memory, so that it can be dropped and loaded again.
    bool is_readable = false;
    std::uint32_t next_use() const { return used < uses.size() ? uses[used] : none; }
  };

  const Instruction& at(std::uint32_t step) const { return program_.steps[step]; }
  Bank& bank(std::uint32_t step) {
    return file_.masks > 0 && at(step).dtype == b8 ? masks_ : vectors_;
  }

  void hoist(std::span<const Action> preheader);
  void hoist_invariants(Bank& bank);
  void hoist_into_register(std::uint32_t step, Bank& bank);
  void hoist_into_slot(std::uint32_t step);

  void compute(std::uint32_t step);
  std::uint32_t choose_memory_operand(Primitive primitive);
  bool is_better_in_memory(std::uint32_t step) const;
  void read_outputs_of_inputs(std::uint32_t now);
  void store_outputs(std::uint32_t now);

  std::uint8_t bring(std::uint32_t step);
  std::uint8_t take_register(Bank& bank);
  void hold(std::uint32_t step, std::uint8_t in_register);
  void evict(std::uint32_t& held);
  void evict_all();
  void spill(std::uint32_t step);
  void finish_use(std::uint32_t step);

  const Program& program_;
  const RegisterFile& file_;
  const Liveness liveness_;
  std::vector<Value> values_;
  Bank vectors_, masks_;
  StackSlots slots_;
  /// Operands of the current step, which must not be evicted.
  std::array<std::uint32_t, 3> operands_{};
  std::size_t stored_ = 0;  ///< number of outputs stored so far
  Allocation result_;
};

Allocator::Allocator(const Program& program, std::span<const std::int64_t> in_step,
                     const RegisterFile& file, int at_once, VectorsOf vectors)
    : program_(program),
      file_(file),
      liveness_(program, in_step, vectors),
      values_(program.steps.size()),
      vectors_(static_cast<std::size_t>(file.vectors), none),
      masks_(static_cast<std::size_t>(file.masks), none) {
  result_.at_once = at_once;
  for (std::uint32_t step = 0; step < values_.size(); ++step) {
    values_[step].uses = liveness_.uses(step);
    values_[step].is_readable = liveness_.is_leaf(step);
    result_.calls |= file.is_call(program, at(step));
  }
}

Allocation Allocator::run(const std::vector<Action>* preheader) {
  if (preheader != nullptr) hoist(*preheader);
  for (Bank* const of : {&vectors_, &masks_}) {
    if (preheader == nullptr) hoist_invariants(*of);
    of->resize(of->size() / static_cast<std::size_t>(result_.at_once));
  }
  result_.vectors = static_cast<int>(vectors_.size());
  result_.masks = static_cast<int>(masks_.size());
  for (std::uint32_t step = 0; step < values_.size(); ++step) {
    if (!liveness_.is_leaf(step) && liveness_.is_used(step)) compute(step);
    operands_.fill(none);
    read_outputs_of_inputs(step);
    store_outputs(step);
  }
  result_.slots = slots_.count();
  return std::move(result_);
}

/// Assigns registers that nothing else needs to invariants, the most used first, and then stack
/// slots. All others are loaded in each iteration.
void Allocator::hoist_invariants(Bank& of) {
  const auto is_of = [&](std::uint32_t step) { return &bank(step) == &of; };
  std::vector<std::uint32_t> invariants;
  for (std::uint32_t step = 0; step < values_.size(); ++step) {
    if (is_of(step) && liveness_.is_invariant(step) && liveness_.is_used(step)) {
      invariants.push_back(step);
    }
  }
  std::stable_sort(invariants.begin(), invariants.end(), [&](std::uint32_t a, std::uint32_t b) {
    return values_[a].uses.size() > values_[b].uses.size();
  });
  // Registers left for invariants that are loaded in each iteration.
  const std::size_t left_free = std::max<std::size_t>(2, static_cast<std::size_t>(result_.at_once));
  constexpr std::size_t most_slots = 24;
  const auto needed =
      static_cast<std::size_t>(result_.at_once * needed_registers(program_, liveness_, is_of));
  std::size_t room = result_.calls ? 0 : of.size() - std::min(of.size(), needed);
  if (invariants.size() > room) room -= std::min(room, left_free);
  for (std::size_t i = 0; i < std::min(invariants.size(), room + most_slots); ++i) {
    i < room ? hoist_into_register(invariants[i], of) : hoist_into_slot(invariants[i]);
  }
}

void Allocator::hoist(std::span<const Action> actions) {
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const std::uint32_t step = actions[i].step;
    const bool has_slot = i + 1 < actions.size() && actions[i + 1].kind == Kind::spill;
    if (actions[i].kind == Kind::load)
      has_slot ? hoist_into_slot(step) : hoist_into_register(step, bank(step));
  }
}

void Allocator::hoist_into_register(std::uint32_t step, Bank& of) {
  of.pop_back();  // no other value can take it
  const auto d = static_cast<std::uint8_t>(of.size());
  result_.preheader.push_back({.kind = Kind::load, .d = d, .step = step});
  values_[step].in_register = d;
  values_[step].is_resident = true;
}

void Allocator::hoist_into_slot(std::uint32_t step) {
  const std::uint32_t slot = slots_.take();
  result_.preheader.push_back({.kind = Kind::load, .step = step});
  result_.preheader.push_back({.kind = Kind::spill, .step = step, .slot = slot});
  values_[step].slot = slot;
}

void Allocator::compute(std::uint32_t step) {
  const Instruction& instruction = at(step);
  const bool call = file_.is_call(program_, instruction), single = file_.is_single(instruction);
  operands_ = {instruction.a, instruction.b, instruction.c};
  Action action{.kind = Kind::compute, .step = step};
  if (single) action.slot = choose_memory_operand(instruction.primitive);
  const auto [a, b, c] = operands_;
  action.a = a == none ? 0 : bring(a);
  action.b = b == none || action.slot != none ? 0 : bring(b);
  action.c = c == none ? 0 : bring(c);
  // The result may use the register of an operand whose last use this is, if a single instruction
  // reads and writes them. It may not if that instruction reads a slot, into which the result's
  // register may just have been spilled.
  const bool reuses = single && action.slot == none;
  if (!call && !reuses) action.d = take_register(bank(step));
  if (a != none) finish_use(a);
  if (b != none && b != a) finish_use(b);
  if (c != none && c != a && c != b) finish_use(c);
  if (reuses) action.d = take_register(bank(step));
  if (call) evict_all();
  result_.body.push_back(action);
  hold(step, action.d);
}

/// The slot from which to read the second operand directly, if that is better than loading it into
/// a register. May swap operands that commute.
std::uint32_t Allocator::choose_memory_operand(Primitive primitive) {
  auto& [a, b, c] = operands_;
  if (a == b) return none;
  const bool commutes = primitive == Primitive::add || primitive == Primitive::mul;
  if (commutes && is_better_in_memory(a)) std::swap(a, b);
  return is_better_in_memory(b) ? values_[b].slot : none;
}

/// Whether a value in a slot should stay there, because it is not needed in a register later.
bool Allocator::is_better_in_memory(std::uint32_t step) const {
  const Value& value = values_[step];
  return value.in_register == no_register && value.slot != none &&
         (liveness_.is_invariant(step) || value.used + 1 == value.uses.size());
}

/// Inputs that are also outputs cannot be read again once an output is stored, because it may
/// overwrite them.
void Allocator::read_outputs_of_inputs(std::uint32_t now) {
  for (std::uint32_t output = 0; output < program_.outputs.size(); ++output) {
    const std::uint32_t step = program_.outputs[output];
    if (liveness_.first_store(output) != now || !liveness_.is_dense(step)) continue;
    bring(step);
    values_[step].is_readable = false;
  }
}

void Allocator::store_outputs(std::uint32_t now) {
  const auto stores = liveness_.stores();
  for (; stored_ < stores.size() && liveness_.store_time(stores[stored_]) <= now; ++stored_) {
    const std::uint32_t output = stores[stored_], step = program_.outputs[output];
    const std::uint8_t d = bring(step);
    result_.body.push_back({.kind = Kind::store, .d = d, .step = step, .output = output});
    finish_use(step);
  }
}

/// The register of a value, which is loaded if it is not in a register.
std::uint8_t Allocator::bring(std::uint32_t step) {
  Value& value = values_[step];
  if (value.in_register == no_register) {
    hold(step, take_register(bank(step)));
    result_.body.push_back({.kind = value.slot == none ? Kind::load : Kind::reload,
                            .d = static_cast<std::uint8_t>(value.in_register),
                            .step = step,
                            .slot = value.slot});
  }
  return static_cast<std::uint8_t>(value.in_register);
}

/// A free register, or one freed by evicting a value.
std::uint8_t Allocator::take_register(Bank& of) {
  auto best = std::find(of.begin(), of.end(), none);
  if (best == of.end()) {
    const auto is_operand = [&](std::uint32_t step) {
      return std::find(operands_.begin(), operands_.end(), step) != operands_.end();
    };
    for (auto held = of.begin(); held != of.end(); ++held) {
      if (is_operand(*held)) continue;
      if (best == of.end() || values_[*held].next_use() > values_[*best].next_use()) best = held;
    }
    evict(*best);
  }
  return static_cast<std::uint8_t>(best - of.begin());
}

void Allocator::hold(std::uint32_t step, std::uint8_t in_register) {
  bank(step)[in_register] = step;
  values_[step].in_register = in_register;
}

void Allocator::evict(std::uint32_t& held) {
  spill(held);
  values_[held].in_register = no_register;
  held = none;
}

void Allocator::evict_all() {
  for (Bank* of : {&vectors_, &masks_}) {
    for (std::uint32_t& held : *of) {
      if (held != none) evict(held);
    }
  }
}

void Allocator::spill(std::uint32_t step) {
  Value& value = values_[step];
  if (value.is_readable || value.slot != none) return;
  value.slot = slots_.take();
  result_.body.push_back({.kind = Kind::spill,
                          .d = static_cast<std::uint8_t>(value.in_register),
                          .step = step,
                          .slot = value.slot});
}

/// Frees the register and slot of a value if this was its last use.
void Allocator::finish_use(std::uint32_t step) {
  Value& value = values_[step];
  if (++value.used < value.uses.size()) return;
  if (value.in_register != no_register && !value.is_resident) {
    bank(step)[static_cast<std::size_t>(value.in_register)] = none;
    value.in_register = no_register;
  }
  if (value.slot != none && !liveness_.is_invariant(step)) slots_.give_back(value.slot);
}

}  // namespace

Allocation allocate_registers(const Program& program, std::span<const std::int64_t> in_step,
                              const RegisterFile& registers, const std::vector<Action>* preheader,
                              VectorsOf vectors) {
  return Allocator(program, in_step, registers, 1, vectors).run(preheader);
}

Allocation allocate_for_each(const Program& program, std::span<const std::int64_t> in_step,
                             const RegisterFile& registers, int at_once) {
  return Allocator(program, in_step, registers, at_once, {}).run(nullptr);
}

}  // namespace dagrad::detail
