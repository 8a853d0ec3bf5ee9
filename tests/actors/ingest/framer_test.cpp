#include "support/job_fixture.hpp"
#include "support/memory_network.hpp"
#include "support/tcp_server.hpp"

#include <stdexcept>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using texts = std::vector<std::string>;

/// Records that end with ';'. A '!' is more than it can bear.
class semicolon_framer final : public record_framer {
public:
  explicit semicolon_framer(std::size_t max_record_bytes) : max_{max_record_bytes} {}

  result<frame_progress> feed(const char* base, std::uint32_t begin, std::uint32_t from,
                              std::uint32_t to, std::vector<text_slice>& out) override {
    for (auto at = from; at < to; ++at) {
      if (base[at] == '!')
        throw std::runtime_error("this framer knows no '!'");
      if (at - begin > max_)
        return fail(errc::too_large, "a record is over " + std::to_string(max_) + " bytes");
      if (base[at] == ';') {
        out.push_back({begin, at - begin});
        begin = at + 1;
      }
    }
    return frame_progress{begin, to};
  }

  result<void> finish(const char*, std::uint32_t begin, std::uint32_t end,
                      std::vector<text_slice>& out) override {
    if (begin != end)
      out.push_back({begin, end - begin});
    return {};
  }

private:
  std::size_t max_;
};

/// A job over connections that send these texts and then stay silent, or are closed.
struct framed_job {
  explicit framed_job(const texts& sent, bool closed = false)
      : net{std::make_shared<memory_network>(connections(sent, closed))} {
    job.context
        ->socket_stream("nowhere", 1,
                        [this](std::size_t max) {
                          ++made;
                          return std::make_unique<semicolon_framer>(max);
                        })
        .collect_into(out);
    job.context->start();
  }

  static std::vector<std::variant<memory_network::connection, error>> connections(const texts& sent,
                                                                                  bool closed) {
    std::vector<std::variant<memory_network::connection, error>> all;
    for (auto& text : sent) {
      memory_network::connection one{text};
      if (closed)
        one.emplace_back(memory_network::end_of_stream{});
      else
        one.emplace_back(memory_network::silence{});
      all.emplace_back(std::move(one));
    }
    return all;
  }

  void expect(const texts& records) {
    CHECK(wait_until([&] { return records_of(out).size() >= records.size(); }));
    job.stop_gracefully();
    CHECK(records_of(out) == records);
  }

  std::atomic<int> made = 0;
  collector<std::string> out;
  std::shared_ptr<memory_network> net;
  actor_job job{quick_configuration().set("stream.max_record_bytes", "16B"),
                milliseconds(20),
                {nullptr, net}};
};

} // namespace

TEST_CASE("a framer of one's own cuts the records, one framer for each connection") {
  framed_job f{{"a;bb;;torn", "c;"}, true};
  CHECK(wait_until([&] { return records_of(f.out).size() == 5; }));
  f.job.stop_gracefully();
  CHECK(records_of(f.out) == texts{"a", "bb", "", "torn", "c"});
  CHECK(f.made == 2);
}

TEST_CASE("over a real socket") {
  tcp_server server{{[](tcp_peer& peer) {
    peer.send("a;b");
    peer.send("c;");
    peer.wait_closed();
  }}};
  actor_job job;
  collector<std::string> out;
  job.context
      ->socket_stream("127.0.0.1", server.port(),
                      [](std::size_t max) { return std::make_unique<semicolon_framer>(max); })
      .collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return records_of(out).size() == 2; }));
  job.stop_gracefully();
  CHECK(records_of(out) == texts{"a", "bc"});
}

TEST_CASE("a framer that gives up ends the connection, and what was whole before stays") {
  framed_job f{{"a;b;" + std::string(40, 'x') + ";c;", "d;"}};
  f.expect({"a", "b", "d"});
  CHECK(f.job.log->count(log_level::warning, "Error receiving data: a record is over 16 bytes") ==
        1);
  CHECK(f.job.metrics->counter("receiver_restarts_total", "0") == 1);
}

TEST_CASE("a framer that throws ends that life of the receiver, and the next connection is good") {
  framed_job f{{"lost too;!;", "a;b;"}};
  f.expect({"a", "b"});
  CHECK(f.job.log->count(log_level::warning, "a thread of the receiver threw: this framer knows "
                                             "no '!'") == 1);
}

TEST_CASE("a function that makes no framer, or throws, fails the receiver and in the end the job") {
  for (bool throws : {false, true}) {
    std::vector<std::variant<memory_network::connection, error>> silent(
        10, memory_network::connection{memory_network::silence{}});
    actor_job job{quick_configuration().set("receiver.restart_intensity", 2),
                  milliseconds(20),
                  {nullptr, std::make_shared<memory_network>(std::move(silent))}};
    job.context
        ->socket_stream("nowhere", 1,
                        [throws](std::size_t) -> std::unique_ptr<record_framer> {
                          if (throws)
                            throw std::runtime_error("no framer today");
                          return nullptr;
                        })
        .for_each_batch([](const batch<std::string>&) {});
    job.context->start();
    auto message = job.wait_for_end();
    REQUIRE(message);
    CAPTURE(*message);
    CHECK(contains(*message, throws ? "no framer today" : "framer of socket_stream returned null"));
  }
}
