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
#include "src/loops/loop.hpp"

namespace dagrad::detail {

/// Caches the loops of a runtime by structure. It keeps the most recently used loops that fit into
/// `most_bytes`; loops that are in use stay alive. Any number of threads may use it at once.
class LoopCache {
 public:
  explicit LoopCache(InstructionSet set, std::size_t most_bytes = RuntimeOptions{}.code_cache_bytes)
      : set_(set), most_bytes_(most_bytes) {}

  /// The loop of a lowered program whose input i is dense (`in_step[i]` is 1) or a single element
  /// (0). It runs over `elements` of them, or over any number by default.
  std::shared_ptr<const Loop> get(const Program& lowered, std::span<const std::int64_t> in_step,
                                  std::int64_t elements = 0);
  /// The same with sums.
  std::shared_ptr<const Loop> get(const Program& lowered, std::span<const std::int64_t> in_step,
                                  const kernels::LoopSums& sums);
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

  std::shared_ptr<const Loop> find_or_make(Key key, const Program& lowered,
                                           std::span<const std::int64_t> in_step, std::int64_t pair,
                                           const kernels::LoopSums& sums);
  void add(Entries& fresh);
  void evict(Entries& evicted);

  const InstructionSet set_;
  const std::size_t most_bytes_;
  mutable std::mutex mutex_;
  Entries entries_;  ///< the most recently used first
  std::unordered_set<Entries::iterator, Hash, Equal> index_;
  std::size_t held_bytes_ = 0;
  Runtime::CodeCache counts_;
};

}  // namespace dagrad::detail
