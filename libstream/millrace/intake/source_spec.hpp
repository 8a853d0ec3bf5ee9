#pragma once

#include "millrace/base/time.hpp"
#include "millrace/block/record_framer.hpp"
#include "millrace/intake/pull_source.hpp"
#include "millrace/intake/receiver.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace millrace {

/// An input that delivers when it likes, run by a receiver under supervision.
struct receiver_source {
  std::function<std::shared_ptr<receiver_base>()> make_receiver;
  std::function<std::shared_ptr<intake>(intake_options)> make_intake;
};

/// A TCP client whose bytes are cut into text records. Needs a runtime with a network.
struct socket_source {
  std::string host;
  std::uint16_t port = 0;
  std::function<std::unique_ptr<record_framer>(std::size_t max_record_bytes)> make_framer;
};

/// Where the records of an input stream come from.
using source_spec = std::variant<std::shared_ptr<pull_source>, receiver_source, socket_source>;

} // namespace millrace
