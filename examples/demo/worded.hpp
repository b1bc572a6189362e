// Moving fashion whose captions say directions in more than one way.
#pragma once

#include <walt/data/moving_fashion.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace demo {

/// Half of the clips say directions as they are, "up left"; a quarter say "upwards leftwards", and a quarter "northward
/// westward": that the left is the west no table of words tells. Half of them move, the others go, travel or fly.
class worded {
  public:
    explicit worded(walt::moving_fashion clips) : clips_(std::move(clips)) {}

    std::int64_t size() const { return clips_.size(); }
    int frames() const { return clips_.frames(); }
    int height() const { return clips_.height(); }
    int width() const { return clips_.width(); }
    int classes() const { return clips_.classes(); }
    void read(walt::seed seed, std::int64_t index, walt::clip& out) const {
        clips_.read(seed, index, out);
        const walt::philox draws{seed.value ^ 0x776f72646564u, static_cast<std::uint64_t>(index)};
        const auto way = [&](std::uint64_t i, std::uint32_t others) {
            const std::uint32_t drawn = draws.below(i, 2 * others);
            return drawn < others ? 0 : drawn - others + 1;
        };
        out.caption = say(out.caption, way(0, ways - 1), way(1, verbs.size() - 1));
    }

    static constexpr std::size_t ways = 3;
    static constexpr std::array<std::string_view, 4> verbs{"moving", "going", "travelling", "flying"};

    /// A caption of moving fashion with its directions said in one of the ways, and with one of the verbs.
    static std::string say(std::string caption, std::size_t way, std::size_t verb) {
        constexpr std::array<std::array<std::string_view, ways>, 4> says{{{"left", "leftwards", "westward"},
                                                                          {"right", "rightwards", "eastward"},
                                                                          {"up", "upwards", "northward"},
                                                                          {"down", "downwards", "southward"}}};
        const std::size_t moving = caption.find(" moving ") + 1, after = moving + verbs[0].size();
        for (const auto& of : says) {
            const std::size_t at = caption.find(of[0], after);
            if (at != std::string::npos) caption.replace(at, of[0].size(), of[way]);
        }
        return caption.replace(moving, verbs[0].size(), verbs[verb]);
    }
    void read_frame(walt::seed seed, std::int64_t index, int frame, walt::clip& out) const {
        clips_.read_frame(seed, index, frame, out);
    }

  private:
    walt::moving_fashion clips_;
};
static_assert(walt::frame_dataset<worded>);

} // namespace demo
