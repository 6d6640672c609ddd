#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/dot.hpp"

/// Measures where the runs of a compiled function spend their time. A function that is not profiled
/// pays nothing for it.
namespace dagrad {

/// Seconds, over the measured runs.
struct ProfileTime {
  double minimum = 0, median = 0;
};

/// A line of a profile: what one node, or several nodes together, took in a run.
struct ProfileRow {
  /// Of the node, in the graph that was compiled; of the forward node; or of the scope, "" for what
  /// is outside of any scope.
  std::string name;
  std::string op;  ///< of the node or the forward node; empty for a scope
  /// For a single node, the nodes of the compiled graph that passes have merged into it, or itself.
  std::vector<std::string> merged;
  std::size_t nodes = 1;  ///< number of nodes that run
  ProfileTime seconds;
  double share = 0;     ///< of the time of all nodes, by their medians
  double gradient = 0;  ///< the part of its time that is spent in nodes of the gradient
  /// Size of the operands and results, each counted once for each node that reads or writes it.
  double bytes = 0;
  /// Floating-point operations: those that the nodes' ops declare (`flops`), and one for each
  /// arithmetic step or function of an elementwise formula and element.
  double flops = 0;
  std::size_t unknown = 0;  ///< number of nodes whose op does not tell its operations

  /// 10⁹ operations, or bytes, per second, by the minimum of the time.
  double gflops() const { return flops / seconds.minimum * 1e-9; }
  double gigabytes_per_second() const { return bytes / seconds.minimum * 1e-9; }
};

/// A node in the run that a trace shows.
struct ProfileEvent {
  std::size_t node = 0;           ///< position in `Profile::nodes`
  int worker = 0;                 ///< number of the thread within the run; 0 is the caller
  double start = 0, seconds = 0;  ///< seconds, the first from the beginning of the run
};

/// What the rows of a profile stand for.
enum class ProfileBy : std::uint8_t {
  node,     ///< the nodes that run
  forward,  ///< each forward node together with the nodes of its gradient
  scope     ///< each scope together with the scopes inside it and the gradients of its nodes
};

/// The result of `profile`. If passes have merged several nodes into one, its time, bytes and
/// operations are divided equally among their forward nodes and scopes.
struct Profile {
  std::vector<ProfileRow> nodes;    ///< in the order in which one thread runs them
  std::vector<ProfileRow> forward;  ///< in the order of their first nodes
  std::vector<ProfileRow> scopes;   ///< in alphabetical order
  ProfileTime run;                  ///< of a whole run
  ProfileTime timed_run;  ///< of a whole run while nodes are timed, which takes 50 ns for each
  int threads = 1;        ///< the most that a run uses
  std::vector<ProfileEvent> events;  ///< of the fastest timed run

  const std::vector<ProfileRow>& rows(ProfileBy by) const;
};

struct ProfileOptions {
  int runs = 20;    ///< how many runs are measured as a whole, and how many node by node
  int warm_up = 3;  ///< runs before these, which are not measured
};

/// Runs a function several times with these feeds and measures its nodes. Small nodes that a run
/// computes together in one routine are measured one by one. Updates are computed but not stored,
/// so the State stays as it is. An observer of the function is not called while nodes are timed.
/// Without a State, parameters have their initial values. Throws what a run throws; ArgumentError
/// if `runs` is less than 1 or `warm_up` negative; GraphError if the graph that was compiled is
/// gone, since its nodes tell what belongs together; RunError if a function with `check_finite`
/// meets a value that is not finite.
Profile profile(const Function& function, const State& state, const Feeds& feeds = {},
                const ProfileOptions& options = {}, Location where = Location::here());
Profile profile(const Function& function, const Feeds& feeds = {},
                const ProfileOptions& options = {}, Location where = Location::here());

struct ProfileText {
  ProfileBy by = ProfileBy::forward;
  std::size_t rows = 20;  ///< the most rows to list; the slowest come first, but scopes by name
};
/// A table for the terminal. Operations are marked with ≥ where those of some nodes are not known.
std::string to_string(const Profile& profile, const ProfileText& options = {});
std::ostream& operator<<(std::ostream& out, const Profile& profile);
/// All rows as a table for other programs: a header line, and then a line for each row, with times
/// in seconds. Throws FileError if the file cannot be written.
void write_csv(const std::filesystem::path& file, const Profile& profile,
               ProfileBy by = ProfileBy::node);
/// All rows of all kinds as JSON, with times in seconds.
std::string to_json(const Profile& profile);
/// The fastest timed run in the trace event format that Chrome (chrome://tracing) and Perfetto
/// (ui.perfetto.dev) show: a line for each thread. Other threads may help with the work of a node;
/// it is shown on the line of the thread that runs it.
std::string to_chrome_trace(const Profile& profile);
void write_chrome_trace(const std::filesystem::path& file, const Profile& profile);
/// Marks for `PictureOptions::marks`: the slower a node or a scope, the deeper its colour.
std::map<std::string, PictureMark> marks(const Profile& profile);

}  // namespace dagrad
