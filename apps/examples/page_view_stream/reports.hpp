#pragma once

#include "millrace/millrace.hpp"
#include "page_view.hpp"

/// The reports of page_view_stream: each adds its operations to a stream of views, and prints the
/// first `shown` results of every batch. In several files, so that a change of one compiles in
/// less time.
namespace millrace::apps {

using page_views = dstream<page_view>;

void page_counts(const page_views& views, std::size_t shown);
void sliding_page_counts(const page_views& views, std::size_t shown);
void error_rate_per_zip_code(const page_views& views, std::size_t shown);

void active_user_count(const page_views& views, std::size_t shown);
void popular_users_seen(const page_views& views, std::size_t shown);

} // namespace millrace::apps
