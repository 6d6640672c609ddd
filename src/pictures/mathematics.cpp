#include "dagrad/mathematics.hpp"

#include <algorithm>

#include "src/io/file_replacement.hpp"
#include "src/pictures/listing.hpp"

namespace dagrad {

namespace {

using detail::Listing;

/// The text with a backslash before the characters that have a meaning in the format.
std::string with_backslashes(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != special.npos) out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string markdown_text(std::string_view text) {
  std::string out;
  for (const char c : with_backslashes(text, "\\`*_[]<>|#$")) out += c;
  return out;
}

/// Text in LaTeX's text mode.
std::string latex_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\textbackslash{}";
    else if (c == '^' || c == '~')
      out += std::string("\\") + c + "{}";
    else
      out += with_backslashes({&c, 1}, "$&%#_{}");
  }
  return out;
}

std::string arrow(const Listing::Line& line, std::string_view arrow, std::string_view equals) {
  return std::string(line.assigns ? arrow : equals);
}

std::string as_markdown(const Listing& listing, const std::string& title) {
  std::string out;
  if (!title.empty()) out += "# " + markdown_text(title) + "\n\n";
  if (!listing.symbols.empty()) {
    out += "| symbol | name | value |\n|---|---|---|\n";
    for (const Listing::Symbol& each : listing.symbols)
      out += "| $" + each.symbol.latex() + "$ | " + markdown_text(each.name) + " | " +
             markdown_text(each.type) + " |\n";
  }
  for (const Listing::Section& section : listing.sections) {
    out += (out.empty() ? "## " : "\n## ") + section.title;
    if (!section.subject.empty()) out += " of $" + section.subject.latex() + "$";
    const bool rules = std::ranges::any_of(
        section.lines, [](const Listing::Line& line) { return !line.rules.empty(); });
    out += rules ? "\n\n| equation | rule | node |\n|---|---|---|\n"
                 : "\n\n| equation | node |\n|---|---|\n";
    for (const Listing::Line& line : section.lines) {
      out += "| $" + line.left.latex() + arrow(line, " \\leftarrow ", " = ") + line.right.latex() +
             "$ | ";
      for (const std::string& rule : line.rules)
        out += (&rule == &line.rules[0] ? "$" : "<br>$") + rule + "$";
      if (rules) out += " | ";
      out += markdown_text(line.node) + ", " + markdown_text(line.place) + " |\n";
    }
  }
  return out;
}

std::string as_latex(const Listing& listing, const std::string& title) {
  std::string out;
  if (!title.empty()) out += "\\section*{" + latex_text(title) + "}\n";
  if (!listing.symbols.empty()) {
    out += "\\begin{tabular}{lll}\n";
    for (const Listing::Symbol& each : listing.symbols)
      out += "$" + each.symbol.latex() + "$ & " + latex_text(each.name) + " & " +
             latex_text(each.type) + " \\\\\n";
    out += "\\end{tabular}\n";
  }
  for (const Listing::Section& section : listing.sections) {
    out += "\\subsection*{" + section.title;
    if (!section.subject.empty()) out += " of $" + section.subject.latex() + "$";
    out += "}\n\\begin{align*}\n";
    for (const Listing::Line& line : section.lines) {
      out += "  " + line.left.latex() + arrow(line, " &\\leftarrow ", " &= ") + line.right.latex() +
             " && \\text{" + latex_text(line.node) + "}";
      for (const std::string& rule : line.rules)
        out += " \\\\\n  &\\quad{\\scriptstyle " + rule + "}";
      out += &line == &section.lines.back() ? "\n" : " \\\\\n";
    }
    out += "\\end{align*}\n";
  }
  return out;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t columns = columns_of(text);
  return columns < width ? text.append(width - columns, ' ') : text;
}

std::string as_text(const Listing& listing, const std::string& title) {
  std::string out = title.empty() ? "" : title + "\n\n";
  std::size_t symbols = 0, names = 0, equations = 0;
  for (const Listing::Symbol& each : listing.symbols) {
    symbols = std::max(symbols, columns_of(each.symbol.text()));
    names = std::max(names, columns_of(each.name));
  }
  const auto equation = [](const Listing::Line& line) {
    return line.left.text() + arrow(line, " ← ", " = ") + line.right.text();
  };
  for (const Listing::Section& section : listing.sections)
    for (const Listing::Line& line : section.lines)
      equations = std::max(equations, columns_of(equation(line)));
  for (const Listing::Symbol& each : listing.symbols)
    out += padded(each.symbol.text(), symbols) + "  " + padded(each.name, names) + "  " +
           each.type + "\n";
  for (const Listing::Section& section : listing.sections) {
    out += (out.empty() ? "" : "\n") + section.title;
    if (!section.subject.empty()) out += " of " + section.subject.text();
    out += "\n";
    for (const Listing::Line& line : section.lines) {
      out += "  " + padded(equation(line), equations) + "  " + line.node + ", " + line.place + "\n";
      for (const std::string& rule : line.rules) out += "      by " + rule + "\n";
    }
  }
  return out;
}

}  // namespace

std::string mathematics(const Graph& graph, const MathematicsOptions& options) {
  const Listing listing = detail::listing_of(graph, options);
  switch (options.format) {
    case MathematicsFormat::text:
      return as_text(listing, options.title);
    case MathematicsFormat::latex:
      return as_latex(listing, options.title);
    case MathematicsFormat::markdown:
      break;
  }
  return as_markdown(listing, options.title);
}

void write_mathematics(const std::filesystem::path& file, const Graph& graph,
                       const MathematicsOptions& options) {
  detail::write_file(file, "write_mathematics", {mathematics(graph, options)});
}

}  // namespace dagrad
