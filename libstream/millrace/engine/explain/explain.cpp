#include "millrace/engine/explain/explain.hpp"

#include "millrace/engine/explain/plan_facts.hpp"
#include "millrace/plan/fingerprint.hpp"

#include <fmt/format.h>

namespace millrace {

plan_facts::plan_facts(const explained_job& job)
    : job_{job},
      uids_{*job.plan.graph},
      chains_{make_chains(job.plan, least_chained_partitions(job.workers, job.batches_in_flight))},
      fingerprint_{fmt::format("{:016x}", millrace::fingerprint(job.plan, uids_))} {}

std::string plan_facts::who(const node& n) const {
  auto& operation = n.info()->operation;
  auto& uid = uids_.of(n);
  if (uid.empty())
    return operation;
  return uid.starts_with(operation + "#") ? uid : fmt::format("{} \"{}\"", operation, uid);
}

std::string source_kind(const source_node& source) {
  if (auto* socket = std::get_if<socket_source>(&source.spec()))
    return fmt::format("socket {}:{}", socket->host, socket->port);
  if (std::holds_alternative<receiver_source>(source.spec()))
    return "receiver";
  const auto how = std::get<std::shared_ptr<pull_source>>(source.spec())->recovers();
  return how == recoverability::none
             ? "made for each batch, not recoverable"
             : fmt::format("made for each batch, recoverable {}", to_string(how));
}

result<std::optional<explain_format>> parse_explain_format(std::string_view text) {
  if (text == "off")
    return std::nullopt;
  if (text == "text")
    return explain_format::text;
  if (text == "json")
    return explain_format::json;
  if (text == "dot")
    return explain_format::dot;
  return fail(errc::invalid_argument, fmt::format("app.explain is \"{}\"; allowed are off, text, "
                                                  "json and dot",
                                                  text));
}

std::string explain(const explained_job& job, explain_format format) {
  const plan_facts facts{job};
  switch (format) {
  case explain_format::text:
    break;
  case explain_format::json:
    return explain_as_json(facts);
  case explain_format::dot:
    return explain_as_dot(facts);
  }
  return explain_as_text(facts);
}

} // namespace millrace
