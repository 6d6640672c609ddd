#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "dagrad/state.hpp"
#include "src/exec/name_table.hpp"
#include "src/graph/interned.hpp"

namespace dagrad::detail {

/// Names and types of a State's parameters. It never changes, so a context needs to match it only
/// once.
struct StateLayout {
  explicit StateLayout(std::span<const Value> parameters);
  const Type& type(std::uint32_t parameter) const { return types[type_of[parameter]]; }

  NameTable names;
  Types types;
  std::vector<std::uint32_t> type_of;  ///< position in `types` of each parameter's type
};

/// The values of a State as handles. They are exchanged under a short lock, and written in place
/// only under it and if there is no other handle, so handles copied under the lock keep the values
/// of a single moment.
class StateData {
 public:
  std::shared_ptr<const StateLayout> layout;
  std::vector<Tensor> values;  ///< by position in the layout; exchanged under `exchange`
  mutable std::mutex exchange;

  /// Held by the one run or `set` that updates the State. Throws RunError if there is another.
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

/// The tensor itself, or a copy if its memory is borrowed.
Tensor own(const Tensor& tensor);

}  // namespace dagrad::detail
