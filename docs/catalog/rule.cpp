#include "docs/catalog/rule.hpp"

#include <cstdint>
#include <iomanip>
#include <map>
#include <regex>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "dagrad/apply.hpp"
#include "dagrad/gradient.hpp"

namespace dagrad::catalog {

namespace {

/// Whether a text needs brackets next to a tighter operator: it has an operator outside of
/// brackets.
bool is_compound(const std::string& text) {
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    if (depth == 0 && (c == ' ' || (c == '-' && &c == text.data()))) return true;
  }
  return false;
}

/// Removes the brackets around a whole operand of a call.
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

constexpr std::size_t long_formula = 120;  // characters from which on shared parts get names
constexpr std::size_t short_part = 10;     // characters up to which a part is repeated instead

/// Numbers such as 0.10000000000000009, the rounding error of 1 - 0.9, without that error.
std::string rounded(const std::string& text) {
  static const std::regex number("[0-9]+\\.[0-9]{13,}(?![0-9e])");
  std::string result;
  auto from = text.begin();
  for (std::sregex_iterator at(text.begin(), text.end(), number), end; at != end; ++at) {
    std::ostringstream brief;
    brief << std::setprecision(12) << std::stod(at->str());
    result.append(from, (*at)[0].first);
    result += brief.str().size() < 8 ? brief.str() : at->str();
    from = (*at)[0].second;
  }
  return result.append(from, text.end());
}

/// Writes values as text, and gives names to those that are used more than once.
class Writer {
 public:
  void name(const Value& value, std::string text) { texts_[value] = std::move(text); }

  void count(const Value& given) {
    const Value value = plain(given);
    if (texts_.contains(value) || ++uses_[value] > 1) return;
    for (const Value& operand : value.node().operands()) count(operand);
  }

  /// The text of a value; the lines that define the names in it are appended to `lines`.
  std::string text(const Value& given) {
    const Value value = plain(given);
    if (const auto known = texts_.find(value); known != texts_.end()) return known->second;
    std::string text = made(value);
    if (uses_[value] > 1 && value.node().kind() == NodeKind::op) {
      text = named(text);
    }
    return texts_[value] = text;
  }

  /// The formula of a program's result. If it is long, the steps that it uses more than once get
  /// names.
  std::string formula_of(Program program, std::size_t output, std::vector<std::string> names) {
    const auto written = [&](std::size_t result) {
      return rounded(without_idle_brackets(formula(program, result, names)));
    };
    if (const std::string whole = written(output); whole.size() <= long_formula) return whole;
    const std::vector<std::size_t> uses = uses_in(program, program.outputs[output]);
    program.outputs.push_back(0);
    for (std::uint32_t i = 0; i < program.steps.size(); ++i) {
      if (uses[i] < 2 || program.steps[i].primitive == Primitive::constant) continue;
      program.outputs.back() = i;
      const std::string part = written(program.outputs.size() - 1);
      if (part.size() <= short_part) continue;
      const auto place = static_cast<std::uint32_t>(names.size());
      names.push_back(named(part));
      program.steps[i] = {.primitive = Primitive::input, .data = place};
    }
    return written(output);
  }

  std::string lines;

 private:
  /// The name of a text; a new one is defined in `lines`.
  std::string named(const std::string& text) {
    std::string& name = names_[text];
    if (name.empty()) {
      name = "t" + std::to_string(names_.size());
      lines += name + " = " + text + "\n";
    }
    return name;
  }
  /// How often the formula of a step uses each step.
  static std::vector<std::size_t> uses_in(const Program& program, std::uint32_t result) {
    std::vector<std::size_t> uses(program.steps.size());
    uses[result] = 1;
    for (std::uint32_t i = result + 1; i-- > 0;) {
      if (uses[i] == 0) continue;
      const Instruction& step = program.steps[i];
      for (const std::uint32_t operand : {step.a, step.b, step.c})
        if (operand != Instruction::none) ++uses[operand];
    }
    return uses;
  }
  /// The operand of a node that passes it on unchanged if shapes are equal, as they are on pages.
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
      return formula_of(*op->program(types), value.port(), operands);
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
  std::map<std::string, std::string> names_;  // of texts
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
    if (sample.op.traits().elementwise) {
      const std::string made = writer.formula_of(*sample.op->program(types), i, names);
      text += std::exchange(writer.lines, {}) + out + " = " + made + "\n";
    }
    if (!is_float(outs[i].dtype())) continue;
    const std::string dout = numbered("dout", i, outs.size());
    seeded.push_back({outs[i], graph.input("d" + out, outs[i].type())});
    writer.name(seeded.back().seed, dout);
  }
  if (seeded.empty() || xs.empty() || sample.op.traits().no_grad) return text;
  const auto gradients = gradient(seeded, xs, {.unconnected = Unconnected::zeros});
  for (const Value& slope : gradients) writer.count(slope);
  std::string results;
  for (std::size_t i = 0; i < xs.size(); ++i)
    results += slopes[i] + " = " + writer.text(gradients[i]) + "\n";
  return text + writer.lines + results;
}

}  // namespace dagrad::catalog
