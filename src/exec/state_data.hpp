#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dagrad/state.hpp"

namespace dagrad::detail {

/// Names and types of a State's parameters. Never changes, so who has matched it once need not
/// again.
struct StateLayout {
  static constexpr std::uint32_t none = 0xffffffff;
  void add(std::string name, const Type& type);
  /// Position of a parameter, or `none`.
  std::uint32_t find(std::string_view name) const;

  std::vector<std::string> names;
  std::vector<Type> types;

 private:
  std::unordered_map<std::string, std::uint32_t> index_;
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
