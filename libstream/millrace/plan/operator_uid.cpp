#include "millrace/plan/operator_uid.hpp"

#include "millrace/plan/stable_hash.hpp"

#include <map>
#include <set>

#include <fmt/format.h>

namespace millrace {

namespace {

/// The name by which the user knows the node: its own, or that of the operation which it is an
/// inner part of, with what it does there.
std::string given_name(const node& n) {
  auto& whole = n.settings().part_of;
  if (n.info()->name.empty() && whole && !whole->name.empty())
    return whole->name + "/" + n.info()->operation;
  return n.info()->name;
}

/// Whether the node only takes the records of an operation out of what its parent makes.
bool is_tail(const node& n) {
  return !n.parents().empty() && n.parents().front()->info() == n.info();
}

bool has_uid(const node& n) {
  bool narrow = n.role() == node_role::narrow || n.role() == node_role::merge;
  return !is_tail(n) && (!narrow || !n.info()->name.empty());
}

std::vector<std::uint64_t> paths_of(const job_graph& graph) {
  std::vector<std::uint64_t> paths;
  // Parents are made before their children.
  for (auto& n : graph.nodes()) {
    auto parent_path = [&](const node_ptr& p) { return paths.at(p->id().value()); };
    if (is_tail(*n)) {
      paths.push_back(parent_path(n->parents().front()));
      continue;
    }
    stable_hash path;
    if (auto name = given_name(*n); !name.empty()) {
      path.add("name").add(name);
    } else {
      path.add("operation").add(n->info()->operation);
      for (auto& parent : n->parents())
        path.add(parent_path(parent));
    }
    paths.push_back(path.value());
  }
  return paths;
}

} // namespace

operator_uids::operator_uids(const job_graph& graph) : uids_(graph.nodes().size()) {
  const auto paths = paths_of(graph);
  std::set<std::string> taken;
  for (auto& n : graph.nodes())
    taken.insert(given_name(*n));
  std::map<std::string, std::uint32_t> ordinals;
  for (auto& n : graph.nodes()) {
    const auto i = n->id().value();
    if (!graph.needed(n->id()) || !has_uid(*n))
      continue;
    uids_[i] = given_name(*n);
    if (!uids_[i].empty())
      continue;
    const auto base = fmt::format("{}#{:08x}", n->info()->operation,
                                  static_cast<std::uint32_t>(paths[i] ^ (paths[i] >> 32U)));
    do {
      const auto ordinal = ++ordinals[base];
      uids_[i] = ordinal == 1 ? base : fmt::format("{}-{}", base, ordinal);
    } while (!taken.insert(uids_[i]).second);
  }
}

void check_names(const job_graph& graph) {
  std::map<std::string, const node*> named;
  for (auto& n : graph.nodes()) {
    auto name = given_name(*n);
    if (name.empty())
      continue;
    auto [other, is_new] = named.emplace(std::move(name), n.get());
    if (!is_new && other->second->info() != n->info())
      throw stream_error{
          errc::invalid_argument,
          fmt::format("the name \"{}\" is given twice, to {} and to {}: names of streams and "
                      "outputs are unique within a job, so give one of them another",
                      other->first, describe(*other->second->info()), describe(*n->info()))};
  }
}

operator_schema schema_of(const node& n) {
  return {n.info()->operation, n.element_type(), n.keeps_state() ? n.settings().state_version : 0};
}

std::string to_string(const operator_schema& schema) {
  auto text = fmt::format("{} {}", schema.operation, schema.elements);
  return schema.state_version == 0 ? text : fmt::format("{} v{}", text, schema.state_version);
}

node* state_node(node& stream) {
  if (stream.keeps_state())
    return &stream;
  if (stream.parents().empty())
    return nullptr;
  auto& parent = *stream.parents().front();
  bool same = parent.info() == stream.info() || parent.settings().part_of == stream.info();
  return same && parent.keeps_state() ? &parent : nullptr;
}

} // namespace millrace
