// Who asked.
#include "page_view_stream/reports.hpp"

#include <iostream>

namespace millrace::apps {

void active_user_count(const page_views& views, std::size_t shown) {
  views.window(seconds(15), seconds(2))
      .map([](const page_view& v) {
        return std::pair{v.user, 1};
      })
      .group_by_key()
      .count()
      .map([](auto users) { return "Unique active users: " + std::to_string(users); })
      .print(shown);
}

void popular_users_seen(const page_views& views, std::size_t shown) {
  const batch<std::pair<int, std::string>> users{
      {1, "Patrick Wendell"}, {2, "Reynold Xin"}, {3, "Matei Zaharia"}};
  views.map([](const page_view& v) {
         return std::pair{v.user, 1};
       })
      .for_each_batch([=](const batch<std::pair<int, int>>& seen, batch_time time) {
        for (const auto& [user, found] : seen.join(users).take(shown))
          std::cout << "Saw user " << found.second << " at time " << time << '\n';
        std::cout.flush();
      });
}

} // namespace millrace::apps
