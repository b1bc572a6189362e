// A small world to learn: a ball under gravity that bounces in a box, and thrust that pushes it. It is the dataset, and
// what the learned world is measured against.
#pragma once

#include <walt/core/philox.hpp>
#include <walt/data/dataset.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace play {

/// -1, 0 or 1 to the right and down: what a player, or a policy, asks for in a frame.
struct thrust {
    int x = 0, y = 0;
    friend bool operator==(thrust, thrust) = default;
};

inline constexpr int side = 32; ///< pixels
inline constexpr float radius = 4, gravity = 0.3f, power = 1.2f, top_speed = 3.5f, bounce = 0.8f;

/// Position and speed in pixels and pixels a frame.
struct ball {
    float x = side / 2.0f, y = side / 2.0f, dx = 0, dy = 0;

    void step(thrust asked) {
        move(x, dx, power * static_cast<float>(asked.x));
        move(y, dy, power * static_cast<float>(asked.y) + gravity);
    }
    /// Whether it touches a wall or will in a frame: its speed is then not what two frames show.
    bool near_wall() const {
        const auto near = [](float at) { return at < radius + top_speed || at > side - radius - top_speed; };
        return near(x) || near(y);
    }
    /// [side, side, 3] in [-1, 1], the edge drawn smoothly.
    void draw(float* pixels) const {
        constexpr std::array<float, 3> paint{0.9f, 0.3f, -0.6f};
        for (int row = 0; row < side; ++row)
            for (int column = 0; column < side; ++column) {
                const float away =
                    std::hypot(static_cast<float>(column) + 0.5f - x, static_cast<float>(row) + 0.5f - y);
                const float covered = std::clamp(radius + 0.5f - away, 0.0f, 1.0f);
                for (const float colour : paint) *pixels++ = -0.8f + covered * (colour + 0.8f);
            }
    }

  private:
    static void move(float& at, float& speed, float push) {
        speed = std::clamp(speed + push, -top_speed, top_speed);
        at += speed;
        const float wall = at < radius ? radius : at > side - radius ? side - radius : at;
        if (wall == at) return;
        at = 2 * wall - at;
        speed *= -bounce;
    }
};

/// Clips of so many frames; a frame's numbers are the thrust that led to it.
struct clips {
    int length = 3;

    std::int64_t size() const { return 1 << 20; }
    int frames() const { return length; }
    int height() const { return side; }
    int width() const { return side; }
    int numbers() const { return 2; }
    void read(walt::seed seed, std::int64_t index, walt::clip& out) const {
        const walt::philox chance{seed.value, static_cast<std::uint64_t>(index)};
        const auto between = [&](std::uint64_t n, float least, float most) {
            return least + (most - least) * chance.uniform(n);
        };
        ball one{between(0, radius, side - radius), between(1, radius, side - radius),
                 between(2, -top_speed, top_speed), between(3, -top_speed, top_speed)};
        for (int f = 0; f < length; ++f) {
            const auto pick = [&](std::uint64_t n) {
                return static_cast<int>(chance.below(4 + 2 * static_cast<std::uint64_t>(f) + n, 3)) - 1;
            };
            const thrust asked{pick(0), pick(1)};
            one.step(asked);
            one.draw(out.pixels.data() + f * side * side * 3);
            out.numbers[static_cast<std::size_t>(2 * f)] = static_cast<float>(asked.x);
            out.numbers[static_cast<std::size_t>(2 * f + 1)] = static_cast<float>(asked.y);
        }
    }
};

} // namespace play
