#pragma once

#include "millrace/op/consumer.hpp"
#include "millrace/op/op_info.hpp"

#include <memory>

namespace millrace {

using op_info_ptr = std::shared_ptr<const op_info>;

/// An operator with one input and one output: passes the life cycle on; derived classes emit before
/// they call the base.
template <class In, class Out>
class op : public consumer<In> {
public:
  op(op_info_ptr info, consumer<Out>& down) : info_{std::move(info)}, down_{down} {}

  void begin(const batch_context& context) override { down_.begin(context); }
  void open(partition_order order) override { down_.open(order); }
  void close() override { down_.close(); }
  void end() override { down_.end(); }

protected:
  const op_info& info() const noexcept { return *info_; }
  consumer<Out>& down() noexcept { return down_; }

private:
  op_info_ptr info_;
  consumer<Out>& down_;
};

} // namespace millrace
