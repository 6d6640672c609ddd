#include "src/check/subject.hpp"

#include <algorithm>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/rewrite.hpp"

namespace dagrad::detail {

namespace {

std::string name_of(const Feed& feed) { return feed.value.empty() ? feed.name : feed.value.name(); }

/// The values of the xs: as fed, else as computed.
std::vector<Tensor> point_of(std::span<const Value> xs, const Feeds& feeds, Runtime* runtime) {
  std::vector<const Tensor*> fed(xs.size());
  std::vector<Value> computed;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    for (const Feed& feed : feeds)
      if (name_of(feed) == xs[i].name()) fed[i] = &feed.tensor;
    if (!fed[i]) computed.push_back(xs[i]);
  }
  const std::vector<Tensor> values = evaluate_at(computed, feeds, runtime);
  std::vector<Tensor> point;
  auto next = values.begin();
  for (const Tensor* tensor : fed) point.push_back(tensor ? *tensor : *next++);
  return point;
}

/// The node of y and all nodes from which it is computed.
std::vector<Node> ancestors(const Value& y) {
  std::vector<Node> nodes{y.node()};
  std::vector<bool> seen(y.node_id() + 1);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const Value& operand : Node(nodes[i]).operands()) {
      if (seen[operand.node_id()]) continue;
      seen[operand.node_id()] = true;
      nodes.push_back(operand.node());
    }
  }
  return nodes;
}

}  // namespace

Subject extract_subject(const Value& y, std::span<const Value> xs, const Feeds& feeds,
                        Runtime* runtime, Rng& rng) {
  Subject subject;
  subject.point = point_of(xs, feeds, runtime);
  for (const Value& x : xs) subject.names.push_back(x.name());
  for (const Feed& feed : feeds)
    if (std::find(subject.names.begin(), subject.names.end(), name_of(feed)) == subject.names.end())
      subject.feeds.emplace_back(name_of(feed), feed.tensor);

  // Gradients treat results of stop_gradient as fixed, so finite differences must do so too.
  const std::vector<Node> nodes = ancestors(y);
  std::vector<Value> cut(xs.begin(), xs.end());
  for (const Node& node : nodes)
    if (node.op().get_if<StopGradient>() &&
        std::find(xs.begin(), xs.end(), node.output()) == xs.end())
      cut.push_back(node.output());
  if (const auto stopped = std::span(cut).subspan(xs.size()); !stopped.empty()) {
    const Rewritten before = extract(stopped, xs);
    Feeds at = subject.feeds;
    for (std::size_t i = 0; i < xs.size(); ++i)
      at.emplace_back(before.mapping(xs[i]), subject.point[i]);
    const std::vector<Tensor> values = evaluate_at(before.mapping(stopped), at, runtime);
    for (std::size_t i = 0; i < values.size(); ++i)
      subject.feeds.emplace_back(stopped[i].name(), values[i]);
  }

  Rewritten part = extract({&y, 1}, cut);
  subject.ys.assign(1, part.mapping(y));
  subject.xs = part.mapping(xs);
  subject.seeds.assign(1, random_seed(rng, y.type()));
  subject.originals.resize(part.graph.size());
  for (const Node& node : nodes)
    for (std::size_t port = 0; port < node.outputs(); ++port)
      if (const auto copy = part.mapping.find(node.output(port)))
        subject.originals[copy->node_id()] = node.output(port);
  subject.graph = std::move(part.graph);
  return subject;
}

namespace {

/// The same with every `from` in float64.
Subject widened(const Subject& narrow, DType from) {
  const auto wide = [&](const Tensor& tensor) {
    return tensor.dtype() == from ? tensor.cast(f64) : tensor;
  };
  Rewritten copy = replay(narrow.graph, from, f64);
  Subject subject;
  subject.ys = copy.mapping(narrow.ys);
  subject.xs = copy.mapping(narrow.xs);
  subject.names = narrow.names;
  for (const Tensor& seed : narrow.seeds) subject.seeds.push_back(wide(seed));
  for (const Tensor& point : narrow.point) subject.point.push_back(wide(point));
  for (const Feed& feed : narrow.feeds) subject.feeds.emplace_back(feed.name, wide(feed.tensor));
  subject.originals.resize(copy.graph.size());
  for (std::uint32_t id = 0; id < narrow.originals.size(); ++id)
    subject.originals[copy.mapping(narrow.graph.node(id).output()).node_id()] =
        narrow.originals[id];
  subject.graph = std::move(copy.graph);
  return subject;
}

}  // namespace

Subject widened(const Subject& narrow) {
  Subject subject = widened(narrow, f32);
  for (DType dtype = narrowest(subject); dtype != f64; dtype = narrowest(subject))
    subject = widened(subject, dtype);
  return subject;
}

DType narrowest(const Subject& subject) {
  DType narrowest = f64;
  for (const Node& node : subject.graph.nodes()) {
    for (std::size_t port = 0; port < node.outputs(); ++port) {
      const DType dtype = node.output(port).dtype();
      if (is_float(dtype) && digits(dtype) < digits(narrowest)) narrowest = dtype;
    }
  }
  return narrowest;
}

std::vector<Value> append_gradient(Subject& subject) {
  std::vector<Seeded> seeded;
  for (std::size_t i = 0; i < subject.ys.size(); ++i)
    seeded.push_back({subject.ys[i], subject.graph.constant(subject.seeds[i])});
  return gradient(seeded, subject.xs, {.unconnected = Unconnected::zeros});
}

Feeds all_feeds(const Subject& subject) {
  Feeds feeds = subject.feeds;
  for (std::size_t i = 0; i < subject.xs.size(); ++i)
    feeds.emplace_back(subject.xs[i].name(), subject.point[i]);
  return feeds;
}

std::string describe(const Subject& subject, std::uint32_t id) {
  const Value original = id < subject.originals.size() ? subject.originals[id] : Value();
  const Node node = original.empty() ? subject.graph.node(id) : original.node();
  std::string text = "'" + node.name() + "', " + std::string(node.op().name());
  if (node.where().line > 0) text += ", made at " + to_string(node.where());
  return text;
}

Tensor random_seed(Rng& rng, const Type& type) {
  Tensor seed = rng.uniform(type.shape, 0.5, 2, f32);
  for (float& element : seed.mutate<float>())
    if (rng.number() < 0.5) element = -element;
  return seed.cast(type.dtype);
}

std::vector<bool> dependents(const Graph& graph, std::span<const Value> xs) {
  std::vector<bool> depends(graph.size());
  for (const Value& x : xs) depends[x.node_id()] = true;
  for (const Node& node : graph.nodes()) {
    const std::vector<Value> operands = node.operands();
    for (std::size_t i = 0; i < operands.size(); ++i)
      if (!node.type_only(i) && depends[operands[i].node_id()]) depends[node.id()] = true;
  }
  return depends;
}

std::vector<bool> leading_to(const Graph& graph, std::span<const Value> values) {
  std::vector<bool> leads(graph.size());
  for (const Value& value : values) leads[value.node_id()] = true;
  for (auto id = static_cast<std::uint32_t>(graph.size()); id-- > 0;) {
    if (!leads[id]) continue;
    const Node node = graph.node(id);
    const std::vector<Value> operands = node.operands();
    for (std::size_t i = 0; i < operands.size(); ++i)
      if (!node.type_only(i)) leads[operands[i].node_id()] = true;
  }
  return leads;
}

std::vector<Tensor> evaluate_at(std::span<const Value> values, const Feeds& feeds,
                                Runtime* runtime) {
  if (values.empty()) return {};
  const Function function = compile(values, {.runtime = runtime}, {});
  std::vector<std::string> inputs = function.input_names();
  std::sort(inputs.begin(), inputs.end());
  Feeds needed;
  for (const Feed& feed : feeds)
    if (std::binary_search(inputs.begin(), inputs.end(), name_of(feed)))
      needed.emplace_back(name_of(feed), feed.tensor);
  return function(needed, {}, {});  // the line is not the user's
}

Values::Values(std::span<const Value> values, Runtime* runtime)
    : Values(compile(values, {.runtime = runtime}, {})) {}

Values::Values(const Function& function) : inputs_(function.input_names()), run_(function.bind()) {
  std::sort(inputs_.begin(), inputs_.end());
}

void Values::feed(const Value& input, const View& view) {
  if (const std::string name = input.name();
      std::binary_search(inputs_.begin(), inputs_.end(), name))
    run_.feed(name, view, {});
}

void Values::feed(const Feeds& feeds) {
  for (const Feed& feed : feeds)
    if (const std::string name = name_of(feed);
        std::binary_search(inputs_.begin(), inputs_.end(), name))
      run_.feed(name, feed.tensor, {});
}

}  // namespace dagrad::detail
