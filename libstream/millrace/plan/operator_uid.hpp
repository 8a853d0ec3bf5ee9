#pragma once

#include "millrace/plan/graph.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// The uids of a job graph: who a stream, a state or an output is from one version of a program to
/// the next, in another process and in another build. What outlives the process is kept by uid,
/// never by node_id, which is a number in the order of creation.
///
/// A uid is the name given with `name("...")`, or else `operation#path`, such as
/// `update_state_by_key#5f0c91d2`. The path is a hash of the operations upstream, each way up to
/// the nearest name; equal ones are told apart by an ordinal (`print#5f0c91d2-2`) in the order of
/// the program. So a uid without a name changes when an operation upstream of it is added, removed
/// or replaced, up to the nearest name; a given name stays whatever happens around it.
///
/// Immutable; made from a complete graph.
class operator_uids {
public:
  explicit operator_uids(const job_graph& graph);

  /// Empty for what keeps nothing between batches and moves no records, such as `map`, unless it
  /// has a name; and for streams that no output needs.
  [[nodiscard]] const std::string& of(const node& n) const { return uids_.at(n.id().value()); }

private:
  std::vector<std::string> uids_; ///< For each node.
};

/// Throws stream_error(invalid_argument), which names both operations and their places in the
/// user's file, when two have the same name.
void check_names(const job_graph& graph);

/// What is kept under a uid: only a program in which it is the same can read it.
struct operator_schema {
  std::string operation;
  std::string elements;            ///< By the names of `type_name_of`: records, or keys and states.
  std::uint32_t state_version = 0; ///< As the user says with `state_version(n)`; 0: no state.

  friend bool operator==(const operator_schema&, const operator_schema&) = default;
};

operator_schema schema_of(const node& n);

/// `update_state_by_key (text,i64) v1`; without a version where there is no state.
std::string to_string(const operator_schema& schema);

/// The node that keeps the state of a stream: its own, or an inner one of the same operation; null
/// when there is none.
node* state_node(node& stream);

} // namespace millrace
