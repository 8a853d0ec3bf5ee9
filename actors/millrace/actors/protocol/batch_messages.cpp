#include "millrace/actors/protocol/messages.hpp"

// What the batches of a job need; the others are in ingest_messages.cpp.
MILLRACE_MESSAGE_CODE(millrace::actors::clock_tick)
MILLRACE_MESSAGE_CODE(millrace::actors::ingest_started)
MILLRACE_MESSAGE_CODE(millrace::actors::compute_started)
MILLRACE_MESSAGE_CODE(millrace::actors::batch_due)
MILLRACE_MESSAGE_CODE(millrace::actors::inputs_pulled)
MILLRACE_MESSAGE_CODE(millrace::actors::go_on)
MILLRACE_MESSAGE_CODE(millrace::actors::outputs_done)
MILLRACE_MESSAGE_CODE(millrace::actors::run_batch)
MILLRACE_MESSAGE_CODE(millrace::actors::exchange_delivery)
MILLRACE_MESSAGE_CODE(millrace::actors::output_delivery)
MILLRACE_MESSAGE_CODE(millrace::actors::task_done)
MILLRACE_MESSAGE_CODE(millrace::actors::output_ran)
