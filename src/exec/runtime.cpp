#include "dagrad/runtime.hpp"

#include <fmt/format.h>

#include <utility>

#include "dagrad/error.hpp"
#include "src/exec/runtime_data.hpp"

namespace dagrad {

namespace detail {

namespace {

constexpr int most_threads = 1024;

ThreadPool make_pool(const RuntimeOptions& options) {
  if (options.threads < 0 || options.threads > most_threads)
    throw ArgumentError(
        fmt::format("Runtime: threads must be from 1 to {}, or 0 for one per core, got {}",
                    most_threads, options.threads));
  if (!available(options.instruction_set))
    throw ArgumentError(fmt::format("this machine, or this build of dagrad, cannot run {}",
                                    name(options.instruction_set)));
  if (options.current_arena) return ThreadPool(ThreadPool::CurrentArena{});
  return ThreadPool(options.threads);
}

}  // namespace

RuntimeData::RuntimeData(const RuntimeOptions& options)
    : pool(make_pool(options)),
      crew(pool),
      loops(options.instruction_set, options.code_cache_bytes),
      log(options.log_level),
      machine(*this) {}

Runtime& chosen(Runtime* runtime) { return runtime != nullptr ? *runtime : Runtime::shared(); }

}  // namespace detail

Runtime::Runtime(const RuntimeOptions& options)
    : data_(std::make_shared<detail::RuntimeData>(options)) {}

Runtime::~Runtime() = default;

Runtime& Runtime::shared() {
  static auto* const runtime =
      new Runtime;  // never destroyed: functions may still run after main has returned
  return *runtime;
}

int Runtime::threads() const { return data_->pool.threads(); }
InstructionSet Runtime::instruction_set() const { return data_->loops.instruction_set(); }
const Machine& Runtime::machine() const { return data_->machine; }
void Runtime::set_log_level(LogLevel level) { data_->log.set_level(level); }
void Runtime::set_log_sink(std::function<void(LogLevel, std::string_view)> sink) {
  data_->log.set_sink(std::move(sink));
}
Runtime::CodeCache Runtime::code_cache() const { return data_->loops.counts(); }

}  // namespace dagrad
