#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "dagrad/picture_formats.hpp"
#include "src/io/file_replacement.hpp"
#include "src/io/json_writer.hpp"
#include "src/pictures/paints.hpp"
#include "src/pictures/picture.hpp"

namespace dagrad {

namespace detail {

namespace {

/// A title as one word of a path.
std::string path_word(std::string title) {
  std::replace(title.begin(), title.end(), '/', '|');
  return title;
}

std::string with_repeats(const std::string& title, std::uint32_t repeats) {
  return repeats > 1 ? fmt::format("{} × {}", title, repeats) : title;
}

/// Writes a picture in the form of Model Explorer's `GraphCollection`.
class ModelExplorerJson {
 public:
  ModelExplorerJson(const Picture& picture, const PictureOptions& options)
      : picture_(picture), options_(options), edges_to_(picture.nodes.size()) {
    for (const DrawnCluster& cluster : picture.clusters) {
      const std::string word = path_word(with_repeats(cluster.title, cluster.repeats));
      paths_.push_back(cluster.parent == nothing ? word : paths_[cluster.parent] + "/" + word);
    }
    for (const DrawnEdge& edge : picture.edges) edges_to_[edge.to].push_back(&edge);
  }

  std::string write() && {
    const std::string title = picture_.title.empty() ? "graph" : picture_.title;
    out_.begin('{');
    out_.member("label", title);
    out_.key("graphs");
    out_.begin('[');
    out_.begin('{');
    out_.member("id", title);
    out_.key("nodes");
    out_.begin('[');
    for (std::uint32_t i = 0; i < picture_.nodes.size(); ++i) write_node(i);
    out_.end(']');
    write_groups();
    out_.end('}');
    out_.end(']');
    out_.end('}');
    return std::move(out_.text) + "\n";
  }

 private:
  static std::string id(std::uint32_t drawn) { return fmt::format("n{}", drawn); }

  void write_node(std::uint32_t index) {
    const DrawnNode& node = picture_.nodes[index];
    out_.text += index == 0 ? "" : "\n";
    out_.begin('{');
    out_.member("id", id(index));
    out_.member("label", with_repeats(node.title, node.repeats));
    out_.key("namespace");
    out_.value(node.cluster == nothing ? "" : paths_[node.cluster]);
    write_attributes(node, index);
    write_edges(index);
    write_ports("inputsMetadata", "label", node.in, &DrawnPort::label);
    write_ports("outputsMetadata", "type", node.out, &DrawnPort::type);
    const Paint& paint = paint_of(node, options_.theme);
    out_.key("style");
    out_.begin('{');
    out_.member("backgroundColor", node.fill.empty() ? paint.fill : node.fill);
    out_.member("borderColor", node.fetched ? options_.theme.fetch : paint.line);
    out_.end('}');
    out_.end('}');
  }

  void attribute(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    out_.begin('{');
    out_.member("key", key);
    out_.member("value", value);
    out_.end('}');
  }

  void write_attributes(const DrawnNode& node, std::uint32_t index) {
    out_.key("attrs");
    out_.begin('[');
    attribute("name", node.name);
    attribute("op", node.op);
    attribute("attributes", node.attributes);
    attribute("types", node.types);
    attribute("derivative", node.derivative);
    attribute("note", node.note);
    attribute("place", node.place);
    attribute("link", node.link);
    if (node.parameters > 0) attribute("parameters", std::to_string(node.parameters));
    if (node.nodes.size() > 1) attribute("nodes", std::to_string(node.nodes.size()));
    if (node.forward != nothing) attribute("differentiates", picture_.nodes[node.forward].name);
    for (const DrawnEdge* edge : edges_to_[index]) {
      const std::string& from = picture_.nodes[edge->from].name;
      if (edge->kind == EdgeKind::update) attribute("next value", from);
      if (edge->kind == EdgeKind::next) attribute("from the repeat before", from);
    }
    out_.end(']');
  }

  void write_edges(std::uint32_t index) {
    out_.key("incomingEdges");
    out_.begin('[');
    for (const DrawnEdge* edge : edges_to_[index]) {
      if (edge->kind != EdgeKind::data && edge->kind != EdgeKind::type_only) continue;
      out_.begin('{');
      out_.member("sourceNodeId", id(edge->from));
      out_.member("sourceNodeOutputId", std::to_string(edge->from_port));
      out_.member("targetNodeInputId", std::to_string(edge->to_port));
      out_.end('}');
    }
    out_.end(']');
  }

  void write_ports(std::string_view name, std::string_view key, const std::vector<DrawnPort>& ports,
                   std::string DrawnPort::*text) {
    out_.key(name);
    out_.begin('[');
    for (std::size_t i = 0; i < ports.size(); ++i) {
      out_.begin('{');
      out_.member("id", std::to_string(i));
      out_.key("attrs");
      out_.begin('[');
      attribute(key, ports[i].*text);
      out_.end(']');
      out_.end('}');
    }
    out_.end(']');
  }

  void write_groups() {
    out_.key("groupNodeAttributes");
    out_.begin('{');
    std::set<std::string_view> written;
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      const DrawnCluster& cluster = picture_.clusters[i];
      if (!written.insert(paths_[i]).second) continue;
      out_.key(paths_[i]);
      out_.begin('{');
      out_.member("name", cluster.name);
      if (cluster.parameters > 0) out_.member("parameters", std::to_string(cluster.parameters));
      if (cluster.repeats > 1) out_.member("repeats", std::to_string(cluster.repeats));
      out_.end('}');
    }
    out_.end('}');
  }

  const Picture& picture_;
  const PictureOptions& options_;
  std::vector<std::vector<const DrawnEdge*>> edges_to_;  ///< by node
  std::vector<std::string> paths_;                       ///< by cluster
  JsonWriter out_;
};

}  // namespace

}  // namespace detail

std::string to_model_explorer(const Graph& graph, const PictureOptions& options) {
  const detail::Picture picture = detail::picture_of(graph, options);
  return detail::ModelExplorerJson(picture, options).write();
}

void write_model_explorer(const std::filesystem::path& file, const Graph& graph,
                          const PictureOptions& options) {
  detail::write_file(file, "write_model_explorer", {to_model_explorer(graph, options)});
}

}  // namespace dagrad
