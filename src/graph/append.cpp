#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <stdexcept>
#include <typeinfo>

#include "dagrad/apply.hpp"
#include "src/graph/data.hpp"
#include "src/graph/rethrow.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

std::string made_at(const GraphData& graph, Location call) {
  std::string full = dagrad::made_at(graph.placed(call));
  const std::string& scope = graph.names.scope_text(graph.making.scope);
  if (!scope.empty()) full += ", in scope '" + scope + "'";
  if (graph.making.forward != no_node)
    full += ", in the gradient of " + place(GraphView(graph), graph.making.forward);
  return full;
}

namespace {

/// Throws an error of the first of these kinds that the error is, with another text.
template <class... Kinds>
void throw_same_kind(const Error& error, const std::string& text) {
  (
      [&] {
        if (dynamic_cast<const Kinds*>(&error) != nullptr) throw Kinds(text);
      }(),
      ...);
}

}  // namespace

void rethrow(const std::string& before, const std::string& behind, std::string_view name,
             Location where) {
  try {
    throw;
  } catch (const Error& error) {
    const std::string text = before + error.what() + behind;
    if (dynamic_cast<const RunError*>(&error) != nullptr)
      throw RunError(text, std::string(name), where);
    throw_same_kind<ShapeError, TypeError, ArgumentError, GraphError, GradientError, FileError,
                    InternalError>(error, text);
    if (typeid(error) == typeid(Error)) throw Error(text);
    throw;
  }
}

namespace {

/// The name of what the user called: the builder at work, or else the op.
std::string called(const GraphData& graph, const Op& op) {
  return graph.making.builder.empty() ? printable(op.name()) : std::string(graph.making.builder);
}

/// Runs `f` and rethrows its errors with the op's name in front and the node's place at the end, as
/// in "matmul: …\n made at model.cpp:41". All errors of builders have this form. If the user called
/// another builder, its name comes first and the op's last.
template <class F>
void explained(const GraphData& graph, const Op& op, Location call, F&& f) {
  try {
    f();
  } catch (const Error&) {
    const std::string name = called(graph, op), part = printable(op.name());
    rethrow(name + ": ", (name == part ? "" : " (in " + part + ")") + made_at(graph, call),
            op.name(), graph.placed(call));
  } catch (const std::length_error&) {  // a list longer than memory could hold
    throw std::bad_alloc();
  }
}

/// The index of the op. Errors about its name include the place.
std::uint32_t interned(GraphData& graph, Op&& op, Location call) {
  try {
    return graph.intern(std::move(op));
  } catch (const ArgumentError& e) {
    throw ArgumentError(e.what() + made_at(graph, call));
  }
}

/// The graph that the operands belong to. Throws if they belong to several graphs or to none, or if
/// the op is empty.
GraphData& common_graph(const Op& op, std::span<const Operand> operands, const Graph* graph) {
  if (!op) throw ArgumentError("apply: this Op is empty");
  GraphData* found = graph ? &Access::data(*graph) : nullptr;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].is_literal()) continue;
    GraphData& own = Access::data(operands[i].value());
    if (found && found != &own)
      throw GraphError(called(own, op) + ": operand " + std::to_string(i) + ", '" +
                       operands[i].value().name() + "', belongs to another graph" +
                       dagrad::made_at(operands[i].where()));
    found = &own;
  }
  if (!found)
    throw ArgumentError(
        std::string(op.name()) +
        ": at least one operand must be a value of a graph, got plain numbers only");
  return *found;
}

/// The dtype of plain numbers: the promoted dtype of the values beside them. Without such values,
/// int64 if all numbers are integers, else float64.
DType literal_dtype(const Op& op, std::span<const Operand> operands) {
  bool any = false, whole = true;
  DType dtype = b8;
  for (std::size_t i = op.traits().conditions; i < operands.size(); ++i) {
    if (operands[i].is_literal()) {
      whole = whole && operands[i].literal().integral();
    } else {
      dtype = any ? promote(dtype, operands[i].dtype()) : operands[i].dtype();
      any = true;
    }
  }
  if (any) return dtype;
  return whole ? i64 : f64;
}

/// Validates constant operands at once, so that errors point to the user's line. The others have no
/// data yet.
void validate_constants(const GraphData& graph, const Op& op, std::span<const Edge> operands) {
  if (!op.traits().has_validate) return;
  std::vector<View> views;
  for (const Edge& edge : operands) {
    const auto& record = graph.records[edge.node];
    views.push_back(record.kind == NodeKind::constant ? graph.tensors[record.tensor].view()
                                                      : View{nullptr, graph.type(edge)});
  }
  op->validate(views);
}

/// The extent of a result to which the operands do not broadcast: the op may keep axes of the
/// first of them.
std::uint32_t extent_of_kept(Extents& known, const Op& op, const Shape& result,
                             std::uint32_t operand) {
  const std::span<const std::uint32_t> from = known.axes(operand);
  std::array<std::uint32_t, max_rank> axes{};
  for (int i = 0; i < result.rank(); ++i) {
    const int kept = op->kept_axis(i, static_cast<int>(from.size()));
    axes[static_cast<std::size_t>(i)] =
        kept < 0 ? Extents::unknown : from[static_cast<std::size_t>(kept)];
  }
  return known.of({axes.data(), static_cast<std::size_t>(result.rank())});
}

/// Finds the extents of a node's results, whose types are known.
void find_extents(GraphData& graph, const Op& op, std::span<const Edge> operands) {
  const OpTraits& traits = op.traits();
  Extents& known = graph.extents;
  const int rank = traits.joint_shape ? graph.types[graph.new_results[0].type].shape.rank() : 0;
  bool fixed = true, absorbed = false;
  std::uint32_t shared = Extents::scalar;
  for (const Edge& edge : operands) {
    const std::uint32_t extent = graph.result(edge).extent;
    fixed = fixed && known.is_fixed(extent);
    if (!traits.joint_shape || absorbed) continue;
    absorbed = known.absorbs(extent, rank);
    shared = absorbed ? extent : known.joint(shared, extent);
  }
  if (traits.like >= 0)
    shared = graph.result(operands[static_cast<std::size_t>(traits.like)]).extent;
  const auto extent_of = [&](const Shape& shape) {
    if (shape.rank() == 0) return Extents::scalar;
    if (traits.like >= 0 || absorbed) return shared;
    if (fixed) return known.fixed(shape);
    if (traits.joint_shape) return shared;
    return extent_of_kept(known, op, shape, graph.result(operands[0]).extent);
  };
  for (Result& result : graph.new_results)
    result.extent = extent_of(graph.types[result.type].shape);
}

}  // namespace

std::uint32_t literal_node(GraphData& graph, Literal literal, DType dtype, Location call) {
  const std::uint64_t bits = literal.bits(dtype);
  const auto [first, last] = graph.known_literals.equal_range(bits);
  for (auto at = first; at != last; ++at)
    if (graph.types_of(at->second)[0].dtype == dtype) return at->second;
  Tensor scalar(Type{dtype, {}});
  std::memcpy(scalar.mutable_view().data, &bits, size_of(dtype));
  return all_or_nothing(graph, [&] {
    const std::uint32_t id =
        add_leaf(graph, NodeKind::constant, scalar.type(), {}, scalar, call).node_id();
    graph.known_literals.emplace(bits, id);
    return id;
  });
}

namespace {

/// Whether an op has just been applied to operands of these types.
bool is_inferred(const GraphData& graph, const GraphData::LastInferred& last,
                 std::span<const Edge> operands) {
  if (last.operands != operands.size()) return false;
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (last.in[i] != graph.result(operands[i]).type) return false;
  return true;
}

void infer(GraphData& graph, std::uint32_t op, std::span<const Edge> operands, Location call) {
  const Op& known = graph.ops[op].op;
  auto& in = graph.operand_types;
  in.clear();
  for (const Edge& edge : operands) in.push_back(graph.type(edge));
  explained(graph, known, call, [&] {
    known->infer(in, graph.result_types);
    validate_constants(graph, known, operands);
  });
  graph.new_results.clear();
  for (const Type& type : graph.result_types)
    graph.new_results.push_back({graph.types.index(type), Extents::scalar});
}

}  // namespace

std::uint32_t append_node(GraphData& graph, Op op, std::span<const Edge> operands, Location call) {
  // Interned first, so that equal ops share what they infer with, such as the program of a functor.
  const std::uint32_t index = interned(graph, std::move(op), call);
  if (is_inferred(graph, graph.ops[index].last, operands)) {
    graph.new_results.assign(1, {graph.ops[index].last.result, Extents::scalar});
    return add_node(graph, index, operands, call);
  }
  infer(graph, index, operands, call);
  GraphData::LastInferred& last = graph.ops[index].last;
  if (graph.new_results.size() == 1 && operands.size() <= last.in.size() &&
      !graph.ops[index].op.traits().has_validate) {
    for (std::size_t i = 0; i < operands.size(); ++i) last.in[i] = graph.result(operands[i]).type;
    last.operands = static_cast<std::uint32_t>(operands.size());
    last.result = graph.new_results[0].type;
  }
  return add_node(graph, index, operands, call);
}

std::uint32_t add_node(GraphData& graph, std::uint32_t op, std::span<const Edge> operands,
                       Location call) {
  find_extents(graph, graph.ops[op].op, operands);
  return graph.add(op, NodeKind::op, operands, graph.new_results, call);
}

namespace {

/// Turns literals into constants; if the node is refused, the caller removes these again.
Appended append_in(GraphData& graph, Op&& op, std::span<const Operand> operands) {
  const Location call = operands.empty() ? Location{} : operands.front().where();
  std::array<Edge, 8> few;
  std::vector<Edge> many;
  if (operands.size() > few.size()) many.resize(operands.size());
  Edge* const edges = many.empty() ? few.data() : many.data();
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].is_literal()) {
      explained(graph, op, call, [&] {
        const DType dtype = i < op.traits().conditions ? b8 : literal_dtype(op, operands);
        edges[i] = {literal_node(graph, operands[i].literal(), dtype, call), 0, false};
      });
    } else {
      edges[i] = {operands[i].value().node_id(), operands[i].value().port(),
                  op.traits().uses_type_only(i)};
    }
  }
  const std::uint32_t id = append_node(graph, std::move(op), {edges, operands.size()}, call);
  return {graph.share(), id, static_cast<std::uint32_t>(graph.types_of(id).size())};
}

}  // namespace

Appended append(Op op, std::span<const Operand> operands, const Graph* graph_hint) {
  GraphData& graph = common_graph(op, operands, graph_hint);
  return all_or_nothing(graph, [&] { return append_in(graph, std::move(op), operands); });
}

std::vector<Value> append_all(Op op, std::span<const Operand> operands, const Graph* graph_hint) {
  GraphData& graph = common_graph(op, operands, graph_hint);
  return all_or_nothing(graph, [&] {
    return outputs_of<dynamic_outputs>(append_in(graph, std::move(op), operands));
  });
}

}  // namespace dagrad::detail

namespace dagrad {

std::string made_at(Location where) { return "\n  made at " + to_string(where); }

std::string made_at(const Operand& operand) {
  return operand.is_literal()
             ? made_at(operand.where())
             : detail::made_at(detail::Access::data(operand.value()), operand.where());
}

std::vector<Value> apply(Op op, std::span<const Operand> operands) {
  return detail::append_all(std::move(op), operands);
}

}  // namespace dagrad
