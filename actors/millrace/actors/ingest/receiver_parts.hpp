#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/ingest/request_limit.hpp"
#include "millrace/actors/protocol/actors.hpp"
#include "millrace/base/ids.hpp"

#include <memory>
#include <mutex>
#include <string>

namespace millrace {
class intake;
class intake_pacer;
class network;
class receiver_base;
class receiver_host;
class source_node;
} // namespace millrace

namespace millrace::actors {

/// What a call of a receiver to its host needs. It owns nothing of the receiver, so that such a
/// call from one of the receiver's own threads is never what destroys the receiver: its destructor
/// may join that thread.
struct receiver_link {
  stream_id stream;
  std::string name;
  request_limit requests;

  /// The life that `receiver_base::run` goes to; set while there is one, by its owner.
  std::mutex mutex;
  receiver_life* life = nullptr;
};

/// What a receiver source is made of at run time; shared by its supervisor, its receiver and the
/// shutdown.
struct receiver_parts {
  std::shared_ptr<receiver_link> link = std::make_shared<receiver_link>();
  std::shared_ptr<receiver_base> user;
  std::shared_ptr<intake> into;
  std::shared_ptr<intake_pacer> pacer;
};

/// Makes the user's receiver, or the socket receiver, with its intake, and asks it once where it
/// would rather run. Null for sources that have no receiver.
receiver_parts_ptr make_receiver_parts(const job_environment& env, const source_node& source,
                                       const std::shared_ptr<network>& net);

/// Forwards what a receiver asks of its host to its supervisor.
std::shared_ptr<receiver_host> make_receiver_host(environment_ptr env,
                                                  std::shared_ptr<receiver_link> link,
                                                  const receiver_supervisor_actor& supervisor);

} // namespace millrace::actors
