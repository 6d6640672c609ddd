#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/io/json.hpp"

namespace dagrad::detail {

/// Writes objects and arrays with commas between their members.
class JsonWriter {
 public:
  std::string text;

  void begin(char bracket) {
    separate();
    text += bracket;
    fresh_ = true;
  }
  void end(char bracket) {
    text += bracket;
    fresh_ = false;
  }
  void key(std::string_view name) {
    separate();
    text += json_string(name) + ':';
    fresh_ = true;
  }
  void value(std::string_view string) {
    separate();
    text += json_string(string);
  }
  void value(std::uint64_t number) {
    separate();
    text += std::to_string(number);
  }
  void truth(bool is_true) {
    separate();
    text += is_true ? "true" : "false";
  }
  /// A member, unless it has nothing to say.
  void member(std::string_view name, std::string_view string) {
    if (string.empty()) return;
    key(name);
    value(string);
  }
  void member(std::string_view name, std::uint64_t number) {
    key(name);
    value(number);
  }

 private:
  void separate() {
    if (!fresh_) text += ',';
    fresh_ = false;
  }
  bool fresh_ = true;
};

}  // namespace dagrad::detail
