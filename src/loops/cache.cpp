#include "src/loops/cache.hpp"

#include <iterator>
#include <utility>

#include "dagrad/number.hpp"

#if DAGRAD_XBYAK && defined(__x86_64__)
#define DAGRAD_ASSEMBLER 1
#include "src/loops/assembler.hpp"
#endif

namespace dagrad::detail {

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool address_sanitizer = true;
#elif defined(__has_feature)
constexpr bool address_sanitizer = __has_feature(address_sanitizer);
#else
constexpr bool address_sanitizer = false;
#endif

/// All that machine code depends on: steps, dtypes, results and strides, but no constant's value.
std::vector<std::uint32_t> structure(const Program& program,
                                     std::span<const std::int64_t> in_step) {
  std::vector<std::uint32_t> key;
  key.reserve(3 + program.steps.size() * 5 + program.inputs.size() + program.outputs.size());
  key.push_back(static_cast<std::uint32_t>(program.steps.size()));
  for (const Instruction& i : program.steps) {
    key.push_back(static_cast<std::uint32_t>(i.primitive) | static_cast<std::uint32_t>(i.dtype)
                                                                << 8);
    key.insert(key.end(), {i.a, i.b, i.c, i.data});
  }
  key.push_back(static_cast<std::uint32_t>(program.inputs.size()));
  for (std::size_t i = 0; i < program.inputs.size(); ++i) {
    key.push_back(static_cast<std::uint32_t>(program.inputs[i]) | (in_step[i] != 0 ? 256U : 0U));
  }
  key.insert(key.end(), program.outputs.begin(), program.outputs.end());
  return key;
}

std::vector<std::uint8_t> machine_code([[maybe_unused]] const Program& lowered,
                                       [[maybe_unused]] std::span<const std::int64_t> in_step,
                                       [[maybe_unused]] InstructionSet set) {
#if DAGRAD_ASSEMBLER
  if (set != InstructionSet::plain) return assemble(lowered, in_step, set);
#endif
  return {};
}

/// Machine code is not instrumented: a bad operand is met here.
void touch(const Program& program, std::span<const std::int64_t> in_step, const void* const* in,
           void* const* out, std::int64_t n) {
  const auto at = [](const void* data, std::int64_t last) {
    static_cast<void>(static_cast<const volatile char*>(data)[last]);
  };
  for (std::size_t i = 0; i < in_step.size(); ++i) {
    const auto size = static_cast<std::int64_t>(size_of(program.inputs[i]));
    at(in[i], 0);
    at(in[i], (in_step[i] * (n - 1) + 1) * size - 1);
  }
  for (std::size_t i = 0; i < program.outputs.size(); ++i) {
    at(out[i], 0);
    at(out[i], n * static_cast<std::int64_t>(size_of(program.output_dtype(i))) - 1);
  }
}

}  // namespace

Loop::Loop(const Program& lowered, std::span<const std::int64_t> in_step, InstructionSet set)
    : in_step_(in_step.begin(), in_step.end()),
      set_(set),
      code_(machine_code(lowered, in_step, set)),
      direct_(address_sanitizer ? nullptr : code_.entry()) {}

void Loop::run_guarded(const Program& program, const void* const* in, void* const* out,
                       std::int64_t n) const {
  if (code_.entry() == nullptr) {
    const UseFunctions functions(set_);
    interpret(program, {in, in_step_.size()}, in_step_, {out, program.outputs.size()}, n);
  } else {
    touch(program, in_step_, in, out, n);
    code_.entry()(in, out, n, program.constants.data());
  }
}

std::size_t LoopCache::Hash::operator()(const Key& key) const noexcept {
  std::uint64_t hash = key.size();
  for (std::uint32_t word : key) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 29;
  }
  return hash;
}

std::size_t LoopCache::Entry::held_bytes() const {
  constexpr std::size_t nodes = 64;  // of the list and the index, about
  return nodes + sizeof(Entry) + key.size() * sizeof(Key::value_type) + loop->held_bytes();
}

std::shared_ptr<const Loop> LoopCache::get(const Program& lowered,
                                           std::span<const std::int64_t> in_step) {
  Key key = structure(lowered, in_step);
  Entries evicted;  // they end when the lock is gone
  const std::lock_guard lock(mutex_);
  if (const auto at = index_.find(key); at != index_.end()) {
    entries_.splice(entries_.begin(), entries_, *at);
    ++counts_.reused;
    return entries_.front().loop;
  }
  Entries fresh;
  fresh.push_back({std::move(key), std::make_shared<const Loop>(lowered, in_step, set_)});
  std::shared_ptr<const Loop> loop = fresh.front().loop;
  add(fresh);
  evict(evicted);
  return loop;
}

/// Takes over one entry; where it throws nothing has changed.
void LoopCache::add(Entries& fresh) {
  index_.insert(fresh.begin());
  entries_.splice(entries_.begin(), fresh);
  const Entry& entry = entries_.front();
  held_bytes_ += entry.held_bytes();
  const std::size_t code = entry.loop->code_bytes();
  ++(code > 0 ? counts_.assembled : counts_.interpreted);
  counts_.bytes += static_cast<std::int64_t>(code);
}

/// Gives away those that were not asked for longest, until the others fit.
void LoopCache::evict(Entries& evicted) {
  while (held_bytes_ > most_bytes_) {
    const auto last = std::prev(entries_.end());
    held_bytes_ -= last->held_bytes();
    counts_.bytes -= static_cast<std::int64_t>(last->loop->code_bytes());
    ++counts_.evicted;
    index_.erase(last);
    evicted.splice(evicted.end(), entries_, last);
  }
}

Runtime::CodeCache LoopCache::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace dagrad::detail
