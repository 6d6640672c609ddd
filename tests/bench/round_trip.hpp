#pragma once

namespace dagrad::bench {

/// Nanoseconds in which a cache line goes from core 0 to core 1 and back. It bounds what two
/// threads can gain, and on rented machines it changes from one minute to the next. 0 if there is
/// one core only.
double round_trip();

}  // namespace dagrad::bench
