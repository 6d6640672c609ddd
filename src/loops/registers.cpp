#include "src/loops/registers.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace dagrad::detail {

namespace {

constexpr std::uint32_t none = Instruction::none;
constexpr int no_register = -1;

/// Puts values into registers in the order of the program. Where registers run out, the value goes
/// that is needed last (Belady 1966): onto the stack, or nowhere if it can be read again.
class Allocator {
 public:
  Allocator(const Program& program, std::span<const std::int64_t> in_step, const RegisterFile& file)
      : program_(program), in_step_(in_step), file_(file), values_(program.steps.size()) {}

  Allocation run();

 private:
  using Kind = Action::Kind;
  struct Value {
    std::vector<std::uint32_t> uses;  ///< steps, in order; an output is a use at its store
    std::uint32_t used = 0;
    std::uint32_t place = none;
    int in_register = no_register;
    bool readable = false;  ///< in memory: may be forgotten and loaded again
    std::uint32_t next() const { return used < uses.size() ? uses[used] : none; }
  };
  using Bank = std::vector<std::uint32_t>;  ///< the step in each register

  const Instruction& at(std::uint32_t step) const { return program_.steps[step]; }
  bool is_leaf(std::uint32_t step) const { return at(step).primitive <= Primitive::constant; }
  bool is_dense(std::uint32_t step) const {
    return at(step).primitive == Primitive::input && in_step_[at(step).data] != 0;
  }
  Bank& bank(std::uint32_t step) {
    return file_.masks > 0 && at(step).dtype == b8 ? masks_ : vectors_;
  }
  template <class F>
  void each_operand(std::uint32_t step, F&& f) const {
    for (std::uint32_t operand : {at(step).a, at(step).b, at(step).c}) {
      if (operand != none) f(operand);
    }
  }

  /// Leaves that may keep a register through all passes.
  bool is_kept_leaf(std::uint32_t step) const { return is_leaf(step) && !is_dense(step); }
  std::uint32_t store_time(std::uint32_t output) const;
  void find_uses();
  void keep_leaves(Bank& bank);
  std::size_t pressure(const Bank& bank);
  bool stays_in_memory(std::uint32_t step) const;
  void compute(std::uint32_t step);
  void store(std::uint32_t now);
  std::uint8_t bring(std::uint32_t step);
  std::uint8_t take(Bank& bank);
  void save(std::uint32_t step);
  void save_and_forget_all();
  void hold(std::uint32_t step, int in_register);
  void finish_use(std::uint32_t step);

  const Program& program_;
  std::span<const std::int64_t> in_step_;
  const RegisterFile& file_;
  std::vector<Value> values_;
  Bank vectors_, masks_;
  std::vector<std::uint32_t> stores_;    ///< outputs, in the order of their stores
  std::size_t stored_ = 0;               ///< how many of them are done
  std::uint32_t first_store_ = 0;        ///< the step after which outputs may be written
  std::array<std::uint32_t, 3> kept_{};  ///< operands of the step at hand
  std::vector<std::uint32_t> free_places_;
  Allocation result_;
};

std::uint32_t Allocator::store_time(std::uint32_t output) const {
  return std::max(first_store_, program_.outputs[output]);
}

void Allocator::find_uses() {
  for (std::uint32_t step = 0; step < values_.size(); ++step) {
    values_[step].readable = is_leaf(step);
    result_.calls |= file_.is_call(program_, at(step));
    each_operand(step, [&](std::uint32_t operand) {
      auto& uses = values_[operand].uses;
      if (uses.empty() || uses.back() != step) uses.push_back(step);
      if (is_dense(operand)) first_store_ = step;
    });
  }
  for (std::uint32_t step : program_.outputs) {
    if (is_dense(step)) first_store_ = std::max(first_store_, step);
  }
  stores_.resize(program_.outputs.size());
  std::iota(stores_.begin(), stores_.end(), 0U);
  std::stable_sort(stores_.begin(), stores_.end(),
                   [&](std::uint32_t i, std::uint32_t j) { return store_time(i) < store_time(j); });
  for (std::uint32_t output : stores_) {
    auto& uses = values_[program_.outputs[output]].uses;
    uses.insert(std::upper_bound(uses.begin(), uses.end(), store_time(output)), store_time(output));
  }
}

/// The most values of a bank that live at once, leaves that can be kept not counted.
std::size_t Allocator::pressure(const Bank& of) {
  std::vector<int> change(values_.size() + 1);
  for (std::uint32_t step = 0; step < values_.size(); ++step) {
    const Value& value = values_[step];
    if (&bank(step) != &of || value.uses.empty() || is_kept_leaf(step)) continue;
    ++change[is_leaf(step) ? value.uses.front() : step];
    --change[value.uses.back() + 1];
  }
  std::partial_sum(change.begin(), change.end(), change.begin());
  return static_cast<std::size_t>(*std::max_element(change.begin(), change.end()));
}

/// Gives constants and repeated inputs, the most used first, the registers that nothing else needs,
/// and then places on the stack.
void Allocator::keep_leaves(Bank& of) {
  std::vector<std::uint32_t> leaves;
  for (std::uint32_t step = 0; step < values_.size(); ++step) {
    if (&bank(step) == &of && is_kept_leaf(step) && !values_[step].uses.empty()) {
      leaves.push_back(step);
    }
  }
  std::stable_sort(leaves.begin(), leaves.end(), [&](std::uint32_t a, std::uint32_t b) {
    return values_[a].uses.size() > values_[b].uses.size();
  });
  constexpr std::size_t passing = 2;  // registers for leaves that come and go
  constexpr std::size_t most_places = 24;
  std::size_t room = result_.calls ? 0 : of.size() - std::min(of.size(), pressure(of));
  if (leaves.size() > room) room -= std::min(room, passing);
  for (std::size_t i = 0; i < std::min(leaves.size(), room + most_places); ++i) {
    const bool in_register = i < room;
    if (in_register) of.pop_back();  // out of the bank: nobody else can take it
    const auto d = static_cast<std::uint8_t>(in_register ? of.size() : 0);
    result_.before.push_back({.kind = Kind::load, .d = d, .step = leaves[i]});
    Value& value = values_[leaves[i]];
    if (in_register) {
      value.in_register = d;
    } else {
      value.place = result_.places++;
      result_.before.push_back(
          {.kind = Kind::save, .d = d, .step = leaves[i], .place = value.place});
    }
  }
}

void Allocator::save(std::uint32_t step) {
  Value& value = values_[step];
  if (value.readable || value.place != none) return;
  if (free_places_.empty()) free_places_.push_back(result_.places++);
  value.place = free_places_.back();
  free_places_.pop_back();
  result_.pass.push_back({.kind = Kind::save,
                          .d = static_cast<std::uint8_t>(value.in_register),
                          .step = step,
                          .place = value.place});
}

std::uint8_t Allocator::take(Bank& of) {
  int best = no_register;
  for (int i = 0; i < static_cast<int>(of.size()); ++i) {
    const std::uint32_t held = of[static_cast<std::size_t>(i)];
    if (held == none) return static_cast<std::uint8_t>(i);
    if (std::find(kept_.begin(), kept_.end(), held) != kept_.end()) continue;
    if (best == no_register ||
        values_[held].next() > values_[of[static_cast<std::size_t>(best)]].next()) {
      best = i;
    }
  }
  const std::uint32_t evicted = of[static_cast<std::size_t>(best)];
  save(evicted);
  values_[evicted].in_register = no_register;
  return static_cast<std::uint8_t>(best);
}

void Allocator::hold(std::uint32_t step, int in_register) {
  bank(step)[static_cast<std::size_t>(in_register)] = step;
  values_[step].in_register = in_register;
}

std::uint8_t Allocator::bring(std::uint32_t step) {
  Value& value = values_[step];
  if (value.in_register == no_register) {
    hold(step, take(bank(step)));
    result_.pass.push_back({.kind = value.place == none ? Kind::load : Kind::restore,
                            .d = static_cast<std::uint8_t>(value.in_register),
                            .step = step,
                            .place = value.place});
  }
  return static_cast<std::uint8_t>(value.in_register);
}

void Allocator::finish_use(std::uint32_t step) {
  Value& value = values_[step];
  if (++value.used < value.uses.size()) return;
  Bank& of = bank(step);
  if (value.in_register < static_cast<int>(of.size())) {
    if (value.in_register != no_register) of[static_cast<std::size_t>(value.in_register)] = none;
    value.in_register = no_register;
  }
  if (value.place != none && !is_kept_leaf(step)) free_places_.push_back(value.place);
}

void Allocator::save_and_forget_all() {
  for (Bank* of : {&vectors_, &masks_}) {
    for (std::uint32_t& held : *of) {
      if (held == none) continue;
      save(held);
      values_[held].in_register = no_register;
      held = none;
    }
  }
}

/// Whether an operand is better read from its place than brought: nobody needs it in a register.
bool Allocator::stays_in_memory(std::uint32_t step) const {
  const Value& value = values_[step];
  return value.in_register == no_register && value.place != none &&
         (is_kept_leaf(step) || value.used + 1 == value.uses.size());
}

void Allocator::compute(std::uint32_t step) {
  const bool call = file_.is_call(program_, at(step)), single = file_.is_single(at(step));
  const Primitive p = at(step).primitive;
  kept_ = {at(step).a, at(step).b, at(step).c};
  Action action{.kind = Kind::compute, .step = step};
  if (single && kept_[0] != kept_[1]) {
    const bool swaps = p == Primitive::add || p == Primitive::mul;
    if (swaps && stays_in_memory(kept_[0])) std::swap(kept_[0], kept_[1]);
    if (stays_in_memory(kept_[1])) action.place = values_[kept_[1]].place;
  }
  action.a = kept_[0] == none ? 0 : bring(kept_[0]);
  action.b = kept_[1] == none || action.place != none ? 0 : bring(kept_[1]);
  action.c = kept_[2] == none ? 0 : bring(kept_[2]);
  // Only what is one instruction, of registers, may write over an operand that ends here.
  const bool over = single && action.place == none;
  if (!call && !over) action.d = take(bank(step));
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const bool again = std::find(kept_.begin(), kept_.begin() + i, kept_[i]) != kept_.begin() + i;
    if (kept_[i] != none && !again) finish_use(kept_[i]);
  }
  if (over) action.d = take(bank(step));
  if (call) save_and_forget_all();
  result_.pass.push_back(action);
  hold(step, action.d);
}

void Allocator::store(std::uint32_t now) {
  kept_.fill(none);
  if (now == first_store_) {  // no input is read after this
    for (std::uint32_t step : program_.outputs) {
      if (!is_dense(step)) continue;
      bring(step);
      values_[step].readable = false;
    }
  }
  for (; stored_ < stores_.size() && store_time(stores_[stored_]) <= now; ++stored_) {
    const std::uint32_t step = program_.outputs[stores_[stored_]];
    const std::uint8_t d = bring(step);
    result_.pass.push_back({.kind = Kind::store, .d = d, .step = step, .place = stores_[stored_]});
    finish_use(step);
  }
}

Allocation Allocator::run() {
  find_uses();
  vectors_.assign(static_cast<std::size_t>(file_.vectors), none);
  masks_.assign(static_cast<std::size_t>(file_.masks), none);
  keep_leaves(vectors_);
  keep_leaves(masks_);
  for (std::uint32_t step = 0; step < values_.size(); ++step) {
    if (!is_leaf(step) && !values_[step].uses.empty()) compute(step);
    store(step);
  }
  return std::move(result_);
}

}  // namespace

Allocation allocate_registers(const Program& program, std::span<const std::int64_t> in_step,
                              const RegisterFile& registers) {
  return Allocator(program, in_step, registers).run();
}

}  // namespace dagrad::detail
