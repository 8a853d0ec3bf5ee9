// error: the function of a reduction must return the type of its values
#include "millrace/flow/stream_context.hpp"

#include <functional>

using millrace::seconds;
using pairs = millrace::dstream<std::pair<int, int>>;

auto half = [](int a, int b) { return (a + b) / 2.0; };
auto plus = [](int a, int b) { return a + b; };
auto minus = [](int a, int b) { return a - b; };

#ifdef MILLRACE_WRONG_BY_KEY
auto a(const pairs& s) { return s.reduce_by_key_and_window(half, seconds(2)); }
#elif defined(MILLRACE_WRONG_INVERSE)
auto a(const pairs& s) { return s.reduce_by_key_and_window(plus, half, seconds(2)); }
#elif defined(MILLRACE_WRONG_WHOLE)
auto a(const millrace::dstream<int>& s) { return s.reduce_by_window(half, seconds(2)); }
#elif defined(MILLRACE_WRONG_EVENT)
auto a(const millrace::event_windows<int, int>& s) { return s.reduce_by_key(half); }
#else
auto a(const pairs& s) { return s.reduce_by_key_and_window(plus, seconds(2)); }
auto b(const pairs& s) { return s.reduce_by_key_and_window(plus, minus, seconds(2)); }
auto c(const millrace::dstream<int>& s) { return s.reduce_by_window(plus, seconds(2)); }
auto d(const millrace::event_windows<int, int>& s) { return s.reduce_by_key(plus); }
#endif
