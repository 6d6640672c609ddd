#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "dagrad/state.hpp"
#include "src/exec/name_table.hpp"

namespace dagrad::detail {

/// Names and types of a State's parameters. Never changes, so who has matched it once need not
/// again.
struct StateLayout {
  explicit StateLayout(std::span<const Value> parameters);
  const Type& type(std::uint32_t parameter) const { return types[type_of[parameter]]; }

  NameTable names;
  std::vector<Type> types;             ///< each once
  std::vector<std::uint32_t> type_of;  ///< of each parameter, in `types`
};

/// Values as handles: they are exchanged under a short lock and never written in place, so whoever
/// has taken some under the lock sees the values of one moment for as long as it likes.
class StateData {
 public:
  std::shared_ptr<const StateLayout> layout;
  std::vector<Tensor> values;  ///< by position in the layout; exchanged under `exchange`
  mutable std::mutex exchange;

  /// The one updating run, or setting of a value. Throws RunError where there is another.
  class [[nodiscard]] Updating {
   public:
    explicit Updating(StateData& state);
    Updating(const Updating&) = delete;
    Updating& operator=(const Updating&) = delete;
    ~Updating() { state_.updating_.store(false, std::memory_order_release); }

   private:
    StateData& state_;
  };

 private:
  std::atomic<bool> updating_{false};
};

/// The tensor itself, or a copy where its memory is somebody else's to write.
Tensor own(const Tensor& tensor);

}  // namespace dagrad::detail
