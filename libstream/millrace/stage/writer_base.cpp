#include "millrace/stage/writer_base.hpp"

namespace millrace::detail {

lane_list::lane_list() = default;
lane_list::~lane_list() = default;

std::uint32_t lane_list::size() const noexcept { return static_cast<std::uint32_t>(lanes_.size()); }

void lane_list::add(consumer_ptr lane) { lanes_.push_back(std::move(lane)); }

} // namespace millrace::detail
