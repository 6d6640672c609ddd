#include "dagrad/compile.hpp"

#include <fmt/format.h>

#include <chrono>
#include <unordered_map>

#include "dagrad/error.hpp"
#include "src/exec/compiled.hpp"
#include "src/exec/optimized_plan.hpp"
#include "src/exec/planner.hpp"
#include "src/exec/still_keys.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad {

namespace {

/// The graph that all values belong to. Throws GraphError if they belong to several.
detail::GraphData& common_graph(std::span<const Value> fetches, const CompileOptions& options) {
  const Value& first = fetches.empty() ? options.update.front().parameter : fetches.front();
  const auto check = [&](const Value& value) {
    detail::require_same_graph("compile", first, value);
  };
  for (const Value& fetch : fetches) check(fetch);
  for (const Update& update : options.update) {
    check(update.parameter);
    check(update.next);
  }
  return detail::Access::data(first);
}

/// The updates without repetitions: optimisers that share a counter each list its update.
std::vector<Update> distinct(const detail::GraphView& graph, std::span<const Update> updates) {
  std::unordered_map<std::uint32_t, Value> next_of;
  std::vector<Update> all;
  for (const Update& update : updates) {
    const Value& parameter = update.parameter;
    if (graph.kind(parameter.node_id()) != NodeKind::parameter)
      throw GraphError(fmt::format("update: '{}' is not a parameter", parameter.name()));
    const auto [next, is_new] = next_of.try_emplace(parameter.node_id(), update.next);
    if (is_new)
      all.push_back(update);
    else if (next->second != update.next)
      throw GraphError(
          fmt::format("update: parameter '{}' is updated twice, with '{}' and with '{}'",
                      parameter.name(), next->second.name(), update.next.name()));
  }
  return all;
}

void check_types(std::span<const Update> updates) {
  for (const Update& update : updates) {
    const Value& parameter = update.parameter;
    if (update.next.type() == parameter.type()) continue;
    const std::string text =
        fmt::format("update: parameter '{}' is {}, but its next value '{}' is {}", parameter.name(),
                    to_string(parameter.type()), update.next.name(), to_string(update.next.type()));
    if (update.next.dtype() != parameter.dtype()) throw TypeError(text);
    throw ShapeError(text);
  }
}

std::unique_ptr<const detail::Plan> planned(std::span<const Value> fetches,
                                            const CompileOptions& options, Runtime& runtime) {
  if (options.threads < 0)
    throw ArgumentError(fmt::format(
        "compile: threads must be at least 1, or 0 for the whole pool, got {}", options.threads));
  if (fetches.empty() && options.update.empty())
    throw ArgumentError(
        "compile: there is nothing to compute: no fetches and no updates are given");
  const detail::GraphData& data = common_graph(fetches, options);
  const detail::GraphView graph(data);
  CompileOptions checked = options;
  checked.update = distinct(graph, options.update);
  check_types(checked.update);
  return options.passes.empty()
             ? detail::make_plan(graph, checked, runtime.data(), fetches)
             : detail::make_optimized_plan(data, checked, runtime.data(), fetches);
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

Function compile(ValueSpan fetches, const CompileOptions& options, Location where) {
  const auto start = std::chrono::steady_clock::now();
  Runtime& runtime = detail::chosen(options.runtime);
  const Runtime::CodeCache before = runtime.code_cache();
  auto compiled = std::make_shared<detail::Compiled>(
      detail::told_at(where, [&] { return planned(fetches, options, runtime); }));
  report(compiled->plan(), before, start);
  detail::warn_of_still_keys(compiled->plan(), options, where);
  return Function(std::move(compiled));
}

std::vector<Tensor> evaluate(std::span<const Value> values, const Feeds& feeds, Location where) {
  return compile(values, {}, where)(feeds, {}, where);
}
std::vector<Tensor> evaluate(std::initializer_list<Value> values, const Feeds& feeds,
                             Location where) {
  return compile(values, {}, where)(feeds, {}, where);
}
Tensor evaluate(const Value& value, const Feeds& feeds, Location where) {
  return compile(value, {}, where)(feeds, {}, where)[0];
}

}  // namespace dagrad
