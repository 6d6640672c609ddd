#include "src/graph/names.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include "dagrad/error.hpp"
#include "src/graph/name_check.hpp"
#include "src/graph/room.hpp"
#include "src/graph/similar_names.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

/// The part of a name after its last slash.
std::string_view last_word(std::string_view name) {
  const auto slash = name.rfind('/');
  return name.substr(slash == name.npos ? 0 : slash + 1);
}

}  // namespace

// ---- scopes and ops

std::string Names::in_scope(std::uint32_t scope, std::string_view name) const {
  std::string full = scope_text(scope);
  if (!full.empty()) full += '/';
  return full += name;
}

std::uint32_t Names::scope(std::uint32_t outer, std::string_view name) {
  std::string text = in_scope(outer, name);
  check_full_name(text, Named::scope);
  for (auto known = static_cast<std::uint32_t>(known_scopes_.size()); known < scopes_.size();
       ++known)
    known_scopes_.emplace(scopes_[known], known + 1);
  if (const auto at = known_scopes_.find(text); at != known_scopes_.end()) return at->second;
  scopes_.push_back(text);
  const std::uint32_t index = scopes_.size();
  known_scopes_.emplace(std::move(text), index);  // if this fails, the next call adds it
  return index;
}

std::uint32_t Names::op_index(std::string_view op) {
  if (const auto at = known_ops_.find(op); at != known_ops_.end()) return at->second;
  check_name(op, Named::op);
  if (readings(op).size > 1) claim(op);
  const auto index = static_cast<std::uint32_t>(ops_.size());
  make_room(ops_, 1);
  const auto at = known_ops_.emplace(op, index).first;
  ops_.push_back({&at->first, {}, claims_.contains(claim_of(op, none))});
  return index;
}

// ---- automatic names

Names::Readings Names::readings(std::string_view word) {
  Readings found{{Reading{word, 0}}, 1};
  const auto underscore = word.rfind('_');
  if (underscore == word.npos || underscore + 1 == word.size() || word[underscore + 1] == '0')
    return found;
  std::uint32_t ordinal = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data() + underscore + 1, end, ordinal);
  if (error != std::errc{} || stop != end || ordinal == none) return found;
  found.all[found.size++] = {word.substr(0, underscore), ordinal};
  return found;
}

std::uint64_t Names::claim_of(std::string_view op, std::uint32_t ordinal) {
  return (std::uint64_t{TextHash{}(op)} ^ ordinal) * 0x9e3779b97f4a7c15u;
}

/// Records that a word is used other than as an automatic name. A claim of an op's ordinal `none`
/// means that some ordinal of the op is claimed.
void Names::claim(std::string_view word) {
  for (const Reading& reading : readings(word)) {
    const std::uint64_t claim = claim_of(reading.op, reading.ordinal);
    if (claims_.contains(claim)) continue;
    claims_.insert(claim_of(reading.op, none));
    if (const auto at = known_ops_.find(reading.op); at != known_ops_.end())
      ops_[at->second].contested = true;
    claims_.insert(claim);
  }
}

std::string Names::automatic_text(std::uint32_t op, std::uint32_t ordinal,
                                  std::uint32_t scope) const {
  return joined(in_scope(scope, *ops_[op].text), ordinal);
}

std::string Names::joined(std::string stem, std::uint32_t number) {
  if (number > 0) stem += '_' + std::to_string(number);
  return stem;
}

Names::Parts Names::parts(std::uint32_t node) const {
  const Entry& entry = nodes_[node];
  if (entry.given) return {none, none, 0, entry.at};
  return {entry.op, entry.scope, entry.at, none};
}

/// The next ordinal of an op whose name is free in a scope. Also makes room for it in the op's
/// list.
std::uint32_t Names::next_ordinal(std::uint32_t op, std::uint32_t scope) {
  OpNames& names = ops_[op];
  auto ordinal = std::max(static_cast<std::uint32_t>(names.nodes.size()), names.first_free);
  while (claims_.contains(claim_of(*names.text, ordinal)) &&
         find(automatic_text(op, ordinal, scope)) != none)
    ++ordinal;
  make_room(names.nodes, ordinal + 1 - names.nodes.size());
  return ordinal;
}

void Names::add(std::uint32_t op, std::uint32_t scope, std::uint32_t ordinal) {
  OpNames& names = ops_[op];
  nodes_.make_room(1);
  if (ordinal == none || !is_free(op, ordinal, scope))
    ordinal = names.contested
                  ? next_ordinal(op, scope)
                  : std::max(static_cast<std::uint32_t>(names.nodes.size()), names.first_free);
  if (ordinal >= names.nodes.size()) names.nodes.resize(ordinal + 1, none);
  names.nodes[ordinal] = nodes_.size();
  nodes_.push_back({op, scope, ordinal & most, false});
}

std::uint32_t Names::ordinal(std::uint32_t node) const {
  const Entry& entry = nodes_[node];
  return entry.given ? given_[entry.at].ordinal : entry.at;
}

bool Names::is_free(std::uint32_t op, std::uint32_t ordinal, std::uint32_t scope) const {
  const OpNames& names = ops_[op];
  return (ordinal >= names.nodes.size() || names.nodes[ordinal] == none) &&
         (!names.contested || find(automatic_text(op, ordinal, scope)) == none);
}

void Names::follow(const Names& others) {
  scopes_ = others.scopes_;
  for (const OpNames& other : others.ops_) {
    OpNames& names = ops_[op_index(*other.text)];
    names.first_free = static_cast<std::uint32_t>(other.nodes.size());
    names.nodes.reserve(other.nodes.size());
  }
}

// ---- names that are given

void Names::set(std::uint32_t node, std::string_view name) { assign(node, name, false); }
void Names::restore(std::uint32_t node, std::string_view name) { assign(node, name, true); }

void Names::assign(std::uint32_t node, std::string_view name, bool others_make_way) {
  std::string full = in_scope(nodes_[node].scope, name);
  check_full_name(full, Named::node);
  const std::uint32_t holder = find(full);
  if (holder == node && user_given(node)) return;
  const bool taken = holder != none && holder != node;
  if (taken && (user_given(holder) || !others_make_way))
    throw GraphError("the name \"" + printable(full) + "\" is taken by node " +
                     std::to_string(holder) + " (" + *ops_[nodes_[holder].op].text + ")");
  claim(last_word(full));
  make_room(given_, 1);
  if (taken) {
    Entry& other = nodes_[holder];
    std::vector<std::uint32_t>& nodes = ops_[other.op].nodes;
    const std::uint32_t ordinal = next_ordinal(other.op, other.scope);
    nodes.resize(ordinal + 1, none);
    nodes[ordinal] = holder;
    nodes[other.at] = none;
    other.at = ordinal & most;
  }
  const std::string* const text = &named_.emplace(std::move(full), node).first->first;
  Entry& entry = nodes_[node];
  if (entry.given) {
    named_.erase(named_.find(*std::exchange(given_[entry.at].text, text)));
  } else {
    given_.push_back({text, entry.at});
    entry.at = static_cast<std::uint32_t>(given_.size() - 1) & most;
    entry.given = true;
  }
}

std::string Names::text(std::uint32_t node) const {
  const Entry& entry = nodes_[node];
  return entry.given ? *given_[entry.at].text : automatic_text(entry.op, entry.at, entry.scope);
}

std::uint32_t Names::find(std::string_view name) const {
  if (const auto at = named_.find(name); at != named_.end()) return at->second;
  const std::string_view word = last_word(name);
  const std::string_view scope = name.substr(0, name.size() - word.size());  // with its slash
  for (const Reading& reading : readings(word)) {
    const auto op = known_ops_.find(reading.op);
    if (op == known_ops_.end() || reading.ordinal >= ops_[op->second].nodes.size()) continue;
    const std::uint32_t node = ops_[op->second].nodes[reading.ordinal];
    if (node == none || user_given(node)) continue;
    const std::string& own = scope_text(nodes_[node].scope);
    if (own.empty() ? scope.empty() : scope.size() == own.size() + 1 && scope.starts_with(own))
      return node;
  }
  return none;
}

void Names::truncate(std::uint32_t size) noexcept {
  for (std::uint32_t node = nodes_.size(); node-- > size;) {
    const Entry& entry = nodes_[node];
    std::uint32_t ordinal = entry.at;
    if (entry.given) {
      const Given& given = given_[entry.at];
      ordinal = given.ordinal;
      named_.erase(named_.find(*given.text));
      if (&given == &given_.back()) given_.pop_back();
    }
    std::vector<std::uint32_t>& nodes = ops_[entry.op].nodes;
    nodes[ordinal] = none;
    while (!nodes.empty() && nodes.back() == none) nodes.pop_back();
  }
  if (size < nodes_.size()) nodes_.truncate(size);
}

std::vector<std::string> Names::similar(std::string_view name) const {
  SimilarNames found(name);
  for (const auto& [text, node] : named_) found.consider(text);
  return std::move(found).best();
}

}  // namespace dagrad::detail
