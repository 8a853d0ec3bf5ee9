#include "millrace/flow/kept_stream.hpp"

#include "millrace/flow/checks.hpp"
#include "millrace/plan/operator_uid.hpp"

namespace millrace {

namespace {

void check_not_started(const graph_builder& builder, const char* what, const op_info& who) {
  if (builder.state() != context_state::initialised)
    throw stream_error{errc::illegal_state, std::string("Cannot change ") + what +
                                                " of a DStream after streaming context has "
                                                "started: " +
                                                describe(who)};
}

op_info named(const char* operation, const std::source_location& site) {
  return {operation, "", source_site{site}};
}

std::string name_of(const node& stream) {
  auto& info = *stream.info();
  return info.name.empty() ? describe(info) : info.name;
}

} // namespace

const node_ptr& persisted_node(const node_ptr& stream) {
  return stream->settings().window.is_zero() ? stream : stream->parents().front();
}

const node_ptr& persist_at(const graph_builder& builder, const node_ptr& stream,
                           storage_level level, const std::source_location& site) {
  auto who = named("persist", site);
  check_not_started(builder, "storage level", who);
  if (auto ok = validate(level); !ok)
    throw stream_error{ok.error().code, describe(who) + ": " + ok.error().message};
  auto& target = persisted_node(stream);
  target->settings().level = level;
  return target;
}

void remember_for(const graph_builder& builder, node& stream, duration span,
                  const std::source_location& site) {
  auto who = named("remember", site);
  check_not_started(builder, "remember duration", who);
  check_positive(who, "remember duration", span);
  auto& known = stream.settings().remember;
  known = known.max(span);
}

void checkpoint_every(const graph_builder& builder, node& stream, duration interval,
                      const std::source_location& site) {
  auto who = named("checkpoint", site);
  check_not_started(builder, "checkpoint interval", who);
  check_positive(who, "checkpoint interval", interval);
  auto slide = stream.slide();
  auto refuse = [&](const char* why, const char* what) {
    throw stream_error{errc::invalid_argument,
                       describe(who) + ": The checkpoint interval for " + name_of(stream) +
                           " has been set to " + to_string(interval) + " which is " + why +
                           " its slide time (" + to_string(slide) + "). Please set it to " + what +
                           to_string(slide) + "."};
  };
  if (interval < slide)
    refuse("lower than", "at least ");
  if (!interval.is_multiple_of(slide))
    refuse("not a multiple of", "a multiple of ");
  stream.settings().checkpoint = interval;
}

void set_state_version(const graph_builder& builder, node& stream, std::uint32_t version,
                       const std::source_location& site) {
  auto who = named("state_version", site);
  check_not_started(builder, "state version", who);
  auto* keeper = state_node(stream);
  if (!keeper)
    throw stream_error{errc::invalid_argument,
                       describe(who) + ": " + describe(*stream.info()) +
                           " keeps no state from batch to batch; say it of the stream of "
                           "update_state_by_key, map_with_state or a window"};
  if (version == 0)
    throw stream_error{errc::invalid_argument,
                       describe(who) + ": the version is 0; it must be at least 1"};
  keeper->settings().state_version = version;
}

void check_slice(const graph_builder& builder, const node& stream) {
  if (builder.state() == context_state::initialised)
    throw stream_error{errc::illegal_state, name_of(stream) + " has not been initialized"};
  if (!stream.settings().kept)
    throw stream_error{errc::illegal_state,
                       "slice: the batches of " + name_of(stream) +
                           " are not kept; call remember(d) or persist() on it before the start"};
}

interval own_times(const graph_builder& builder, const node& stream, const interval& times,
                   batch_time zero) {
  auto down = [&](const char* which, batch_time t) {
    if (t < zero)
      return t;
    auto own = t.floor(stream.slide(), zero);
    if (own != t)
      builder.log().repeated(
          log_level::warning,
          std::string(which) + " bounds of slices between the times of " + name_of(stream),
          "slice of " + name_of(stream) + ": the " + which + " of " + to_string(t) +
              " is not one of its times, which are " + to_string(stream.slide()) +
              " apart; taken down to " + to_string(own));
    return own;
  };
  return {down("begin", times.begin()), down("end", times.end())};
}

retained_options retained_options_of(const graph_builder& builder, const node& stream) {
  retained_options options;
  options.stream = name_of(stream);
  options.level = stream.settings().level;
  options.remember = stream.settings().remember.max(stream.slide());
  options.max_memory_bytes = builder.keeping().max_memory_bytes;
  options.directory = "stream-" + std::to_string(stream.id().value());
  options.home = builder.keeping().spills;
  return options;
}

} // namespace millrace
