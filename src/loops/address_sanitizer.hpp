#pragma once

namespace dagrad::detail {

/// Whether the address sanitizer is on, which does not see what machine code reads and writes.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool address_sanitizer = true;
#elif defined(__has_feature)
inline constexpr bool address_sanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool address_sanitizer = false;
#endif

}  // namespace dagrad::detail
