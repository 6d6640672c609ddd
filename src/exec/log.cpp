#include "src/exec/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
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

/// Lines go to the user's function, where there is one, else to standard error.
class Outlet final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void redirect(Log::Sink to) {
    const std::lock_guard lock(mutex_);
    user_ = std::move(to);
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    if (user_)
      user_(from_spdlog(message.level), text);
    else
      standard_error_.log(message);
  }
  void flush_() override { standard_error_.flush(); }

  Log::Sink user_;
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
