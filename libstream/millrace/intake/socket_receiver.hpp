#pragma once

#include "millrace/base/metrics.hpp"
#include "millrace/block/text_assembler.hpp"
#include "millrace/intake/source_spec.hpp"
#include "millrace/io/network.hpp"

namespace millrace {

struct socket_receiver_options {
  std::size_t max_record_bytes = std::size_t{1} << 20;
  /// Whether a peer that closed is connected to again, as in Spark; otherwise the receiver ends.
  bool reconnect = true;
};

/// A TCP client that reads straight into the memory its records stay in. Runs on one thread given
/// by its host; asks to be restarted when connecting or reading fails, or the peer closes. The
/// unterminated rest of a stream is its last record where the peer closed, and is dropped where
/// reading failed.
class socket_receiver final : public receiver<std::string_view> {
public:
  socket_receiver(socket_source what, socket_receiver_options options, std::shared_ptr<network> net,
                  std::shared_ptr<metric_observer> metrics);

  void on_start() override;
  void on_stop() override;
  void attach(stream_id stream, std::shared_ptr<receiver_host> host,
              std::shared_ptr<intake> into) override;

private:
  void receive(const std::stop_token& stop);
  /// Reads until the stream ends or fails; what to tell the supervisor. Empty: stopped.
  std::string read_all(byte_stream& from, text_assembler& assembler, const std::stop_token& stop);
  /// After a read error: nobody knows how the record that was being received ends, so it is not
  /// delivered. What to add to the report.
  std::string drop_torn(text_assembler& assembler, std::uint64_t received);
  bool take(text_assembler& assembler, text_piece piece);
  void report_oversize(record_framer& framer);

  socket_source what_;
  socket_receiver_options options_;
  std::shared_ptr<network> network_;
  std::shared_ptr<metric_observer> metrics_;
  std::shared_ptr<text_intake> into_;
  std::shared_ptr<arena_pool> arenas_;
  bool ended_ = false;
  std::uint64_t oversize_ = 0; ///< Records of this connection that were counted as too long.
};

} // namespace millrace
