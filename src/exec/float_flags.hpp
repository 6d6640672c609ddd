#pragma once

#include <cfenv>
#include <limits>

/// The floating-point exception flags of the current thread that arithmetic raises when it makes an
/// infinity or a NaN of finite operands.
namespace dagrad::detail::float_flags {

inline constexpr int all = FE_OVERFLOW | FE_DIVBYZERO | FE_INVALID;

inline bool raised() { return std::fetestexcept(all) != 0; }

/// Reading the flags is much faster than clearing them.
inline void clear() {
  if (raised()) std::feclearexcept(all);
}

/// Clears the flags. When it ends, those that were raised before are raised again.
class Scope {
 public:
  Scope() : before_(std::fetestexcept(all)) {
    if (before_ == 0) return;
    std::fegetexceptflag(&saved_, all);
    std::feclearexcept(all);
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() {
    if (before_ != 0) std::fesetexceptflag(&saved_, before_);
  }

 private:
  const int before_;
  std::fexcept_t saved_{};
};

/// Whether arithmetic raises them here; Valgrind, for example, does not emulate them.
inline bool work() {
  const volatile double largest = std::numeric_limits<double>::max();
  const Scope scope;
  [[maybe_unused]] const volatile double overflow = largest * 2;
  const bool are_raised = raised();
  clear();
  return are_raised;
}

}  // namespace dagrad::detail::float_flags
