#include <array>
#include <optional>
#include <utility>

#include "dagrad/picture_formats.hpp"
#include "src/io/file_replacement.hpp"
#include "src/io/json.hpp"
#include "src/pictures/json_picture.hpp"
#include "src/pictures/page.hpp"

namespace dagrad {

namespace {

constexpr std::size_t visible_at_first = 60;
constexpr std::size_t most_scopes = 100;  // that are nested in the page

/// JSON inside a script of HTML, which must not contain its end or the beginning of a comment.
std::string in_script(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 64);
  while (true) {
    const std::size_t at = json.find('<');
    out.append(json.substr(0, at));
    if (at == json.npos) return out;
    out.append("\\u003c");
    json.remove_prefix(at + 1);
  }
}

std::string paint_json(std::string_view name, const Paint& paint) {
  return detail::json_string(name) + ":{\"fill\":" + detail::json_string(paint.fill) +
         ",\"line\":" + detail::json_string(paint.line) +
         ",\"text\":" + detail::json_string(paint.text) + "}";
}

std::string theme_json(const Theme& theme) {
  std::string text = "{";
  for (const auto& [name, colour] : std::array<std::pair<std::string_view, const std::string*>, 5>{{
           {"background", &theme.background},
           {"text", &theme.text},
           {"faint", &theme.faint},
           {"edge", &theme.edge},
           {"fetch", &theme.fetch},
       }})
    text += detail::json_string(name) + ":" + detail::json_string(*colour) + ",";
  const std::array<std::pair<std::string_view, const Paint*>, 7> paints{{
      {"input", &theme.input},
      {"parameter", &theme.parameter},
      {"constant", &theme.constant},
      {"forward", &theme.forward},
      {"gradient", &theme.gradient},
      {"after", &theme.after},
      {"update", &theme.update},
  }};
  for (const auto& [name, paint] : paints)
    text += (name == "input" ? "" : ",") + paint_json(name, *paint);
  return text + "}";
}

/// What the page begins with: which scopes are open, and the colours to choose from.
std::string settings_json(const PictureOptions& options) {
  std::optional<std::size_t> open = options.open_scopes;
  if (!open && options.detail == Detail::blocks) open = 0;
  const bool dark = options.theme.background == Theme::dark().background;
  std::string text = "{";
  if (open && !options.most_nodes)
    text += "\"open\":" + std::to_string(std::min(*open, most_scopes));
  else
    text += "\"most\":" + std::to_string(options.most_nodes.value_or(visible_at_first));
  text += std::string(",\"sideways\":") + (options.left_to_right ? "true" : "false");
  return text + ",\"themes\":[" + theme_json(options.theme) + "," +
         theme_json(dark ? Theme::light() : Theme::dark()) + "]}";
}

/// The text with the parts of the page in place of its marks.
std::string filled(std::string_view page,
                   std::initializer_list<std::pair<std::string_view, std::string_view>> parts) {
  std::string out;
  for (const auto& [mark, part] : parts) {
    const std::size_t at = page.find(mark);
    out.append(page.substr(0, at)).append(part);
    page.remove_prefix(at + mark.size());
  }
  return out.append(page);
}

}  // namespace

std::string to_html(const Graph& graph, const PictureOptions& options) {
  PictureOptions all = options;  // the page closes scopes itself
  all.open_scopes = most_scopes;
  all.most_nodes.reset();
  if (all.detail == Detail::blocks) all.detail = Detail::equations;
  const detail::Picture picture = detail::picture_of(graph, all);
  return filled(detail::page_html, {{"{{picture}}", in_script(detail::json_of(graph, picture))},
                                    {"{{settings}}", in_script(settings_json(options))},
                                    {"{{script}}", detail::page_script}});
}

void write_html(const std::filesystem::path& file, const Graph& graph,
                const PictureOptions& options) {
  detail::write_file(file, "write_html", {to_html(graph, options)});
}

}  // namespace dagrad
