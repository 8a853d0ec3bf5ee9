#include "millrace/engine/receiver_parts.hpp"

#include "millrace/intake/intake_pacer.hpp"
#include "millrace/intake/socket_receiver.hpp"
#include "millrace/io/network.hpp"
#include "millrace/plan/source_node.hpp"

namespace millrace {

namespace {

receiver_name name_of(const source_node& source) {
  auto& info = *source.info();
  auto stream = source.stream();
  return {stream,
          info.name.empty() ? info.operation + "-" + std::to_string(stream.value()) : info.name};
}

} // namespace

receiver_parts_ptr make_receiver_parts(const source_node& source, const job_settings& settings,
                                       const receiver_surroundings& around) {
  intake_options options;
  options.max_block_bytes = settings.max_block_bytes;
  options.max_ready_blocks = around.max_ready_blocks;
  auto parts = std::make_shared<receiver_parts>();
  parts->name = name_of(source);
  parts->first_block = {parts->name.stream, 0, around.incarnation};
  if (auto* custom = std::get_if<receiver_source>(&source.spec())) {
    parts->user = custom->make_receiver();
    parts->into = custom->make_intake(options);
  } else if (auto* socket = std::get_if<socket_source>(&source.spec())) {
    if (!around.net)
      throw stream_error{errc::unsupported, describe(*source.info()) + " needs the actor runtime"};
    socket_receiver_options how{settings.max_record_bytes, settings.reconnect};
    parts->user = std::make_shared<socket_receiver>(*socket, how, around.net, around.metrics);
    parts->into = std::make_shared<text_intake>(options);
  } else {
    return nullptr;
  }
  if (auto note = note_on_location(*parts->user, parts->name.text, around.host))
    around.log.named("receiver_supervisor").info(*note);
  token_bucket_options rate;
  rate.max_rate = settings.receiver_max_rate;
  parts->pacer = std::make_shared<intake_pacer>(rate, around.time);
  return parts;
}

} // namespace millrace
