#include "millrace/io/posix_file_system.hpp"
#include "support/scratch_directory.hpp"

#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <pthread.h>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

using byte_vector = std::vector<unsigned char>;

struct scratch {
  posix_file_system files;
  test::scratch_directory place;
  std::string root = place.name() + "/";
};

/// While it lives, no file of this process can grow past `bytes`: writes come up short and then
/// fail.
struct file_size_limit {
  explicit file_size_limit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const rlimit limit{bytes, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }

  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;

  ~file_size_limit() { ::setrlimit(RLIMIT_FSIZE, &before); }

  rlimit before{};
};

TEST_CASE("a write that fails half way leaves the old file and nothing else") {
  scratch place;
  const auto path = place.root + "a";
  REQUIRE(place.files.write_file_atomic(path, byte_vector(10, 'o')));
  result<void> written;
  {
    const file_size_limit limit{4'096};
    written = place.files.write_file_atomic(path, byte_vector(5'000, 'n'));
  }
  REQUIRE_FALSE(written);
  CHECK(written.error().code == errc::io_error);
  CHECK(written.error().message == "cannot write '" + path + "': File too large");
  CHECK(place.files.read_file(path) == byte_vector(10, 'o'));
  CHECK(place.files.list(place.root)->size() == 1);
}

TEST_CASE("what a failed append left behind can be seen and undone") {
  scratch place;
  const auto path = place.root + "log";
  const auto file = place.files.open_append(path).value();
  REQUIRE(file->append(byte_vector(4'000, 'a')));
  result<void> appended;
  {
    const file_size_limit limit{4'096};
    appended = file->append(byte_vector(500, 'b'));
  }
  REQUIRE_FALSE(appended);
  CHECK(appended.error().message.find(path) != std::string::npos);
  CHECK(file->size() == 4'096U);
  REQUIRE(file->truncate(4'000));
  CHECK(place.files.read_file(path) == byte_vector(4'000, 'a'));
}

TEST_CASE("leftovers of a crash do not stop a write, and are recognised") {
  scratch place;
  // The names that the next writes of this process would take.
  REQUIRE(place.files.write_file_atomic(place.root + "probe", {}));
  for (int i = 0; i < 64; ++i)
    REQUIRE(place.files.open_append(place.root + ".tmp-" + std::to_string(::getpid()) + "-" +
                                    std::to_string(i)));
  REQUIRE(place.files.write_file_atomic(place.root + "a", byte_vector(3, 'x')));
  CHECK(place.files.read_file(place.root + "a") == byte_vector(3, 'x'));
  int leftovers = 0;
  const auto entries = place.files.list(place.root).value();
  for (const auto& entry : entries)
    leftovers += file_system::is_temporary(entry.name) ? 1 : 0;
  CHECK(leftovers == 64);
}

TEST_CASE("writes that come up short or are interrupted are completed") {
  scratch place;
  const auto path = place.root + "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  struct sigaction ignore {};
  ignore.sa_handler = [](int) {};
  REQUIRE(::sigaction(SIGUSR1, &ignore, nullptr) == 0); // without SA_RESTART

  byte_vector sent(1'500'000);
  for (std::size_t i = 0; i < sent.size(); ++i)
    sent[i] = static_cast<unsigned char>(i * 7 + i / 251);
  byte_vector received;
  std::jthread reader{[&] {
    const int fd = ::open(path.c_str(), O_RDONLY);
    byte_vector part(4'096);
    for (;;) {
      const auto n = ::read(fd, part.data(), part.size());
      if (n <= 0)
        break;
      received.insert(received.end(), part.begin(), part.begin() + n);
      std::this_thread::yield();
    }
    ::close(fd);
  }};
  result<void> appended;
  {
    auto file = place.files.open_append(path).value();
    std::atomic<bool> done{false};
    const auto writer = ::pthread_self();
    std::jthread interrupter{[&] {
      while (!done) {
        ::pthread_kill(writer, SIGUSR1);
        std::this_thread::yield();
      }
    }};
    appended = file->append(sent);
    done = true;
  }
  reader.join();
  CHECK(appended);
  CHECK((received == sent));
}

TEST_CASE("files are made with the permissions of the process") {
  scratch place;
  const auto before = ::umask(022);
  REQUIRE(place.files.write_file_atomic(place.root + "a", {}));
  ::umask(before);
  CHECK(std::filesystem::status(place.root + "a").permissions() == std::filesystem::perms{0644});
}

TEST_CASE("files carry the date of their last change") {
  scratch place;
  REQUIRE(place.files.write_file_atomic(place.root + "a", {}));
  // 2020-01-01: any clock that is set at all is later.
  CHECK(place.files.stat(place.root + "a")->modified_ms > 1'577'836'800'000);
}

TEST_CASE("a pipe is not read and not waited for") {
  scratch place;
  const auto path = place.root + "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_FALSE(place.files.stat(path)->is_regular);
  const auto opened = place.files.open_read(path);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::invalid_argument);
  CHECK(opened.error().message == "cannot read '" + path + "': Not a regular file");
}

TEST_CASE("links are listed as what they lead to, and as links") {
  scratch place;
  REQUIRE(place.files.make_directories(place.root + "d"));
  REQUIRE(place.files.write_file_atomic(place.root + "f", byte_vector(2, 'x')));
  REQUIRE(::symlink("d", (place.root + "to_d").c_str()) == 0);
  REQUIRE(::symlink("f", (place.root + "to_f").c_str()) == 0);
  REQUIRE(::symlink("none", (place.root + "to_none").c_str()) == 0);
  CHECK(place.files.list(place.root) == std::vector<directory_entry>{{"d", true, false},
                                                                     {"f", false, false},
                                                                     {"to_d", true, true},
                                                                     {"to_f", false, true},
                                                                     {"to_none", false, true}});
  CHECK(place.files.stat(place.root + "to_f")->size == 2);
  REQUIRE(place.files.remove(place.root + "to_d"));
  CHECK(place.files.stat(place.root + "d")->is_directory);
}

} // namespace
