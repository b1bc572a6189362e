// A folder of video files as a dataset.
#pragma once

#include "../core/range.hpp"
#include "../io/mp4.hpp"
#include "dataset.hpp"
#include "frame_intervals.hpp"
#include "media_folder.hpp"
#include "resize.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace walt {

/// How video files become clips.
struct clip_reading {
    int frames = 17, height = 64, width = 64;
    int stride = 1;             ///< every stride-th frame of a file is taken
    double rate = 0;            ///< frames a second before that: each is the one shown at its time; 0: all of the file
    int clips = 1;              ///< of each file, beginning in as many parts of it one after another
    double from = 0, until = 1; ///< the part of a file that clips lie in: 0 to 0.8 trains, 0.8 to 1 is held out
    bool random_start = true; ///< where in its file a clip starts is drawn from the seed; else at the part's beginning
    bool random_crop = false; ///< which part of the frames is kept is drawn from the seed; else the middle
};

/// Clips of each file, scaled until they cover height x width and cropped to it; clip i is of file i / clips. Frames
/// are as players show them (turned upright, square pixels, over black). A file's packets say, once, how many frames it
/// has and where decoding can begin; of a clip, the frames from there on are decoded, one by one, so that memory has to
/// do with the clip and not with the file. Where it has fewer frames than that (its end is spoilt, say), they are
/// counted by decoding. A file too short for a clip counts as unreadable. Captions and unreadable files: see
/// media_folder.
class video_folder {
  public:
    using reading = clip_reading;
    static constexpr media kind = media::video;

    explicit video_folder(const std::filesystem::path& folder, clip_reading how = {})
        : video_folder(list_media(folder, kind), how) {}
    /// Of these files, which have their captions and labels.
    explicit video_folder(std::vector<media_file> files, clip_reading how = {})
        : how_(how), files_(std::move(files)),
          known_(std::make_shared<std::vector<known_file>>(static_cast<std::size_t>(files_.size()))) {
        for (const int extent : {how_.frames, how_.height, how_.width, how_.stride})
            require(extent > 0,
                    "a video folder needs frames, height, width and stride of 1 or more; they are {}, {}, {} and {}",
                    how_.frames, how_.height, how_.width, how_.stride);
        check_option("clip_reading::rate", how_.rate, {0, 1000});
        check_option("clip_reading::clips", how_.clips, ranges::count);
        require(how_.from >= 0 && how_.from < how_.until && how_.until <= 1,
                "the part of a file that clips lie in is 0 <= from < until <= 1; it is {} to {}", how_.from,
                how_.until);
    }

    std::int64_t size() const { return files_.size() * how_.clips; }
    int frames() const { return how_.frames; }
    int height() const { return how_.height; }
    int width() const { return how_.width; }
    std::int64_t unreadable() const { return files_.unreadable(); }

    void read(walt::seed seed, std::int64_t index, clip& out) const { read_frames(seed, index, 0, how_.frames, out); }

    /// One frame of that clip as an image.
    void read_frame(walt::seed seed, std::int64_t index, int frame, clip& out) const {
        read_frames(seed, index, frame, 1, out);
    }

  private:
    using frame_index = detail::av::frame_index;
    /// What was found out about a file.
    struct known_file {
        std::mutex one_at_a_time;
        std::shared_ptr<const frame_index> index; // null: not yet
        std::atomic<std::int64_t> counted = -1;   // frames, by decoding them; -1: not yet
        detail::frame_intervals decoded;          // by clips, with the index; the mutex is also theirs
    };

    void read_frames(walt::seed seed, std::int64_t index, int frame, int count, clip& out) const {
        files_.with(seed, index / how_.clips, [&](const media_file& file) {
            known_file& known = (*known_)[static_cast<std::size_t>(&file - &files_.file(0))];
            const std::shared_ptr<const frame_index> packets = index_of(file, known);
            // What a clip is, is a function of the file, whatever is known of it by now: first by its packets.
            std::optional<std::int64_t> start = start_in(packets->frames, seed, index);
            if (!start || !read_certain(file, known, *packets, *start, frame, count, seed, index, out)) {
                if (known.counted < 0) known.counted = count_frames(file.path, how_.rate);
                start = start_in(known.counted, seed, index);
                require(start.has_value(),
                        "the video '{}' has {} frames; a clip of {} with stride {} from {} to {} of it needs {} there",
                        file.path.string(), known.counted.load(), how_.frames, how_.stride, how_.from, how_.until,
                        needed());
                const frame_span wanted{frame, count}; // all of its frames were decoded when they were counted
                require(read_from(file, {}, *start, wanted, wanted, seed, index, out),
                        "the video '{}' changed while it was read: fewer than {} frames came", file.path.string(),
                        known.counted.load());
            }
            out.caption = file.caption;
            out.label = file.label;
        });
    }

    /// Frames of a file that a clip reaches over.
    std::int64_t needed() const { return std::int64_t{how_.frames - 1} * how_.stride + 1; }

    /// The first frame of a clip in a file of so many; nothing where it has no room.
    std::optional<std::int64_t> start_in(std::int64_t length, walt::seed seed, std::int64_t index) const {
        const auto begin = static_cast<std::int64_t>(how_.from * static_cast<double>(length));
        const auto there = static_cast<std::int64_t>(how_.until * static_cast<double>(length)) - begin;
        if (there < needed()) return std::nullopt;
        const std::int64_t part = index % how_.clips, starts = there - needed() + 1;
        const std::int64_t least = part * starts / how_.clips;
        const std::int64_t some = std::max<std::int64_t>(1, (part + 1) * starts / how_.clips - least);
        const philox numbers{seed.value, static_cast<std::uint64_t>(index)};
        return begin + least + (how_.random_start ? numbers.below(2, static_cast<std::uint32_t>(some)) : 0);
    }

    /// As read_from, by the file's index; false also where a frame of the clip that is not wanted cannot be decoded:
    /// all of them are, unless it is known that they can.
    bool read_certain(const media_file& file, known_file& known, const frame_index& packets, std::int64_t start,
                      int frame, int count, walt::seed seed, std::int64_t index, clip& out) const {
        const auto locked = [&](auto use) {
            const std::lock_guard lock(known.one_at_a_time);
            return use(known.decoded);
        };
        if (locked([&](auto& decoded) { return decoded.cover(start, start + needed()); }) &&
            read_from(file, packets, start, {frame, count}, {frame, count}, seed, index, out))
            return true; // else a file that is sought elsewhere for these: then as if nothing were known
        if (!read_from(file, packets, start, {0, how_.frames}, {frame, count}, seed, index, out)) return false;
        locked([&](auto& decoded) { decoded.add(start, start + needed()); });
        return true;
    }

    /// Some frames of a clip.
    struct frame_span {
        int first, count;
    };

    /// Decodes `all` of the clip that begins there, of which `wanted` go to `out`; false where the file ends before.
    bool read_from(const media_file& file, const frame_index& packets, std::int64_t start, frame_span all,
                   frame_span wanted, walt::seed seed, std::int64_t index, clip& out) const {
        const philox numbers{seed.value, static_cast<std::uint64_t>(index)};
        const crop keep = how_.random_crop ? crop{numbers.uniform(0), numbers.uniform(1)} : crop{};
        const std::ptrdiff_t size = std::ptrdiff_t{3} * how_.height * how_.width;
        std::optional<resizer> resize;
        std::pair<int, int> stored; // which may change: each frame is resized from its own
        int f = all.first - wanted.first;
        const int came = each_frame(
            file.path, start + std::int64_t{all.first} * how_.stride, all.count, how_.stride, how_.rate,
            [&](const std::vector<std::uint8_t>& rgb, int height, int width) {
                if (!resize || stored != std::pair{height, width})
                    resize.emplace(height, width, how_.height, how_.width, keep);
                stored = {height, width};
                if (f >= 0 && f < wanted.count) (*resize)(rgb.data(), out.pixels.data() + size * f);
                ++f;
            },
            packets);
        return came == all.count;
    }

    std::shared_ptr<const frame_index> index_of(const media_file& file, known_file& known) const {
        const std::lock_guard lock(known.one_at_a_time);
        if (!known.index)
            known.index = std::make_shared<const frame_index>(detail::av::reader(file.path, how_.rate).index());
        return known.index;
    }

    clip_reading how_;
    media_folder files_;
    std::shared_ptr<std::vector<known_file>> known_;
};
static_assert(frame_dataset<video_folder>);

} // namespace walt
