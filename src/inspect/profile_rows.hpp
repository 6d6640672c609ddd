#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "dagrad/profile.hpp"
#include "src/exec/compiled.hpp"

namespace dagrad::detail {

/// What the nodes of the graph that was compiled say about the steps of a plan.
class StepNodes {
 public:
  /// Throws GraphError if the graph is gone.
  explicit StepNodes(const Plan& plan);

  struct Node {
    std::string forward, op;  ///< of the forward node
    std::string scope;
    bool gradient = false;
  };
  /// What is known of the nodes that were merged into a step. Leaves, and names that the graph does
  /// not have any more, are left out.
  std::vector<Node> of(const std::vector<std::string>& merged) const;

 private:
  Node node(const std::string& name, std::uint32_t id) const;

  const GraphData* graph_;
  std::unordered_map<std::string, std::uint32_t> ids_;
};

/// Makes the rows of a profile from the times of its steps.
class ProfileRows {
 public:
  /// `seconds[run][step]`
  ProfileRows(const Plan& plan, const std::vector<std::vector<double>>& seconds);

  void add_to(Profile& profile);

 private:
  /// A row, and the steps that belong to it.
  struct Group {
    ProfileRow row;
    struct Part {
      std::uint32_t step;
      double weight;  ///< what part of the step belongs to the group
      bool gradient;
    };
    std::vector<Part> parts;
  };
  struct Groups {
    std::vector<Group> all;
    std::unordered_map<std::string, std::size_t> known;
    Group& at(const std::string& name);
  };

  ProfileRow node_row(std::uint32_t step) const;
  void add_step(std::uint32_t step, const ProfileRow& row);
  void add_part(Group& group, Group::Part part) const;
  std::vector<ProfileRow> rows(Groups& groups) const;
  void measure(Group& group) const;

  const Plan& plan_;
  const std::vector<std::vector<double>>& seconds_;
  StepNodes nodes_;
  std::vector<Group> steps_;
  Groups forward_, scopes_;
  double total_ = 0;  ///< the medians of all steps
};

}  // namespace dagrad::detail
