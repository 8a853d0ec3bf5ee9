#include "support/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace millrace::test {

namespace {

[[noreturn]] void fail_system(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> merged;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text{*variable};
    if (added.count(std::string{text.substr(0, text.find('='))}) == 0)
      merged.emplace_back(text);
  }
  for (const auto& [name, value] : added)
    merged.push_back(name + '=' + value);
  return merged;
}

/// Pointers into `texts`, as exec wants them.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts)
    all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

} // namespace

process::process(std::vector<std::string> argv, std::map<std::string, std::string> environment,
                 output how)
    : released_{how == output::collected} {
  spawn(argv, environment);
}

process::~process() {
  send_signal(SIGKILL);
  release();
  threads_.clear();
}

void process::spawn(const std::vector<std::string>& argv,
                    const std::map<std::string, std::string>& environment) {
  auto arguments = argv;
  auto variables = merged_environment(environment);
  const auto argument_list = pointers(arguments);
  const auto variable_list = pointers(variables);
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0)
    fail_system("pipe2");
  pid_ = ::fork();
  if (pid_ < 0)
    fail_system("fork");
  if (pid_ == 0) {
    // Only async-signal-safe calls: other threads of the parent may have held any lock.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(err[1], STDERR_FILENO);
    ::execve(argument_list[0], argument_list.data(), variable_list.data());
    ::_exit(127);
  }
  ::close(err[1]);
  if (released_)
    ::close(out[1]);
  else
    held_ = out[1];
  threads_.emplace_back([this, from = out[0]] { collect_released(from); });
  threads_.emplace_back([this, from = err[0]] { collect(from, err_); });
  threads_.emplace_back([this] { reap(); });
}

bool process::wait_until_full() {
  const auto limit = std::chrono::steady_clock::now() + patience;
  // A pipe counts as full with room for a little left, so that the writer may not be stuck yet: it
  // is when nothing has been added for many batches.
  constexpr int quiet_rounds = 200;
  pollfd writable{held_, POLLOUT, 0};
  int before = -1;
  for (int quiet = 0; quiet < quiet_rounds;) {
    if (std::chrono::steady_clock::now() > limit)
      return false;
    int held = 0;
    ::ioctl(held_, FIONREAD, &held);
    quiet = ::poll(&writable, 1, 0) == 0 && held == before ? quiet + 1 : 0;
    before = held;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

void process::release() {
  const std::lock_guard guard{mutex_};
  released_ = true;
  if (held_ >= 0)
    ::close(std::exchange(held_, -1));
  changed_.notify_all();
}

void process::collect_released(int from) {
  {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return released_; });
  }
  collect(from, out_);
}

void process::collect(int from, captured& into) {
  std::vector<char> chunk(64 * 1024);
  for (;;) {
    const auto n = ::read(from, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR)
      continue;
    const std::lock_guard guard{mutex_};
    changed_.notify_all();
    if (n <= 0) {
      into.closed = true;
      ::close(from);
      return;
    }
    if (into.text.size() < max_output)
      into.text.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

void process::reap() {
  // Leaves the process a zombie, so that its id cannot become another's before `status_` tells that
  // it is gone.
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
  const std::lock_guard guard{mutex_};
  status_ = ended.si_code == CLD_EXITED ? ended.si_status : 128 + ended.si_status;
  int ignored = 0;
  ::waitpid(pid_, &ignored, 0);
  changed_.notify_all();
}

void process::send_signal(int number) {
  const std::lock_guard guard{mutex_};
  if (!status_)
    ::kill(pid_, number);
}

std::string process::out() const {
  const std::lock_guard guard{mutex_};
  return out_.text;
}

std::string process::err() const {
  const std::lock_guard guard{mutex_};
  return err_.text;
}

std::optional<std::string> process::wait_for_line(const captured& in, std::string_view text) {
  std::optional<std::string> line;
  std::size_t searched = 0;
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, patience, [&] {
    for (auto end = in.text.find('\n', searched); end != std::string::npos && !line;
         end = in.text.find('\n', searched)) {
      const auto next = std::string_view{in.text}.substr(searched, end - searched);
      searched = end + 1;
      if (next.find(text) != std::string_view::npos)
        line = next;
    }
    return line || in.closed;
  });
  return line;
}

std::optional<std::string> process::wait_for_out(std::string_view text) {
  return wait_for_line(out_, text);
}

std::optional<std::string> process::wait_for_err(std::string_view text) {
  return wait_for_line(err_, text);
}

std::optional<int> process::wait(std::chrono::milliseconds limit) {
  std::unique_lock lock{mutex_};
  if (!changed_.wait_for(lock, limit, [this] { return status_ && out_.closed && err_.closed; }))
    return std::nullopt;
  return status_;
}

finished_process run_process(std::vector<std::string> argv,
                             std::map<std::string, std::string> environment) {
  process running{std::move(argv), std::move(environment)};
  const auto status = running.wait();
  return {status.value_or(-1), running.out(), running.err()};
}

} // namespace millrace::test
