#pragma once

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/ingest/receiver_life.hpp"
#include "millrace/actors/ingest/request_limit.hpp"
#include "millrace/io/network.hpp"
#include "millrace/rate/intake_pacer.hpp"
#include "millrace/source/receiver.hpp"

#include <memory>
#include <mutex>

namespace millrace::actors {

/// What a receiver source is made of at run time; shared by its supervisor, its receiver and the
/// shutdown.
struct receiver_parts {
  stream_id stream;
  std::string name;
  std::shared_ptr<receiver_base> user;
  std::shared_ptr<intake> into;
  std::shared_ptr<intake_pacer> pacer;
  request_limit requests;

  /// The life that `receiver_base::run` goes to; set while there is one.
  std::mutex mutex;
  std::shared_ptr<receiver_life> life;
};

using receiver_parts_ptr = std::shared_ptr<receiver_parts>;

/// Makes the user's receiver, or the socket receiver, with its intake, and asks it once where it
/// would rather run. Null for sources that have no receiver.
receiver_parts_ptr make_receiver_parts(const job_environment& env, const source_node& source,
                                       const std::shared_ptr<network>& net);

/// Forwards what a receiver asks of its host to its supervisor.
std::shared_ptr<receiver_host> make_receiver_host(environment_ptr env,
                                                  std::weak_ptr<receiver_parts> parts,
                                                  const receiver_supervisor_actor& supervisor);

} // namespace millrace::actors
