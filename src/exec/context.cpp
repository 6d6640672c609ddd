#include "src/exec/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "dagrad/error.hpp"
#include "src/exec/memory_fault.hpp"
#include "src/graph/access.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

/// New values of a State up to this size are copied rather than exchanged, which is faster.
constexpr std::size_t most_copied = 256;

std::size_t update_bytes(const Plan& plan, const Plan::Updated& update) {
  return plan.parameters[update.parameter].type.bytes();
}

}  // namespace

RunContext::RunContext(const Plan& plan)
    : plan_(plan),
      address_(plan.slots.size(), nullptr),
      frames_(static_cast<std::size_t>(plan.threads)),
      fed_(plan.inputs.size()),
      parameters_(plan.parameters.size()),
      fetched_(plan.parameters.size(), false),
      fetched_inputs_(plan.inputs.size(), false),
      outputs_(plan.outputs.size()),
      stored_(plan.fetches.size()),
      exchanged_(plan.updates.size()),
      position_(plan.parameters.size()) {
  if (plan.arena_bytes > 0) arena_ = allocate_blocks(plan.arena_bytes);
  for (std::size_t i = 0; i < plan.slots.size(); ++i) {
    const Slot& slot = plan.slots[i];
    if (slot.home == Slot::Home::arena) address_[i] = arena_.get() + slot.at;
    if (slot.home == Slot::Home::constant)
      address_[i] = const_cast<void*>(plan.constants[slot.at].data());  // read only
  }
  for (const Plan::Fetch& fetch : plan.fetches) {
    const Slot& slot = plan.slots[fetch.slot];
    if (slot.home == Slot::Home::parameter) fetched_[slot.at] = true;
    if (slot.home == Slot::Home::input) fetched_inputs_[slot.at] = true;
    if (slot.home == Slot::Home::output) ++outputs_[slot.at].uses;
  }
  for (const Plan::Updated& update : plan.updates) {
    const Slot& slot = plan.slots[update.slot];
    if (slot.home == Slot::Home::output) ++outputs_[slot.at].uses;
    const bool is_small = update_bytes(plan, update) <= most_copied;
    small_.push_back(slot.home == Slot::Home::output && is_small ? update_bytes(plan, update) : 0);
  }
  make_workers();
  make_room(plan.routines.now());
}

RunContext::~RunContext() = default;

// ---- feeds

std::uint32_t RunContext::input(const Value& value) const {
  if (const std::uint32_t at = plan_.input(value); at != no_slot) return at;
  if (value.empty()) throw_empty_value();
  const bool alive = Access::control(value)->graph != nullptr;
  const std::string name = alive ? value.name() : fmt::format("node {}", value.node_id());
  if (Access::control(value).get() == plan_.graph.get()) throw no_input(name);
  throw GraphError(fmt::format(
      "{} belongs to another graph than this function: map it to the function's graph, or give the "
      "name of the input",
      in_quotes(name)));
}

std::uint32_t RunContext::input(std::string_view name) const {
  const std::uint32_t at = plan_.input_names.find(name);
  if (at == NameTable::none) throw no_input(name);
  return at;
}

ArgumentError RunContext::no_input(std::string_view name) const {
  const std::string names = plan_.input_names.listed(plan_.needed_inputs);
  return ArgumentError(
      fmt::format("{} is not an input of this function, {}", in_quotes(name),
                  names.empty() ? "which has none" : "whose inputs are: " + names));
}

namespace {

/// How to make a tensor of another dtype.
std::string remedy(DType dtype) {
  const auto make = [&](std::string_view type) {
    return fmt::format("; make it with Tensor::of<{}>, or convert it with cast", type);
  };
  switch (dtype) {
    case DType::boolean:
      return make("bool");
    case DType::int32:
      return make("std::int32_t");
    case DType::int64:
      return make("std::int64_t");
    case DType::float32:
      return make("float");
    case DType::float64:
      return make("double");
    default:
      return "; convert it with cast";
  }
}

}  // namespace

void RunContext::feed(std::uint32_t input, const View& view) {
  const Plan::Leaf& leaf = plan_.inputs[input];
  if (view.type != leaf.type) {
    const std::string text = fmt::format("input '{}' must be {}, got {}", plan_.input_names[input],
                                         to_string(leaf.type), to_string(view.type));
    if (view.type.dtype != leaf.type.dtype) throw TypeError(text + remedy(leaf.type.dtype));
    throw ShapeError(text +
                     (view.type.shape.rank() == leaf.type.shape.rank()
                          ? "; shapes are fixed: replay the graph for another size, or leave "
                            "out a last batch that is shorter"
                          : ""));
  }
  if (const char* const fault = memory_fault(view.data, view.type))
    throw ArgumentError(
        fmt::format("input '{}': the data of the view is {}", plan_.input_names[input], fault));
  if (leaf.slot != no_slot) address_[leaf.slot] = const_cast<void*>(view.data);  // read only
  fed_[input].how = Fed::How::view;
}

void RunContext::feed(std::uint32_t input, const Tensor& tensor) {
  feed(input, tensor.view());
  fed_[input] = {Fed::How::tensor, tensor};
}

void RunContext::lend(const FeedRef& one) {
  const std::uint32_t input = unfed(one);
  fetched_inputs_[input] ? feed(input, *one.tensor) : feed(input, one.tensor->view());
}

std::uint32_t RunContext::unfed(const FeedRef& feed) const {
  const std::uint32_t at = feed.value == nullptr ? input(feed.name) : input(*feed.value);
  if (fed(at)) throw ArgumentError(fmt::format("input '{}' is fed twice", plan_.input_names[at]));
  return at;
}

void RunContext::clear() {
  for (Fed& fed : fed_) {
    fed.how = Fed::How::not_yet;
    if (fed.tensor.owned()) fed.tensor = Tensor();
  }
  for (Tensor& parameter : parameters_)
    if (parameter.owned()) parameter = Tensor();
  if (search_ != nullptr) search_->clear();
}

void RunContext::check_feeds() const {
  std::string missing;
  for (std::size_t i = 0; i < plan_.needed_inputs; ++i) {
    if (!fed(static_cast<std::uint32_t>(i)))
      missing.append(missing.empty() ? "" : ", ").append(plan_.input_names[i]);
  }
  if (!missing.empty())
    throw ArgumentError(
        fmt::format("these inputs were not fed: {}; the feeds need an entry such as {{\"{}\", "
                    "tensor}} for each",
                    missing, missing.substr(0, missing.find(','))));
}

// ---- results

View RunContext::fetch(std::size_t i) const {
  if (i >= plan_.fetches.size())
    throw ArgumentError(fmt::format("fetch: there is no result {}; the function has {} fetches", i,
                                    plan_.fetches.size()));
  if (answered_ == nullptr)
    throw ArgumentError("fetch: there is nothing to fetch because no run has completed");
  return {answered_->address_[answered_->plan_.fetches[i].slot], plan_.fetches[i].type};
}

/// Result `i` of the completed steps, as a tensor that the caller may keep.
Tensor RunContext::result(std::size_t i) {
  const Plan::Fetch& fetch = plan_.fetches[i];
  const Slot& slot = plan_.slots[fetch.slot];
  const auto find = [&]() -> Tensor {
    switch (slot.home) {
      case Slot::Home::input: {
        const Fed& fed = (*feeds_)[slot.at];
        if (fed.how == Fed::How::tensor) return own(fed.tensor);
        Tensor copy = uninitialized(fetch.type);
        std::copy_n(static_cast<const std::byte*>(address_[fetch.slot]), fetch.type.bytes(),
                    static_cast<std::byte*>(copy.mutable_view().data));
        return copy;
      }
      case Slot::Home::parameter:
        return own(parameters_[slot.at]);
      case Slot::Home::constant:
        return own(plan_.constants[slot.at]);
      default:
        outputs_[slot.at].lent = true;
        return outputs_[slot.at].now;
    }
  };
  Tensor tensor = find();
  if (tensor.type() != fetch.type) tensor = tensor.reshaped(fetch.type.shape);
  return tensor;
}

/// Provides memory for the values that outlive the run: that of an earlier run if it is no longer
/// in use, else new memory.
void RunContext::prepare_outputs() {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    OutputMemory& memory = outputs_[i];
    if (memory.given != nullptr) {
      address_[plan_.outputs[i].slot] = memory.given;
      continue;
    }
    if (!memory.lent) continue;
    if (!memory.now.unique()) std::swap(memory.now, memory.spare);
    if (!memory.now.unique()) memory.now = uninitialized(plan_.outputs[i].type);
    address_[plan_.outputs[i].slot] = const_cast<void*>(memory.now.data());  // nothing shares it
    memory.lent = false;
  }
  for (const std::uint32_t slot : plan_.put)
    address_[slot] = address_[plan_.outputs[plan_.slots[slot].at].slot];
}

/// Copies the outputs that no step writes.
void RunContext::copy_outputs() {
  for (const Plan::Output& output : plan_.outputs) {
    if (output.from != no_slot)
      std::copy_n(static_cast<const std::byte*>(address_[output.from]), output.type.bytes(),
                  static_cast<std::byte*>(address_[output.slot]));
  }
}

// ---- parameters

/// Finds the function's parameters in a State. Throws ArgumentError listing all differences.
void RunContext::match(const StateData& from) {
  if (matched_ == from.layout) return;
  matched_ = nullptr;  // no layout is matched until all positions are known
  const StateLayout& layout = *from.layout;
  std::string differences;
  bool missing = false;
  for (std::size_t p = 0; p < plan_.parameters.size(); ++p) {
    const std::string_view name = plan_.parameter_names[p];
    const Type& type = plan_.parameters[p].type;
    position_[p] = layout.names.find(name);
    if (position_[p] == NameTable::none) {
      missing = true;
      differences +=
          fmt::format("\n  parameter '{}', {}, is not in the State", name, to_string(type));
    } else if (layout.type(position_[p]) != type) {
      differences += fmt::format("\n  parameter '{}' is {} in the State, but {} in the function",
                                 name, to_string(layout.type(position_[p])), to_string(type));
    }
  }
  if (!differences.empty())
    throw ArgumentError("the State does not fit the function:" + differences +
                        (missing
                             ? "\n  a State holds the parameters that its graph has when the "
                               "State is made: either something added parameters later, such as "
                               "an optimiser, or the State was made for another graph"
                             : ""));
  matched_ = from.layout;
}

/// Takes the parameters' values of a single moment. An updating run needs neither handles nor the
/// lock, because no other run may exchange values meanwhile.
void RunContext::take_parameters(StateData* from, bool update) {
  if (from != nullptr) match(*from);
  for (Tensor& parameter : parameters_)  // outside of the lock: this may destroy the last handle
    if (parameter.owned()) parameter = Tensor();
  std::unique_lock<std::mutex> lock;
  if (from != nullptr && !update) lock = std::unique_lock(from->exchange);
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    const Tensor& value = from != nullptr ? from->values[position_[p]] : plan_.initial[p];
    if (fetched_[p] || (from != nullptr && !update)) parameters_[p] = value;
    address_[plan_.parameters[p].slot] = const_cast<void*>(value.data());  // read only
  }
}

/// A handle of the new value of an update.
Tensor RunContext::next_value(const Plan::Updated& update, const StateData& state) noexcept {
  const Slot& next = plan_.slots[update.slot];
  Tensor value;
  if (next.home == Slot::Home::parameter) {
    value = state.values[position_[next.at]];
  } else if (next.home == Slot::Home::output) {
    OutputMemory& memory = outputs_[next.at];
    memory.lent = true;
    if (memory.uses > 1)
      value = memory.now;
    else
      value = std::move(memory.now);
  } else {
    value = plan_.constants[next.at];
  }
  const Type& type = plan_.parameters[update.parameter].type;
  if (value.type() != type) value = value.reshaped(type.shape);
  return value;
}

/// Puts all new values into the State at once. This cannot fail, because all of them are computed
/// and in dagrad's own memory. Old values that no handle keeps are overwritten if they are small.
void RunContext::commit(StateData& to) noexcept {
  const std::size_t updates = plan_.updates.size();
  for (std::size_t u = 0; u < updates; ++u)
    if (!small_[u]) exchanged_[u] = next_value(plan_.updates[u], to);
  const std::lock_guard lock(to.exchange);
  for (std::size_t u = 0; u < updates; ++u) {
    const Plan::Updated& update = plan_.updates[u];
    Tensor& value = to.values[position_[update.parameter]];
    if (small_[u] && value.unique()) {
      std::memcpy(const_cast<void*>(value.data()), address_[update.slot], small_[u]);
      continue;
    }
    if (small_[u]) exchanged_[u] = next_value(update, to);
    std::swap(value, exchanged_[u]);
  }
}

/// Releases what no later run needs. The memory of old values is reused by the run after the next.
void RunContext::let_go() noexcept {
  for (std::size_t u = 0; u < exchanged_.size(); ++u) {
    if (!exchanged_[u].owned()) continue;
    const Slot& next = plan_.slots[plan_.updates[u].slot];
    if (next.home == Slot::Home::output)
      outputs_[next.at].spare = std::move(exchanged_[u]);
    else
      exchanged_[u] = Tensor();
  }
  for (std::size_t p = 0; p < parameters_.size(); ++p)
    if (!fetched_[p] && parameters_[p].owned()) parameters_[p] = Tensor();
}

void RunContext::run(StateData* with, bool update, const RunOptions& options,
                     std::vector<Tensor>* results) {
  answered_ = nullptr;
  check_feeds();
  std::optional<StateData::Updating> updating;
  if (update) updating.emplace(*with);
  RunContext& by =
      completes(with, update, options, results) ? *this : search(with, update, options, results);
  updating.reset();
  by.let_go();
  answered_ = &by;
}

void RunContext::compute(StateData* with, bool update, const RunOptions& options,
                         std::vector<Tensor>* results) {
  take_parameters(with, update);
  prepare_outputs();
  options_ = options.cancel || options.deadline ? &options : nullptr;
  run_steps();
  copy_outputs();
  copy_stored();
  if (results != nullptr) {
    results->reserve(plan_.fetches.size());
    for (std::size_t i = 0; i < plan_.fetches.size(); ++i) results->push_back(result(i));
  }
  if (update) commit(*with);  // nothing can fail from here on
}

}  // namespace dagrad::detail
