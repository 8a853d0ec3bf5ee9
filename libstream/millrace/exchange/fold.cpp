#include "millrace/exchange/fold.hpp"

namespace millrace {

count_reader::count_reader(consumer<std::int64_t>& down) : down_{down} {}

void count_reader::read(const batch_context& context, std::uint32_t partition,
                        const std::vector<payload_ptr>& slots) {
  std::int64_t total = 0;
  for (auto& slot : slots)
    total += static_cast<const fold_payload<std::int64_t>&>(*slot).value.value_or(0);
  down_.begin(context);
  down_.open({0, partition});
  down_.consume(std::span<std::int64_t>{&total, 1});
  down_.close();
  down_.end();
}

} // namespace millrace
