// error: use of deleted function
#include "millrace/state/state.hpp"

#ifdef MILLRACE_WRONG_FRACTION
void half(millrace::state<int>& s) { s.update(0.5 * s.get()); }
#else
void half(millrace::state<int>& s) { s.update(s.get() / 2); }
#endif
