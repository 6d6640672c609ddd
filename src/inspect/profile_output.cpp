#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "dagrad/profile.hpp"
#include "src/io/file_replacement.hpp"
#include "src/io/json.hpp"
#include "src/io/text_table.hpp"
#include "src/io/units.hpp"

/// Texts, files and marks made from a profile.
namespace dagrad {

namespace {

using detail::percent;
using detail::with_unit;

/// The rows to list, in the order in which to list them.
std::vector<const ProfileRow*> listed(const Profile& profile, const ProfileText& options) {
  std::vector<const ProfileRow*> rows;
  for (const ProfileRow& row : profile.rows(options.by)) rows.push_back(&row);
  if (options.by != ProfileBy::scope)
    std::stable_sort(rows.begin(), rows.end(), [](const ProfileRow* a, const ProfileRow* b) {
      return a->seconds.median > b->seconds.median;
    });
  rows.resize(std::min(rows.size(), options.rows));
  return rows;
}

/// Operations, or their rate; "-" if none are known.
std::string operations_text(const ProfileRow& row, double number, std::string_view unit) {
  if (row.flops == 0 && row.unknown > 0) return "-";
  return (row.unknown > 0 ? "≥ " : "") + with_unit(number, unit);
}

std::string rate_of_flops(const ProfileRow& row) {
  return operations_text(row, row.gflops() * 1e9, "FLOP/s");
}

std::vector<std::string> cells(const ProfileRow& row, ProfileBy by) {
  std::vector<std::string> line{row.name.empty() ? "(no scope)" : row.name};
  if (by != ProfileBy::scope) line.push_back(row.op);
  if (by != ProfileBy::node) line.push_back(fmt::format("{}", row.nodes));
  line.push_back(with_unit(row.seconds.minimum, "s"));
  line.push_back(with_unit(row.seconds.median, "s"));
  line.push_back(percent(row.share));
  line.push_back(percent(row.gradient));
  line.push_back(with_unit(row.bytes, "B"));
  line.push_back(with_unit(row.gigabytes_per_second() * 1e9, "B/s"));
  line.push_back(operations_text(row, row.flops, "FLOP"));
  line.push_back(rate_of_flops(row));
  return line;
}

std::vector<std::string> headings(ProfileBy by) {
  std::vector<std::string> line{by == ProfileBy::node      ? "node"
                                : by == ProfileBy::forward ? "forward node"
                                                           : "scope"};
  if (by != ProfileBy::scope) line.emplace_back("op");
  if (by != ProfileBy::node) line.emplace_back("nodes");
  for (const char* const heading :
       {"minimum", "median", "share", "gradient", "memory", "rate", "operations", "rate"})
    line.emplace_back(heading);
  return line;
}

/// A colour from white, for 0, to red, for 1.
std::string heat(double part) {
  const int rest = static_cast<int>(std::lround(255 - 130 * std::clamp(part, 0.0, 1.0)));
  return fmt::format("#ff{0:02x}{0:02x}", rest);
}

std::string json_time(const ProfileTime& time) {
  return fmt::format(R"({{"minimum": {}, "median": {}}})", time.minimum, time.median);
}

std::string json_row(const ProfileRow& row) {
  std::string merged;
  for (const std::string& name : row.merged)
    merged += (merged.empty() ? "" : ", ") + detail::json_string(name);
  return fmt::format(
      R"({{"name": {}, "op": {}, "merged": [{}], "nodes": {}, "seconds": {}, "share": {}, )"
      R"("gradient": {}, "bytes": {}, "flops": {}, "unknown": {}}})",
      detail::json_string(row.name), detail::json_string(row.op), merged, row.nodes,
      json_time(row.seconds), row.share, row.gradient, row.bytes, row.flops, row.unknown);
}

std::string json_rows(const std::vector<ProfileRow>& rows) {
  std::string text;
  for (const ProfileRow& row : rows) text += (text.empty() ? "\n    " : ",\n    ") + json_row(row);
  return text;
}

}  // namespace

std::string to_string(const Profile& profile, const ProfileText& options) {
  std::string text = fmt::format(
      "{} nodes, on {}: a run takes {} (median {}), and {} while nodes are timed\n",
      profile.nodes.size(),
      profile.threads == 1 ? "one thread" : fmt::format("up to {} threads", profile.threads),
      with_unit(profile.run.minimum, "s"), with_unit(profile.run.median, "s"),
      with_unit(profile.timed_run.minimum, "s"));
  std::vector<std::vector<std::string>> lines{headings(options.by)};
  const std::vector<const ProfileRow*> rows = listed(profile, options);
  for (const ProfileRow* row : rows) lines.push_back(cells(*row, options.by));
  text += detail::text_table(lines);
  const std::size_t all = profile.rows(options.by).size();
  if (rows.size() < all) text += fmt::format("… and {} more\n", all - rows.size());
  return text;
}
std::ostream& operator<<(std::ostream& out, const Profile& profile) {
  return out << to_string(profile);
}

void write_csv(const std::filesystem::path& file, const Profile& profile, ProfileBy by) {
  std::string text = "name,op,nodes,minimum,median,share,gradient,bytes,flops,unknown\n";
  for (const ProfileRow& row : profile.rows(by))
    text += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", row.name, row.op, row.nodes,
                        row.seconds.minimum, row.seconds.median, row.share, row.gradient, row.bytes,
                        row.flops, row.unknown);
  detail::write_file(file, "write_csv", {text});
}

std::string to_json(const Profile& profile) {
  return fmt::format(
      "{{\"threads\": {},\n \"run\": {},\n \"timed_run\": {},\n"
      " \"nodes\": [{}],\n \"forward\": [{}],\n \"scopes\": [{}]}}\n",
      profile.threads, json_time(profile.run), json_time(profile.timed_run),
      json_rows(profile.nodes), json_rows(profile.forward), json_rows(profile.scopes));
}

std::string to_chrome_trace(const Profile& profile) {
  std::string text =
      R"({"displayTimeUnit": "ns", "traceEvents": [)"
      "\n"
      R"({"ph": "M", "name": "process_name", "pid": 1, "tid": 0, "args": {"name": "dagrad"}})";
  for (int worker = 0; worker < profile.threads; ++worker)
    text += fmt::format(
        ",\n"
        R"({{"ph": "M", "name": "thread_name", "pid": 1, "tid": {}, "args": {{"name": "{}"}}}})",
        worker, worker == 0 ? "caller" : fmt::format("helper {}", worker));
  for (const ProfileEvent& event : profile.events) {
    const ProfileRow& row = profile.nodes[event.node];
    text += fmt::format(
        ",\n"
        R"({{"ph": "X", "name": {}, "cat": "{}", "pid": 1, "tid": {}, "ts": {:.3f}, )"
        R"("dur": {:.3f}, "args": {{"op": {}, "bytes": {}, "flops": {}}}}})",
        detail::json_string(row.name), row.gradient > 0.5 ? "gradient" : "forward", event.worker,
        event.start * 1e6, event.seconds * 1e6, detail::json_string(row.op), row.bytes, row.flops);
  }
  return text + "\n]}\n";
}

void write_chrome_trace(const std::filesystem::path& file, const Profile& profile) {
  detail::write_file(file, "write_chrome_trace", {to_chrome_trace(profile)});
}

std::map<std::string, PictureMark> marks(const Profile& profile) {
  std::map<std::string, PictureMark> marks;
  const auto mark = [&](const std::vector<ProfileRow>& rows) {
    double most = 0;
    for (const ProfileRow& row : rows) most = std::max(most, row.share);
    for (const ProfileRow& row : rows) {
      std::string note =
          fmt::format("{}, {}", with_unit(row.seconds.minimum, "s"), percent(row.share));
      if (row.flops > 0) note += ", " + rate_of_flops(row);
      if (row.merged.size() > 1) note += fmt::format(", {} nodes in one", row.merged.size());
      const PictureMark made{heat(most > 0 ? row.share / most : 0), note};
      for (const std::string& name : row.merged) marks.emplace(name, made);
      if (row.merged.empty() && !row.name.empty()) marks.emplace(row.name, made);
    }
  };
  mark(profile.nodes);
  mark(profile.scopes);
  return marks;
}

}  // namespace dagrad
