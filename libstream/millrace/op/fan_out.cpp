#include "millrace/op/fan_out.hpp"

namespace millrace::detail {

void life_cycle_fan_out::begin(const batch_context& context) const {
  for (auto* target : targets_)
    target->begin(context);
}

void life_cycle_fan_out::open(partition_order order) const {
  for (auto* target : targets_)
    target->open(order);
}

void life_cycle_fan_out::close() const {
  for (auto* target : targets_)
    target->close();
}

void life_cycle_fan_out::end() const {
  for (auto* target : targets_)
    target->end();
}

} // namespace millrace::detail
