#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/engine/job_settings.hpp"
#include "millrace/engine/receiver_requests.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace millrace {

class intake;
class intake_pacer;
class network;
class source_node;

/// What a receiver source is made of at run time, shared by all that have to do with it.
struct receiver_parts {
  receiver_name name;
  std::shared_ptr<request_limit> requests = std::make_shared<request_limit>();
  std::shared_ptr<receiver_base> user;
  std::shared_ptr<intake> into;
  std::shared_ptr<intake_pacer> pacer;
  block_id first_block; ///< The name of the first block that is received.
};

using receiver_parts_ptr = std::shared_ptr<receiver_parts>;

/// What receivers are made with.
struct receiver_surroundings {
  std::shared_ptr<const clock> time;
  /// Null: sockets are refused.
  std::shared_ptr<network> net;
  logger log;
  std::shared_ptr<metric_observer> metrics;
  std::string host;
  std::uint32_t incarnation = 0; ///< As job::incarnation.
  /// As intake_options::max_ready_blocks.
  std::size_t max_ready_blocks = 10;
};

/// Makes the user's receiver, or the socket receiver, with its intake, and asks it once where it
/// would rather run. Null for sources that have no receiver. A socket without a network is
/// errc::unsupported.
receiver_parts_ptr make_receiver_parts(const source_node& source, const job_settings& settings,
                                       const receiver_surroundings& around);

} // namespace millrace
