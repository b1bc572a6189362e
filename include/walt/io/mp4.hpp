// Video files through FFmpeg: H.264 in MP4 is written, whatever FFmpeg decodes is read.
// Needs libavformat, libavcodec, libswscale and libavutil (CMake: walt::video).
#pragma once

#include "frames.hpp"
#include "libav_reader.hpp"
#include "libav_writer.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace walt {

/// What a video file says of itself, as it is shown (turned upright, with square pixels), with its frames counted.
struct video_facts {
    std::int64_t frames = 0;
    int height = 0, width = 0;
    double frames_per_second = 0;
    std::string comment{}; ///< what the file says of itself
};

/// Frames of a video file, counted by decoding them: as many as read_video gives, whatever its container says. At a
/// rate (frames a second; 0: as they are), those that reading at this rate gives.
inline std::int64_t count_frames(const std::filesystem::path& path, double rate = 0) {
    detail::av::reader file(path, rate);
    std::int64_t frames = 0;
    while (file.next() != nullptr) ++frames;
    return frames;
}

/// Size, rate, number of frames and comment of a video file. Throws walt::error with FFmpeg's reason.
inline video_facts probe(const std::filesystem::path& path) {
    detail::av::reader file(path);
    video_facts facts;
    std::pair<int, int> size = file.size();
    while (const AVFrame* frame = file.next())
        if (facts.frames++ == 0) size = file.shown(*frame);
    std::tie(facts.height, facts.width) = size;
    facts.frames_per_second = file.frames_per_second();
    facts.comment = file.comment(); // GIFs' as they are read
    return facts;
}

/// Calls use(rgb, height, width) for frames first, first + stride, ... of a video file, `count` of them, or fewer (even
/// none) where the file ends, and returns how many came; one frame is in memory at a time. They are decoded from the
/// file's beginning, so that they are exact in every format, or from the key frame before the first, by an index of
/// the file. rate: frames a second, 0 for those of the file. Throws walt::error for frames of more than 67 megapixels.
template <class Use>
int each_frame(const std::filesystem::path& path, std::int64_t first, int count, std::int64_t stride, double rate,
               Use&& use, const detail::av::frame_index& index = {}) {
    require(first >= 0 && count >= 1 && stride >= 1,
            "{}: a clip begins at frame 0 or later and has 1 frame or more, 1 or more apart; asked for were {} from "
            "frame {} on, {} apart",
            path.string(), count, first, stride);
    detail::av::reader file(path, rate);
    std::vector<std::uint8_t> rgb;
    int came = 0;
    for (std::int64_t at = file.seek(index, first); came < count; ++at) {
        const AVFrame* frame = file.next();
        if (frame == nullptr) break;
        if (at < first || (at - first) % stride != 0) continue;
        const auto [height, width] = file.shown(*frame);
        rgb.clear();
        file.append_rgb(*frame, rgb);
        use(static_cast<const std::vector<std::uint8_t>&>(rgb), height, width);
        ++came;
    }
    return came;
}

/// Those frames as a video; throws for one of more than 4 GiB, and for frames of different sizes, too.
inline video read_up_to(const std::filesystem::path& path, std::int64_t first, int count, std::int64_t stride = 1) {
    video clip;
    clip.frames = each_frame(path, first, count, stride, 0, [&](const auto& rgb, int height, int width) {
        require(clip.rgb.size() + rgb.size() <= std::size_t{1} << 32,
                "{}: clips of more than 4 GiB are not read; ask for fewer frames", path.string());
        require(clip.rgb.empty() || (height == clip.height && width == clip.width),
                "{} changes its size from {} x {} to {} x {}", path.string(), clip.height, clip.width, height, width);
        clip.height = height, clip.width = width;
        clip.rgb.insert(clip.rgb.end(), rgb.begin(), rgb.end());
    });
    return clip;
}

/// As read_up_to, but throws where the file ends before the clip's first frame.
inline video read_clip(const std::filesystem::path& path, std::int64_t first, int count, std::int64_t stride = 1) {
    video clip = read_up_to(path, first, count, stride);
    if (clip.frames == 0)
        fail("{} has {} frames; the clip was to begin at frame {}", path.string(), count_frames(path), first);
    return clip;
}

/// A whole video file, or its first max_frames frames; throws as read_clip does.
inline video read_video(const std::filesystem::path& path, int max_frames = std::numeric_limits<int>::max()) {
    return read_clip(path, 0, max_frames);
}

/// Writes an MP4 (H.264, or MPEG-4 where FFmpeg has no x264; yuv420p) with every pixel enlarged to scale x scale; scale
/// 0 takes the least that makes 192 pixels or more, so that small clips can be watched, but none that makes a side
/// longer than 4096. What is odd in size gets its last row or column twice, since 4:2:0 needs even numbers. The file is
/// replaced whole or not at all. `comment`: what the file says of itself, how it was made, say.
inline void write_mp4(const std::filesystem::path& path, const video& from, double frames_per_second = 8, int scale = 0,
                      const std::string& comment = "") {
    require(from.complete(), "{}: a video of {} x {} x {} with {} bytes cannot be an MP4", path.string(), from.frames,
            from.height, from.width, from.rgb.size());
    require(frames_per_second >= 0.01 && frames_per_second <= 1000,
            "{}: frames per second must be 0.01 to 1000, not {}", path.string(), frames_per_second);
    require(scale >= 0, "{}: a video is enlarged by a factor of 1 or more (0: as is good), not {}", path.string(),
            scale);
    const int smaller = std::min(from.height, from.width), larger = std::max(from.height, from.width);
    const video large =
        upscale(from, scale > 0 ? scale : std::max(1, std::min((192 + smaller - 1) / smaller, 4096 / larger)));
    detail::av::writer file(path, large.height, large.width, frames_per_second, comment);
    for (int f = 0; f < large.frames; ++f) file.add(large.frame(f));
    file.finish();
}

} // namespace walt
