#include <fmt/format.h>

#include <utility>

#include "dagrad/compile.hpp"
#include "dagrad/error.hpp"
#include "src/exec/compiled.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad {

namespace {

using detail::told_at;

template <class AnyFeeds>
std::vector<Tensor> call(detail::Compiled& compiled, detail::StateData* state, bool update,
                         const AnyFeeds& feeds, const RunOptions& options) {
  const detail::ContextPool::Lease lease(compiled.contexts());
  for (const auto& feed : feeds) (*lease).lend(feed);
  std::vector<Tensor> results;
  (*lease).run(state, update, options, &results);
  return results;
}

void require_state(const detail::Compiled& compiled) {
  if (compiled.updates())
    throw ArgumentError(
        "this function updates parameters: pass the State that holds them as its first argument");
}

template <class AnyFeeds>
std::vector<Tensor> call_alone(detail::Compiled& compiled, const AnyFeeds& feeds,
                               const RunOptions& options) {
  require_state(compiled);
  return call(compiled, nullptr, false, feeds, options);
}

}  // namespace

std::vector<Tensor> Function::operator()(const Feeds& feeds, const RunOptions& options,
                                         Location where) const {
  return told_at(where, [&] { return call_alone(compiled(), feeds, options); });
}
std::vector<Tensor> Function::operator()(std::initializer_list<detail::FeedRef> feeds,
                                         const RunOptions& options, Location where) const {
  return told_at(where, [&] { return call_alone(compiled(), feeds, options); });
}

std::vector<Tensor> Function::operator()(State& state, const Feeds& feeds,
                                         const RunOptions& options, Location where) const {
  return told_at(where, [&] {
    return call(compiled(), state.data().get(), compiled().updates(), feeds, options);
  });
}
std::vector<Tensor> Function::operator()(State& state, std::initializer_list<detail::FeedRef> feeds,
                                         const RunOptions& options, Location where) const {
  return told_at(where, [&] {
    return call(compiled(), state.data().get(), compiled().updates(), feeds, options);
  });
}

std::vector<Tensor> Function::operator()(const State& state, const Feeds& feeds,
                                         const RunOptions& options, Location where) const {
  return told_at(where, [&] {
    compiled().require_const();
    return call(compiled(), state.data().get(), false, feeds, options);
  });
}
std::vector<Tensor> Function::operator()(const State& state,
                                         std::initializer_list<detail::FeedRef> feeds,
                                         const RunOptions& options, Location where) const {
  return told_at(where, [&] {
    compiled().require_const();
    return call(compiled(), state.data().get(), false, feeds, options);
  });
}

/// The input that the function needs or, if it needs none, the only input of the graph.
Feeds Function::feed_only_input(const Tensor& tensor, Location where) const {
  return told_at(where, [&]() -> Feeds {
    const detail::Plan& plan = compiled().plan();
    const std::size_t choices = plan.needed_inputs > 0 ? plan.needed_inputs : plan.inputs.size();
    if (choices == 1) return {{plan.input_names[0], tensor}};
    if (choices == 0) throw ArgumentError("this function has no input");
    throw ArgumentError(
        fmt::format("this function has {} inputs, {}: feed them by handle or by name", choices,
                    plan.input_names.listed(choices)));
  });
}

BoundRun Function::bind(Location where) const {
  told_at(where, [&] { require_state(compiled()); });
  return BoundRun(std::make_unique<detail::BoundContext>(compiled_, nullptr));
}

BoundRun Function::bind(State& state) const {
  (void)compiled();
  return BoundRun(std::make_unique<detail::BoundContext>(compiled_, state.data()));
}

Function::Function(std::shared_ptr<detail::Compiled> compiled) : compiled_(std::move(compiled)) {}

detail::Compiled& Function::compiled() const {
  if (compiled_ == nullptr) throw ArgumentError("this Function is empty: make one with compile");
  return *compiled_;
}

detail::StateData* Function::data_of(const State& state) { return state.data().get(); }

std::size_t Function::nodes() const { return compiled().plan().steps.size(); }
std::size_t Function::peak_bytes() const {
  const detail::Plan& plan = compiled().plan();
  std::size_t bytes = plan.arena_bytes;
  for (const auto& kernel : plan.kernels) bytes += kernel->held();
  return bytes;
}
std::vector<std::string> Function::input_names() const {
  const detail::Plan& plan = compiled().plan();
  return plan.input_names.to_vector(plan.needed_inputs);
}
std::vector<std::string> Function::parameter_names() const {
  return compiled().plan().parameter_names.to_vector();
}
std::string Function::text() const { return compiled().plan().text(); }

std::vector<Type> Function::fetch_types() const {
  std::vector<Type> types;
  for (const detail::Plan::Fetch& fetch : compiled().plan().fetches) types.push_back(fetch.type);
  return types;
}

BoundRun::BoundRun(std::unique_ptr<detail::BoundContext> bound) : bound_(std::move(bound)) {}
BoundRun::BoundRun(BoundRun&&) noexcept = default;
BoundRun& BoundRun::operator=(BoundRun&&) noexcept = default;
BoundRun::~BoundRun() = default;

detail::BoundContext& BoundRun::bound() const {
  if (bound_ == nullptr) throw ArgumentError("this BoundRun is empty: it has been moved from");
  return *bound_;
}

namespace {

template <class Input, class Data>
void feed_at(Location where, detail::RunContext& context, const Input& input, const Data& data) {
  told_at(where, [&] { context.feed(context.input(input), data); });
}

}  // namespace

void BoundRun::feed(const Value& input, const View& view, Location where) {
  feed_at(where, bound().context, input, view);
}
void BoundRun::feed(std::string_view input, const View& view, Location where) {
  feed_at(where, bound().context, input, view);
}
void BoundRun::feed(const Value& input, const Tensor& tensor, Location where) {
  feed_at(where, bound().context, input, tensor);
}
void BoundRun::feed(std::string_view input, const Tensor& tensor, Location where) {
  feed_at(where, bound().context, input, tensor);
}

void BoundRun::store(std::size_t i, const MutableView& view, Location where) {
  told_at(where, [&] { bound().context.store(i, view); });
}

void BoundRun::operator()(const RunOptions& options, Location where) {
  detail::BoundContext& run = bound();
  told_at(where, [&] { run.context.run(run.state.get(), run.function->updates(), options); });
}

View BoundRun::fetch(std::size_t i) const { return bound().context.fetch(i); }

}  // namespace dagrad
