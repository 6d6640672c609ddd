#pragma once

#include <memory>

#include "dagrad/runtime.hpp"
#include "src/exec/crew.hpp"
#include "src/exec/log.hpp"
#include "src/exec/pool.hpp"
#include "src/loops/cache.hpp"

namespace dagrad::detail {

/// What a Runtime owns. Compiled functions share it, and so may outlive the Runtime.
class RuntimeData : public std::enable_shared_from_this<RuntimeData> {
 public:
  explicit RuntimeData(const RuntimeOptions& options);

  ThreadPool pool;
  Crew crew;  ///< ends before the pool
  LoopCache loops;
  Log log;
  const Machine machine;
};

/// The Runtime that options name, or the shared one if they name none.
Runtime& chosen(Runtime* runtime);

}  // namespace dagrad::detail
