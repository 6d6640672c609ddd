#include "src/graph/names.hpp"

#include <algorithm>
#include <charconv>

#include "dagrad/error.hpp"
#include "src/graph/room.hpp"

namespace dagrad::detail {

namespace {

/// What would be wrong with a name; empty where nothing is.
std::string_view fault(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.front() == '/' || name.back() == '/' || name.find("//") != name.npos)
    return "a '/' separates two words";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) return "it holds white space or control characters";
    if (std::string_view(":%\"\\(){},;#=<>").find(c) != std::string_view::npos)
      return "only letters, digits and _ . - + ' / may stand in it";
  }
  return {};
}

void check_name(std::string_view name, std::string_view what) {
  if (const auto why = fault(name); !why.empty())
    throw ArgumentError("bad name \"" + std::string(name) + "\" for a " + std::string(what) + ": " +
                        std::string(why));
}

/// Levenshtein distance, for suggestions.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t cost =
          std::min({row[j + 1] + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0U : 1U)});
      diagonal = std::exchange(row[j + 1], cost);
    }
  }
  return row.back();
}

}  // namespace

std::uint32_t Names::scope(std::uint32_t outer, std::string_view name) {
  check_name(name, "scope");
  std::string text = scopes_[outer].text.empty() ? std::string(name)
                                                 : scopes_[outer].text + "/" + std::string(name);
  make_room(scopes_, 1);
  const auto [at, fresh] =
      known_scopes_.try_emplace(text, static_cast<std::uint32_t>(scopes_.size()));
  if (fresh) scopes_.push_back({outer, std::move(text)});
  return at->second;
}

std::uint32_t Names::op_index(std::string_view op) {
  OpNames fresh{std::string(op), {}, {}};
  if (const auto at = known_ops_.find(fresh.op); at != known_ops_.end()) return at->second;
  const auto index = static_cast<std::uint32_t>(ops_.size());
  make_room(ops_, 1);
  const auto known = known_ops_.emplace(fresh.op, index).first;
  try {
    for (const auto& [text, node] : named_) {  // names that users took before this op appeared
      const auto slash = text.rfind('/');
      if (const Automatic a =
              parse(std::string_view(text).substr(slash == text.npos ? 0 : slash + 1));
          a.op == index)
        fresh.reserved.insert(a.ordinal);
    }
  } catch (...) {
    known_ops_.erase(known);
    throw;
  }
  ops_.push_back(std::move(fresh));
  return index;
}

void Names::add(std::uint32_t op) {
  OpNames& names = ops_[op];
  make_room(nodes_, 1);
  if (!names.reserved.empty())
    while (names.reserved.contains(static_cast<std::uint32_t>(names.nodes.size())))
      names.nodes.push_back(none);
  names.nodes.push_back(static_cast<std::uint32_t>(nodes_.size()));
  nodes_.push_back({op, static_cast<std::uint32_t>(names.nodes.size() - 1), none});
}

void Names::set(std::uint32_t node, std::uint32_t scope, std::string_view name) {
  check_name(name, "node");
  const std::string& prefix = scopes_[scope].text;
  std::string full = prefix.empty() ? std::string(name) : prefix + "/" + std::string(name);
  const std::uint32_t holder = find(full);
  if (holder == node) return;
  if (holder != none)
    throw GraphError("the name \"" + full + "\" is taken by node " + std::to_string(holder) + " (" +
                     ops_[nodes_[holder].op].op + ")");
  const auto slash = name.rfind('/');
  const Automatic a = parse(name.substr(slash == name.npos ? 0 : slash + 1));
  make_room(texts_, 1);
  const auto named = named_.emplace(full, node).first;
  try {
    if (a.op != none) ops_[a.op].reserved.insert(a.ordinal);
  } catch (...) {
    named_.erase(named);
    throw;
  }
  if (user_given(node)) named_.erase(texts_[nodes_[node].text]);
  nodes_[node].text = static_cast<std::uint32_t>(texts_.size());
  texts_.push_back(std::move(full));
}

std::string Names::text(std::uint32_t node, std::uint32_t scope) const {
  const Entry& entry = nodes_[node];
  if (entry.text != none) return texts_[entry.text];
  std::string text = scopes_[scope].text;
  if (!text.empty()) text += '/';
  text += ops_[entry.op].op;
  if (entry.ordinal > 0) text += '_' + std::to_string(entry.ordinal);
  return text;
}

Names::Automatic Names::parse(std::string_view name) const {
  if (const auto at = known_ops_.find(std::string(name)); at != known_ops_.end())
    return {at->second, 0};
  const auto underscore = name.rfind('_');
  if (underscore == name.npos || underscore + 1 == name.size() || name[underscore + 1] == '0')
    return {};
  std::uint32_t ordinal = 0;
  const auto [end, error] =
      std::from_chars(name.data() + underscore + 1, name.data() + name.size(), ordinal);
  if (error != std::errc{} || end != name.data() + name.size()) return {};
  const auto at = known_ops_.find(std::string(name.substr(0, underscore)));
  return at == known_ops_.end() ? Automatic{} : Automatic{at->second, ordinal};
}

std::uint32_t Names::find(std::string_view name) const {
  if (const auto at = named_.find(std::string(name)); at != named_.end()) return at->second;
  const auto slash = name.rfind('/');
  const Automatic a = parse(name.substr(slash == name.npos ? 0 : slash + 1));
  if (a.op == none || a.ordinal >= ops_[a.op].nodes.size()) return none;
  const std::uint32_t node = ops_[a.op].nodes[a.ordinal];
  return node == none || user_given(node) ? none : node;
}

void Names::truncate(std::uint32_t size) noexcept {
  while (nodes_.size() > size) {
    const Entry entry = nodes_.back();
    if (entry.text != none) named_.erase(texts_[entry.text]);
    ops_[entry.op].nodes.resize(entry.ordinal);
    nodes_.pop_back();
  }
}

std::vector<std::string> Names::similar(std::string_view name) const {
  std::vector<std::pair<std::size_t, std::string>> close;
  for (const auto& [text, node] : named_)
    if (const std::size_t d = distance(name, text); d <= 1 + name.size() / 2)
      close.emplace_back(d, text);
  std::sort(close.begin(), close.end());
  std::vector<std::string> names;
  for (auto& [d, text] : close)
    if (names.size() < 3) names.push_back(std::move(text));
  return names;
}

}  // namespace dagrad::detail
