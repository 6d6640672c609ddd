#include "dagrad/compile.hpp"

#include <fmt/format.h>

#include <chrono>
#include <unordered_set>

#include "dagrad/error.hpp"
#include "src/exec/compiled.hpp"
#include "src/exec/planner.hpp"

namespace dagrad {

namespace {

/// The graph that all values belong to. Throws GraphError if they belong to several.
detail::GraphData& common_graph(std::span<const Value> fetches, const CompileOptions& options) {
  const Value& first = fetches.empty() ? options.update.front().parameter : fetches.front();
  detail::GraphData& graph = detail::Access::data(first);
  const auto check = [&](const Value& value) {
    if (&detail::Access::data(value) != &graph)
      throw GraphError(fmt::format("compile: '{}' belongs to another graph than '{}'", value.name(),
                                   first.name()));
  };
  for (const Value& fetch : fetches) check(fetch);
  for (const Update& update : options.update) {
    check(update.parameter);
    check(update.next);
  }
  return graph;
}

void check_updates(const detail::GraphView& graph, std::span<const Update> updates) {
  std::unordered_set<std::uint32_t> updated;
  for (const Update& update : updates) {
    const Value& parameter = update.parameter;
    if (graph.kind(parameter.node_id()) != NodeKind::parameter)
      throw GraphError(fmt::format("update: '{}' is not a parameter", parameter.name()));
    if (!updated.insert(parameter.node_id()).second)
      throw GraphError(fmt::format("update: parameter '{}' is updated twice", parameter.name()));
    if (update.next.type() == parameter.type()) continue;
    const std::string text =
        fmt::format("update: parameter '{}' is {}, but its next value '{}' is {}", parameter.name(),
                    to_string(parameter.type()), update.next.name(), to_string(update.next.type()));
    if (update.next.dtype() != parameter.dtype()) throw TypeError(text);
    throw ShapeError(text);
  }
}

void report(const detail::Plan& plan, const Runtime::CodeCache& before,
            std::chrono::steady_clock::time_point start) {
  if (!plan.runtime->log.enabled(LogLevel::info)) return;
  const Runtime::CodeCache after = plan.runtime->loops.counts();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  plan.runtime->log.write(
      LogLevel::info,
      fmt::format("compiled {} nodes: {} loops assembled, {} cached, arena {} bytes, {:.3f} ms",
                  plan.steps.size(), after.assembled - before.assembled,
                  after.reused - before.reused, plan.arena_bytes, took.count()));
}

}  // namespace

Function compile(std::span<const Value> fetches, const CompileOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  if (options.threads < 0)
    throw ArgumentError(fmt::format(
        "compile: threads must be at least 1, or 0 for the whole pool, got {}", options.threads));
  if (fetches.empty() && options.update.empty())
    throw ArgumentError(
        "compile: there is nothing to compute: no fetches and no updates are given");
  const detail::GraphView graph(common_graph(fetches, options));
  check_updates(graph, options.update);
  Runtime& runtime = options.runtime != nullptr ? *options.runtime : Runtime::shared();
  const Runtime::CodeCache before = runtime.code_cache();
  auto compiled = std::make_shared<detail::Compiled>(
      detail::make_plan(graph, options, runtime.data(), fetches));
  report(compiled->plan(), before, start);
  return Function(std::move(compiled));
}

Function compile(std::initializer_list<Value> fetches, const CompileOptions& options) {
  return compile(std::span<const Value>(fetches.begin(), fetches.size()), options);
}

std::vector<Tensor> evaluate(std::span<const Value> values, const Feeds& feeds) {
  return compile(values)(feeds);
}

Tensor evaluate(const Value& value, const Feeds& feeds) { return compile({value})(feeds)[0]; }

}  // namespace dagrad
