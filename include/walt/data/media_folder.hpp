// A folder of files with captions, of which some may turn out to be unreadable.
#pragma once

#include "../core/error.hpp"
#include "../io/folders.hpp"
#include "../io/text_lines.hpp"
#include "../text/unicode.hpp"
#include "clips.hpp"
#include "replacing.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace walt {

struct media_file {
    std::filesystem::path path;
    std::string caption{};
    std::int32_t label = no_label;
};

/// The ending of a file's name in small letters: ".png".
inline std::string ending_of(const std::filesystem::path& file) {
    std::string ending = file.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending;
}

/// What a file is by its ending, in any case: so folders are listed. How a file is read, its content says.
enum class media { image, video, neither };
inline media media_of(const std::filesystem::path& file) {
    const std::string ending = ending_of(file);
    for (const char* const image : {".png", ".jpg", ".jpeg", ".jpe", ".jfif"})
        if (ending == image) return media::image;
    for (const char* const video :
         {".mp4",  ".m4v", ".mov", ".3gp", ".mkv",  ".webm", ".avi", ".divx", ".gif", ".apng", ".y4m", ".mpg",
          ".mpeg", ".vob", ".ts",  ".mts", ".m2ts", ".wmv",  ".asf", ".flv",  ".ogv", ".mxf",  ".dv",  ".ivf"})
        if (ending == video) return media::video;
    return media::neither;
}
/// For messages.
inline const char* name_of(media kind) {
    return kind == media::image ? "images (.png, .jpg)" : "videos (.mp4, .avi, ...)";
}

/// The files of a folder in the order of their names. Where the folder has a captions.txt (lines "file<TAB>caption"),
/// they are the files that it lists; else all images or all videos by their endings, in any case, captioned by their
/// name's stem: not hidden files (visible_entries), nor what lies in folders inside of it.
inline std::vector<media_file> list_media(const std::filesystem::path& folder, media kind) {
    require(is_folder(folder), "'{}' is not a folder of {}", folder.string(), name_of(kind));
    std::vector<media_file> files;
    const std::filesystem::path list = folder / "captions.txt";
    std::error_code problem;
    const auto status = std::filesystem::symlink_status(list, problem);
    if (status.type() !=
        std::filesystem::file_type::not_found) { // one that cannot be read is no list that is not there
        for (const auto& [number, line] : text_lines(list)) {
            const std::size_t tab = line.find('\t');
            require(tab != std::string::npos && tab > 0, "line {} of '{}' should be a file name, a tab and a caption",
                    number, list.string());
            require(unicode::valid(line.substr(tab + 1)), "the caption in line {} of '{}' is not valid UTF-8", number,
                    list.string());
            files.push_back({folder / line.substr(0, tab), line.substr(tab + 1)});
        }
        std::sort(files.begin(), files.end(), [](const media_file& a, const media_file& b) { return a.path < b.path; });
    } else {
        for (const std::filesystem::path& entry : visible_entries(folder))
            if (media_of(entry) == kind && !is_folder(entry)) files.push_back({entry, entry.stem().string()});
    }
    for (std::size_t i = 1; i < files.size(); ++i)
        require(files[i].path != files[i - 1].path, "'{}' lists '{}' twice", list.string(), files[i].path.string());
    require(!files.empty(), "the folder '{}' has no {}, by their names or as listed in captions.txt", folder.string(),
            name_of(kind));
    return files;
}

/// Such files, read by index. A file that cannot be read, whatever is thrown, is named once on stderr, counted, and
/// replaced by others, evenly: by another one in every epoch. Copies share the list and the count.
class media_folder {
  public:
    explicit media_folder(std::vector<media_file> files) : state_(new state{std::move(files)}) {
        require(size() > 0, "a folder of images or videos needs 1 file or more");
    }

    std::int64_t size() const { return static_cast<std::int64_t>(state_->files.size()); }
    const media_file& file(std::int64_t index) const { return state_->files[static_cast<std::size_t>(index)]; }
    /// Files found unreadable so far.
    std::int64_t unreadable() const { return state_->bad.count(); }

    /// read(file) for file `index` or one that replaces it, drawn from the seed; what read throws marks a file
    /// unreadable. Throws walt::error, with the last file's reason, where none is left.
    template <class Read> void with(walt::seed seed, std::int64_t index, Read&& read) const {
        const std::vector<media_file>& files = state_->files;
        state_->bad.with(
            size(), size(), seed, index, [&](std::int64_t i) { read(file(i)); },
            [&](std::int64_t i) { return fmt::format("'{}'", file(i).path.string()); },
            [&](const std::string& reason) {
                fail("none of the {} files in '{}' can be read: {}", files.size(),
                     files.front().path.parent_path().string(), reason);
            });
    }

  private:
    struct state {
        std::vector<media_file> files;
        detail::replacing bad{};
    };
    std::shared_ptr<state> state_;
};

} // namespace walt
