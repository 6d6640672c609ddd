#include <fmt/format.h>

#include <algorithm>

#include "dagrad/error.hpp"
#include "src/exec/context.hpp"
#include "src/exec/memory_fault.hpp"

/// The part of RunContext that writes results to memory of the caller.
namespace dagrad::detail {

/// A step writes the result there if it is the only one in its slot, and if no State needs it; else
/// it is copied after the run.
void RunContext::store(std::size_t i, const MutableView& view) {
  if (i >= plan_.fetches.size())
    throw ArgumentError(fmt::format("store: there is no result {}; the function has {} fetches", i,
                                    plan_.fetches.size()));
  const Plan::Fetch& fetch = plan_.fetches[i];
  if (view.type != fetch.type) {
    const std::string text = fmt::format("store: result {} is {}, but the memory is for {}", i,
                                         to_string(fetch.type), to_string(view.type));
    if (view.type.dtype != fetch.type.dtype) throw TypeError(text);
    throw ShapeError(text);
  }
  if (const char* const fault = memory_fault(view.data, view.type))
    throw ArgumentError(fmt::format("store: the memory for result {} is {}", i, fault));
  stored_[i] = view.data;
  const Slot& slot = plan_.slots[fetch.slot];
  if (slot.home == Slot::Home::output && outputs_[slot.at].uses == 1)
    outputs_[slot.at].given = view.data;
}

/// Copies the results that no step has written to where they are to be stored.
void RunContext::copy_stored() const {
  for (std::size_t i = 0; i < stored_.size(); ++i) {
    const Plan::Fetch& fetch = plan_.fetches[i];
    const void* const from = address_[fetch.slot];
    if (stored_[i] != nullptr && from != stored_[i])
      std::copy_n(static_cast<const std::byte*>(from), fetch.type.bytes(),
                  static_cast<std::byte*>(stored_[i]));
  }
}

}  // namespace dagrad::detail
