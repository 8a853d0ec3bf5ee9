#include "millrace/intake/socket_receiver.hpp"

namespace millrace {

socket_receiver::socket_receiver(socket_source what, socket_receiver_options options,
                                 std::shared_ptr<network> net,
                                 std::shared_ptr<metric_observer> metrics)
    : what_{std::move(what)},
      options_{options},
      network_{std::move(net)},
      metrics_{std::move(metrics)},
      arenas_{std::make_shared<arena_pool>()} {}

void socket_receiver::attach(stream_id stream, std::shared_ptr<receiver_host> host,
                             std::shared_ptr<intake> into) {
  into_ = std::static_pointer_cast<text_intake>(into);
  receiver::attach(stream, std::move(host), std::move(into));
}

void socket_receiver::on_start() {
  run([this](std::stop_token stop) { receive(stop); });
}

void socket_receiver::on_stop() {}

void socket_receiver::receive(const std::stop_token& stop) {
  auto stream = network_->connect(what_.host, what_.port, stop);
  if (!stream) {
    if (stream.error().code != errc::cancelled)
      restart(stream.error().message);
    return;
  }
  auto framer = what_.make_framer(options_.max_record_bytes);
  if (!framer)
    throw stream_error{errc::invalid_argument,
                       "the function that makes the framer of socket_stream returned null"};
  text_assembler assembler{arenas_, std::move(framer)};
  ended_ = false;
  oversize_ = 0;
  auto reason = read_all(**stream, assembler, stop);
  if (reason.empty())
    return;
  if (ended_ && !options_.reconnect)
    this->stop(reason);
  else
    restart(reason);
}

std::string socket_receiver::read_all(byte_stream& from, text_assembler& assembler,
                                      const std::stop_token& stop) {
  for (std::uint64_t received = 0;;) {
    auto n = from.read(assembler.writable(), stop);
    if (!n)
      return n.error().code == errc::cancelled
                 ? ""
                 : "Error receiving data: " + n.error().message + drop_torn(assembler, received);
    received += *n;
    if (!take(assembler, *n == 0 ? assembler.finish() : assembler.commit(*n)))
      return {};
    if (assembler.failure())
      return "Error receiving data: " + assembler.failure()->message;
    if (*n == 0) {
      ended_ = true;
      return "Socket data stream had no more data";
    }
  }
}

std::string socket_receiver::drop_torn(text_assembler& assembler, std::uint64_t received) {
  const auto torn = assembler.unfinished_bytes();
  // For the report of an oversize record that was being skipped.
  static_cast<void>(assembler.finish());
  take(assembler, {});
  if (torn == 0)
    return {};
  return "; the unfinished record at the end is dropped: " + std::to_string(torn) +
         " bytes at offset " + std::to_string(received - torn) + " of the stream";
}

bool socket_receiver::take(text_assembler& assembler, text_piece piece) {
  if (assembler.framer().oversize_count() != oversize_)
    report_oversize(assembler.framer());
  return piece.slices.empty() || into_->add(std::move(piece));
}

void socket_receiver::report_oversize(record_framer& framer) {
  const auto fresh = framer.oversize_count() - oversize_;
  oversize_ += fresh;
  metrics_->add("records_oversize_total", std::to_string(stream().value()), fresh);
  const auto told = framer.take_oversize();
  for (auto& o : told)
    report_error("a record of " + std::to_string(o.bytes) + " bytes at offset " +
                 std::to_string(o.offset) + " of the stream from " + what_.host + ":" +
                 std::to_string(what_.port) + " was skipped; the limit is " +
                 std::to_string(o.limit) + " bytes (option stream.max_record_bytes)");
  if (fresh > told.size())
    report_error(std::to_string(fresh - told.size()) + " more records of the stream from " +
                 what_.host + ":" + std::to_string(what_.port) +
                 " that came with these were skipped");
}

} // namespace millrace
