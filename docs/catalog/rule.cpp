#include "docs/catalog/rule.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

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

/// A program whose longer steps, where they are used more than once, are inputs of their own, and
/// the names of its inputs.
struct Shared {
  Program program;
  std::vector<std::string> names;
  std::string text(std::size_t output) const { return formula(program, output, names); }
};

/// How often the results at `outputs` use each step of a program.
std::vector<int> count_uses(const Program& program, const std::vector<std::size_t>& outputs) {
  std::vector<int> uses(program.steps.size());
  for (const std::size_t output : outputs) ++uses[program.outputs[output]];
  for (std::size_t i = program.steps.size(); i-- > 0;) {
    const Instruction& step = program.steps[i];
    for (const std::uint32_t operand : {step.a, step.b, step.c})
      if (uses[i] > 0 && operand != Instruction::none) ++uses[operand];
  }
  return uses;
}

/// Texts of values. Values that are used more than once get a name, and so do parts of long
/// formulas.
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
    if (uses_[value] > 1 && value.node().kind() == NodeKind::op) text = letter(text);
    return texts_[value] = text;
  }

  /// A program of which the results at `outputs` are to be written. Where one of them is long, its
  /// repeated parts are written to `lines` once.
  Shared shared(const Program& program, const std::vector<std::size_t>& outputs,
                std::vector<std::string> names) {
    Shared result{program, std::move(names)};
    const auto is_long = [&](std::size_t output) { return result.text(output).size() > 120; };
    if (std::none_of(outputs.begin(), outputs.end(), is_long)) return result;
    const std::vector<int> uses = count_uses(program, outputs);
    for (std::uint32_t i = 0; i < program.steps.size(); ++i) {
      if (uses[i] < 2) continue;
      Program part = result.program;
      part.outputs = {i};
      const std::string text = formula(part, 0, result.names);
      if (text.size() <= 20) continue;
      result.program.steps[i] = {.primitive = Primitive::input,
                                 .dtype = program.steps[i].dtype,
                                 .data = static_cast<std::uint32_t>(result.names.size())};
      result.names.push_back(letter(without_idle_brackets(text)));
    }
    return result;
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
      return without_idle_brackets(of_node(node, *op->program(types), operands).text(value.port()));
    }
    std::string call;
    for (const std::string& operand : operands) call += (call.empty() ? "" : ", ") + operand;
    if (const std::string attributes = op.attributes(); !attributes.empty())
      call += (call.empty() ? "" : ", ") + attributes;
    const std::string port = node.outputs() > 1 ? "[" + std::to_string(value.port()) + "]" : "";
    return std::string(op.name()) + "(" + call + ")" + port;
  }

  /// The program of a node, its repeated parts named once for all results.
  const Shared& of_node(const Node& node, const Program& program,
                        const std::vector<std::string>& operands) {
    const auto known = of_nodes_.find(node.id());
    if (known != of_nodes_.end()) return known->second;
    std::vector<std::size_t> used;
    for (std::uint32_t port = 0; port < node.outputs(); ++port)
      if (uses_[node.output(port)] > 0) used.push_back(port);
    return of_nodes_.emplace(node.id(), shared(program, used, operands)).first->second;
  }

  /// The name of a text, under which `lines` define it.
  std::string letter(const std::string& text) {
    const auto [known, is_new] = letters_.try_emplace(text);
    if (is_new) {
      known->second = "t" + std::to_string(letters_.size());
      lines += known->second + " = " + text + "\n";
    }
    return known->second;
  }

  std::unordered_map<Value, std::string> texts_;
  std::unordered_map<Value, int> uses_;
  std::map<std::string, std::string> letters_;
  std::map<std::uint32_t, Shared> of_nodes_;
};

std::string numbered(const char* name, std::size_t i, std::size_t of) {
  return of == 1 ? name : name + std::string("[") + std::to_string(i) + "]";
}

/// "out = …" for each result of an elementwise op, and before them what they share.
std::string value_equations(Writer& writer, const Op& op, const std::vector<Type>& types,
                            const std::vector<std::string>& names, std::size_t results) {
  if (!op.traits().elementwise) return {};
  std::vector<std::size_t> outputs(results);
  std::iota(outputs.begin(), outputs.end(), std::size_t{0});
  const Shared shared = writer.shared(*op->program(types), outputs, names);
  std::string text = std::exchange(writer.lines, {});
  for (std::size_t i = 0; i < results; ++i)
    text += numbered("out", i, results) + " = " + shared.text(i) + "\n";
  return text;
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
  std::string text = value_equations(writer, sample.op, types, names, outs.size());
  std::vector<Seeded> seeded;
  for (std::size_t i = 0; i < outs.size(); ++i) {
    const std::string out = numbered("out", i, outs.size());
    writer.name(outs[i], out);
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
