#include "support/job_fixture.hpp"
#include "support/memory_network.hpp"
#include "support/tcp_server.hpp"

#include <algorithm>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using texts = std::vector<std::string>;

tcp_server::script sends(std::string text) {
  return [text = std::move(text)](tcp_peer& peer) { peer.send(text); };
}

/// Runs a job over the lines of `host:port` until `enough` are there, then drains it; what came
/// out.
texts lines_from(actor_job& job, const std::string& host, std::uint16_t port, std::size_t enough) {
  collector<std::string> out;
  job.context->socket_text_stream(host, port).collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return records_of(out).size() >= enough; }));
  job.stop_gracefully();
  return records_of(out);
}

actors::actor_runtime_options with_network(std::shared_ptr<network> net) {
  return {nullptr, std::move(net)};
}

using connections = std::vector<std::variant<memory_network::connection, error>>;

} // namespace

TEST_CASE("lines of a server, by address and by host name") {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    tcp_server server{{sends("one\ntwo\n\nthree\n")}};
    actor_job job;
    CHECK(lines_from(job, host, server.port(), 4) == texts{"one", "two", "", "three"});
    CHECK(job.metrics->counter("records_received_total", "0") == 4);
  }
}

TEST_CASE("a refused connection is tried again, and told of, until the server is there") {
  auto port = unused_port();
  actor_job job;
  collector<std::string> out;
  job.context->socket_text_stream("127.0.0.1", port).collect_into(out);
  job.context->start();
  auto refusal = "Error connecting to 127.0.0.1:" + std::to_string(port);
  // Listeners hear of each, the log of the first and of how many they were.
  CHECK(wait_until([&] {
    return job.events->events("receiver error socket_text_stream-0: " + refusal).size() >= 3;
  }));
  tcp_server server{{sends("at last\n")}, port};
  CHECK(wait_until([&] { return records_of(out) == texts{"at last"}; }));
  job.stop_gracefully();
  const auto refused = job.events->events("receiver error socket_text_stream-0: " + refusal).size();
  CHECK(job.log->count(log_level::warning, "receiver socket_text_stream-0: " + refusal) >= 1);
  const auto lines = job.log->entries();
  CHECK(std::ranges::count_if(lines, [&](auto& line) {
          return line.text.starts_with("restarts of receiver socket_text_stream-0 (" + refusal) &&
                 line.text.find("): " + std::to_string(refused - 1) +
                                " more until the end of the job") != std::string::npos;
        }) == 1);
}

TEST_CASE("a closed connection is made again, and an unterminated last line counts") {
  tcp_server server{{sends("a\nunterminated"), sends("b\n"), [](tcp_peer& p) { p.wait_closed(); }}};
  actor_job job;
  CHECK(lines_from(job, "127.0.0.1", server.port(), 3) == texts{"a", "unterminated", "b"});
  CHECK(job.log->count(log_level::warning, "Socket data stream had no more data") >= 1);
}

TEST_CASE("without reconnecting, the end of the stream ends the receiver and not the job") {
  tcp_server server{{sends("a\nb")}};
  actor_job job{quick_configuration().set("receiver.reconnect", false)};
  CHECK(lines_from(job, "127.0.0.1", server.port(), 2) == texts{"a", "b"});
  CHECK(server.accepted() == 1);
  CHECK(job.events->events("receiver stopped").size() == 1);
}

TEST_CASE("half-close: the last line comes although the connection stays open") {
  tcp_server server{{[](tcp_peer& peer) {
    peer.send("first\nlast");
    peer.half_close();
    peer.wait_closed();
  }}};
  actor_job job;
  CHECK(lines_from(job, "127.0.0.1", server.port(), 2) == texts{"first", "last"});
}

TEST_CASE("a reset in mid-line: what was complete stays, the torn rest is dropped and told of, and "
          "the next connection begins afresh") {
  auto net = std::make_shared<memory_network>(
      connections{memory_network::connection{std::string{"a\nb\ntorn"},
                                             error{errc::io_error, "Connection reset by peer"}},
                  memory_network::connection{std::string{"c\n"}, memory_network::silence{}}});
  actor_job job{quick_configuration(), milliseconds(20), with_network(net)};
  CHECK(lines_from(job, "nowhere", 1, 3) == texts{"a", "b", "c"});
  CHECK(job.log->count(log_level::warning,
                       "Error receiving data: Connection reset by peer; the unfinished record at "
                       "the end is dropped: 4 bytes at offset 4 of the stream") == 1);
}

TEST_CASE("a reset between lines drops nothing, and one in an over-long line still counts it") {
  for (bool oversize : {false, true}) {
    auto sent = oversize ? "a\n" + std::string(5000, 'x') : std::string{"a\n"};
    auto net = std::make_shared<memory_network>(connections{
        memory_network::connection{sent, error{errc::io_error, "Connection reset by peer"}},
        memory_network::connection{std::string{"b\n"}, memory_network::silence{}}});
    actor_job job{quick_configuration().set("stream.max_record_bytes", "1KiB"), milliseconds(20),
                  with_network(net)};
    CHECK(lines_from(job, "nowhere", 1, 2) == texts{"a", "b"});
    CHECK(job.log->count(log_level::warning, "is dropped") == 0);
    CHECK(job.metrics->counter("records_oversize_total", "0") == (oversize ? 1 : 0));
  }
}

TEST_CASE("all over-long lines of a read are counted, and those beyond the first are summed up") {
  std::string sent;
  for (int i = 0; i < 20; ++i)
    sent += std::string(2000, 'x') + "\n";
  auto net = std::make_shared<memory_network>(
      connections{memory_network::connection{sent + "a\n", memory_network::silence{}}});
  actor_job job{quick_configuration().set("stream.max_record_bytes", "1KiB"), milliseconds(20),
                with_network(net)};
  CHECK(lines_from(job, "nowhere", 1, 1) == texts{"a"});
  CHECK(job.metrics->counter("records_oversize_total", "0") == 20);
  CHECK(wait_until([&] {
    return job.events->events("receiver error socket_text_stream-0: a record of 2000 bytes")
                   .size() == 16 &&
           job.events->events("receiver error socket_text_stream-0: 4 more records").size() == 1;
  }));
}

TEST_CASE("a real reset leads to another connection") {
  tcp_server server{{[](tcp_peer& peer) {
                       peer.send("lost perhaps\nto");
                       peer.reset();
                     },
                     sends("after\n")}};
  actor_job job;
  collector<std::string> out;
  job.context->socket_text_stream("127.0.0.1", server.port()).collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return !records_of(out).empty() && records_of(out).back() == "after"; }));
  job.stop_gracefully();
  CHECK(job.log->count(log_level::warning, "Connection reset by peer") == 1);
}

TEST_CASE("a host that does not exist is named and tried again") {
  actor_job job;
  collector<std::string> out;
  job.context->socket_text_stream("no-such-host.invalid", 9).collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return job.metrics->counter("receiver_restarts_total", "0") >= 2; }));
  CHECK(job.log->count(log_level::warning, "host \"no-such-host.invalid\"") >= 1);
  job.context->stop();
  CHECK_FALSE(job.wait_for_end());
}

TEST_CASE("a line over the limit is reported with its offset, counted and skipped, and the stream "
          "goes on") {
  std::string text =
      "short\n" + std::string(5000, 'x') + "\nafter\n" + std::string(300'000, 'y') + "\r\nend\n";
  tcp_server server{{sends(text)}};
  actor_job job{quick_configuration()
                    .set("stream.max_record_bytes", "1KiB")
                    .set("receiver.reconnect", false)};
  CHECK(lines_from(job, "127.0.0.1", server.port(), 3) == texts{"short", "after", "end"});
  CHECK(job.metrics->counter("records_oversize_total", "0") == 2);
  auto errors = job.events->events("receiver error");
  REQUIRE(errors.size() == 2);
  CHECK(contains(errors[0], "a record of 5000 bytes at offset 6 of the stream from 127.0.0.1:"));
  CHECK(contains(errors[0], "the limit is 1024 bytes (option stream.max_record_bytes)"));
  CHECK(contains(errors[1], "a record of 300000 bytes at offset 5013"));
  CHECK(job.log->count(log_level::warning, "was skipped") == 2);
}

TEST_CASE("an over-long line that never ends is skipped too") {
  tcp_server server{{sends("a\n" + std::string(10'000, 'z'))}};
  actor_job job{quick_configuration()
                    .set("stream.max_record_bytes", "1KiB")
                    .set("receiver.reconnect", false)};
  collector<std::string> out;
  job.context->socket_text_stream("127.0.0.1", server.port()).collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return job.metrics->counter("records_oversize_total", "0") == 1; }));
  job.stop_gracefully();
  CHECK(records_of(out) == texts{"a"});
}

TEST_CASE("NUL bytes, invalid UTF-8 and lone carriage returns pass through; CRLF ends a line") {
  texts sent{std::string("nul\0inside", 10), "\xff\xfe\xc0", "lone\rreturn", "crlf", "", "last"};
  auto text =
      sent[0] + "\n" + sent[1] + "\n" + sent[2] + "\n" + sent[3] + "\r\n" + "\r\n" + sent[5] + "\n";
  SUBCASE("in one piece") {
    tcp_server server{{sends(text)}};
    actor_job job;
    CHECK(lines_from(job, "127.0.0.1", server.port(), sent.size()) == sent);
  }
  SUBCASE("byte by byte") {
    memory_network::connection bytes;
    for (char c : text)
      bytes.emplace_back(std::string(1, c));
    bytes.emplace_back(memory_network::silence{});
    auto net = std::make_shared<memory_network>(connections{bytes});
    actor_job job{quick_configuration(), milliseconds(20), with_network(net)};
    CHECK(lines_from(job, "nowhere", 1, sent.size()) == sent);
  }
}

TEST_CASE("two streams from two servers, and two outputs of one stream, each get everything") {
  tcp_server left{{sends("l1\nl2\n")}};
  tcp_server right{{sends("r1\n")}};
  actor_job job;
  collector<std::string> l;
  collector<std::string> r;
  collector<std::int64_t> counts;
  auto from_left = job.context->socket_text_stream("127.0.0.1", left.port());
  from_left.collect_into(l);
  from_left.count().collect_into(counts);
  job.context->socket_text_stream("127.0.0.1", right.port()).collect_into(r);
  job.context->start();
  CHECK(wait_until([&] { return records_of(l).size() >= 2 && !records_of(r).empty(); }));
  job.stop_gracefully();
  CHECK(records_of(l) == texts{"l1", "l2"});
  CHECK(records_of(r) == texts{"r1"});
  std::int64_t sum = 0;
  for (auto n : records_of(counts))
    sum += n;
  CHECK(sum == 2);
}
