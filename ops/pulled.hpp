#pragma once

namespace dagrad {

/// c · p, but 0 where c is 0, as in `pull`.
template <class T>
T pulled(T c, T p) {
  return c == 0 ? T(0) : c * p;
}

}  // namespace dagrad
