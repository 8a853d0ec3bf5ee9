// error: use of deleted function
#include "millrace/state/state.hpp"

#ifdef MILLRACE_WRONG_FRACTION
void half(millrace::state<int>& s) { s.update(0.5 * s.get()); }
#elif defined(MILLRACE_WRONG_WIDER)
void half(millrace::state<int>& s) { s.update(std::int64_t{5'000'000'000}); }
#else
void half(millrace::state<int>& s) { s.update(s.get() / 2); }
#endif
