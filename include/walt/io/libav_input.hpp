// A regular file as FFmpeg reads it, with an end of its time.
#pragma once

#include "libav.hpp"
#include "read_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <span>

#include <time.h>

namespace walt::detail::av {

/// Seconds that opening a file, or its next frame, may take.
inline constexpr std::int64_t deadline = 60;

/// A regular file as FFmpeg reads it, and the end of its time.
class input {
  public:
    explicit input(const std::filesystem::path& path) : file_(path) {
        constexpr int size = 1 << 16;
        auto* buffer = check(static_cast<std::uint8_t*>(av_malloc(size)), file_.path(), "be read");
        context_ = avio_alloc_context(buffer, size, 0, this, read, nullptr, seek);
        if (context_ == nullptr) av_free(buffer);
        check(context_, file_.path(), "be read");
    }
    input(const input&) = delete;
    input& operator=(const input&) = delete;
    ~input() {
        av_freep(&context_->buffer);
        avio_context_free(&context_);
    }
    AVIOContext* get() const { return context_; }
    const opened_file& file() const { return file_; }
    /// The time that is left begins anew.
    void begin() { until_ = seconds() + deadline; }
    /// Throws what a read has thrown: FFmpeg may have made the file's end, or a spoilt place, of it.
    void check_read() const {
        if (problem_) std::rethrow_exception(problem_);
    }
    static int late(void* self) { return seconds() > static_cast<input*>(self)->until_; }

  private:
    static std::int64_t seconds() {
        ::timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        return static_cast<std::int64_t>(now.tv_sec);
    }
    // FFmpeg is C: no exception may pass through it.
    static int read(void* self, std::uint8_t* to, int count) {
        input& in = *static_cast<input*>(self);
        const std::uint64_t left = in.file_.size() - std::min(in.file_.size(), in.at_);
        const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(left, static_cast<std::uint64_t>(count)));
        if (late(self)) return AVERROR_EXIT;
        if (some == 0) return AVERROR_EOF;
        try {
            in.file_.read(in.at_, std::as_writable_bytes(std::span(to, some)));
        } catch (...) {
            in.problem_ = std::current_exception();
            return AVERROR(EIO);
        }
        in.at_ += some;
        return static_cast<int>(some);
    }
    static std::int64_t seek(void* self, std::int64_t offset, int whence) {
        input& in = *static_cast<input*>(self);
        const auto size = static_cast<std::int64_t>(in.file_.size());
        if (whence & AVSEEK_SIZE) return size;
        const int way = whence & ~AVSEEK_FORCE;
        const std::int64_t from = way == SEEK_SET ? 0 : way == SEEK_CUR ? static_cast<std::int64_t>(in.at_) : size;
        std::int64_t place = 0;
        if (__builtin_add_overflow(from, offset, &place) || place < 0) return AVERROR(EINVAL);
        in.at_ = static_cast<std::uint64_t>(place);
        return place;
    }

    opened_file file_;
    AVIOContext* context_ = nullptr;
    std::uint64_t at_ = 0;
    std::int64_t until_ = 0;
    std::exception_ptr problem_;
};

} // namespace walt::detail::av
