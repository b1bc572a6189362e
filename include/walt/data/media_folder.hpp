// A folder of files with captions, of which some may turn out to be unreadable.
#pragma once

#include "../core/error.hpp"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace walt {

struct media_file {
    std::filesystem::path path;
    std::string caption;
};

/// The files of a folder in the order of their names. Where the folder has a captions.txt (lines "file<TAB>caption"),
/// they are the files that it lists; else all files with one of the endings, captioned by their name's stem.
inline std::vector<media_file> list_media(const std::filesystem::path& folder,
                                          std::initializer_list<std::string_view> endings) {
    require(std::filesystem::is_directory(folder), "'{}' is not a folder of images or videos", folder.string());
    std::vector<media_file> files;
    const std::filesystem::path list = folder / "captions.txt";
    if (std::ifstream lines(list); lines) {
        std::string line;
        for (std::int64_t number = 1; std::getline(lines, line); ++number) {
            if (!line.empty() && line.back() == '\r') line.pop_back();
            if (line.empty()) continue;
            const std::size_t tab = line.find('\t');
            require(tab != std::string::npos && tab > 0, "line {} of '{}' should be a file name, a tab and a caption",
                    number, list.string());
            files.push_back({folder / line.substr(0, tab), line.substr(tab + 1)});
        }
    } else {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            std::string ending = entry.path().extension().string();
            std::transform(ending.begin(), ending.end(), ending.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            if (entry.is_regular_file() && std::find(endings.begin(), endings.end(), ending) != endings.end())
                files.push_back({entry.path(), entry.path().stem().string()});
        }
    }
    std::sort(files.begin(), files.end(), [](const media_file& a, const media_file& b) { return a.path < b.path; });
    for (std::size_t i = 1; i < files.size(); ++i)
        require(files[i].path != files[i - 1].path, "'{}' lists '{}' twice", list.string(), files[i].path.string());
    require(!files.empty(),
            "the folder '{}' has no file that can be read, by its name: expected one that ends in {} or the like, or "
            "one listed in captions.txt",
            folder.string(), endings.size() ? *endings.begin() : "");
    return files;
}

/// Such files, read by index. A file that cannot be read is named once on stderr, counted, and replaced by the next one
/// in order that can. Copies share the count.
class media_folder {
  public:
    explicit media_folder(std::vector<media_file> files)
        : files_(std::move(files)), state_(std::make_shared<state>(files_.size())) {}

    std::int64_t size() const { return static_cast<std::int64_t>(files_.size()); }
    const media_file& file(std::int64_t index) const { return files_[static_cast<std::size_t>(index)]; }
    /// Files found unreadable so far.
    std::int64_t unreadable() const { return state_->count; }

    /// read(file) for file `index` or the one that replaces it; what it throws as walt::error marks a file unreadable.
    /// Throws walt::error where none is left.
    template <class Read> void with(std::int64_t index, Read&& read) const {
        for (std::size_t tried = 0; tried < files_.size(); ++tried) {
            const std::size_t i = (static_cast<std::size_t>(index) + tried) % files_.size();
            if (state_->broken[i]) continue;
            try {
                return read(files_[i]);
            } catch (const error& what) {
                if (state_->broken[i].exchange(true)) continue; // another thread named it
                ++state_->count;
                std::fprintf(stderr, "walt: skipping '%s': %s\n", files_[i].path.c_str(), what.what());
            }
        }
        fail("none of the {} files in '{}' can be read", files_.size(), files_.front().path.parent_path().string());
    }

  private:
    struct state {
        explicit state(std::size_t files) : broken(files) {}
        std::vector<std::atomic<bool>> broken;
        std::atomic<std::int64_t> count = 0;
    };
    std::vector<media_file> files_;
    std::shared_ptr<state> state_;
};

} // namespace walt
