#include "src/exec/checking_kernels.hpp"
#include "src/exec/context.hpp"
#include "src/exec/finite.hpp"
#include "src/exec/float_flags.hpp"

/// The part of RunContext that watches for values that are not finite and searches for their node
/// (finite.hpp).
namespace dagrad::detail {

namespace {

/// How many runs search from the start after a search that found no node: feeds or parameters that
/// are not finite are likely to occur again, and starting a run in vain costs time.
constexpr int searches_in_a_row = 100;

}  // namespace

/// Whether the run completes. If it does not, a search must take its place, because a value has
/// been noticed that is not finite, in this run or in one of the last.
bool RunContext::completes(StateData* with, bool update, const RunOptions& options,
                           std::vector<Tensor>* results) {
  if (searches_ > 0) return false;
  search_.reset();
  search_plan_.reset();
  if (plan_.searching.empty()) {
    compute(with, update, options, results);
    return true;
  }
  const float_flags::Scope scope;
  try {
    compute(with, update, options, results);
    return true;
  } catch (const NotFinite&) {
    for (Tensor& parameter : parameters_) parameter = Tensor();
    return false;
  }
}

/// Runs in another context, which it returns. That context is kept unless the run fails.
RunContext& RunContext::search(StateData* with, bool update, const RunOptions& options,
                               std::vector<Tensor>* results) {
  std::unique_ptr<RunContext> search = std::move(search_);
  if (search == nullptr) {
    search_plan_ = std::make_unique<const Plan>(search_plan(plan_));
    search = std::make_unique<RunContext>(*search_plan_);
  }
  search->share_views(*this);
  search->compute(with, update, options, results);
  searches_ = searches_ > 0 ? searches_ - 1 : searches_in_a_row;
  search_ = std::move(search);
  return *search_;
}

/// Makes the next run use the feeds of another context, whose plan has the same inputs, and store
/// the results where that one would.
void RunContext::share_views(const RunContext& other) {
  for (std::size_t i = 0; i < plan_.needed_inputs; ++i)
    address_[plan_.inputs[i].slot] = other.address_[other.plan_.inputs[i].slot];
  feeds_ = &other.fed_;
  for (std::size_t i = 0; i < stored_.size(); ++i)
    if (other.stored_[i] != nullptr) store(i, {other.stored_[i], plan_.fetches[i].type});
}

}  // namespace dagrad::detail
