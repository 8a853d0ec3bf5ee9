#pragma once

#include "millrace/io/directory_watch.hpp"

#include <map>

namespace millrace {

/// Watches directories of this machine through Linux inotify: sees names that appear and files that
/// are written or touched directly in the covered directories. Has no thread; `changed` reads what
/// the kernel has queued.
/// Where it cannot watch (no inotify, too many watches, a directory that is gone, a queue that ran
/// over) `changed` says yes, so that nothing is missed for that reason.
class inotify_watch final : public directory_watch {
public:
  inotify_watch();
  ~inotify_watch() override;

  bool changed() override;
  void cover(const std::vector<std::string>& directories) override;

private:
  int fd_ = -1;
  /// The number of the watch of each covered directory; -1 where there is none.
  std::map<std::string, int> watches_;
  bool news_ = true;
};

} // namespace millrace
