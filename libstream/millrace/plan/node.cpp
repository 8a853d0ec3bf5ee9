#include "millrace/plan/node.hpp"

namespace millrace {

namespace {
[[noreturn]] void wrong_role(const node& n, const char* part) {
  throw stream_error{errc::internal, describe(*n.info()) + " has no " + part};
}
} // namespace

bool node::due_at(batch_time time, batch_time zero) const noexcept {
  return slide_.is_zero() || (time > zero && (time - zero).is_multiple_of(slide_));
}

bool node::aligned(std::size_t) const noexcept { return false; }

consumer_ptr node::make_op(consumer_base&) const { wrong_role(*this, "operator"); }

std::unique_ptr<stage_reader> node::make_reader(consumer_base&) const {
  wrong_role(*this, "reader");
}

std::unique_ptr<exchange_writer> node::make_writer(std::size_t) const {
  wrong_role(*this, "writer");
}

std::unique_ptr<output_sink> node::make_sink() const { wrong_role(*this, "sink"); }

consumer_ptr node::make_fan_out(const std::vector<consumer_base*>&) const {
  wrong_role(*this, "element type");
}

} // namespace millrace
