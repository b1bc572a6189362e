// Whether the learned world does what it is asked: each of its frames is compared with what the simulator makes of the
// two before it under all nine thrusts.
#pragma once

#include "world.hpp"

#include <optional>
#include <span>

namespace play {

/// Where the ball is in a frame: the mean place of what is brighter in red than the ground; none where little is.
inline std::optional<ball> find_ball(const walt::video& from, int frame = 0) {
    double sum = 0, x = 0, y = 0;
    const std::uint8_t* pixel = from.frame(frame);
    for (int row = 0; row < from.height; ++row)
        for (int column = 0; column < from.width; ++column, pixel += 3) {
            const double bright = pixel[0] > 70 ? pixel[0] - 25.0 : 0;
            sum += bright, x += bright * (column + 0.5), y += bright * (row + 0.5);
        }
    if (sum < 5 * 200) return std::nullopt; // five pixels of a ball that has fifty
    return ball{static_cast<float>(x / sum), static_cast<float>(y / sum)};
}

struct obedience {
    std::int64_t frames = 0, judged = 0, obeyed = 0, lost = 0;
    double error = 0; ///< pixels between the frame and the simulator's, added up over judged frames

    /// Frame `now`, which was to follow the two before it under this thrust.
    void add(const std::optional<ball>& first, const std::optional<ball>& second, const std::optional<ball>& now,
             thrust asked) {
        ++frames;
        if (!now) ++lost;
        if (!first || !second || !now) return;
        ball before = *second;
        before.dx = second->x - first->x, before.dy = second->y - first->y;
        if (first->near_wall() || second->near_wall()) return; // two frames across a bounce do not show a speed
        const auto away = [&](thrust one) {
            ball after = before;
            after.step(one);
            return std::hypot(after.x - now->x, after.y - now->y);
        };
        float nearest = away({});
        for (int x = -1; x <= 1; ++x)
            for (int y = -1; y <= 1; ++y) nearest = std::min(nearest, away({x, y}));
        ++judged;
        obeyed += away(asked) <= nearest + 0.05f; // at top speed two thrusts may do the same
        error += static_cast<double>(away(asked));
    }
};

/// Lets a world run for so many frames under thrusts that stay for one to four of them.
inline obedience measure(const denoiser& model, const tokenizer& frames, int worlds, int length, int steps) {
    obedience found;
    for (int w = 0; w < worlds; ++w) {
        const walt::philox chance{99, static_cast<std::uint64_t>(w)};
        ball first{8 + 16 * chance.uniform(0), 8 + 16 * chance.uniform(1)};
        world one(model, frames, first, steps, static_cast<std::uint64_t>(w) << 20);
        auto before = find_ball(one.begins(), 0), last = find_ball(one.begins(), 1);
        thrust asked;
        for (int t = 0, until = 0; t < length; ++t) {
            const auto draw = [&](std::uint64_t n) {
                return chance.below(2 + 3 * static_cast<std::uint64_t>(t) + n, 12);
            };
            if (t == until) {
                asked = {static_cast<int>(draw(0) % 3) - 1, static_cast<int>(draw(1) % 3) - 1};
                until = t + 1 + static_cast<int>(draw(2) % 4);
            }
            const auto now = find_ball(one.step(asked));
            found.add(before, last, now, asked);
            before = last, last = now;
        }
    }
    return found;
}

} // namespace play
