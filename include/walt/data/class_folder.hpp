// A folder of class folders, as UCF-101 (videos) and ImageNet (images) are laid out.
#pragma once

#include "dataset.hpp"
#include "media_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace walt {

/// Files of all classes, and the classes' names; a file's label is its class's place there, its caption the name.
struct class_list {
    std::vector<std::string> names; ///< in order
    std::vector<media_file> files;  ///< by class, then by name
};

/// Lists `folder`, in which every folder is a class. Files that are no images or videos are passed over, and so are
/// folders whose names begin with a dot. Throws walt::error where there is no class, where one has no such file, and
/// where images and videos or files and class folders are mixed.
inline class_list list_classes(const std::filesystem::path& folder, media kind) {
    require(std::filesystem::is_directory(folder), "'{}' is not a folder of class folders", folder.string());
    const auto sorted = [](const std::filesystem::path& of) {
        std::vector<std::filesystem::path> entries;
        for (const auto& entry : std::filesystem::directory_iterator(of))
            if (entry.path().filename().string().front() != '.') entries.push_back(entry.path());
        std::sort(entries.begin(), entries.end());
        return entries;
    };
    class_list all;
    for (const std::filesystem::path& entry : sorted(folder)) {
        if (!std::filesystem::is_directory(entry)) {
            require(media_of(entry) == media::neither,
                    "'{}' lies beside the class folders of '{}', so it has no class: it belongs into one of them",
                    entry.filename().string(), folder.string());
            continue;
        }
        const auto label = static_cast<std::int32_t>(all.names.size());
        const std::size_t before = all.files.size();
        all.names.push_back(entry.filename().string());
        for (const std::filesystem::path& file : sorted(entry)) {
            const media what = media_of(file);
            require(what == kind || what == media::neither, "the class folder '{}' should hold {}, but has '{}'",
                    entry.string(), name_of(kind), file.filename().string());
            if (what == kind) all.files.push_back({file, all.names.back(), label});
        }
        require(all.files.size() > before, "the class folder '{}' has no {}", entry.string(), name_of(kind));
    }
    require(!all.names.empty(), "'{}' has no class folders: it should have one folder for each class", folder.string());
    return all;
}

/// class_folder<video_folder>("UCF-101", {.frames = 17}) and class_folder<image_folder>("ImageNet/train"): those
/// datasets, with labels. Classes are numbered in the order of their names.
template <class Folder> class class_folder : public Folder {
  public:
    explicit class_folder(const std::filesystem::path& folder, typename Folder::reading how = {})
        : class_folder(list_classes(folder, Folder::kind), how) {}

    int classes() const { return static_cast<int>(names_->size()); }
    /// The classes by label.
    const std::vector<std::string>& names() const { return *names_; }

  private:
    class_folder(class_list all, typename Folder::reading how)
        : Folder(std::move(all.files), how),
          names_(std::make_shared<const std::vector<std::string>>(std::move(all.names))) {}

    std::shared_ptr<const std::vector<std::string>> names_;
};

} // namespace walt
