#include "src/passes/pass_chain.hpp"

#include <chrono>
#include <utility>

#include "src/graph/rewriting.hpp"

namespace dagrad::detail {

namespace {

/// Lets a pass read a graph of which only the data is at hand.
class BorrowedGraph {
 public:
  explicit BorrowedGraph(const GraphData& data) : own_(data.share()) {
    std::swap(Access::control(graph_), own_);
  }
  BorrowedGraph(const BorrowedGraph&) = delete;
  BorrowedGraph& operator=(const BorrowedGraph&) = delete;
  ~BorrowedGraph() { std::swap(Access::control(graph_), own_); }

  const Graph& operator*() const { return graph_; }

 private:
  Graph graph_;
  ControlPtr own_;  ///< what `graph_` must hold when it ends
};

}  // namespace

PassChain::PassChain(const GraphData& graph, std::span<const Value> values)
    : first_(graph), values_(values.begin(), values.end()), size_(nodes().size()) {}

PassReport PassChain::run(const Pass& pass, Runtime* runtime) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  std::optional<PassResult> made;
  if (!pass.repeats || !idle_.contains(pass.name))
    made = now_ ? pass.run(now_->graph, values_, runtime)
                : pass.run(*BorrowedGraph(first_), values_, runtime);
  const std::chrono::duration<double> took = Clock::now() - start;
  PassReport report;
  report.pass = pass.name;
  report.before = size_;
  report.seconds = took.count();
  if (!made && pass.repeats) idle_.insert(pass.name);
  if (made) {
    idle_.clear();
    report.rules = std::move(made->rules);
    values_ = made->mapping(values_);
    Mapping mapping = now_ ? now_->mapping.then(made->mapping) : std::move(made->mapping);
    now_ = Rewritten{std::move(made->graph), std::move(mapping)};
    size_ = now_->graph.size();
  }
  report.after = size_;
  return report;
}

const GraphData& PassChain::graph() const { return now_ ? Access::data(now_->graph) : first_; }

std::vector<std::uint32_t> PassChain::nodes() const {
  return needed(graph(), values_, {}, "optimize");
}

Rewritten PassChain::finish() && {
  if (!now_) now_ = extract(*BorrowedGraph(first_), values_);
  return *std::move(now_);
}

}  // namespace dagrad::detail
