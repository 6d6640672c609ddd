#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>

#include "dagrad/check.hpp"

namespace dagrad {

namespace {

/// The difference of a comparison relative to the larger number.
double offence(const Comparison& c) {
  if (std::isnan(c.gradient)) return std::numeric_limits<double>::infinity();
  const double size = std::max(std::abs(c.gradient), std::abs(c.difference));
  return size > 0 ? std::abs(c.gradient - c.difference) / size : 0;
}

/// The difference between two precisions as a multiple of what rounding explains.
double excess(const Rounding& r) {
  const double distance = std::abs(r.narrow - r.wide) / r.bound;
  return std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
}

int gravity(Verdict verdict) {
  return verdict == Verdict::disagree     ? 3
         : verdict == Verdict::unresolved ? 2
         : verdict == Verdict::agree      ? 1
                                          : 0;
}

std::string place(std::string_view value, const std::optional<std::int64_t>& element) {
  return element ? fmt::format("{}, element {}", value, *element) : std::string(value);
}

/// The same, with the index of an element along each axis where there are several.
std::string place(const Comparison& c) {
  const std::string text = place("'" + c.x + "'", c.element);
  return c.element && c.shape.rank() > 1 ? text + " " + index_text(c.shape, *c.element) : text;
}

std::string line_of(const Comparison& c) {
  return fmt::format("{}{}: gradient {:.12g}, finite differences {:.12g} ± {:.2g}, {}\n", place(c),
                     c.element ? "" : ", a random direction", c.gradient, c.difference, c.error,
                     name(c.verdict));
}

void append_list(std::string& text, std::string_view title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  text += title;
  for (const std::string& line : lines) text += "\n  " + line;
  text += '\n';
}

/// The comparisons that disagree, from the second worst on.
std::vector<std::string> others(const std::vector<Comparison>& comparisons,
                                const Comparison* worst) {
  constexpr std::size_t most = 4;
  std::vector<const Comparison*> disagreeing;
  for (const Comparison& c : comparisons)
    if (c.verdict == Verdict::disagree && &c != worst) disagreeing.push_back(&c);
  std::stable_sort(disagreeing.begin(), disagreeing.end(),
                   [](const auto* a, const auto* b) { return offence(*a) > offence(*b); });
  if (disagreeing.size() > most) disagreeing.resize(most);
  std::vector<std::string> lines;
  for (const Comparison* c : disagreeing) {
    lines.push_back(line_of(*c));
    lines.back().pop_back();  // the end of the line, which the list adds
  }
  return lines;
}

}  // namespace

std::string_view name(Verdict verdict) {
  constexpr std::string_view names[] = {"agree", "disagree", "unresolved", "negligible", "empty"};
  return names[static_cast<std::size_t>(verdict)];
}

std::size_t CheckReport::count(Verdict verdict) const {
  return static_cast<std::size_t>(
      std::count_if(comparisons.begin(), comparisons.end(),
                    [&](const Comparison& c) { return c.verdict == verdict; }));
}

Verdict CheckReport::verdict() const {
  if (count(Verdict::disagree) > 0 || !culprit.empty() || !rounding.empty())
    return Verdict::disagree;
  if (comparisons.empty()) return Verdict::empty;
  const double limit =
      allowed * static_cast<double>(comparisons.size() - count(Verdict::negligible));
  return static_cast<double>(count(Verdict::unresolved)) > limit ? Verdict::unresolved
                                                                 : Verdict::agree;
}

const Comparison* CheckReport::worst() const {
  const auto less = [](const Comparison& a, const Comparison& b) {
    return std::pair(gravity(a.verdict), offence(a)) < std::pair(gravity(b.verdict), offence(b));
  };
  const int most = gravity(passed() ? Verdict::agree : Verdict::disagree);
  const Comparison* worst = nullptr;
  for (const Comparison& c : comparisons)
    if (gravity(c.verdict) <= most && (worst == nullptr || less(*worst, c))) worst = &c;
  return worst;
}

std::string CheckReport::text() const {
  std::string text =
      fmt::format("gradient check: {}\n{} agree, {} disagree, {} unresolved", name(verdict()),
                  count(Verdict::agree), count(Verdict::disagree), count(Verdict::unresolved));
  if (const std::size_t n = count(Verdict::negligible)) text += fmt::format(", {} negligible", n);
  text += '\n';
  if (const Comparison* c = worst()) {
    text += "worst: " + line_of(*c);
    append_list(text, "also:", others(comparisons, c));
  }
  if (const std::string cause = hint(); !cause.empty()) text += "hint: " + cause + "\n";
  if (!culprit.empty()) text += "first node that fails when checked alone: " + culprit + "\n";
  if (count(Verdict::disagree) == 0) {
    if (fault) text += "there: " + line_of(*fault);
  } else if (culprit.empty()) {
    text += "no node fails when it is checked alone\n";
  }
  if (!rounding.empty()) {
    const Rounding& r = *std::max_element(
        rounding.begin(), rounding.end(),
        [](const Rounding& a, const Rounding& b) { return excess(a) < excess(b); });
    text += fmt::format(
        "rounding does not explain {} of {} float32 results; worst: {} is {:.9g} in float32 and "
        "{:.12g} in float64, where rounding explains a difference of {:.2g}\n",
        rounding.size(), rounded, place(r.value, r.element), r.narrow, r.wide, r.bound);
  }
  append_list(
      text, "float32 was not compared with float64, because these nodes take other branches there:",
      decisions);
  append_list(text, "not compared with float64, because there is no derivative:", unbounded);
  append_list(text, "warnings:", warnings);
  return text;
}

std::ostream& operator<<(std::ostream& out, const CheckReport& report) {
  return out << report.text();
}

std::string OpReport::text() const {
  std::string text = fmt::format(
      "check of {}: {}\n{} samples, {} comparisons with finite differences, {} unresolved", op,
      passed() ? "passed" : "failed", samples, comparisons, unresolved);
  text += negligible > 0 ? fmt::format(", {} negligible\n", negligible) : "\n";
  if (samples == 0) text += "there are no samples, so nothing was checked\n";
  append_list(text, "failures:", failures);
  append_list(text, "warnings:", warnings);
  return text;
}

std::ostream& operator<<(std::ostream& out, const OpReport& report) { return out << report.text(); }

}  // namespace dagrad
