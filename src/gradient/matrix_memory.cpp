#include "src/gradient/matrix_memory.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>

#include "src/gradient/derive.hpp"

namespace dagrad::detail {

namespace {

double memory_of_machine() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// "80.0 GB"
std::string size_text(double bytes) {
  const char* unit = "bytes";
  for (const char* const larger : {"kB", "MB", "GB", "TB", "PB"}) {
    if (bytes < 1000) break;
    bytes /= 1000;
    unit = larger;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit[0] == 'b' ? "%.0f %s" : "%.1f %s", bytes, unit);
  return text;
}

std::string all_of(std::span<const Value> values) {
  std::string text;
  for (const Value& value : values) text += (text.empty() ? "" : ", and ") + typed_name(value);
  return text;
}

}  // namespace

void check_memory(std::string_view function, std::span<const Value> ys, std::span<const Value> xs,
                  double bytes, std::size_t limit, std::string_view remedy) {
  const double most = limit == 0 ? memory_of_machine() : static_cast<double>(limit);
  if (bytes <= most) return;
  throw ArgumentError(std::string(function) + ": the derivatives of " + all_of(ys) +
                      ", with respect to " + all_of(xs) + ", need " + size_text(bytes) +
                      ", which is more than the " + size_text(most) +
                      (limit == 0 ? " of memory" : " allowed") + std::string(remedy));
}

}  // namespace dagrad::detail
