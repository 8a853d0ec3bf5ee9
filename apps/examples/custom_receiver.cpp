// A receiver of one's own: reads lines from a TCP server with plain sockets, and counts their
// words.
#include "example_options.hpp"
#include "millrace/millrace.hpp"
#include "unique_fd.hpp"

#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <string>
#include <sys/socket.h>
#include <vector>

using namespace millrace;

class line_receiver final : public receiver<std::string_view> {
public:
  line_receiver(std::string host, std::uint16_t port, bool until_end)
      : host_{std::move(host)}, port_{port}, until_end_{until_end} {}

  void on_start() override {
    run([this](std::stop_token stopping) { receive(stopping); });
  }

  // Nothing to do: the thread of `run` is told to stop by its token, and joined.
  void on_stop() override {}

private:
  void receive(const std::stop_token& stopping) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (int failed = ::getaddrinfo(host_.c_str(), std::to_string(port_).c_str(), &wanted, &found))
      return restart("cannot find " + host_ + ": " + ::gai_strerror(failed));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses{found, ::freeaddrinfo};

    int failure = 0;
    for (auto* a = found; a != nullptr; a = a->ai_next) {
      const apps::unique_fd peer{::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
      // Wakes a blocked connect or read when the receiver is to stop.
      const std::stop_callback wake{stopping, [&] { ::shutdown(peer.get(), SHUT_RDWR); }};
      if (::connect(peer.get(), a->ai_addr, a->ai_addrlen) == 0)
        return read_lines(peer.get());
      failure = errno;
    }
    restart("cannot connect to " + host_ + ':' + std::to_string(port_) + ": " +
            std::strerror(failure));
  }

  void read_lines(int peer) {
    std::string pending;
    std::vector<char> chunk(64 * 1024);
    ssize_t n;
    while ((n = ::read(peer, chunk.data(), chunk.size())) > 0) {
      pending.append(chunk.data(), static_cast<std::size_t>(n));
      std::size_t begin = 0;
      for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1)
        if (!store(std::string_view{pending}.substr(begin, end - begin)))
          return;
      pending.erase(0, begin);
      if (pending.size() > max_line_bytes)
        return restart("a line is longer than 1 MiB");
    }
    if (n < 0)
      return restart(std::string{"the connection broke: "} + std::strerror(errno));
    if (!pending.empty() && !store(std::string_view{pending}))
      return;
    if (until_end_)
      stop("the other side has closed the connection");
    else
      restart("the other side has closed the connection");
  }

  static constexpr std::size_t max_line_bytes = 1024 * 1024;
  std::string host_;
  std::uint16_t port_;
  bool until_end_;
};

int main(int argc, char** argv) try {
  const auto options =
      apps::parse_socket_arguments(argc, argv, "custom_receiver",
                                   "Counts the words of HOST:PORT, read by a receiver of its own.");
  stream_context ssc{options.conf, options.batch};

  auto lines = ssc.receiver_stream([&] {
    return std::make_shared<line_receiver>(options.host, options.port, options.until_end);
  });
  lines.flat_map(split(' '))
      .map([](auto word) { return std::pair(word, 1L); })
      .reduce_by_key(std::plus{})
      .print(options.shown);

  return apps::run_example(ssc, options);
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
