#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "dagrad/instruction_set.hpp"
#include "dagrad/machine.hpp"

namespace dagrad {

namespace detail {
class RuntimeData;
}

enum class LogLevel { debug, info, warning, error, off };

struct RuntimeOptions {
  int threads = 0;  ///< size of the pool, callers counted; 0: one a core
  /// Runs on the tbb::task_arena that the Runtime is made in, instead of one of its own.
  bool current_arena = false;
  InstructionSet instruction_set = best_instruction_set();
  LogLevel log_level = LogLevel::warning;
  /// Memory that the code cache may hold: pages of machine code, and what they are found by. Beyond
  /// it the loops that were not asked for longest go; functions keep those that they run.
  std::size_t code_cache_bytes = std::size_t{64} << 20;
};

/// Owns what compiled functions share: the thread pool, the code cache, the instruction set, the
/// log. Nothing of it shows in results but, between instruction sets, the last bits of library
/// functions.
///
/// It may be made, used and destroyed anywhere, in tasks of oneTBB too: no run and no destructor
/// waits for a thread that has not come. In a process forked from one where functions ran on
/// several threads they run on the caller's alone; what the child is to use must not be in use by
/// another thread when the process forks.
class Runtime {
 public:
  /// Throws ArgumentError for negative or absurdly many threads, or an instruction set that this
  /// machine lacks.
  explicit Runtime(const RuntimeOptions& options = {});
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// The default one. Never destroyed.
  static Runtime& shared();

  int threads() const;
  InstructionSet instruction_set() const;
  /// What ops are handed, and kernels are called with. It is there as long as the Runtime is, or a
  /// function compiled for it.
  const Machine& machine() const;
  void set_log_level(LogLevel level);
  /// Where log lines go instead of standard error; an empty function restores that. The sink is
  /// called with no lock held, by several threads at once where several have something to say. It
  /// may compile and run: lines of what it does itself go to standard error.
  void set_log_sink(std::function<void(LogLevel, std::string_view)> sink);

  struct CodeCache {
    std::int64_t assembled = 0;    ///< loops made
    std::int64_t reused = 0;       ///< loops found in the cache
    std::int64_t interpreted = 0;  ///< loops that no machine code could be made for
    std::int64_t evicted = 0;      ///< loops that had to make room for others
    std::int64_t bytes = 0;        ///< of machine code, in the cache at present
  };
  CodeCache code_cache() const;

  const std::shared_ptr<detail::RuntimeData>& data() const { return data_; }

 private:
  friend class Machine;
  explicit Runtime(std::shared_ptr<detail::RuntimeData> data) : data_(std::move(data)) {}

  std::shared_ptr<detail::RuntimeData> data_;  // shared with compiled functions
};

}  // namespace dagrad
