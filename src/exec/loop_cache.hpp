#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "dagrad/instruction_set.hpp"
#include "dagrad/program.hpp"
#include "dagrad/runtime.hpp"
#include "src/exec/loop_code.hpp"

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

 private:
  void run_guarded(const Program& program, const void* const* in, void* const* out,
                   std::int64_t n) const;

  std::vector<std::int64_t> in_step_;
  ExecutableCode code_;
  LoopEntry direct_;  ///< null where there is no code, or the address sanitizer is to see operands
};

/// The loops of a runtime, by structure. Any number of threads may use it at once.
class LoopCache {
 public:
  explicit LoopCache(InstructionSet set) : set_(set) {}

  /// The loop of a lowered program whose input i is dense (`in_step[i]` is 1) or one element (0).
  std::shared_ptr<const Loop> get(const Program& lowered, std::span<const std::int64_t> in_step);
  Runtime::CodeCache counts() const;
  InstructionSet instruction_set() const { return set_; }

 private:
  using Key = std::vector<std::uint32_t>;
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  const InstructionSet set_;
  mutable std::mutex mutex_;
  std::unordered_map<Key, std::shared_ptr<const Loop>, Hash> loops_;
  Runtime::CodeCache counts_;
};

}  // namespace dagrad::detail
