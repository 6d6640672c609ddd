#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "dagrad/runtime.hpp"

namespace dagrad::detail {

/// A runtime's logger. Only its source file uses spdlog. Any number of threads may use it at once.
class Log {
 public:
  using Sink = std::function<void(LogLevel, std::string_view)>;

  explicit Log(LogLevel level);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log();

  void set_level(LogLevel level);
  void set_sink(Sink sink);
  bool enabled(LogLevel level) const;
  void write(LogLevel level, std::string_view text);

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace dagrad::detail
