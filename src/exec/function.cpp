#include <utility>

#include "dagrad/compile.hpp"
#include "dagrad/error.hpp"
#include "src/exec/context.hpp"

namespace dagrad {

namespace {

/// A context for the time of one run.
class Lease {
 public:
  explicit Lease(const detail::Plan& plan) : plan_(plan), context_(plan.take_context()) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    context_->clear();
    plan_.give_back(std::move(context_));
  }
  detail::RunContext& operator*() const { return *context_; }

 private:
  const detail::Plan& plan_;
  std::unique_ptr<detail::RunContext> context_;
};

std::vector<Tensor> call(const detail::Plan& plan, detail::StateData* state, bool update,
                         const Feeds& feeds, const RunOptions& options) {
  const Lease lease(plan);
  detail::RunContext& context = *lease;
  for (const Feed& feed : feeds) {
    const std::uint32_t input =
        feed.value.empty() ? context.input(feed.name) : context.input(feed.value);
    if (context.fed(input))
      throw ArgumentError("input '" + plan.inputs[input].name + "' is fed twice");
    context.feed(input, feed.tensor);
  }
  std::vector<Tensor> results;
  context.run(state, update, options, &results);
  return results;
}

void refuse_updates(const detail::Plan& plan, const char* text) {
  if (!plan.updates.empty()) throw ArgumentError(text);
}

constexpr auto needs_state =
    "this function updates parameters: it needs the State that holds them, as its first argument";
constexpr auto needs_mutable =
    "this function updates parameters: it needs a State that is not const";

std::vector<std::string> names_of(const std::vector<detail::Plan::Leaf>& leaves) {
  std::vector<std::string> names;
  for (const detail::Plan::Leaf& leaf : leaves) names.push_back(leaf.name);
  return names;
}

}  // namespace

std::vector<Tensor> Function::operator()(const Feeds& feeds, const RunOptions& options) const {
  refuse_updates(plan(), needs_state);
  return call(plan(), nullptr, false, feeds, options);
}

std::vector<Tensor> Function::operator()(State& state, const Feeds& feeds,
                                         const RunOptions& options) const {
  return call(plan(), state.data().get(), !plan().updates.empty(), feeds, options);
}

std::vector<Tensor> Function::operator()(const State& state, const Feeds& feeds,
                                         const RunOptions& options) const {
  refuse_updates(plan(), needs_mutable);
  return call(plan(), state.data().get(), false, feeds, options);
}

BoundRun Function::bind() const {
  refuse_updates(plan(), needs_state);
  auto context = std::make_unique<detail::RunContext>(plan());
  context->keep = plan_;
  return BoundRun(std::move(context));
}

BoundRun Function::bind(State& state) const {
  auto context = std::make_unique<detail::RunContext>(plan());
  context->keep = plan_;
  context->state = state.data();
  return BoundRun(std::move(context));
}

const detail::Plan& Function::plan() const {
  if (plan_ == nullptr) throw ArgumentError("this Function is empty: compile makes them");
  return *plan_;
}

std::size_t Function::nodes() const { return plan().steps.size(); }
std::size_t Function::peak_bytes() const { return plan().arena_bytes; }
std::vector<std::string> Function::input_names() const { return names_of(plan().inputs); }
std::vector<std::string> Function::parameter_names() const { return names_of(plan().parameters); }
std::string Function::text() const { return plan().text(); }

std::vector<Type> Function::fetch_types() const {
  std::vector<Type> types;
  for (const detail::Plan::Fetch& fetch : plan().fetches) types.push_back(fetch.type);
  return types;
}

BoundRun::BoundRun(std::unique_ptr<detail::RunContext> context) : context_(std::move(context)) {}
BoundRun::BoundRun(BoundRun&&) noexcept = default;
BoundRun& BoundRun::operator=(BoundRun&&) noexcept = default;
BoundRun::~BoundRun() = default;

detail::RunContext& BoundRun::context() const {
  if (context_ == nullptr) throw ArgumentError("this BoundRun is empty: it has been moved from");
  return *context_;
}

void BoundRun::feed(const Value& input, const View& view) {
  context().feed(context().input(input), view);
}
void BoundRun::feed(std::string_view input, const View& view) {
  context().feed(context().input(input), view);
}
void BoundRun::feed(const Value& input, const Tensor& tensor) {
  context().feed(context().input(input), tensor);
}
void BoundRun::feed(std::string_view input, const Tensor& tensor) {
  context().feed(context().input(input), tensor);
}

void BoundRun::operator()(const RunOptions& options) {
  context().run(context().state.get(), !context().plan().updates.empty(), options);
}

View BoundRun::fetch(std::size_t i) const { return context().fetch(i); }

}  // namespace dagrad
