#include "millrace/engine/job_outlet.hpp"

#include <exception>
#include <string>

namespace millrace {

void call_listeners(const std::vector<std::shared_ptr<listener>>& listeners,
                    const job_outlet::event& e, const logger& log) {
  for (auto& l : listeners) {
    try {
      e(*l);
    } catch (const std::exception& x) {
      log.error(std::string{"a listener threw: "} + x.what());
    } catch (...) {
      log.error("a listener threw something that is not a std::exception");
    }
  }
}

} // namespace millrace
