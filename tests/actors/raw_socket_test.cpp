#include "millrace/codec/codec.hpp"
#include "support/job_fixture.hpp"
#include "support/memory_network.hpp"
#include "support/tcp_server.hpp"

#include <map>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using record = std::pair<std::string, std::int64_t>;
using records = std::vector<record>;

std::string length_of(std::int32_t n) {
  auto u = static_cast<std::uint32_t>(n);
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(u >> shift & 0xff);
  return out;
}

std::string frame(const records& of) {
  auto encoded = encode_records<record>(of);
  return length_of(static_cast<std::int32_t>(encoded.size())) +
         std::string(encoded.begin(), encoded.end());
}

const records first{{"a", 1}, {"b", -2}};
const records second{{"", 3}};

/// One network with these connections, each of which then stays silent.
actors::actor_runtime_options network_of(const std::vector<std::string>& sent) {
  std::vector<std::variant<memory_network::connection, error>> connections;
  for (auto& bytes : sent)
    connections.emplace_back(memory_network::connection{bytes, memory_network::silence{}});
  return {nullptr, std::make_shared<memory_network>(std::move(connections))};
}

} // namespace

TEST_CASE("blocks of encoded records arrive as records, in order") {
  tcp_server server{{[](tcp_peer& peer) {
    peer.send(frame(first) + frame({}) + frame(second));
    peer.wait_closed();
  }}};
  actor_job job;
  collector<record> out;
  job.context->raw_socket_stream<record>("127.0.0.1", server.port()).collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return records_of(out).size() >= 3; }));
  job.stop_gracefully();
  CHECK(records_of(out) == records{first[0], first[1], second[0]});
}

TEST_CASE(
    "a frame that cannot be right ends the connection with its offset, and the next one goes on") {
  auto begin = frame(first);
  auto offset = std::to_string(begin.size());
  std::string bad;
  std::string message;
  SUBCASE("over the limit") {
    bad = length_of(2000);
    message = "the frame at offset " + offset +
              " of the stream announces 2000 bytes, but max_record_bytes is 1024";
  }
  SUBCASE("negative") {
    bad = length_of(-5);
    message = "the frame at offset " + offset +
              " of the stream announces -5 bytes: a length is from 0 to 1024";
  }
  actor_job job{quick_configuration().set("stream.max_record_bytes", "1KiB"), milliseconds(20),
                network_of({begin + bad + "whatever", frame(second)})};
  collector<record> out;
  job.context->raw_socket_stream<record>("nowhere", 1).collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return records_of(out).size() >= 3; }));
  job.stop_gracefully();
  CHECK(records_of(out) == records{first[0], first[1], second[0]});
  CHECK(job.log->count(log_level::warning, "Error receiving data: " + message) == 1);
}

TEST_CASE("a frame torn by the end of the stream is an error, and what was whole stays") {
  auto net = std::make_shared<memory_network>(
      std::vector<std::variant<memory_network::connection, error>>{memory_network::connection{
          frame(first) + length_of(100) + "torn", memory_network::end_of_stream{}}});
  actor_job job{quick_configuration(), milliseconds(20), {nullptr, net}};
  collector<record> out;
  job.context->raw_socket_stream<record>("nowhere", 1).collect_into(out);
  job.context->start();
  CHECK(wait_until([&] {
    return job.log->count(log_level::warning, "is torn: the stream ended after 4 of 100 bytes") ==
           1;
  }));
  job.stop_gracefully();
  CHECK(records_of(out) == first);
}

TEST_CASE("a block that does not decode fails its batch, naming the operation and its place") {
  auto good = frame(first);
  actor_job job{quick_configuration(), milliseconds(20),
                network_of({length_of(3) + "\xc1\xc1\xc1" + good})};
  collector<record> out;
  auto place = "raw_socket_stream at raw_socket_test.cpp:" + std::to_string(__LINE__ + 1);
  job.context->raw_socket_stream<record>("nowhere", 1).collect_into(out);
  job.context->start();
  auto message = job.wait_for_end();
  REQUIRE(message);
  CAPTURE(*message);
  CHECK(contains(*message, place));
  CHECK(records_of(out).empty());
}

TEST_CASE("a block that does not decode is lost alone when the policy is to skip") {
  actor_job job{quick_configuration().set("stream.on_batch_failure", "skip"), milliseconds(20),
                network_of({length_of(2) + "\xc1\xc1"})};
  auto feed = std::make_shared<batch_feed<record>>();
  collector<record> out;
  job.context->raw_socket_stream<record>("nowhere", 1)
      .union_with(job.context->queue_stream<record>(feed))
      .collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return job.log->count(log_level::error, "raw_socket_stream") == 1; }));
  feed->push(batch<record>{second, 1});
  CHECK(wait_until([&] { return records_of(out) == second; }));
  job.stop_gracefully();
  CHECK(job.metrics->counter("batches_failed_total") == 1);
}
