#include "millrace/stage/fold.hpp"

namespace millrace {

count_reader::count_reader(consumer<std::int64_t>& down) : down_{down} {}

bool count_reader::read(batch_context& context, const exchange_input& input) {
  std::int64_t total = 0;
  for (auto& slot : input.slots)
    total += static_cast<const fold_payload<std::int64_t>&>(*slot).value.value_or(0);
  down_.begin(context);
  down_.open({0, input.partition});
  down_.consume(std::span<std::int64_t>{&total, 1});
  down_.close();
  down_.end();
  return true;
}

} // namespace millrace
