#pragma once

namespace dagrad::detail {

/// While one exists, the first Ctrl-C (SIGINT) is noted, and the second one ends the process as if
/// there were none. Leaves the signal alone if the program handles or ignores it.
class Interrupts {
 public:
  explicit Interrupts(bool enabled);
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  ~Interrupts();

  /// Whether Ctrl-C was pressed since the first of those that exist was made.
  bool pressed() const;

 private:
  bool enabled_;
};

}  // namespace dagrad::detail
