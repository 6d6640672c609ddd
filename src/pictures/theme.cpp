#include "dagrad/picture.hpp"

namespace dagrad {

// Hues are those of Okabe and Ito (2008), which people with any kind of colour blindness can tell
// apart; fills are light or dark tints of them, on which text has a contrast of at least 7 to 1.

Theme Theme::light() {
  return {.background = "#ffffff",
          .text = "#1a1a1a",
          .faint = "#6b6b6b",
          .edge = "#4a4a4a",
          .input = {"#e4f3fb", "#2b8cbe", "#1a5f86"},
          .parameter = {"#f6e8f0", "#b0568a", "#8a3a69"},
          .constant = {"#f3f3f3", "#9a9a9a", "#555555"},
          .forward = {"#e6eff8", "#0072b2", "#005a8c"},
          .gradient = {"#fdeede", "#d55e00", "#a34800"},
          .after = {"#f5f1d6", "#9c8500", "#6e5e00"},
          .update = {"#e2f3ec", "#009e73", "#00704f"},
          .fetch = "#1a1a1a",
          .scale = {"#ffffe5", "#fed98e", "#fb9355"}};
}

Theme Theme::dark() {
  return {.background = "#1c1d20",
          .text = "#f0f0f0",
          .faint = "#a8a8a8",
          .edge = "#c4c4c4",
          .input = {"#173445", "#56b4e9", "#8ccdf2"},
          .parameter = {"#42253a", "#cc79a7", "#e3aac8"},
          .constant = {"#2e2f33", "#8a8a8a", "#bdbdbd"},
          .forward = {"#14304a", "#4a9fd8", "#86c2ec"},
          .gradient = {"#48280f", "#e69f00", "#f3bd55"},
          .after = {"#3b370f", "#f0e442", "#f4eb80"},
          .update = {"#0f3a2e", "#2fc39a", "#74dbbd"},
          .fetch = "#ffffff",
          .scale = {"#2a2a2e", "#5c3d12", "#8a3f0c"}};
}

Theme Theme::print() {
  const Paint black{"#ffffff", "#000000", "#000000"}, grey{"#eeeeee", "#000000", "#000000"};
  return {.background = "#ffffff",
          .text = "#000000",
          .faint = "#444444",
          .edge = "#000000",
          .input = black,
          .parameter = grey,
          .constant = black,
          .forward = black,
          .gradient = black,
          .after = black,
          .update = black,
          .fetch = "#000000",
          .scale = {"#ffffff", "#dcdcdc", "#b4b4b4"},
          .line_styles = true};
}

}  // namespace dagrad
