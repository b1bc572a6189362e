// Where clips come from: files and folders.
#include "evaluate.hpp"

#include <walt/data/image_folder.hpp>
#include <walt/data/video_folder.hpp>
#include <walt/data/videos.hpp>
#include <walt/io/safetensors.hpp>

#include <algorithm>
#include <memory>

namespace evaluate {

namespace {

/// Clips as `demo` and `judge` have them, read one by one.
walt::clip_source clips_in(const std::filesystem::path& path, const walt::protocol& as, std::int64_t count) {
    const auto file = std::make_shared<const walt::safetensors_file>(path);
    const std::vector<std::int64_t> shape = file->tensor("pixels").shape;
    walt::require(shape.size() == 5 && shape[1] >= as.frames.value && shape[1] <= 1024 && shape[2] >= 1 &&
                      shape[2] <= 4096 && shape[3] >= 1 && shape[3] <= 4096 && shape[4] == 3,
                  "{}: pixels should have shape [clips, {} or more frames, height, width, 3]; it has {}", path.string(),
                  as.frames.value, walt::detail::shape_text(shape));
    const auto one = [=](std::int64_t i) {
        walt::video shown{as.frames.value, static_cast<int>(shape[2]), static_cast<int>(shape[3]), {}};
        shown.rgb.resize(static_cast<std::size_t>(shown.frames) * shown.frame_size());
        file->read_into("pixels", std::span(shown.rgb),
                        static_cast<std::uint64_t>(i * shape[1]) * static_cast<std::uint64_t>(shown.frame_size()));
        return walt::to_clips(shown, as.side.value, as.side.value);
    };
    return {path.string(), 0, std::min(count, shape[0]), one};
}

/// Files of one kind, of a folder and all folders in it, in the order of their names.
std::vector<walt::media_file> files_in(const std::filesystem::path& folder, walt::media kind) {
    walt::require(std::filesystem::is_directory(folder), "'{}' is no folder of {}", folder.string(),
                  walt::name_of(kind));
    std::vector<walt::media_file> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && walt::media_of(entry.path()) == kind) found.push_back({entry.path(), ""});
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    walt::require(!found.empty(), "'{}' has no {}", folder.string(), walt::name_of(kind));
    return found;
}

} // namespace

walt::clip_source source_of(const std::filesystem::path& path, const walt::protocol& as, walt::seed from,
                            std::int64_t count, bool drawn) {
    if (std::filesystem::is_regular_file(path)) return clips_in(path, as, count);
    const int side = as.side.value;
    if (as.frames.value == 1)
        return walt::clips_of(walt::image_folder(files_in(path, walt::media::image), {.height = side, .width = side}),
                              from, count, path.string());
    return walt::clips_of(
        walt::video_folder(
            files_in(path, walt::media::video),
            {.frames = as.frames.value, .height = side, .width = side, .random_start = drawn, .random_crop = drawn}),
        from, count, path.string());
}

} // namespace evaluate
