#include "src/pictures/json_picture.hpp"

#include <string_view>

#include "dagrad/picture_formats.hpp"
#include "src/io/file_replacement.hpp"
#include "src/io/json_writer.hpp"
#include "src/pictures/equations.hpp"

namespace dagrad {

namespace detail {

namespace {

constexpr std::string_view kind_names[] = {"input", "parameter", "constant",
                                           "op",    "equation",  "block"};
constexpr std::string_view part_names[] = {"forward", "gradient", "after", "update"};
constexpr std::string_view edge_names[] = {"data", "type_only", "next", "tie", "update"};
constexpr std::string_view legend_names[] = {
    "input", "parameter", "constant",  "forward", "gradient", "after",      "update",
    "block", "fetch",     "type_only", "next",    "tie",      "update_edge"};

template <class Names, class Enum>
std::string_view name_in(const Names& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

class PictureJson {
 public:
  PictureJson(const Graph& graph, const Picture& picture)
      : view_(graph), picture_(picture), equations_(write_each_node(graph)) {}

  std::string write() && {
    out_.begin('{');
    out_.member("format", "dagrad picture");
    out_.member("version", std::uint64_t{1});
    out_.member("title", picture_.title);
    out_.member("dtype", picture_.dtype);
    list("clusters", picture_.clusters);
    list("nodes", picture_.nodes);
    list("edges", picture_.edges);
    out_.key("legend");
    out_.begin('[');
    for (const LegendEntry entry : picture_.legend) out_.value(name_in(legend_names, entry));
    out_.end(']');
    if (!picture_.scale.steps.empty()) write_scale();
    out_.end('}');
    return std::move(out_.text);
  }

 private:
  template <class List>
  void list(std::string_view name, const List& items) {
    out_.key(name);
    out_.begin('[');
    for (const auto& item : items) {
      out_.text += items.size() > 1 ? "\n" : "";
      out_.begin('{');
      write(item);
      out_.end('}');
    }
    out_.end(']');
  }

  void write_scale() {
    out_.key("scale");
    out_.begin('{');
    out_.member("title", picture_.scale.title);
    out_.key("steps");
    out_.begin('[');
    for (const PictureMark& step : picture_.scale.steps) {
      out_.begin('{');
      out_.member("fill", step.fill);
      out_.member("note", step.note);
      out_.end('}');
    }
    out_.end(']');
    out_.end('}');
  }

  void write(const DrawnCluster& cluster) {
    out_.member("name", cluster.name);
    out_.member("title", cluster.title);
    write_part(cluster.part, cluster.order);
    write_position("parent", cluster.parent);
    write_repeats(cluster.repeats, cluster.parameters);
  }

  void write(const DrawnNode& node) {
    out_.member("kind", name_in(kind_names, node.kind));
    write_part(node.part, node.order);
    write_position("cluster", node.cluster);
    for (const auto& [name, text] :
         std::initializer_list<std::pair<const char*, const std::string&>>{
             {"name", node.name},
             {"title", node.title},
             {"op", node.op},
             {"attributes", node.attributes},
             {"types", node.types},
             {"derivative", node.derivative},
             {"place", node.place},
             {"link", node.link},
             {"fill", node.fill},
             {"note", node.note}})
      out_.member(name, text);
    write_position("forward", node.forward);
    write_repeats(node.repeats, node.parameters);
    if (node.fetched) {
      out_.key("fetched");
      out_.truth(true);
    }
    write_ports("in", node.in);
    write_ports("out", node.out);
    out_.member("count", node.nodes.size());
    if (node.kind == DrawnKind::block) return;
    out_.key("nodes");
    out_.begin('[');
    const bool says_formula = node.title.find(' ') != std::string::npos;  // as no name does
    for (const std::uint32_t id : node.nodes) write_member(id, !says_formula);
    out_.end(']');
  }

  /// A node of the graph that a drawn node stands for.
  void write_member(std::uint32_t id, bool with_formula) {
    out_.begin('{');
    out_.member("name", view_.name(id));
    out_.member("op", view_.op(id).name());
    out_.member("type", to_string(view_.results(id)[0]));
    if (const Notation& formula = equations_.formula[id]; with_formula && !formula.empty()) {
      const Notation& symbol = equations_.symbol[id];
      out_.member("formula", equations_.equation(id));
      out_.member("latex", symbol.latex() + " = " + formula.latex());
    }
    out_.member("place", to_string(view_.where(id)));
    out_.end('}');
  }

  void write(const DrawnEdge& edge) {
    out_.member("kind", name_in(edge_names, edge.kind));
    write_position("from", edge.from);
    write_position("to", edge.to);
    if (edge.from_port != 0) out_.member("from_port", std::uint64_t{edge.from_port});
    if (edge.to_port != 0) out_.member("to_port", std::uint64_t{edge.to_port});
    out_.member("label", edge.label);
    if (edge.folded.empty()) return;
    out_.key("folded");
    out_.begin('[');
    for (const std::uint32_t id : edge.folded) out_.value(view_.name(id));
    out_.end(']');
  }

  /// A position in another array, unless there is none.
  void write_position(std::string_view name, std::uint32_t at) {
    if (at != nothing) out_.member(name, std::uint64_t{at});
  }
  void write_part(Part part, int order) {
    out_.member("part", name_in(part_names, part));
    if (order > 0) out_.member("order", static_cast<std::uint64_t>(order));
  }
  void write_repeats(std::uint32_t repeats, std::uint64_t parameters) {
    if (repeats > 1) out_.member("repeats", std::uint64_t{repeats});
    if (parameters > 0) out_.member("parameters", parameters);
  }
  void write_ports(std::string_view name, const std::vector<DrawnPort>& ports) {
    if (ports.empty()) return;
    out_.key(name);
    out_.begin('[');
    for (const DrawnPort& port : ports) {
      out_.begin('{');
      out_.member("label", port.label);
      out_.member("type", port.type);
      out_.member("number", port.number);
      out_.end('}');
    }
    out_.end(']');
  }

  GraphView view_;
  const Picture& picture_;
  WrittenEquations equations_;
  JsonWriter out_;
};

}  // namespace

std::string json_of(const Graph& graph, const Picture& picture) {
  return PictureJson(graph, picture).write();
}

}  // namespace detail

std::string to_json(const Graph& graph, const PictureOptions& options) {
  return detail::json_of(graph, detail::picture_of(graph, options)) + "\n";
}

void write_json(const std::filesystem::path& file, const Graph& graph,
                const PictureOptions& options) {
  detail::write_file(file, "write_json", {to_json(graph, options)});
}

}  // namespace dagrad
