#include "docs/catalog/rule.hpp"

#include <map>
#include <unordered_map>

#include "dagrad/apply.hpp"
#include "dagrad/gradient.hpp"

namespace dagrad::catalog {

namespace {

/// Whether a text needs brackets where something binds tighter: it has an operator outside of
/// brackets.
bool is_compound(const std::string& text) {
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    if (depth == 0 && (c == ' ' || (c == '-' && &c == text.data()))) return true;
  }
  return false;
}

/// Without brackets around a whole operand of a call.
std::string without_idle_brackets(std::string text) {
  for (std::size_t open = 1; open < text.size(); ++open) {
    const bool begins = text[open - 1] == '(' || text[open - 1] == ' ';
    if (text[open] != '(' || !begins || (text[open - 1] == ' ' && text[open - 2] != ',')) continue;
    std::size_t close = open + 1;
    for (int depth = 1; close < text.size(); ++close) {
      depth += text[close] == '(' ? 1 : text[close] == ')' ? -1 : 0;
      if (depth == 0) break;
    }
    if (close + 1 >= text.size() || (text[close + 1] != ')' && text[close + 1] != ',')) continue;
    text.erase(close, 1);
    text.erase(open--, 1);
  }
  return text;
}

/// Texts of values, what is used more than once by a name of its own.
class Writer {
 public:
  void name(const Value& value, std::string text) { texts_[value] = std::move(text); }

  void count(const Value& given) {
    const Value value = plain(given);
    if (texts_.contains(value) || ++uses_[value] > 1) return;
    for (const Value& operand : value.node().operands()) count(operand);
  }

  /// Writes what it needs before it to `lines`.
  std::string text(const Value& given) {
    const Value value = plain(given);
    if (const auto known = texts_.find(value); known != texts_.end()) return known->second;
    std::string text = made(value);
    if (uses_[value] > 1 && value.node().kind() == NodeKind::op) {
      const std::string letter = "t" + std::to_string(++shared_);
      lines += letter + " = " + text + "\n";
      text = letter;
    }
    return texts_[value] = text;
  }

  std::string lines;

 private:
  /// The operand that a node leaves as it is where shapes are equal: pages show them so.
  static Value plain(Value value) {
    for (int operand; (operand = value.node().op().traits().identity) >= 0;) {
      const Value same = value.node().operands()[static_cast<std::size_t>(operand)];
      if (same.type() != value.type()) break;
      value = same;
    }
    return value;
  }
  std::string made(const Value& value) {
    const Node node = value.node();
    if (node.kind() == NodeKind::constant)
      return value.rank() == 0 ? to_string(node.tensor()) : "constant";
    std::vector<std::string> operands;
    std::vector<Type> types;
    for (const Value& operand : node.operands()) {
      operands.push_back(text(operand));
      types.push_back(operand.type());
    }
    const Op& op = node.op();
    if (op.traits().elementwise && op.traits().type_only == 0 && op.name() != "cast") {
      for (std::string& operand : operands)
        if (is_compound(operand)) operand = "(" + operand + ")";
      return without_idle_brackets(formula(*op->program(types), value.port(), operands));
    }
    std::string call;
    for (const std::string& operand : operands) call += (call.empty() ? "" : ", ") + operand;
    if (const std::string attributes = op.attributes(); !attributes.empty())
      call += (call.empty() ? "" : ", ") + attributes;
    const std::string port = node.outputs() > 1 ? "[" + std::to_string(value.port()) + "]" : "";
    return std::string(op.name()) + "(" + call + ")" + port;
  }

  std::unordered_map<Value, std::string> texts_;
  std::unordered_map<Value, int> uses_;
  int shared_ = 0;
};

std::string numbered(const char* name, std::size_t i, std::size_t of) {
  return of == 1 ? name : name + std::string("[") + std::to_string(i) + "]";
}

}  // namespace

std::string equations(const Sample& sample, const std::vector<std::string>& names) {
  Graph graph;
  Writer writer;
  std::vector<Operand> operands;
  std::vector<Value> xs;
  std::vector<std::string> slopes;
  std::vector<Type> types;
  for (std::size_t i = 0; i < sample.in.size(); ++i) {
    const Value x = graph.input(names[i], sample.in[i].type());
    writer.name(x, names[i]);
    operands.push_back(x);
    types.push_back(x.type());
    if (is_float(x.dtype()) && i >= sample.op.traits().cut && !sample.op.traits().uses_type_only(i))
      xs.push_back(x), slopes.push_back("d" + names[i]);
  }
  if (operands.empty()) return {};
  const std::vector<Value> outs = apply(sample.op, operands);
  std::string text;
  std::vector<Seeded> seeded;
  for (std::size_t i = 0; i < outs.size(); ++i) {
    const std::string out = numbered("out", i, outs.size());
    writer.name(outs[i], out);
    if (sample.op.traits().elementwise)
      text += out + " = " + formula(*sample.op->program(types), i, names) + "\n";
    if (!is_float(outs[i].dtype())) continue;
    const std::string dout = numbered("dout", i, outs.size());
    seeded.push_back({outs[i], graph.input("d" + out, outs[i].type())});
    writer.name(seeded.back().seed, dout);
  }
  if (seeded.empty() || xs.empty() || sample.op.traits().no_grad) return text;
  const auto gradients = gradient(seeded, xs, Unconnected::zeros);
  for (const Value& slope : gradients) writer.count(slope);
  std::string results;
  for (std::size_t i = 0; i < xs.size(); ++i)
    results += slopes[i] + " = " + writer.text(gradients[i]) + "\n";
  return text + writer.lines + results;
}

}  // namespace dagrad::catalog
