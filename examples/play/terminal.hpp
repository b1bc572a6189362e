// Keys from a terminal without waiting, and frames on it: two pixels a character, the upper half block in two colours.
// POSIX.
#pragma once

#include <walt/core/video.hpp>
#include <walt/io/frames.hpp>

#include <fmt/core.h>

#include <string>

#include <termios.h>
#include <unistd.h>

namespace play {

/// While it lives, keys come one by one and are not shown.
class keyboard {
  public:
    keyboard() : there_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
        if (!there_) return;
        termios now = before_;
        now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        now.c_cc[VMIN] = now.c_cc[VTIME] = 0;
        ::tcsetattr(STDIN_FILENO, TCSANOW, &now);
    }
    ~keyboard() {
        if (there_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    }
    keyboard(const keyboard&) = delete;
    keyboard& operator=(const keyboard&) = delete;

    bool there() const { return there_; } ///< stdin is a terminal
    /// What has been typed since the last call.
    std::string typed() const {
        std::string keys(64, '\0');
        const ::ssize_t came = there_ ? ::read(STDIN_FILENO, keys.data(), keys.size()) : 0;
        keys.resize(static_cast<std::size_t>(came > 0 ? came : 0));
        return keys;
    }

  private:
    termios before_{};
    bool there_;
};

/// A frame as text of 24-bit colours.
inline std::string half_blocks(const walt::video& from, int frame = 0) {
    std::string text;
    const std::uint8_t* const pixels = from.frame(frame);
    for (int row = 0; row + 1 < from.height; row += 2) {
        for (int column = 0; column < from.width; ++column) {
            const std::uint8_t* const upper = pixels + 3 * (row * from.width + column);
            const std::uint8_t* const lower = upper + 3 * from.width;
            text += fmt::format("\x1b[38;2;{};{};{}m\x1b[48;2;{};{};{}m\u2580", upper[0], upper[1], upper[2], lower[0],
                                lower[1], lower[2]);
        }
        text += "\x1b[0m\n";
    }
    return text;
}

} // namespace play
