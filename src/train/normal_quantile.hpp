#pragma once

namespace dagrad::detail {

/// The standard normal quantile of p in (0, 1): algorithm AS 241, PPND16 (Wichura 1988), to about
/// 16 digits. It calls no library function but sqrt, so all machines get the same bits.
double normal_quantile(double p);

}  // namespace dagrad::detail
