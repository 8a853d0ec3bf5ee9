#pragma once

#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace millrace {

/// What kind of thing went wrong. Code decides by this value; people read the message beside it.
enum class errc {
  /// Nothing went wrong.
  ok,
  /// A value given by the caller, an option or a file is outside of what is allowed.
  invalid_argument,
  /// The call is not possible in the present state, such as adding an operation after start.
  illegal_state,
  /// The named file, key, stream or node does not exist.
  not_found,
  /// The thing to be made exists already.
  already_exists,
  /// The operating system refused or failed an input or output operation.
  io_error,
  /// A source has delivered everything it had.
  end_of_stream,
  /// Stored or received bytes are not what their writer wrote.
  corrupt_data,
  /// A record, frame or file is larger than the limit set for it.
  too_large,
  /// A peer or service cannot be reached now; trying later may succeed.
  unavailable,
  /// The time allowed for an operation ran out.
  timed_out,
  /// The request is understood but this build or version cannot do it.
  unsupported,
  /// A function that the user passed in threw an exception.
  user_function_failed,
  /// The operation was stopped on request before it was complete.
  cancelled,
  /// A queue, buffer or counter is at its limit and the request was not accepted.
  limit_exceeded,
  /// Millrace broke a promise to itself: a bug, please report it.
  internal,
};

/// The name of a code in words, such as "invalid argument"; "unknown error" for a foreign value.
constexpr std::string_view to_string(errc code) noexcept {
  switch (code) {
  case errc::ok:
    return "ok";
  case errc::invalid_argument:
    return "invalid argument";
  case errc::illegal_state:
    return "illegal state";
  case errc::not_found:
    return "not found";
  case errc::already_exists:
    return "already exists";
  case errc::io_error:
    return "input/output error";
  case errc::end_of_stream:
    return "end of stream";
  case errc::corrupt_data:
    return "corrupt data";
  case errc::too_large:
    return "too large";
  case errc::unavailable:
    return "unavailable";
  case errc::timed_out:
    return "timed out";
  case errc::unsupported:
    return "unsupported";
  case errc::user_function_failed:
    return "user function failed";
  case errc::cancelled:
    return "cancelled";
  case errc::limit_exceeded:
    return "limit exceeded";
  case errc::internal:
    return "internal error";
  }
  return "unknown error";
}

inline std::ostream& operator<<(std::ostream& out, errc code) { return out << to_string(code); }

/// One failure: its kind, and a message that names the thing concerned (file, option, operator),
/// the value seen, what is allowed and what to do.
struct error {
  errc code = errc::internal;
  std::string message;

  friend bool operator==(const error&, const error&) = default;
};

/// "<kind>: <message>".
inline std::string to_string(const error& e) {
  std::string text{to_string(e.code)};
  if (!e.message.empty())
    text.append(": ").append(e.message);
  return text;
}

inline std::ostream& operator<<(std::ostream& out, const error& e) { return out << to_string(e); }

/// A value or the reason why there is none. How libstream reports failures that a caller must
/// expect; `stream_error` is for the calls a user makes to build and run a job.
template <class T>
using result = tl::expected<T, error>;

/// Makes the failed half of any `result<T>`: `return fail(errc::not_found, "...")`.
[[nodiscard]] inline tl::unexpected<error> fail(errc code, std::string message) {
  return tl::unexpected<error>{error{code, std::move(message)}};
}

/// What the user-facing calls throw. `what()` is the bare message; `code()` tells the kind.
class stream_error : public std::runtime_error {
public:
  explicit stream_error(error e) : std::runtime_error{e.message}, info_{std::move(e)} {}

  stream_error(errc code, std::string message) : stream_error{error{code, std::move(message)}} {}

  [[nodiscard]] errc code() const noexcept { return info_.code; }

  [[nodiscard]] const error& info() const noexcept { return info_; }

private:
  error info_;
};

} // namespace millrace
