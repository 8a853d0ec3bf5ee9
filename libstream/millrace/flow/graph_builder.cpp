#include "millrace/flow/graph_builder.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

context_state graph_builder::state() const {
  std::lock_guard guard{mutex_};
  return state_;
}

void graph_builder::set_state(context_state s) {
  std::lock_guard guard{mutex_};
  state_ = s;
}

std::shared_ptr<op_info> graph_builder::describe_new(std::string operation,
                                                     const std::source_location& site) const {
  auto info = std::make_shared<op_info>();
  info->operation = std::move(operation);
  info->site = source_site{site};
  auto now = state();
  if (now == context_state::initialised)
    return info;
  throw stream_error{errc::illegal_state,
                     "Adding new inputs, transformations, and output operations after " +
                         std::string(now == context_state::active ? "starting" : "stopping") +
                         " a context is not supported: " + describe(*info)};
}

void graph_builder::set_name(op_info& who, std::string name,
                             const std::source_location& site) const {
  describe_new("name", site);
  auto refuse = [&](const std::string& why) {
    throw stream_error{errc::invalid_argument,
                       "name at " + to_string(source_site{site}) + ": " + why + " for " +
                           describe(who) + "; a name has 1 to " + std::to_string(longest_name) +
                           " bytes, none of them a control character"};
  };
  if (name.empty())
    refuse("an empty name");
  if (name.size() > longest_name)
    refuse("a name of " + std::to_string(name.size()) + " bytes");
  auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(name, is_control))
    refuse("a name with a control character");
  who.name = std::move(name);
}

void graph_builder::set_remember(duration d) {
  if (!remember_.is_zero())
    throw stream_error{errc::illegal_state, "Remember duration already set as " +
                                                to_string(remember_) + ". Cannot set it again."};
  if (d <= duration{0})
    throw stream_error{errc::invalid_argument,
                       "the remember duration is " + to_string(d) + "; it must be positive"};
  remember_ = d;
}

void graph_builder::complete(const std::shared_ptr<graph_builder>& job) {
  job->graph_->validate();
  auto& nodes = job->graph_->nodes();
  for (auto n = nodes.rbegin(); n != nodes.rend(); ++n) {
    auto& own = (*n)->settings();
    if (!own.checkpoint && !own.default_checkpoint.is_zero())
      own.checkpoint = own.default_checkpoint;
    own.remember = own.remember.max((*n)->slide());
    if (own.checkpoint)
      own.remember = own.remember.max(*own.checkpoint * 2);
    if (own.kept)
      own.remember = own.remember.max(job->remember_);
    for (auto& parent : (*n)->parents()) {
      auto& needed = parent->settings().remember;
      needed = needed.max(own.remember + own.window);
    }
  }
  for (auto& add : std::exchange(job->at_start_, {}))
    add(job);
}

std::uint32_t graph_builder::partitions_or_default(std::uint32_t wanted,
                                                   const op_info& info) const {
  if (wanted > max_partitions)
    throw stream_error{errc::invalid_argument, describe(info) + ": " + std::to_string(wanted) +
                                                   " partitions; at most " +
                                                   std::to_string(max_partitions) + " are allowed"};
  return wanted == 0 ? parallelism_ : wanted;
}

void graph_builder::check_partitions(std::uint32_t wanted, const op_info& info) const {
  if (wanted == 0)
    throw stream_error{errc::invalid_argument,
                       describe(info) + ": 0 partitions; at least 1 is needed"};
  static_cast<void>(partitions_or_default(wanted, info));
}

} // namespace millrace
