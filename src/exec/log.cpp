#include "src/exec/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <mutex>
#include <utility>

namespace dagrad::detail {

namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

LogLevel from_spdlog(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::info:
      return LogLevel::info;
    case spdlog::level::warn:
      return LogLevel::warning;
    case spdlog::level::err:
      return LogLevel::error;
    default:
      return LogLevel::debug;
  }
}

/// While it exists, marks this thread as being inside the user's sink function.
class Telling {
 public:
  explicit Telling(const spdlog::sinks::sink& sink)
      : sink_(sink), outer_(std::exchange(innermost, this)) {}
  Telling(const Telling&) = delete;
  Telling& operator=(const Telling&) = delete;
  ~Telling() { innermost = outer_; }

  static bool of(const spdlog::sinks::sink& sink) {
    for (const Telling* t = innermost; t != nullptr; t = t->outer_)
      if (&t->sink_ == &sink) return true;
    return false;
  }

 private:
  static thread_local const Telling* innermost;

  const spdlog::sinks::sink& sink_;
  const Telling* outer_;
};
thread_local const Telling* Telling::innermost = nullptr;

/// Sends lines to the user's function if there is one, else to standard error. Lines caused by that
/// function itself also go to standard error, since they would cause a recursion without end. No
/// lock is held during the call, so the function may do anything.
class Outlet final : public spdlog::sinks::sink {
 public:
  void redirect(Log::Sink to) {
    auto next = to ? std::make_shared<const Log::Sink>(std::move(to)) : nullptr;
    const std::lock_guard lock(mutex_);
    std::swap(user_, next);
  }

  void log(const spdlog::details::log_msg& message) override {
    const std::shared_ptr<const Log::Sink> user = current();
    if (user == nullptr || Telling::of(*this)) return standard_error_.log(message);
    const Telling telling(*this);
    (*user)(from_spdlog(message.level), {message.payload.data(), message.payload.size()});
  }
  void flush() override { standard_error_.flush(); }
  void set_pattern(const std::string& pattern) override { standard_error_.set_pattern(pattern); }
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    standard_error_.set_formatter(std::move(formatter));
  }

 private:
  std::shared_ptr<const Log::Sink> current() const {
    const std::lock_guard lock(mutex_);
    return user_;
  }

  mutable std::mutex mutex_;
  std::shared_ptr<const Log::Sink> user_;
  spdlog::sinks::stderr_sink_mt standard_error_;
};

}  // namespace

struct Log::Data {
  std::shared_ptr<Outlet> outlet = std::make_shared<Outlet>();
  spdlog::logger logger{"dagrad", outlet};
};

Log::Log(LogLevel level) : data_(new Data) { set_level(level); }
Log::~Log() = default;

void Log::set_level(LogLevel level) { data_->logger.set_level(to_spdlog(level)); }
void Log::set_sink(Sink sink) { data_->outlet->redirect(std::move(sink)); }
bool Log::enabled(LogLevel level) const { return data_->logger.should_log(to_spdlog(level)); }
void Log::write(LogLevel level, std::string_view text) {
  data_->logger.log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace dagrad::detail
