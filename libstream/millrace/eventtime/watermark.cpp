#include "millrace/eventtime/watermark.hpp"

#include "millrace/base/error.hpp"

#include <fmt/format.h>

namespace millrace {

namespace {

void require_not_negative(duration d, const char* option) {
  if (d.ms() < 0)
    throw stream_error{
        errc::invalid_argument,
        fmt::format("assign_timestamps: {} must not be negative, but is {} ms", option, d.ms())};
}

} // namespace

watermark::watermark(watermark_options options) : options_{options} {
  require_not_negative(options.max_out_of_orderness, "max_out_of_orderness");
  require_not_negative(options.max_ahead.value_or(duration{}), "max_ahead");
}

void watermark::begin(batch_time now) noexcept {
  rollback();
  limit_ = options_.max_ahead ? saturating_add(now, *options_.max_ahead) : latest_event_time;
}

event_time watermark::value() const noexcept { return behind(greatest_); }

event_time watermark::before() const noexcept { return behind(committed_); }

void watermark::rollback() noexcept {
  greatest_ = committed_;
  ignored_ = 0;
}

void watermark::restore(std::optional<event_time> greatest) noexcept {
  committed_ = greatest;
  rollback();
}

event_time watermark::behind(std::optional<event_time> greatest) const noexcept {
  return greatest ? saturating_subtract(*greatest, options_.max_out_of_orderness)
                  : earliest_event_time;
}

} // namespace millrace
