#pragma once

#include <string>
#include <vector>

namespace millrace {

/// Tells whether it is worth listing directories again. Only a hint: an implementation may say yes
/// too often, and may miss changes (on network disks, say), so whoever uses it lists now and then
/// in any case. This one always says yes. One owner, one thread at a time; no call waits.
class directory_watch {
public:
  directory_watch() = default;
  directory_watch(const directory_watch&) = delete;
  directory_watch& operator=(const directory_watch&) = delete;
  virtual ~directory_watch() = default;

  /// Whether something may have changed since the last call. Call it before listing: what changes
  /// during the listing is then told next time.
  virtual bool changed() { return true; }

  /// The directories that matter from now on, in place of those named before. A directory that was
  /// not watched until now counts as changed.
  virtual void cover(const std::vector<std::string>& directories) {
    static_cast<void>(directories);
  }
};

} // namespace millrace
