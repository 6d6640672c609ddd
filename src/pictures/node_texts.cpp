#include "src/pictures/node_texts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "src/graph/data.hpp"

namespace dagrad::detail {

namespace {

std::string extents_text(const Shape& shape) {
  std::string text;
  for (int axis = 0; axis < shape.rank(); ++axis)
    text += (axis > 0 ? "×" : "") + std::to_string(shape[axis]);
  return text;
}

}  // namespace

NodeTexts::NodeTexts(const Graph& graph, const PictureOptions& options)
    : graph_(graph), view_(graph), options_(options) {
  std::array<std::size_t, dtype_count> counts{};
  for (std::uint32_t id = 0; id < view_.size(); ++id)
    if (view_.results(id).size() > 0)
      ++counts[static_cast<std::size_t>(view_.type({id, 0, false}).dtype)];
  const auto most = std::max_element(counts.begin(), counts.end());
  if (options.types == ShownTypes::shapes && *most > 0)
    usual_ = static_cast<DType>(most - counts.begin());
}

std::string NodeTexts::dtype() const { return usual_ ? std::string(name(*usual_)) : ""; }

std::string NodeTexts::type(const Type& type) const {
  if (options_.types == ShownTypes::none) return {};
  if (options_.types == ShownTypes::full) return to_string(type);
  const std::string extents = extents_text(type.shape);
  if (type.dtype == usual_) return extents;
  return std::string(name(type.dtype)) + (extents.empty() ? "" : " " + extents);
}

std::string NodeTexts::types(std::uint32_t node) const {
  std::string text;
  const ResultTypes results = view_.results(node);
  for (std::uint32_t port = 0; port < results.size(); ++port) {
    const std::string one = type(results[port]);
    text += (text.empty() || one.empty() ? "" : ", ") + one;
  }
  return text;
}

const std::string& NodeTexts::attributes(const Op& op) const {
  const auto [at, fresh] = attributes_.try_emplace(op.get());
  if (fresh && options_.attributes) at->second = attributes_text(op);
  return at->second;
}

std::string NodeTexts::attributes_text(const Op& op) const {
  std::map<std::string, std::string, std::less<>> usual;
  op->visit_defaults([&](std::string_view name, const Attribute& value) {
    usual.emplace(name, attribute_text(value));
  });
  std::string text;
  op.visit_attributes([&](std::string_view name, const Attribute& value) {
    const std::string shown = attribute_text(value);
    const auto known = usual.find(name);
    const bool* const flag = std::get_if<bool>(&value);
    if (known != usual.end() ? known->second == shown : flag && !*flag) return;
    if (!text.empty()) text += ", ";
    if (flag)
      text.append(*flag ? "" : "not ").append(name);
    else if (std::holds_alternative<ProgramPtr>(value))
      text += shown;
    else
      text.append(name).append("=").append(shown);
  });
  return text;
}

std::string NodeTexts::short_name(std::uint32_t node) const {
  const Names& names = Access::data(graph_).names;
  const std::size_t scope = names.scope_text(names.scope_of(node)).size();
  return names.text(node).substr(scope == 0 ? 0 : scope + 1);
}

std::string NodeTexts::place(std::uint32_t node) const {
  const Location where = view_.where(node);
  if (where.line <= 0) return {};
  const auto [at, fresh] = files_.try_emplace(where.file);
  if (fresh) at->second = std::filesystem::path(where.file).filename().string();
  return fmt::format("{}:{}", at->second, where.line);
}

void NodeTexts::describe(DrawnNode& drawn) const {
  const std::uint32_t node = drawn.node;
  const Op& op = view_.op(node);
  const bool named = Access::data(graph_).names.user_given(node);
  drawn.name = view_.name(node);
  drawn.op = op.name();
  drawn.types = types(node);
  drawn.place = place(node);
  drawn.attributes = attributes(op);
  drawn.title = !drawn.derivative.empty()                   ? drawn.derivative
                : named || view_.kind(node) != NodeKind::op ? short_name(node)
                                                            : drawn.op;
  if (view_.kind(node) != NodeKind::constant) return;
  drawn.attributes.clear();
  if (view_.type({node, 0, false}).elements() == 1)
    drawn.title = attribute_text(view_.tensor(node).reshaped({}));
  else if (!named)
    drawn.title = "constant";
}

}  // namespace dagrad::detail
