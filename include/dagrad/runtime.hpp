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
  int threads = 0;  ///< size of the pool, including the calling thread; 0: one per core
  /// Whether to run in the tbb::task_arena in which the Runtime is constructed, instead of one of
  /// its own.
  bool current_arena = false;
  InstructionSet instruction_set = best_instruction_set();
  LogLevel log_level = LogLevel::warning;
  /// The most memory that the code cache may hold, including its index. When it is full, the least
  /// recently used loops are evicted; functions keep the loops that they run.
  std::size_t code_cache_bytes = std::size_t{64} << 20;
};

/// Owns what compiled functions share: the thread pool, the code cache, the instruction set and the
/// log. None of these affects results, except that the last bits of library functions may differ
/// between instruction sets.
///
/// It may be constructed, used and destroyed anywhere, even in a oneTBB task: no run and no
/// destructor waits for a thread that has not started work. In a process forked from one in which
/// functions ran on several threads, functions run on the calling thread only; objects that the
/// child is to use must not be in use by another thread during the fork.
class Runtime {
 public:
  /// Throws ArgumentError if the number of threads is negative or unreasonably large, or if this
  /// machine lacks the instruction set.
  explicit Runtime(const RuntimeOptions& options = {});
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// The default Runtime, which is never destroyed.
  static Runtime& shared();

  int threads() const;
  InstructionSet instruction_set() const;
  /// The Machine that is handed to ops and kernels. It lives as long as the Runtime and every
  /// function compiled for it.
  const Machine& machine() const;
  void set_log_level(LogLevel level);
  /// Sends log lines to `sink` instead of standard error; an empty function restores standard
  /// error. Several threads may call the sink at once; no lock is held during a call. The sink may
  /// compile and run functions itself: log lines caused by that go to standard error.
  void set_log_sink(std::function<void(LogLevel, std::string_view)> sink);

  /// Counts since the Runtime was constructed.
  struct CodeCache {
    std::int64_t assembled = 0;    ///< loops compiled to machine code
    std::int64_t reused = 0;       ///< loops found in the cache
    std::int64_t interpreted = 0;  ///< loops for which no machine code could be made
    std::int64_t evicted = 0;      ///< loops removed to make room for others
    std::int64_t bytes = 0;        ///< machine code in the cache at present
  };
  CodeCache code_cache() const;

  const std::shared_ptr<detail::RuntimeData>& data() const { return data_; }

 private:
  friend class Machine;
  explicit Runtime(std::shared_ptr<detail::RuntimeData> data) : data_(std::move(data)) {}

  std::shared_ptr<detail::RuntimeData> data_;  // shared with compiled functions
};

}  // namespace dagrad
