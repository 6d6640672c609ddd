#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_set>
#include <vector>

#include "dagrad/instruction_set.hpp"
#include "dagrad/program.hpp"
#include "dagrad/runtime.hpp"
#include "src/loops/code.hpp"

namespace dagrad::detail {

/// A lowered program over arrays: machine code, or the plain reading where there is no assembler.
/// Immutable, and the same for all programs that differ in constants alone.
class Loop {
 public:
  Loop(const Program& lowered, std::span<const std::int64_t> in_step, InstructionSet set);

  /// Computes elements [0, n), n > 0. Input i begins at `in[i]`; it is dense, or one element where
  /// its step is 0. Outputs are dense. An output may be the memory of a dense input of the same
  /// element size. `program` is the one that the loop was made of, or differs from it in constants.
  void run(const Program& program, const void* const* in, void* const* out, std::int64_t n) const {
    if (direct_ == nullptr) return run_guarded(program, in, out, n);
    direct_(in, out, n, program.constants.data());
  }

  /// Its machine code; null, and of 0 bytes, where there is none.
  LoopEntry entry() const { return code_.entry(); }
  std::size_t code_bytes() const { return entry() == nullptr ? 0 : code_.bytes(); }
  /// Memory that it takes.
  std::size_t held_bytes() const {
    return sizeof(Loop) + in_step_.size() * sizeof(std::int64_t) + code_.held_bytes();
  }

 private:
  void run_guarded(const Program& program, const void* const* in, void* const* out,
                   std::int64_t n) const;

  std::vector<std::int64_t> in_step_;
  InstructionSet set_;
  ExecutableCode code_;
  LoopEntry direct_;  ///< null where there is no code, or the address sanitizer is to see operands
};

/// The loops of a runtime, by structure: those last asked for, as far as they fit into
/// `most_bytes`. Whoever got a loop keeps it. Any number of threads may use the cache at once.
class LoopCache {
 public:
  explicit LoopCache(InstructionSet set, std::size_t most_bytes = RuntimeOptions{}.code_cache_bytes)
      : set_(set), most_bytes_(most_bytes) {}

  /// The loop of a lowered program whose input i is dense (`in_step[i]` is 1) or one element (0).
  std::shared_ptr<const Loop> get(const Program& lowered, std::span<const std::int64_t> in_step);
  Runtime::CodeCache counts() const;
  InstructionSet instruction_set() const { return set_; }

 private:
  using Key = std::vector<std::uint32_t>;
  struct Entry {
    Key key;
    std::shared_ptr<const Loop> loop;

    std::size_t held_bytes() const;
  };
  using Entries = std::list<Entry>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const Key& key) const noexcept;
    std::size_t operator()(Entries::iterator entry) const noexcept { return (*this)(entry->key); }
  };
  struct Equal {
    using is_transparent = void;
    static const Key& key(const Key& key) { return key; }
    static const Key& key(Entries::iterator entry) { return entry->key; }
    bool operator()(const auto& a, const auto& b) const { return key(a) == key(b); }
  };

  void add(Entries& fresh);
  void evict(Entries& evicted);

  const InstructionSet set_;
  const std::size_t most_bytes_;
  mutable std::mutex mutex_;
  Entries entries_;  ///< the one asked for last in front
  std::unordered_set<Entries::iterator, Hash, Equal> index_;
  std::size_t held_bytes_ = 0;
  Runtime::CodeCache counts_;
};

}  // namespace dagrad::detail
