// What libav_reader.hpp and libav_writer.hpp share: FFmpeg's C interface with owners and sentences.
#pragma once

#include "../core/error.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
}

namespace walt::detail::av {

struct release {
    void operator()(AVFrame* p) const { av_frame_free(&p); }
    void operator()(AVPacket* p) const { av_packet_free(&p); }
    void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
    void operator()(SwsContext* p) const { sws_freeContext(p); }
};
template <class T> using owned = std::unique_ptr<T, release>;

/// Options by name, as FFmpeg takes them.
class options {
  public:
    options(std::initializer_list<std::pair<const char*, std::string>> list) {
        for (const auto& [key, value] : list) av_dict_set(&list_, key, value.c_str(), 0);
    }
    ~options() { av_dict_free(&list_); }
    options(const options&) = delete;
    options& operator=(const options&) = delete;
    AVDictionary** get() { return &list_; }

  private:
    AVDictionary* list_ = nullptr;
};

/// Throws what FFmpeg says unless it says yes; returns its number.
inline int check(int code, const std::string& path, const char* what) {
    if (code >= 0) return code;
    char text[AV_ERROR_MAX_STRING_SIZE];
    av_strerror(code, text, sizeof text);
    fail("{} could not {}: {}", path, what, std::string_view(text));
}
template <class T> T* check(T* made, const std::string& path, const char* what) {
    require(made != nullptr, "{} could not {}: FFmpeg is out of memory or was built without this", path, what);
    return made;
}

/// What FFmpeg complains of reaches the user as walt::error; a program that has chosen a log level keeps it.
inline void quieten() {
    [[maybe_unused]] static const bool once =
        (av_log_get_level() == AV_LOG_INFO ? av_log_set_level(AV_LOG_FATAL) : void(), true);
}

} // namespace walt::detail::av
