#include "millrace/io/inotify_watch.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <sys/inotify.h>
#include <unistd.h>

namespace millrace {

namespace {

constexpr std::uint32_t wanted = IN_CREATE | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB |
                                 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

} // namespace

inotify_watch::inotify_watch() : fd_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)} {}

inotify_watch::~inotify_watch() {
  if (fd_ != -1)
    ::close(fd_);
}

bool inotify_watch::changed() {
  if (fd_ == -1)
    return true;
  bool any = news_;
  alignas(inotify_event) char events[16'384];
  for (;;) {
    const auto got = ::read(fd_, events, sizeof events);
    if (got > 0) {
      any = true;
    } else if (got == 0 || errno != EINTR) {
      any = any || got == 0 || errno != EAGAIN;
      break;
    }
  }
  // A directory without a watch can change unseen.
  news_ = std::ranges::any_of(watches_, [](const auto& w) { return w.second == -1; });
  return any || news_;
}

void inotify_watch::cover(const std::vector<std::string>& directories) {
  if (fd_ == -1)
    return;
  std::map<std::string, int> kept;
  std::set<int> numbers;
  for (const auto& directory : directories) {
    // Asking again for a directory that is watched gives the same number; for one that was moved
    // away and replaced another, so that a stale watch cannot stay.
    const int watch = ::inotify_add_watch(fd_, directory.c_str(), wanted);
    const auto before = watches_.find(directory);
    if (before == watches_.end() || before->second != watch || watch == -1)
      news_ = true;
    kept[directory] = watch;
    numbers.insert(watch);
  }
  for (const auto& [directory, watch] : watches_)
    if (watch != -1 && !numbers.contains(watch))
      ::inotify_rm_watch(fd_, watch);
  watches_ = std::move(kept);
}

} // namespace millrace
