#include "millrace/plan/node.hpp"

namespace millrace {

namespace {
[[noreturn]] void wrong_role(const node& n, const char* part) {
  throw stream_error{errc::internal, describe(*n.info()) + " has no " + part};
}
} // namespace

node::node(node_id id, std::shared_ptr<op_info> info, std::vector<std::shared_ptr<node>> parents)
    : id_{id}, info_{std::move(info)}, parents_{std::move(parents)} {}

node::node(node_id id, std::shared_ptr<op_info> info, std::shared_ptr<node> parent)
    : id_{id}, info_{std::move(info)} {
  parents_.push_back(std::move(parent));
}

node::~node() = default;

bool node::due_at(batch_time time, batch_time zero) const noexcept {
  return slide_.is_zero() || (time > zero && (time - zero).is_multiple_of(slide_));
}

std::string node::element_type() const {
  return parents_.empty() ? std::string{} : parents_.front()->element_type();
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
