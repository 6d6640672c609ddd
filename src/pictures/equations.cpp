#include "src/pictures/equations.hpp"

#include <algorithm>
#include <unordered_map>

#include "src/pictures/op_notation.hpp"
#include "src/pictures/symbols.hpp"

namespace dagrad::detail {

namespace {

constexpr std::size_t longest_equation = 56;  // characters of the right side
constexpr std::size_t short_term = 10;        // characters that may be said twice

std::size_t letters_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool says_twice(std::string_view text, std::string_view term) {
  const std::size_t first = text.find(term);
  return first != text.npos && text.find(term, first + term.size()) != text.npos;
}

/// Whether a value is computed from products of matrices: it is called z.
bool multiplies_matrices(const Op& op) {
  const std::string_view name = op.name();
  return name == "matmul" || name == "conv" || name == "conv_transpose" || name == "einsum";
}

class Joining {
 public:
  Joining(const Graph& graph, const EquationBounds& bounds)
      : view_(graph),
        bounds_(bounds),
        symbols_(graph),
        only_user_(view_.size(), nothing),
        kept_(bounds.kept),
        joins_(view_.size()),
        constant_(view_.size()),
        affine_(view_.size()),
        differentiated_(view_.size()),
        layer_(view_.size()) {
    out_.root.resize(view_.size());
    out_.symbol.resize(view_.size());
    out_.formula.resize(view_.size());
  }

  WrittenEquations run() && {
    out_.next_of = bounds_.next_of;
    find_users();
    note_derivatives();
    for (std::uint32_t id = 0; id < view_.size(); ++id)
      view_.kind(id) == NodeKind::op ? write(id) : write_leaf(id);
    for (std::uint32_t id = view_.size(); id-- > 0;)
      out_.root[id] = joins_[id] && only_user_[id] < several ? out_.root[only_user_[id]] : id;
    return std::move(out_);
  }

 private:
  static constexpr std::uint32_t several = nothing - 1;

  /// Whether it is not drawn, but written by each of its users.
  bool is_folded(std::uint32_t id) const {
    return id < bounds_.folded.size() && bounds_.folded[id];
  }

  /// Finds the only drawn user of each value; users precede what they use here.
  void find_users() {
    for (std::uint32_t id = view_.size(); id-- > 0;) {
      const std::uint32_t by = is_folded(id) ? only_user_[id] : id;
      if (by == nothing) continue;
      for (const Edge& edge : view_.operands(id)) {
        std::uint32_t& user = only_user_[edge.node];
        if (!edge.type_only) user = user == nothing || user == by ? by : several;
      }
    }
  }

  /// Sorts the derivatives by the value that they are, and keeps what they are derivatives of.
  void note_derivatives() {
    for (const Cotangent& each : view_.cotangents()) {
      by_value_[each.value.node].push_back(&each);
      for (std::uint32_t id = each.value.node; is_folded(id) && keeps_type(id);) {
        id = view_.operands(id)[0].node;  // the same value, which is drawn instead
        by_value_[id].push_back(&each);
      }
      const std::uint32_t y = view_.differentiation(each).y.node;
      kept_[y] = differentiated_[y] = true;
      if (each.asked) kept_[each.x.node] = true;
    }
  }

  /// Whether a folded node gives its operand back as it is.
  bool keeps_type(std::uint32_t id) const {
    const std::span<const Edge> operands = view_.operands(id);
    return view_.op(id).traits().identity == 0 && operands[0].port == 0 &&
           view_.type(operands[0]) == view_.results(id)[0];
  }

  /// The value with respect to which a node is a derivative: one that the user asked for, or else
  /// the last one that has a symbol.
  const Cotangent* derivative(std::uint32_t id) const {
    const auto at = by_value_.find(id);
    if (at == by_value_.end()) return nullptr;
    const Cotangent* best = nullptr;
    for (const Cotangent* each : at->second) {
      if (each->value.port != 0 || each->x.port != 0 || out_.symbol[each->x.node].empty()) continue;
      const auto rank = [](const Cotangent& c) { return std::pair(c.asked, c.x.node); };
      if (best == nullptr || rank(*each) > rank(*best)) best = each;
    }
    return best;
  }

  void write_leaf(std::uint32_t id) {
    Notation symbol;
    if (view_.kind(id) == NodeKind::constant) symbol = constant_notation(view_.tensor(id));
    constant_[id] = !symbol.empty();
    if (symbol.empty()) symbol = symbols_.given(id);
    if (symbol.empty()) {
      std::uint32_t index = symbols_.next("c");
      symbol = symbols_.indexed("c", "c", index);
    }
    out_.symbol[id] = symbol.set_scalar(constant_[id] || is_scalar(id));
  }

  bool is_scalar(std::uint32_t id) const { return view_.results(id)[0].elements() == 1; }

  Notation operand(const Edge& edge) const {
    return joins_[edge.node] ? out_.formula[edge.node] : out_.result(edge.node, edge.port);
  }

  Notation formula(std::uint32_t id) {
    std::vector<Notation> in;
    for (const Edge& edge : view_.operands(id)) in.push_back(operand(edge));
    return node_notation(view_, id, in).set_scalar(is_scalar(id));
  }

  void write(std::uint32_t id) {
    out_.formula[id] = formula(id);
    for (std::uint32_t part; (part = part_to_separate(id)) != nothing;) {
      joins_[part] = false;
      name(part);
      out_.formula[id] = formula(id);
    }
    describe(id);
    joins_[id] = may_join(id);
    if (!joins_[id]) name(id);
  }

  /// An operand written in the formula of a node that had better be an equation of its own, because
  /// the formula is too long or says it twice.
  std::uint32_t part_to_separate(std::uint32_t id) const {
    const std::string& text = out_.formula[id].text();
    const bool too_long = letters_in(text) > longest_equation;
    std::uint32_t longest = nothing;
    for (const Edge& edge : view_.operands(id)) {
      if (!joins_[edge.node] || constant_[edge.node] || is_folded(edge.node)) continue;
      const std::string& part = out_.formula[edge.node].text();
      if (letters_in(part) <= short_term && !too_long) continue;
      if (!too_long && !says_twice(text, part)) continue;
      if (longest == nothing || part.size() > out_.formula[longest].text().size())
        longest = edge.node;
    }
    return longest;
  }

  void describe(std::uint32_t id) {
    bool constant = true, affine = multiplies_matrices(view_.op(id));
    const bool sum =
        out_.formula[id].precedence() == Precedence::sum && view_.op(id).traits().elementwise;
    for (const Edge& edge : view_.operands(id)) {
      constant = constant && (edge.type_only || constant_[edge.node]);
      affine = affine || (sum && joins_[edge.node] && affine_[edge.node]);
    }
    constant_[id] = constant && !view_.op(id).traits().ordered && view_.results(id).size() == 1 &&
                    letters_in(out_.formula[id].text()) <= short_term;
    affine_[id] = affine;
    if (constant_[id]) out_.formula[id].set_scalar(true);
  }

  bool may_join(std::uint32_t id) const {
    if (is_folded(id)) return true;
    if (bounds_.region[id] == nothing || kept_[id] || only_user_[id] >= several ||
        view_.results(id).size() > 1 || view_.op(id).traits().ordered ||
        !symbols_.given(id).empty())
      return false;
    if (bounds_.region[only_user_[id]] != bounds_.region[id]) return false;
    return constant_[id] || derivative(id) == nullptr;
  }

  void name(std::uint32_t id) {
    Notation& symbol = out_.symbol[id];
    if (constant_[id] && symbols_.given(id).empty() && !kept_[id])
      symbol = out_.formula[id];
    else if (const Notation& given = symbols_.given(id); !given.empty())
      symbol = given;
    else if (const Cotangent* const of = derivative(id))
      symbol = derivative_symbol(id, *of);
    else if (const Notation* const same = alias(id))
      symbol = *same;
    else
      symbol = automatic(id);
    symbol.set_scalar(constant_[id] || is_scalar(id));
  }

  /// The symbol of the operand that a node gives back, perhaps in another shape.
  const Notation* alias(std::uint32_t id) const {
    const std::span<const Edge> operands = view_.operands(id);
    if (operands.empty() || kept_[id]) return nullptr;
    const Notation& of = out_.symbol[operands[0].node];
    const bool same = operands[0].port == 0 && of.text() == out_.formula[id].text();
    return same && !of.empty() ? &of : nullptr;
  }

  Notation derivative_symbol(std::uint32_t id, const Cotangent& of) {
    layer_[id] = layer_[of.x.node];
    if (affine_[of.x.node] && symbols_.given(of.x.node).empty() && !of.asked &&
        view_.gradient_order(id) == 1)
      return symbols_.indexed("δ", "\\delta", layer_[id]);
    const auto& [y, seeded] = view_.differentiation(of);
    return symbols_.unique(
        derivatives_.symbol(out_.result(y.node, y.port), out_.symbol[of.x.node], seeded));
  }

  /// z for products of matrices, a for what is computed from one value element by element, L for
  /// what is differentiated, v for other values, and g for other parts of gradients.
  Notation automatic(std::uint32_t id) {
    if (view_.gradient_order(id) > 0) return lettered(id, "g", symbols_.next("g"));
    if (is_scalar(id) && differentiated_[id]) return lettered(id, "L", 0);
    if (affine_[id]) return lettered(id, "z", symbols_.next("z"));
    std::uint32_t argument = nothing;
    bool single = view_.op(id).traits().elementwise;
    for (const Edge& edge : view_.operands(id)) {
      if (edge.type_only || constant_[edge.node]) continue;
      single = single && (argument == nothing || argument == edge.node);
      argument = edge.node;
    }
    if (!single || argument == nothing || !affine_[argument])
      return lettered(id, "v", symbols_.next("v"));
    return lettered(id, "a", joins_[argument] ? symbols_.next("z") : layer_[argument]);
  }

  Notation lettered(std::uint32_t id, std::string_view letter, std::uint32_t index) {
    layer_[id] = index;
    return symbols_.indexed(letter, letter, layer_[id]);
  }

  GraphView view_;
  const EquationBounds& bounds_;
  Symbols symbols_;
  Derivatives derivatives_;
  std::vector<std::uint32_t> only_user_;
  std::vector<bool> kept_, joins_;
  std::vector<bool> constant_;        ///< computed from numbers and types alone, and short
  std::vector<bool> affine_;          ///< a product of matrices, or a sum with one
  std::vector<bool> differentiated_;  ///< a derivative of it has been taken
  std::vector<std::uint32_t> layer_;  ///< the index of its symbol
  std::unordered_map<std::uint32_t, std::vector<const Cotangent*>> by_value_;
  WrittenEquations out_;
};

}  // namespace

Notation WrittenEquations::result(std::uint32_t node, std::uint32_t port) const {
  const Notation& first = symbol[node];
  if (port == 0 || first.empty()) return first;
  const std::string index = std::to_string(port);
  return Notation::of(first.text_within(Precedence::whole).formula + "[" + index + "]",
                      "{" + first.latex() + "}_{[" + index + "]}");
}

std::string WrittenEquations::equation(std::uint32_t node) const {
  const std::string &left = symbol[node].text(), &right = formula[node].text();
  if (const auto next = next_of.find(node); next != next_of.end())
    return symbol[next->second].text() + " ← " + right;
  return left == right ? left : left + " = " + right;
}

WrittenEquations write_equations(const Graph& graph, const EquationBounds& bounds) {
  return Joining(graph, bounds).run();
}

WrittenEquations write_each_node(const Graph& graph) {
  EquationBounds alone;
  alone.region.assign(graph.size(), 0);
  alone.kept.assign(graph.size(), true);
  return write_equations(graph, alone);
}

std::vector<Edge> operands_of(const GraphView& graph, const WrittenEquations& equations,
                              std::span<const std::uint32_t> members) {
  std::vector<Edge> operands;
  for (const std::uint32_t member : members)
    for (const Edge& edge : graph.operands(member)) {
      const bool inside = equations.root[edge.node] == equations.root[member];
      const bool known = std::ranges::any_of(operands, [&](const Edge& other) {
        return other.node == edge.node && other.port == edge.port &&
               other.type_only == edge.type_only;
      });
      if (!inside && !known) operands.push_back(edge);
    }
  return operands;
}

Equations equations_of(const Graph& graph, const EquationBounds& bounds) {
  WrittenEquations written = write_equations(graph, bounds);
  Equations equations{std::move(written.root), std::vector<std::string>(graph.size()),
                      std::vector<std::string>(graph.size())};
  for (std::uint32_t id = 0; id < graph.size(); ++id)
    equations.symbol[id] = written.symbol[id].text();
  for (std::uint32_t id = 0; id < graph.size(); ++id)
    if (equations.root[id] == id && !written.formula[id].empty())
      equations.text[id] = written.equation(id);
  return equations;
}

}  // namespace dagrad::detail
