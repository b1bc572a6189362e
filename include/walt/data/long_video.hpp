// Video files of any length, some frames at a time: what encode_stream takes and decode_stream gives.
#pragma once

#include "../io/libav_reader.hpp"
#include "../io/libav_writer.hpp"
#include "resize.hpp"
#include "videos.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace walt {

/// What becomes of a file's frames: scaled until they cover height x width, of which the middle is kept.
struct frame_reading {
    int height = 0, width = 0; ///< 0: as in the file
    int multiple = 1;          ///< what is 0 is rounded down to such a multiple, as a tokenizer's space_compression
};

/// The frames of a video file in order; only those asked for are in memory. All have one size, also where the file
/// changes its own. Throws walt::error with FFmpeg's reason.
class video_reader {
  public:
    explicit video_reader(const std::filesystem::path& path, frame_reading how = {})
        : path_(path), file_(std::make_unique<detail::av::reader>(path)) {
        require(how.height >= 0 && how.width >= 0 && how.multiple >= 1,
                "{}: frames are read with a height and width of 0 or more and a multiple of 1 or more; they are {}, {} "
                "and {}",
                path.string(), how.height, how.width, how.multiple);
        const auto extent = [&](int wanted, int found) { return wanted > 0 ? wanted : found - found % how.multiple; };
        const auto [height, width] = file_->size();
        height_ = extent(how.height, height);
        width_ = extent(how.width, width);
        require(height_ > 0 && width_ > 0, "{} has {} x {} pixels: no multiples of {} are left", path.string(), height,
                width, how.multiple);
    }

    int height() const { return height_; }
    int width() const { return width_; }
    double frames_per_second() const { return file_->frames_per_second(); }

    /// The next frames, `count` of them or as many as are left, as one clip [1, F, height, width, 3]; none at the end.
    std::optional<clips> next(std::int64_t count) {
        require(count >= 1, "{}: 1 frame or more is read at a time, not {}", path_.string(), count);
        clips made;
        made.shape = {1, 0, height_, width_};
        while (made.shape.frames < count) {
            const AVFrame* frame = file_->next();
            if (frame == nullptr) break;
            const auto [height, width] = file_->shown(*frame);
            if (!resize_ || height != from_height_ || width != from_width_) { // which may change
                from_height_ = height, from_width_ = width;
                resize_.emplace(from_height_, from_width_, height_, width_);
            }
            bytes_.clear();
            file_->append_rgb(*frame, bytes_);
            const auto size = static_cast<std::size_t>(made.shape.frame());
            made.pixels.resize(made.pixels.size() + size);
            (*resize_)(bytes_.data(), made.pixels.data() + made.pixels.size() - size);
            ++made.shape.frames;
        }
        if (made.shape.frames == 0) return {};
        return made;
    }

  private:
    std::filesystem::path path_;
    std::unique_ptr<detail::av::reader> file_;
    int height_ = 0, width_ = 0, from_height_ = 0, from_width_ = 0;
    std::optional<resizer> resize_;
    std::vector<std::uint8_t> bytes_;
};

/// An MP4 (as write_mp4 writes it) that grows by some frames at a time, on disk: beside its path until finish(), which
/// puts it there. Without finish() what was written is removed, and a file that was there stays.
class video_writer {
  public:
    /// `comment`: what the file says of itself, how it was made, say.
    video_writer(std::filesystem::path path, std::int64_t height, std::int64_t width, double frames_per_second = 8,
                 const std::string& comment = "")
        : path_(std::move(path)), height_(height), width_(width) {
        require(height >= 1 && width >= 1 && height <= 16384 && width <= 16384,
                "{}: frames of a video have 1 to 16384 rows and columns, not {} x {}", path_.string(), height, width);
        require(frames_per_second >= 0.01 && frames_per_second <= 1000,
                "{}: frames per second must be 0.01 to 1000, not {}", path_.string(), frames_per_second);
        file_ = std::make_unique<detail::av::writer>(path_, static_cast<int>(height), static_cast<int>(width),
                                                     frames_per_second, comment);
    }

    /// The frames of one clip, clamped to [-1, 1].
    void add(const clips& frames) {
        require(file_ != nullptr, "{} is finished: {} frames cannot be added", path_.string(), frames.shape.frames);
        require(frames.shape.count == 1 && frames.shape.height == height_ && frames.shape.width == width_,
                "{}: {} clips of {} x {} cannot be added to a video of {} x {}", path_.string(), frames.shape.count,
                frames.shape.height, frames.shape.width, height_, width_);
        for (const video& part : to_videos(frames))
            for (int f = 0; f < part.frames; ++f) file_->add(part.frame(f));
        frames_ += frames.shape.frames;
    }
    std::int64_t frames() const { return frames_; }
    /// The file takes its place.
    void finish() {
        require(file_ != nullptr && frames_ > 0, "{}: a video is finished once, and has 1 frame or more; it has {}",
                path_.string(), frames_);
        file_->finish();
        file_.reset();
    }

  private:
    std::filesystem::path path_;
    std::int64_t height_, width_, frames_ = 0;
    std::unique_ptr<detail::av::writer> file_;
};

} // namespace walt
