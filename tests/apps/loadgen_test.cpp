#include "apps/programs.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

namespace {

using namespace millrace::test;

int connect_to(const std::string& port) {
  const int peer = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return peer;
}

/// Everything that comes until the other side closes, at most `most` bytes.
std::string read_from(int peer, std::size_t most = std::string::npos) {
  std::string all;
  std::vector<char> chunk(64 * 1024);
  while (all.size() < most) {
    const auto n = ::read(peer, chunk.data(), std::min(chunk.size(), most - all.size()));
    if (n <= 0)
      break;
    all.append(chunk.data(), static_cast<std::size_t>(n));
  }
  return all;
}

std::string summary_of(const std::string& text) {
  std::size_t words = 0;
  for (const auto& [word, count] : count_words(text))
    words += count;
  return "sent " + std::to_string(std::count(text.begin(), text.end(), '\n')) + " lines, " +
         std::to_string(words) + " words, " + std::to_string(text.size()) + " bytes";
}

finished_process loadgen(std::vector<std::string> arguments, const std::string& mode = "text") {
  arguments.insert(arguments.begin(), {program("millrace"), "loadgen", mode});
  return run_process(std::move(arguments));
}

/// Reads frames of MessagePack arrays of short texts; their texts as lines.
class frame_reader {
public:
  explicit frame_reader(const std::string& bytes) : bytes_{bytes} {}

  /// Empty when the bytes are not whole frames.
  std::string lines() {
    std::string all;
    while (at_ < bytes_.size()) {
      const auto length = number(4);
      const auto end = at_ + length;
      const auto head = number(1);
      const auto texts = head == 0xdc ? number(2) : head - 0x90;
      for (std::size_t i = 0; i < texts; ++i) {
        const auto kind = number(1);
        const auto size = kind == 0xd9 ? number(1) : kind - 0xa0;
        all += bytes_.substr(std::min(at_, bytes_.size()), size) + '\n';
        at_ += size;
      }
      if (at_ != end || end > bytes_.size())
        return "";
    }
    return all;
  }

private:
  std::size_t number(std::size_t bytes) {
    std::size_t value = 0;
    for (; bytes > 0 && at_ < bytes_.size(); --bytes)
      value = value << 8 | static_cast<unsigned char>(bytes_[at_++]);
    return value;
  }

  const std::string& bytes_;
  std::size_t at_ = 0;
};

TEST_CASE("equal seeds give equal text, other seeds another") {
  const auto text = dump_text({"--records", "3000", "--seed", "5"});
  CHECK((text == dump_text({"--records", "3000", "--seed", "5"})));
  CHECK((text != dump_text({"--records", "3000", "--seed", "6"})));
  // A shorter text is the beginning of a longer one.
  CHECK(text.starts_with(dump_text({"--records", "100", "--seed", "5"})));
}

TEST_CASE(
    "records have about 100 bytes and 15 words of the vocabulary, the first ones more often") {
  const auto text = dump_text({"--records", "20000", "--vocabulary", "100"});
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  CHECK(lines == 20'000);
  CHECK(text.size() / lines >= 95);
  CHECK(text.size() / lines <= 105);
  const auto counts = count_words(text);
  CHECK(counts.size() == 100);
  std::vector<std::uint64_t> ranked;
  std::uint64_t words = 0;
  for (const auto& [word, count] : counts) {
    ranked.push_back(count);
    words += count;
  }
  std::sort(ranked.rbegin(), ranked.rend());
  CHECK(words / lines >= 13);
  CHECK(words / lines <= 17);
  // Zipf's law with exponent 1 over 100 words: 1 / H(100) = 19 % for the first, and half of that
  // for the second.
  CHECK(ranked[0] > words * 17 / 100);
  CHECK(ranked[0] < words * 21 / 100);
  CHECK(ranked[1] > words * 8 / 100);
  CHECK(ranked[1] < words * 11 / 100);
}

TEST_CASE("the records repeat, and are counted, beyond those kept in memory") {
  const auto text = dump_text({"--records", "200000", "--seed", "3"});
  CHECK(std::count(text.begin(), text.end(), '\n') == 200'000);
  text_source source{{"--records", "200000", "--seed", "3", "--rate", "max", "--clients", "1"}};
  const int peer = connect_to(source.port());
  CHECK((read_from(peer) == text));
  ::close(peer);
  CHECK(source.running().wait_for_out(summary_of(text)));
  CHECK(source.running().wait() == 0);
}

TEST_CASE("raw sends the same lines in whole frames") {
  for (const char* records : {"1", "1000", "70001"}) {
    CAPTURE(records);
    const std::vector<std::string> recipe{"--records", records, "--seed", "17"};
    auto dumped = recipe;
    dumped.push_back("--dump");
    const auto frames = loadgen(dumped, "raw").out;
    CHECK((frame_reader{frames}.lines() == dump_text(recipe)));
    auto serving = recipe;
    serving.insert(serving.end(), {"--rate", "max", "--clients", "1"});
    text_source source{serving, "0", "raw"};
    const int peer = connect_to(source.port());
    CHECK((read_from(peer) == frames));
    ::close(peer);
    CHECK(source.running().wait_for_out("sent " + std::string{records} + " lines"));
    CHECK(source.running().wait() == 0);
  }
}

TEST_CASE("all clients get the same, also at the same time") {
  text_source source{{"--records", "2000", "--rate", "20000", "--clients", "3"}};
  const int first = connect_to(source.port());
  const int second = connect_to(source.port());
  const auto text = read_from(first);
  CHECK((text == dump_text({"--records", "2000"})));
  CHECK((read_from(second) == text));
  const int third = connect_to(source.port());
  CHECK((read_from(third) == text));
  for (const int peer : {first, second, third})
    ::close(peer);
  CHECK(source.running().wait() == 0);
  const auto said = source.running().out();
  std::size_t summaries = 0;
  for (auto at = said.find(summary_of(text)); at != std::string::npos;
       at = said.find(summary_of(text), at + 1))
    ++summaries;
  CHECK(summaries == 3);
}

TEST_CASE("a client that leaves costs the others nothing") {
  text_source source{{"--rate", "max", "--clients", "2"}};
  const int leaving = connect_to(source.port());
  CHECK(read_from(leaving, 1'000'000).size() == 1'000'000);
  ::close(leaving);
  CHECK(source.running().wait_for_out("the client left"));
  const int other = connect_to(source.port());
  CHECK(read_from(other, 10'000'000).size() == 10'000'000);
  ::close(other);
  CHECK(source.running().wait() == 0);
}

TEST_CASE("a signal ends it with 0, also while clients are served") {
  for (const int number : {SIGINT, SIGTERM}) {
    CAPTURE(number);
    text_source source{{"--rate", "1000"}};
    const int peer = connect_to(source.port());
    CHECK_FALSE(read_from(peer, 100).empty());
    source.running().send_signal(number);
    CHECK(source.running().wait() == 0);
    CHECK(source.running().out().find("; stopped\n") != std::string::npos);
    ::close(peer);
  }
}

TEST_CASE("records are never sent before they are due") {
  text_source source{{"--rate", "50"}};
  const auto begin = std::chrono::steady_clock::now();
  const int peer = connect_to(source.port());
  auto text = read_from(peer, 1'000);
  source.running().send_signal(SIGTERM);
  CHECK(source.running().wait() == 0);
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  text += read_from(peer);
  ::close(peer);
  CHECK(std::count(text.begin(), text.end(), '\n') <= elapsed * 50 / std::chrono::seconds{1});
}

TEST_CASE("bad arguments end with 2, the reason and the usage") {
  struct row {
    std::vector<std::string> arguments;
    const char* reason;
  };
  for (const auto& [arguments, reason] : std::vector<row>{
           {{"--rate", "0"},
            "'0' is neither max nor a number of records per second from 1 to 1000000000"},
           {{"--rate", "fast"}, "'fast' is neither max"},
           {{"--rate", "1000000001"}, "from 1 to 1000000000"},
           {{"--vocabulary", "0"}, "--vocabulary: Value 0 not in range 1 to 1000000"},
           {{"--vocabulary", "1000001"}, "--vocabulary: Value 1000001 not in range"},
           {{"--records", "-1"}, "--records"},
           {{"--records", "many"}, "--records"},
           {{"--listen", "127.0.0.1:65536"},
            "the port is a number from 0 (any free port) to 65535"},
           {{"--listen", "127.0.0.1:"}, "'127.0.0.1:' is no HOST:PORT"},
           {{"--listen", "0.0.0.0:0"}, "allow it with --insecure"},
           {{"--listen", "[::]:0"}, "allow it with --insecure"},
           {{"--bogus"}, "--bogus"},
           {{"extra"}, "extra"}}) {
    CAPTURE(reason);
    const auto refused = loadgen(arguments);
    CHECK(refused.status == 2);
    CHECK(refused.out.empty());
    CHECK(refused.err.find(reason) != std::string::npos);
    CHECK(refused.err.find("Usage: millrace loadgen text") != std::string::npos);
  }
}

TEST_CASE("an address that cannot be had ends with 1 and the reason") {
  text_source source{{}};
  const auto second = loadgen({"--listen", "127.0.0.1:" + source.port()});
  CHECK(second.status == 1);
  CHECK(second.err.find("cannot listen on 127.0.0.1:" + source.port()) != std::string::npos);
}

} // namespace
