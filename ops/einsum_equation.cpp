#include "ops/einsum_equation.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "dagrad/error.hpp"

namespace dagrad {

namespace {

/// The letters of an operand or of the result, and their positions in the text.
struct Term {
  std::string letters;
  std::vector<std::size_t> places;
  std::optional<std::size_t> ellipsis;  ///< the number of letters before it
};

class Parser {
 public:
  Parser(std::string_view text, std::span<const Shape> operands, const Operand& placed)
      : text_(text), operands_(operands), placed_(placed) {}

  EinsumEquation parse() {
    read();
    if (in_.size() != operands_.size())
      throw fault("the equation has " + counted(in_.size(), "operand") + ", got " +
                  std::to_string(operands_.size()));
    EinsumEquation equation;
    for (std::size_t i = 0; i < in_.size(); ++i) equation.in.push_back(label(i, equation.size));
    if (out_)
      check_result(equation.size);
    else
      out_ = implied();
    equation.out = labels_of(*out_, ellipsis_rank_);
    return equation;
  }

 private:
  ArgumentError fault(const std::string& what) const { return ArgumentError(told(what)); }
  std::string told(const std::string& what) const {
    return "einsum \"" + std::string(text_) + "\": " + what + made_at(placed_);
  }
  static std::string counted(std::size_t n, const std::string& what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
  }
  static std::string quoted(char letter) { return {'\'', letter, '\''}; }
  static std::string at(std::size_t place) { return " at " + std::to_string(place); }
  std::string operand(std::size_t i) const {
    return "operand " + std::to_string(i) + " of " + to_string(operands_[i]);
  }

  void read() {
    Term term;
    bool arrow = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == ' ') continue;
      if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
        term.letters += c;
        term.places.push_back(i);
      } else if (text_.substr(i, 3) == "...") {
        if (term.ellipsis) throw fault("a second '...' in one operand" + at(i));
        term.ellipsis = term.letters.size();
        i += 2;
      } else if (text_.substr(i, 2) == "->") {
        if (std::exchange(arrow, true)) throw fault("a second '->'" + at(i));
        in_.push_back(std::exchange(term, {}));
        ++i;
      } else if (c == ',') {
        if (arrow) throw fault("',' after '->'" + at(i) + ": there is only one result");
        in_.push_back(std::exchange(term, {}));
      } else {
        throw fault("unexpected " + quoted(c) + at(i));
      }
    }
    if (arrow)
      out_ = term;
    else
      in_.push_back(term);
  }

  static Labels labels_of(const Term& term, int ellipsis_rank) {
    Labels labels(term.letters.begin(), term.letters.end());
    if (!term.ellipsis) return labels;
    Labels dots;
    for (int i = ellipsis_rank; i-- > 0;) dots.push_back(256 + i);
    labels.insert(labels.begin() + static_cast<std::ptrdiff_t>(*term.ellipsis), dots.begin(),
                  dots.end());
    return labels;
  }

  Labels label(std::size_t i, std::map<Label, std::int64_t>& size) {
    const Term& term = in_[i];
    const Shape& shape = operands_[i];
    const int rest = shape.rank() - static_cast<int>(term.letters.size());
    if (term.ellipsis ? rest < 0 : rest != 0)
      throw ShapeError(told(operand(i) + " has " + std::to_string(shape.rank()) +
                            " axes, but the equation names " + std::to_string(term.letters.size()) +
                            (term.ellipsis ? " or more" : "")));
    Labels labels = labels_of(term, rest);
    if (term.ellipsis) ellipsis_rank_ = std::max(ellipsis_rank_, rest);
    for (std::size_t axis = 0; axis < labels.size(); ++axis)
      check_size(i, axis, labels[axis], size);
    return labels;
  }

  void check_size(std::size_t i, std::size_t axis, Label label,
                  std::map<Label, std::int64_t>& size) {
    const std::int64_t got = operands_[i][static_cast<int>(axis)];
    const auto [known, is_new] = size.emplace(label, got);
    if (is_new) first_[label] = i;
    if (known->second == got) return;
    const bool is_letter = label < 256;
    if (!is_letter && known->second == 1) {
      known->second = got;
      first_[label] = i;
      return;
    }
    if (!is_letter && got == 1) return;
    const std::string sizes = " has size " + std::to_string(got) + " in " + operand(i) + ", but " +
                              std::to_string(known->second) + " in " + operand(first_[label]);
    if (!is_letter)
      throw ShapeError(told("axis " + std::to_string(255 - label) + " of '...'" + sizes));
    const Term& term = in_[i];
    const std::size_t dots = static_cast<std::size_t>(operands_[i].rank()) - term.letters.size();
    const std::size_t n = axis < term.ellipsis.value_or(axis + 1) ? axis : axis - dots;
    throw ShapeError(told(quoted(term.letters[n]) + at(term.places[n]) + sizes));
  }

  void check_result(const std::map<Label, std::int64_t>& size) const {
    for (std::size_t n = 0; n < out_->letters.size(); ++n) {
      const char letter = out_->letters[n];
      const std::string what = quoted(letter) + at(out_->places[n]);
      if (!size.contains(letter)) throw fault(what + " of the result is not in any operand");
      if (out_->letters.find(letter) != n) throw fault(what + " is in the result twice");
    }
    if (!out_->ellipsis && ellipsis_rank_ > 0)
      throw fault("the result lacks '...', which the operands have");
  }

  /// The implied result: "..." and the letters that occur once, in ASCII order.
  Term implied() const {
    std::map<char, int> uses;
    for (const Term& term : in_)
      for (const char letter : term.letters) ++uses[letter];
    Term out;
    out.ellipsis = 0;
    for (const auto& [letter, n] : uses)
      if (n == 1) out.letters += letter;
    return out;
  }

  std::string_view text_;
  std::span<const Shape> operands_;
  const Operand& placed_;
  std::vector<Term> in_;
  std::optional<Term> out_;
  int ellipsis_rank_ = 0;
  std::map<Label, std::size_t> first_;  ///< the operand that determined the size of a label
};

}  // namespace

EinsumEquation parse_einsum(std::string_view text, std::span<const Shape> operands,
                            const Operand& placed) {
  return Parser(text, operands, placed).parse();
}

}  // namespace dagrad
