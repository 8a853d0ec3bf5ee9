// What was asked for.
#include "page_view_stream/reports.hpp"

namespace millrace::apps {

void page_counts(const page_views& views, std::size_t shown) {
  views.map(&page_view::url).count_by_value().print(shown);
}

void sliding_page_counts(const page_views& views, std::size_t shown) {
  views.map(&page_view::url).count_by_value_and_window(seconds(10), seconds(2)).print(shown);
}

} // namespace millrace::apps
