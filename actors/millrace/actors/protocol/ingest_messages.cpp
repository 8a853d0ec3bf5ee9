#include "millrace/actors/protocol/messages.hpp"

// What receivers and a stop need; the others are in batch_messages.cpp.
MILLRACE_MESSAGE_CODE(millrace::actors::block_tick)
MILLRACE_MESSAGE_CODE(millrace::actors::intake_ready)
MILLRACE_MESSAGE_CODE(millrace::actors::block_stored)
MILLRACE_MESSAGE_CODE(millrace::actors::store_full)
MILLRACE_MESSAGE_CODE(millrace::actors::room_available)
MILLRACE_MESSAGE_CODE(millrace::receiver_request)
MILLRACE_MESSAGE_CODE(millrace::actors::receiver_event)
MILLRACE_MESSAGE_CODE(millrace::actors::rate_changed)
MILLRACE_MESSAGE_CODE(millrace::actors::restart_due)
MILLRACE_MESSAGE_CODE(millrace::actors::finish_phase)
MILLRACE_MESSAGE_CODE(millrace::actors::stop_ticking)
MILLRACE_MESSAGE_CODE(millrace::actors::drain)
